//! What is not promised of a store that gets work: the last units while its tills are not seen, and classes
//! of which central knows too late what it did.

use super::*;
use crate::core::eligibility::Standing;
use crate::core::health::observatory::Observatory;
use crate::core::health::policy::{HealthPolicy, Limits};
use crate::core::routing::decision::{Demand, Verdict};
use crate::flows::test_support::key;
use crate::ports::work::Assignment;
use holdfast_shared::wire::signal::Heartbeat;

const MINUTE: i64 = 60_000;

type Change = fn(&mut Heartbeat);

/// As [`fleet`], each store as it tells of itself; then orders come.
async fn told(ram: &Ram, policy: HealthPolicy, stores: &[(&str, Change)]) -> Watch {
    let watch = Watch::new(Observatory::new(policy));
    ram.told(|told| told.stores = stores.iter().map(|(name, _)| record(name)).collect());
    for (name, change) in stores {
        let mut beat = beat(name, "b1", 1);
        change(&mut beat);
        watch.with(|observatory| observatory.hear(beat, MonoMs(0)));
    }
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    watch
}

fn tills_unseen(beat: &mut Heartbeat) {
    beat.vitals.pos_seen_ms_ago = Some(20 * MINUTE);
}

fn behind(beat: &mut Heartbeat) {
    beat.vitals.unsynced_facts = 3;
    beat.vitals.sync_ok_ms_ago = Some(3 * MINUTE);
}

/// Why that store was refused on the first rung that told of it.
fn refusal(assignment: &Assignment, store: &str) -> String {
    let candidates = assignment.decision.rungs.iter().flat_map(|rung| &rung.candidates);
    let words =
        candidates.filter(|candidate| candidate.store.as_str() == store).find_map(
            |candidate| match &candidate.verdict {
                Verdict::Refused { rule, words } => Some(format!("{rule}: {words}")),
                Verdict::Scored { .. } => None,
            },
        );
    words.unwrap_or_default()
}

#[tokio::test]
async fn the_last_units_stay_at_a_store_whose_tills_are_not_seen() {
    let ram = Ram::default();
    let watch = told(&ram, HealthPolicy::default(), &[("leeds", tills_unseen)]).await;
    hot(&ram, &serde_json::json!({"unseen_pos_keeps": 2, "allow_last_unit": true}));
    let pickup = |order: &str, quantity: i64| Demand {
        kind: FulfilmentKind::Pickup,
        pickup_store: "leeds".parse().ok(),
        ..demand(order, &[("TEA", quantity)])
    };
    ram.told(|told| {
        told.demands = vec![pickup("o1", 2), pickup("o2", 1)];
        told.positions = vec![position("leeds", "TEA", 3)];
    });
    let routed = run(&ram, &watch).await;
    assert_eq!(routed, Routed { assigned: 1, backordered: 1, withheld: 1, ..Routed::default() });
    assert_eq!(assigned(&ram), ["leeds#0 1xTEA"], "one of three, while two stay");
    assert!(ram.done(|done| done.without[0].withheld[0].why == Kept::UnseenPos));
}

#[tokio::test]
async fn a_class_that_is_known_too_late_goes_elsewhere_and_others_stay() {
    let ram = Ram::default();
    let mut policy = HealthPolicy::default();
    policy.feed_age_ms.soft = 5 * MINUTE;
    let limits = Limits { soft: MINUTE, hard: Some(2 * MINUTE), slack_percent: 10, kinds: None };
    policy.feed_age_ms_of.insert(SkuClass::new("hot"), limits);
    let watch = told(&ram, policy, &[("leeds", behind), ("york", |_| {})]).await;
    ram.told(|told| {
        told.stores[1].store.place.latitude += 1.0;
        told.class = Some(SkuClass::new("hot"));
        told.demands = vec![demand("o1", &[("TEA", 1)])];
        told.positions = vec![position("leeds", "TEA", 9), position("york", "TEA", 9)];
    });
    let judged = watch.with(|observatory| observatory.eligibility(&key("leeds")).cloned().unwrap());
    assert_eq!(judged.standing, Standing::Eligible, "{:?}", judged.reasons);
    run(&ram, &watch).await;
    let first = ram.done(|done| done.assigned[0].clone());
    assert_eq!(first.store.as_str(), "york");
    let why = "stock: 0 of TEA to sell (9 kept back: what the store did with this class is known too late), 1 wanted";
    assert_eq!(refusal(&first, "leeds"), why);
    ram.told(|told| told.class = Some(SkuClass::new("slow")));
    run(&ram, &watch).await;
    assert_eq!(ram.done(|done| done.assigned[1].store.to_string()), "leeds", "it goes on with the others");
}
