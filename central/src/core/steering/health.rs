//! Health as a section of a policy: the thresholds that judge a tenant's stores. What judges the observer
//! is central's own.

use super::Steering;
use crate::core::fleet::Store;
use crate::core::health::by_store::ByStore;
use crate::core::health::observer_policy::ObserverPolicy;
use crate::core::health::policy::HealthPolicy;
use crate::core::policy::Fault;
use crate::core::policy::layers::LayerKind::{Region, Store as OneStore};
use crate::core::policy::section::{Elsewhere, Layered, Section};
use std::sync::Arc;

impl Section for HealthPolicy {
    const NAME: &'static str = "health";
    const LAYERED: &'static [Layered] = &[
        ("silence_ms", &[Region, OneStore]),
        ("pos_unseen_ms", &[Region, OneStore]),
        ("handheld_unseen_ms", &[Region, OneStore]),
        ("feed_age_ms", &[Region, OneStore]),
        ("feed_age_ms_of", &[Region, OneStore]),
        ("unsynced_facts", &[Region, OneStore]),
        ("drift_beats", &[Region, OneStore]),
        ("disk_used_permille", &[Region, OneStore]),
        ("disk_free_enough_bytes", &[Region, OneStore]),
        ("clock_offset_ms", &[Region, OneStore]),
        ("capacity_percent", &[Region, OneStore]),
        ("hourly_percent", &[Region, OneStore]),
        ("temperature_c", &[Region, OneStore]),
        ("battery_used_percent", &[Region, OneStore]),
        ("accept_ms", &[Region, OneStore]),
        ("declined_permille", &[Region, OneStore]),
        ("short_permille", &[Region, OneStore]),
        ("work_window_hours", &[Region, OneStore]),
        ("work_tasks_min", &[Region, OneStore]),
        ("good_beats_to_return", &[Region, OneStore]),
        ("flap_times", &[Region, OneStore]),
        ("flap_window_ms", &[Region, OneStore]),
        ("flap_beats_max", &[Region, OneStore]),
        ("lease_ms", &[Region, OneStore]),
    ];
    const ELSEWHERE: &'static [Elsewhere] = ObserverPolicy::ELSEWHERE;

    fn faults(&self) -> Vec<Fault> {
        self.faults()
    }
}

impl ByStore for Steering {
    fn health_at(&self, store: &Store) -> Arc<HealthPolicy> {
        self.health.at(&self.document, store)
    }
}
