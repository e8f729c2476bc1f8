//! Whether the tills reach the agent: sales that it does not hear of are stock that is not there.
//! None paired says nothing; paired and never seen is as old as the agent has been up. A
//! distribution centre has no till.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};
use crate::core::fleet::StoreKind;
use crate::core::health::spoken;

pub(super) const NAME: &str = "pos";

#[derive(Debug)]
pub(super) struct Pos;

impl Signal for Pos {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let vitals = view.health.vitals()?;
        let age_ms = unseen_ms(view)?;
        let seen = if vitals.pos_seen_ms_ago.is_some() { "not seen" } else { "never seen" };
        view.against(NAME, (age_ms, Unit::Ms), &view.policy.pos_unseen_ms, |limit| {
            format!(
                "{} POS paired, {seen} for {} (limit {})",
                vitals.pos_paired,
                spoken(age_ms),
                spoken(limit)
            )
        })
    }

    fn speaks_in_ms(&self, view: &View<'_>) -> Option<i64> {
        view.crosses_in_ms(unseen_ms(view)?, &view.policy.pos_unseen_ms)
    }
}

fn unseen_ms(view: &View<'_>) -> Option<i64> {
    let vitals = view.health.vitals()?;
    let has_tills = match view.record.store.kind {
        StoreKind::Store => vitals.pos_paired > 0,
        StoreKind::DistributionCentre => false,
    };
    if !has_tills {
        return None;
    }
    view.missed_ms(vitals.pos_seen_ms_ago, &view.policy.pos_unseen_ms)
}
