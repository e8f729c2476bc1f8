//! The other replicas of central. Each judges silence by its own ear; what moves work waits a beat for
//! the word of the others, and one that suspects its ear stops all of them.

use holdfast_shared::time::{MonoMs, UtcMs};

/// As often as a store speaks.
pub const BEAT_MS: i64 = 5_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers {
    /// None known: there is nobody to wait for.
    known: bool,
    /// Who vetoes, by name.
    vetoes: Option<String>,
    said: Option<(bool, MonoMs)>,
}

impl Peers {
    /// Whether this replica has to say how it sees things: at its start, when it changes, and at each
    /// beat while it is frozen, for a veto ends by itself.
    pub fn has_to_say(&mut self, frozen: bool, now: MonoMs) -> bool {
        let news = self.said.is_none_or(|(was, at)| was != frozen || (frozen && now.since(at) >= BEAT_MS));
        if news {
            self.said = Some((frozen, now));
        }
        news
    }

    /// What could not be written is said again.
    pub const fn was_not_heard(&mut self) {
        self.said = None;
    }

    /// Name, whether it is frozen, and when it said so. A clock that was put back keeps no veto alive.
    pub fn hear<'a>(&mut self, peers: impl Iterator<Item = (&'a str, bool, UtcMs)>, now: UtcMs) {
        self.known = false;
        self.vetoes = None;
        for (name, frozen, said_at) in peers {
            self.known = true;
            if frozen && now.since(said_at).saturating_abs() < 2 * BEAT_MS {
                self.vetoes = Some(name.to_owned());
            }
        }
    }

    #[must_use]
    pub fn vetoes(&self) -> Option<&str> {
        self.vetoes.as_deref()
    }

    /// Whether a failover that is due since then still waits for their word.
    #[must_use]
    pub const fn waits(&self, since: MonoMs, now: MonoMs) -> bool {
        self.known && now.since(since) < BEAT_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_speaks_at_its_start_when_it_changes_and_at_each_beat_of_a_freeze() {
        let mut peers = Peers::default();
        let said: Vec<bool> =
            [(false, 0), (false, 90_000), (true, 90_500), (true, 95_499), (true, 95_500), (false, 96_000)]
                .map(|(frozen, at)| peers.has_to_say(frozen, MonoMs(at)))
                .to_vec();
        assert_eq!(said, [true, false, true, false, true, true]);
        peers.was_not_heard();
        assert!(peers.has_to_say(false, MonoMs(96_001)));
    }

    #[test]
    fn a_veto_counts_for_two_beats_and_whoever_is_known_is_waited_for() {
        let mut peers = Peers::default();
        assert!(!peers.waits(MonoMs(0), MonoMs(0)), "nobody else is there");
        peers.hear([("b", true, UtcMs(0))].into_iter(), UtcMs(9_999));
        assert_eq!(peers.vetoes(), Some("b"));
        assert!(peers.waits(MonoMs(0), MonoMs(4_999)) && !peers.waits(MonoMs(0), MonoMs(5_000)));
        peers.hear([("b", true, UtcMs(0))].into_iter(), UtcMs(10_000));
        assert_eq!(peers.vetoes(), None);
        peers.hear([("b", false, UtcMs(9_000))].into_iter(), UtcMs(10_000));
        assert_eq!(peers.vetoes(), None);
    }
}
