//! A consumer of events that is not sent what it should hear, as far as its repair asks.

use crate::core::events::consumer::ConsumerState;
use holdfast_shared::ids::ConsumerId;
use holdfast_shared::limits::EVENTS_TRIED_AGAIN_MAX;

/// Among the values of a failure: which consumer it is.
pub const CONSUMER: &str = "consumer";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerStands {
    pub consumer: ConsumerId,
    pub state: ConsumerState,
    /// Events that wait for another try, or behind one that does.
    pub waiting: u32,
    /// Of these, put aside for a person.
    pub parked: u32,
}

/// What trying again does now, or why there is nothing to try.
pub(super) fn deliver_again(stands: Option<&ConsumerStands>) -> Result<String, String> {
    let Some(ConsumerStands { consumer, state, waiting, parked }) = stands else {
        return Err("it names no consumer that is there".to_owned());
    };
    let again =
        format!("{consumer} is sent what waits for it now: {waiting} events, {parked} of them put aside");
    let limited = if *parked > EVENTS_TRIED_AGAIN_MAX {
        format!(" (of these the oldest {EVENTS_TRIED_AGAIN_MAX}; repeat it for the others)")
    } else {
        String::new()
    };
    match state {
        ConsumerState::Paused => Err(format!("a person has paused {consumer}: resume it first")),
        ConsumerState::Ended => Ok(format!("{again}{limited}; it is sent new events, too")),
        ConsumerState::Active if *waiting > 0 => Ok(format!("{again}{limited}")),
        ConsumerState::Active => Err(format!("nothing waits for {consumer}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(state: ConsumerState, waiting: u32, parked: u32) -> ConsumerStands {
        ConsumerStands { consumer: "erp".parse().unwrap(), state, waiting, parked }
    }

    #[test]
    fn it_is_offered_where_it_would_do_something() {
        let told = |stands: ConsumerStands| deliver_again(Some(&stands));
        assert!(told(stands(ConsumerState::Active, 3, 1)).unwrap().contains("3 events, 1 of them put aside"));
        assert!(told(stands(ConsumerState::Active, 0, 0)).unwrap_err().contains("nothing waits for erp"));
        assert!(told(stands(ConsumerState::Ended, 0, 0)).unwrap().contains("new events, too"));
        assert!(told(stands(ConsumerState::Paused, 3, 1)).unwrap_err().contains("resume it first"));
        let many = told(stands(ConsumerState::Active, 9_000, EVENTS_TRIED_AGAIN_MAX + 1)).unwrap();
        assert!(many.contains("repeat it"), "{many}");
        assert!(deliver_again(None).is_err());
    }
}
