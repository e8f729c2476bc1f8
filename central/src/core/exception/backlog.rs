//! A consumer of events that is not sent what it should hear, as far as its repair asks.

use holdfast_shared::ids::ConsumerId;
use holdfast_shared::limits::EVENTS_TRIED_AGAIN_MAX;

/// Among the values of a failure: which consumer it is.
pub const CONSUMER: &str = "consumer";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerStands {
    pub consumer: ConsumerId,
    /// By a person.
    pub paused: bool,
    /// It is sent nothing any more.
    pub ended: bool,
    /// Events that wait for another try, or behind one that does.
    pub waiting: u32,
    /// Of these, put aside for a person.
    pub parked: u32,
}

/// What trying again does now, or why there is nothing to try.
pub(super) fn deliver_again(stands: Option<&ConsumerStands>) -> Result<String, String> {
    let Some(ConsumerStands { consumer, paused, ended, waiting, parked }) = stands else {
        return Err("it names no consumer that is there".to_owned());
    };
    let again =
        format!("{consumer} is sent what waits for it now: {waiting} events, {parked} of them put aside");
    let limited = if *parked > EVENTS_TRIED_AGAIN_MAX {
        format!(" (of these the oldest {EVENTS_TRIED_AGAIN_MAX}; repeat it for the others)")
    } else {
        String::new()
    };
    if *paused {
        Err(format!("a person has paused {consumer}: resume it first"))
    } else if *ended {
        Ok(format!("{again}{limited}; it is sent new events, too"))
    } else if *waiting > 0 {
        Ok(format!("{again}{limited}"))
    } else {
        Err(format!("nothing waits for {consumer}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(waiting: u32, parked: u32) -> ConsumerStands {
        ConsumerStands { consumer: "erp".parse().unwrap(), paused: false, ended: false, waiting, parked }
    }

    #[test]
    fn it_is_offered_where_it_would_do_something() {
        let told = |stands: ConsumerStands| deliver_again(Some(&stands));
        assert!(told(stands(3, 1)).unwrap().contains("3 events, 1 of them put aside"));
        assert!(told(stands(0, 0)).unwrap_err().contains("nothing waits for erp"));
        assert!(told(ConsumerStands { ended: true, ..stands(0, 0) }).unwrap().contains("new events, too"));
        assert!(
            told(ConsumerStands { paused: true, ..stands(3, 1) }).unwrap_err().contains("resume it first")
        );
        let many = told(stands(9_000, EVENTS_TRIED_AGAIN_MAX + 1)).unwrap();
        assert!(many.contains("repeat it"), "{many}");
        assert!(deliver_again(None).is_err());
    }
}
