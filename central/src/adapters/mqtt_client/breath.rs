//! How long central waits for messages to come together. A chain's beats come one by one, all the time, and to wake
//! for each costs several times what it costs to take it in. So they are read by the dozen: the socket is left alone
//! for a moment whenever nothing more lies there.

use std::time::Duration;

/// How many are to come together. Brokers send twenty before they wait for an answer, unless they are told
/// otherwise: with fewer than that, waiting never slows them down.
const TOGETHER: u32 = 16;
const REST_MIN: Duration = Duration::from_micros(250);
/// Nobody notices that a signal is so late: thresholds are seconds.
const REST_MAX: Duration = Duration::from_millis(20);

/// The rest between two reads. Longer while few come, none while many do.
#[derive(Debug, Default)]
pub(super) struct Breath {
    rest: Duration,
    came: u32,
}

impl Breath {
    pub(super) const fn took_one(&mut self) {
        self.came = self.came.saturating_add(1);
    }

    /// Nothing more is there. How long to leave it at that.
    pub(super) fn rest(&mut self) -> Duration {
        self.rest = if self.came <= TOGETHER {
            self.rest.saturating_mul(2).clamp(REST_MIN, REST_MAX)
        } else if self.rest > REST_MIN {
            self.rest / 2
        } else {
            Duration::ZERO
        };
        self.came = 0;
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What so many messages a second come to, once it has settled: messages of one read, and the longest rest.
    fn settled(per_second: u32) -> (u32, Duration) {
        let (mut breath, mut most, mut longest) = (Breath::default(), 0, Duration::ZERO);
        for turn in 0..200 {
            let rest = breath.rest();
            let came = u128::from(per_second) * rest.as_micros() / 1_000_000;
            let came = u32::try_from(came).unwrap();
            (0..came).for_each(|_| breath.took_one());
            if turn > 100 {
                (most, longest) = (most.max(came), longest.max(rest));
            }
        }
        (most, longest)
    }

    #[test]
    fn a_chain_is_read_by_the_dozen_and_a_flood_without_a_pause() {
        let (together, rest) = settled(2_000);
        assert!((8..=2 * TOGETHER).contains(&together), "{together}");
        assert!(rest < REST_MAX, "{rest:?}");
        let (_, rest) = settled(50_000);
        assert!(rest <= REST_MIN * 2, "{rest:?}");
    }

    #[test]
    fn a_broker_that_waits_for_answers_after_twenty_is_not_held_up() {
        let (mut breath, mut resting) = (Breath::default(), Duration::ZERO);
        for _ in 0..10 {
            breath.rest();
        }
        // However long central rests, no more than those are there then.
        for _ in 0..100 {
            (0..20).for_each(|_| breath.took_one());
            resting += breath.rest();
        }
        assert!(resting < REST_MAX * 2, "{resting:?} for 2,000 messages");
    }

    #[test]
    fn a_silent_line_is_looked_at_all_the_time() {
        let mut breath = Breath::default();
        let longest = (0..50).map(|_| breath.rest()).max().unwrap();
        assert_eq!(longest, REST_MAX);
    }
}
