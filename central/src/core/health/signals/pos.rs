//! Whether the tills reach the agent: sales that it does not hear of are stock that is not there.
//! None paired says nothing; paired and never seen is as old as the agent has been up. A
//! distribution centre has no till.

use super::{Signal, View, limit_of, reason};
use crate::core::eligibility::Reason;
use crate::core::fleet::StoreKind;
use crate::core::health::spoken;

const NAME: &str = "pos";

#[derive(Debug)]
pub(super) struct Pos;

impl Signal for Pos {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let vitals = view.health.vitals()?;
        let has_tills = match view.record.store.kind {
            StoreKind::Store => vitals.pos_paired > 0,
            StoreKind::DistributionCentre => false,
        };
        if !has_tills || !view.physically_open {
            return None;
        }
        let age_ms = view.health.age_ms(vitals.pos_seen_ms_ago, view.now)?;
        let limits = view.policy.pos_unseen_ms;
        let standing = view.grade(NAME, age_ms, limits)?;
        let limit = spoken(limit_of(limits, standing));
        let seen = if vitals.pos_seen_ms_ago.is_some() { "not seen" } else { "never seen" };
        let words =
            format!("{} POS paired, {seen} for {} (limit {limit})", vitals.pos_paired, spoken(age_ms));
        Some(reason(NAME, standing, words))
    }
}
