use super::*;
use crate::core::kpis::flow::Before;
use holdfast_shared::domain::task::FulfilmentKind;
use proptest::prelude::*;

fn step(was: Option<OrderState>, is: OrderState, at: i64, before: Before) -> Step {
    Step {
        tenant: "t".parse().unwrap(),
        channel: "web".to_owned(),
        kind: FulfilmentKind::Ship,
        source: "store".to_owned(),
        was,
        is,
        at: UtcMs(at),
        since: was.map(|_| UtcMs(at - 1_000)),
        placed_at: UtcMs(0),
        before,
        gathered: false,
    }
}

const RESERVED: Before = Before { reserved: true, acknowledged: false, fulfilled: false, cancelled: false };

#[test]
fn each_thing_counts_the_first_time_and_a_loss_every_time() {
    use OrderState::{Accepted, Allocated, Cancelled, Picking, Placed, Shipped};
    let of = |was, is, before| measured(&step(was, is, 5_000, before));
    assert_eq!(of(None, Placed, Before::default()), [(Measure::Placed, 0)]);
    assert_eq!(of(Some(Placed), Allocated, Before::default()), [(Measure::Reserved, 5_000)]);
    assert_eq!(of(Some(Placed), Allocated, RESERVED), [], "it had a node before");
    assert_eq!(of(Some(Allocated), Accepted, RESERVED), [(Measure::Acknowledged, 1_000)]);
    assert_eq!(
        of(Some(Allocated), Picking, RESERVED),
        [(Measure::Acknowledged, 1_000)],
        "a store that was away tells of both at once"
    );
    assert_eq!(of(Some(Allocated), Placed, RESERVED), [(Measure::SetBack, 5_000)]);
    assert_eq!(of(Some(Allocated), Cancelled, RESERVED), [(Measure::Cancelled, 5_000)]);
    let taken = Before { acknowledged: true, ..RESERVED };
    assert_eq!(of(Some(Picking), Shipped, taken), [(Measure::Fulfilled, 5_000)]);
}

#[test]
fn shares_and_waits_follow_for_each_name_and_for_all() {
    let summed = |name: &str, measure, ms, orders| Measured {
        name: name.to_owned(),
        measure,
        span: Span::of(ms),
        sum: Sum { orders, ms: ms * orders },
    };
    let measured = [
        summed("web", Measure::Placed, 0, 8),
        summed("web", Measure::Reserved, 1_000, 3),
        summed("web", Measure::Reserved, 60_000, 1),
        summed("web", Measure::Acknowledged, 30_000, 3),
        summed("web", Measure::Cancelled, 5_000, 2),
        summed("till", Measure::Placed, 0, 2),
    ];
    let tally = Tally { units: 10, best_units: 9, short_units: 1, parcels: 4, moved: 1, ..Tally::default() };
    let toil = [Toil { name: "web".to_owned(), mismatches: 1, exceptions: 2, minutes: 25 }];
    let names = by_name(&measured, &[("web".to_owned(), tally)], &toil);
    let web = names["web"].kpi();
    assert_eq!((web.acceptance_rate, web.cancellation_rate), (Some(0.75), Some(0.25)));
    assert_eq!(
        (web.oversell_rate, web.failover_rate, web.best_node_share),
        (Some(0.1), Some(0.25), Some(0.9))
    );
    assert_eq!((web.manual_minutes, web.manual_rate, web.mismatch_rate), (25, Some(0.25), Some(0.125)));
    assert!(web.reservation.p95_ms.unwrap() > 50_000 && web.reservation.p50_ms.unwrap() < 1_300);
    let till = names["till"].kpi();
    assert_eq!((till.placed, till.acceptance_rate, till.reservation), (2, None, Wait::default()));
    assert_eq!(together(&measured, &[], &toil).kpi().placed, 10);
}

#[test]
fn what_was_gathered_is_a_source_of_its_own() {
    let mut one = step(Some(OrderState::Ready), OrderState::Shipped, 9_000, RESERVED);
    assert_eq!(source_of(&one), "store");
    one.gathered = true;
    assert!(measures(&[one]).keys().all(|key| key.source == "gathering"));
}

proptest! {
    /// Sums are added up in pieces, and made anew in other pieces.
    #[test]
    fn pieces_do_not_matter(times in prop::collection::vec((0_usize..12, 0_usize..12, 0_i64..200_000_000), 0..40), cut in 0_usize..40) {
        let steps: Vec<Step> = times.iter()
            .map(|(was, is, at)| step(Some(OrderState::ALL[*was]), OrderState::ALL[*is], *at, Before::default()))
            .collect();
        let (first, second) = steps.split_at(cut.min(steps.len()));
        let mut pieces = measures(first);
        for (key, sum) in measures(second) {
            let known = pieces.entry(key).or_default();
            (known.orders, known.ms) = (known.orders + sum.orders, known.ms + sum.ms);
        }
        prop_assert_eq!(pieces, measures(&steps));
    }
}
