use super::*;
use crate::core::carriers::CarrierPolicy;
use crate::core::eligibility::Eligibility;
use crate::core::routing::decision::Node;
use crate::core::steering::Sections;
use crate::core::test_support::{at_ms, store};
use crate::flows::Watch;
use crate::flows::test_support::{Ram, decision_id, demand};
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;

/// Whether the loss was told of an order that was promised so long after now.
fn told(promised_in_ms: Option<i64>, carriers: CarrierPolicy) -> bool {
    let (ram, watch) = (Ram::default(), Watch::default());
    let sections = Sections { carriers, ..Sections::default() };
    let router = Router { watch: &watch, poke: &ram, policy: &sections, decision_id: &decision_id };
    let node = Node {
        store: store("leeds"),
        eligibility: Eligibility::unknown(),
        open_tasks: 0,
        recovering: false,
        shelves: BTreeMap::new(),
    };
    let promise_by = promised_in_ms.map(|ms| at_ms(ms).utc);
    let demand = Demand { promise_by, ..demand("o1", &[("TEA", 1)]) };
    is_lost(&router, &FleetIndex::of(vec![node]), &demand, at_ms(0))
}

#[test]
fn a_promise_is_lost_when_nobody_could_bring_it_in_time_and_not_before() {
    let usual = CarrierPolicy::default;
    assert!(!told(None, usual()), "nothing was promised");
    assert!(!told(Some(10 * 24 * HOUR_MS), usual()), "there is time: stock may come in");
    assert!(told(Some(8 * HOUR_MS), usual()), "no carrier is that quick, and the date is ahead");
}

#[test]
fn where_nobody_can_tell_dates_the_time_that_is_left_decides() {
    let none = || CarrierPolicy { services: Vec::new(), ..CarrierPolicy::default() };
    assert!(!told(Some(8 * HOUR_MS), none()));
    assert!(told(Some(3 * HOUR_MS), none()));
}
