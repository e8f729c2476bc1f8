//! The replicas of one store that are listened to. Nearly every store has one, and a chain has ten thousand
//! stores: it takes no more room than it needs, and is looked through rather than searched.

use holdfast_shared::ids::{BootId, ReplicaId};
use holdfast_shared::time::MonoMs;
use holdfast_shared::wire::signal::{Freshness, Heartbeat};

/// How a connection ended, as the presence topic told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    pub at: MonoMs,
    /// A clean goodbye, rather than the last will.
    pub planned: bool,
}

/// One replica of the store, as it speaks now.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    pub beat: Heartbeat,
    pub received_at: MonoMs,
    pub freshness: Option<(Freshness, MonoMs)>,
    pub gone: Option<Gone>,
    /// Boots that this one took over from, with the last sequence heard of each, newest last.
    pub former: Vec<(BootId, u64)>,
    /// The beat that was last found to drift.
    pub drifted_at: Option<(BootId, u64)>,
    /// Root and stock digest that were last found equal to central's: that stays so.
    pub proven: Option<(String, String)>,
}

impl Voice {
    #[must_use]
    pub const fn new(beat: Heartbeat, received_at: MonoMs) -> Self {
        Self {
            beat,
            received_at,
            freshness: None,
            gone: None,
            former: Vec::new(),
            drifted_at: None,
            proven: None,
        }
    }
}

/// Each replica once, in the order of their names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Voices(Vec<Voice>);

impl Voices {
    #[must_use]
    pub fn get(&self, replica: &ReplicaId) -> Option<&Voice> {
        self.iter().find(|voice| voice.beat.replica == *replica)
    }

    pub fn get_mut(&mut self, replica: &ReplicaId) -> Option<&mut Voice> {
        self.iter_mut().find(|voice| voice.beat.replica == *replica)
    }

    /// In place of what its replica said before.
    pub fn insert(&mut self, voice: Voice) {
        match self.0.binary_search_by(|other| other.beat.replica.cmp(&voice.beat.replica)) {
            Ok(there) => {
                if let Some(before) = self.0.get_mut(there) {
                    *before = voice;
                }
            }
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, voice);
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Voice> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Voice> {
        self.0.iter_mut()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::beat;

    #[test]
    fn each_replica_is_there_once_whenever_it_first_spoke() {
        let mut voices = Voices::default();
        for (n, name) in ["b", "c", "a", "b"].into_iter().enumerate() {
            let mut beat = beat("leeds", "b1", n as u64);
            beat.replica = name.parse().unwrap();
            voices.insert(Voice::new(beat, MonoMs(0)));
        }
        let said: Vec<(&str, u64)> =
            voices.iter().map(|voice| (voice.beat.replica.as_str(), voice.beat.sequence)).collect();
        assert_eq!(said, [("a", 2), ("b", 3), ("c", 1)]);
        assert_eq!(voices.get(&"c".parse().unwrap()).unwrap().beat.sequence, 1);
        assert!(voices.get(&"d".parse().unwrap()).is_none());
    }
}
