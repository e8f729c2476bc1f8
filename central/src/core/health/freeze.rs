//! Correlated silence is evidence against the observer. When more stores fall silent within one
//! window than chance explains, health freezes at what was last known and nothing fails over.

use super::observer_policy::ObserverPolicy;
use holdfast_shared::guard::Guard;
use holdfast_shared::time::MonoMs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observer {
    Watching,
    /// `silent` of `alive` stores fell silent in one window.
    Frozen {
        since: MonoMs,
        silent: usize,
        alive: usize,
    },
    /// Central's own bird does not come back by the way on which stores come in.
    Deaf {
        since: MonoMs,
    },
}

/// The stores that are evidence for or against the observer: neither out before, nor gone with
/// a goodbye, nor never heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub speaking: usize,
    /// Fell silent within the window.
    pub fell_silent: usize,
    /// Silent for longer than the window, and not yet out.
    pub silent_before: usize,
}

/// What a look at the fleet changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Froze { silent: usize, alive: usize },
    WentDeaf,
    Thawed { frozen_ms: i64 },
}

impl Observer {
    #[must_use]
    pub const fn is_frozen(self) -> bool {
        match self {
            Self::Watching => false,
            Self::Frozen { .. } | Self::Deaf { .. } => true,
        }
    }

    pub fn look(&mut self, count: Count, deaf: bool, policy: &ObserverPolicy, now: MonoMs) -> Option<Turn> {
        match *self {
            Self::Watching if deaf && Guard::ObserverFreeze.stands() => {
                *self = Self::Deaf { since: now };
                Some(Turn::WentDeaf)
            }
            Self::Watching => {
                let alive = count.speaking.saturating_add(count.fell_silent);
                if !suspicious(count.fell_silent, alive, policy) || !Guard::ObserverFreeze.stands() {
                    return None;
                }
                *self = Self::Frozen { since: now, silent: count.fell_silent, alive };
                Some(Turn::Froze { silent: count.fell_silent, alive })
            }
            Self::Frozen { since, .. } | Self::Deaf { since } => {
                let silent = count.fell_silent.saturating_add(count.silent_before);
                let alive = count.speaking.saturating_add(silent);
                if deaf || suspicious(silent, alive, policy) {
                    return None;
                }
                *self = Self::Watching;
                Some(Turn::Thawed { frozen_ms: now.since(since) })
            }
        }
    }
}

/// Over the limit; or nobody at all is heard any more, where several were: then it is more
/// likely that central is deaf, and there would be no node left to move the work to.
fn suspicious(silent: usize, alive: usize, policy: &ObserverPolicy) -> bool {
    let share = alive.saturating_mul(policy.freeze_percent);
    let over_share = silent.saturating_mul(100) > share;
    let over = over_share && silent > policy.freeze_stores;
    over || (alive > 1 && silent == alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(speaking: usize, fell_silent: usize) -> Count {
        Count { speaking, fell_silent, silent_before: 0 }
    }

    #[test]
    fn three_of_seven_is_three_stores_and_four_is_the_observer() {
        let policy = ObserverPolicy::default();
        let mut observer = Observer::Watching;
        assert_eq!(observer.look(count(4, 3), false, &policy, MonoMs(0)), None);
        assert_eq!(
            observer.look(count(3, 4), false, &policy, MonoMs(1)),
            Some(Turn::Froze { silent: 4, alive: 7 })
        );
        assert!(observer.is_frozen());
    }

    #[test]
    fn in_a_large_fleet_the_share_counts() {
        let policy = ObserverPolicy::default();
        let mut observer = Observer::Watching;
        assert_eq!(observer.look(count(850, 150), false, &policy, MonoMs(0)), None);
        assert!(observer.look(count(849, 151), false, &policy, MonoMs(0)).is_some());
    }

    #[test]
    fn nobody_heard_at_all_is_the_observer_but_a_lone_store_is_itself() {
        let policy = ObserverPolicy::default();
        assert!(Observer::Watching.look(count(0, 2), false, &policy, MonoMs(0)).is_some());
        assert!(Observer::Watching.look(count(0, 1), false, &policy, MonoMs(0)).is_none());
    }

    #[test]
    fn a_bird_that_does_not_come_back_freezes_although_nobody_is_silent_yet() {
        let policy = ObserverPolicy::default();
        let mut observer = Observer::Watching;
        assert_eq!(observer.look(count(7, 0), true, &policy, MonoMs(0)), Some(Turn::WentDeaf));
        assert!(observer.is_frozen());
        assert_eq!(observer.look(count(7, 0), true, &policy, MonoMs(1_000)), None);
        let all_silent = Count { speaking: 0, fell_silent: 0, silent_before: 7 };
        assert_eq!(observer.look(all_silent, false, &policy, MonoMs(2_000)), None, "nobody is heard yet");
        let thawed = observer.look(count(7, 0), false, &policy, MonoMs(3_000));
        assert_eq!(thawed, Some(Turn::Thawed { frozen_ms: 3_000 }));
    }

    #[test]
    fn it_thaws_when_the_stores_are_heard_again() {
        let policy = ObserverPolicy::default();
        let mut observer = Observer::Frozen { since: MonoMs(1_000), silent: 5, alive: 7 };
        let still = Count { speaking: 2, fell_silent: 0, silent_before: 5 };
        assert_eq!(observer.look(still, false, &policy, MonoMs(90_000)), None);
        let back = Count { speaking: 6, fell_silent: 0, silent_before: 1 };
        assert_eq!(
            observer.look(back, false, &policy, MonoMs(91_000)),
            Some(Turn::Thawed { frozen_ms: 90_000 })
        );
    }
}
