//! Takes in a heartbeat, and weighs what it shows of a store that was out.

use super::Observatory;
use crate::core::health::StoreKey;
use crate::core::health::book::Heard;
use crate::core::health::policy::HealthPolicy;
use crate::core::health::signals::{View, beat_is_good};
use crate::core::health::store::StoreHealth;
use crate::core::health::voices::Voice;
use holdfast_shared::time::{MonoMs, Now};
use holdfast_shared::wire::signal::Heartbeat;

impl Observatory {
    /// A heartbeat, weighed by itself with what is known of its store.
    pub fn hear(&mut self, beat: Heartbeat, now: MonoMs) -> Heard {
        let key = StoreKey::new(beat.tenant.clone(), beat.store.clone());
        let policy = self.policy_of(&key);
        let good = self.shows_what_is_owed(&key, &policy, &beat, now);
        self.book.hear(beat, good, &policy, now)
    }

    /// Only a store that was out has something to show.
    fn shows_what_is_owed(
        &self,
        key: &StoreKey,
        policy: &HealthPolicy,
        beat: &Heartbeat,
        now: MonoMs,
    ) -> bool {
        let out = self.book.store(key).and_then(|health| health.out.as_ref());
        let Some((out, record)) = out.zip(self.records.get(key)) else { return false };
        let mut alone = StoreHealth::new(false, now);
        alone.voices.insert(Voice::new(beat.clone(), now));
        // Hours and work of other days say nothing about a heartbeat.
        let at = Now { mono: now, ..Now::default() };
        let view = View { record, health: &alone, policy, physically_open: false, now: at };
        beat_is_good(&view, out.kinds.as_ref())
    }
}
