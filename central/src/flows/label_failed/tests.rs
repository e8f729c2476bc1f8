use super::*;
use crate::core::carriers::{Band, CarrierPolicy, Collection, Service};
use crate::core::fleet::Weekday;
use crate::core::order::{Order, OrderState};
use crate::core::steering::Sections;
use crate::core::test_support::{at_ms, beat, order_request, record, task, tenant};
use crate::flows::Watch;
use crate::flows::evaluate::evaluate;
use crate::flows::test_support::{Ram, decision_id};
use crate::ports::work::TaskRow;
use holdfast_shared::domain::task::{Phase, Release};
use holdfast_shared::ids::{Actor, TaskId};
use holdfast_shared::time::{MonoMs, UtcMs};
use std::collections::BTreeSet as Set;

const DAY_MS: i64 = 86_400_000;

fn service(name: &str, days: u16) -> Service {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let daily = Set::from([Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]);
    Service {
        name: name.to_owned(),
        kinds: Set::from([FulfilmentKind::Ship]),
        collections: vec![Collection { days: daily, cutoff_minute: 1_439 }],
        transit: vec![Band { up_to_km: None, days, surcharge_minor: 0 }],
        weekends_count: true,
        holidays: Set::new(),
        price: None,
    }
}

/// Standard takes a day, and post ten.
fn sections() -> Sections {
    let services = vec![service("standard", 1), service("post", 10)];
    Sections { carriers: CarrierPolicy { services, ..CarrierPolicy::default() }, ..Sections::default() }
}

/// Leeds works on one order that is promised in so many days.
async fn leeds(ram: &Ram, phase: Phase, promised_in_days: Option<i64>) -> Watch {
    let watch = Watch::default();
    let promise_by = promised_in_days.map(|days| at_ms(days * DAY_MS).utc);
    ram.told(|told| {
        told.stores = vec![record("leeds")];
        let mut state = task("leeds", phase);
        state.promise_by = promise_by;
        told.tasks = vec![TaskRow { tenant: tenant(), state }];
        told.order = Some(Order {
            tenant: tenant(),
            order: "o1".parse().unwrap(),
            request: order_request(),
            state: OrderState::Picking,
            lines: Vec::new(),
            tasks: Vec::new(),
            placed_at: UtcMs(0),
            changed_at: UtcMs(0),
            trace: "00000000000000000000000000000001".parse().unwrap(),
            request_lost: false,
            root_key: None,
            duplicate_of: None,
        });
    });
    watch.with(|observatory| observatory.hear(beat("leeds", "b1", 1), MonoMs(0)));
    evaluate(ram, &watch, at_ms(0)).await.unwrap();
    watch
}

fn failure(service: Option<&str>) -> NewLabelFailure {
    NewLabelFailure {
        tenant: tenant(),
        task: "o1-1".parse::<TaskId>().unwrap(),
        service: service.map(str::to_owned),
        reason: " no such postcode ".to_owned(),
        by: Actor::new("key:carrier").unwrap(),
    }
}

async fn told(
    ram: &Ram,
    watch: &Watch,
    sections: &Sections,
    service: Option<&str>,
) -> Result<LabelFailure, Code> {
    let router = Router { watch, poke: ram, policy: sections, decision_id: &decision_id };
    report(ram, &router, failure(service), at_ms(1_000)).await.map_err(|error| error.code())
}

fn outcome(failure: &LabelFailure) -> Option<LabelOutcome> {
    failure.settled.as_ref().map(|settled| settled.outcome)
}

#[tokio::test]
async fn another_service_that_is_there_in_time_takes_it_and_the_work_stays() {
    let ram = Ram::default();
    let watch = leeds(&ram, Phase::Packed, Some(20)).await;
    let done = told(&ram, &watch, &sections(), Some("standard")).await.unwrap();
    let settled = done.settled.unwrap();
    assert_eq!(
        (settled.outcome, settled.next_service.as_deref()),
        (LabelOutcome::AnotherService, Some("post"))
    );
    assert_eq!(settled.words, "post takes o1-1 instead: standard does not take it: no such postcode");
    assert!(ram.done(|done| done.recalled.is_empty()));
    let again = told(&ram, &watch, &sections(), Some("standard")).await.unwrap();
    assert_eq!(outcome(&again), Some(LabelOutcome::AnotherService));
    assert_eq!(ram.done(|done| done.labels_settled.len()), 1, "the same again changes nothing");
}

#[tokio::test]
async fn work_whose_promise_no_service_keeps_leaves_although_the_lease_runs() {
    let ram = Ram::default();
    let watch = leeds(&ram, Phase::Picking, Some(3)).await;
    watch.with(|observatory| {
        observatory.leases.grant(&crate::flows::test_support::key("leeds"), 60_000, MonoMs(0))
    });
    let done = told(&ram, &watch, &sections(), Some("standard")).await.unwrap();
    assert_eq!(outcome(&done), Some(LabelOutcome::Moved));
    let reason = ram.done(|done| done.recalled[0].1.clone());
    assert_eq!(reason, "leeds: standard does not take it: no such postcode");
}

#[tokio::test]
async fn released_goods_stay_and_a_person_is_told() {
    let ram = Ram::default();
    let watch = leeds(&ram, Phase::Packed, Some(3)).await;
    ram.told(|told| {
        let state = &mut told.tasks[0].state;
        state.release = Some(Release { fence: state.fence, replica: "leeds-a".parse().unwrap(), fact: None });
    });
    let done = told(&ram, &watch, &sections(), Some("standard")).await.unwrap();
    assert_eq!(outcome(&done), Some(LabelOutcome::Person));
    assert!(done.settled.unwrap().words.contains("was released to leeds-a, and no carrier takes it"));
    assert!(ram.done(|done| done.recalled.is_empty()));
}

#[tokio::test]
async fn by_policy_it_stays_and_a_person_decides() {
    let ram = Ram::default();
    let watch = leeds(&ram, Phase::Accepted, Some(20)).await;
    let mut sections = sections();
    sections.failover.label_failed.another_service = false;
    sections.failover.label_failed.unreleased = When::Never;
    let done = told(&ram, &watch, &sections, Some("standard")).await.unwrap();
    assert_eq!(outcome(&done), Some(LabelOutcome::Person));
    assert!(done.settled.unwrap().words.ends_with("by policy what is accepted stays there"));
}

#[tokio::test]
async fn nothing_moves_while_a_person_holds_it_and_the_reconciler_sees_to_it_later() {
    let ram = Ram::default();
    let watch = leeds(&ram, Phase::Accepted, Some(3)).await;
    ram.told(|told| told.lately = [("leeds".parse().unwrap(), 1_000)].into());
    let done = told(&ram, &watch, &sections(), Some("standard")).await.unwrap();
    assert_eq!(outcome(&done), None, "as much has moved within a minute as may");
    let sections = sections();
    let router = Router { watch: &watch, poke: &ram, policy: &sections, decision_id: &decision_id };
    assert_eq!(see_to_labels(&ram, &router, at_ms(2_000)).await.unwrap(), 0);
    ram.told(|told| told.lately.clear());
    assert_eq!(see_to_labels(&ram, &router, at_ms(3_000)).await.unwrap(), 1);
    assert_eq!(see_to_labels(&ram, &router, at_ms(4_000)).await.unwrap(), 0);
    assert_eq!(ram.done(|done| done.recalled.len()), 1);
}

#[tokio::test]
async fn what_no_carrier_was_asked_for_is_refused() {
    let ram = Ram::default();
    let watch = leeds(&ram, Phase::HandedOver, None).await;
    assert_eq!(told(&ram, &watch, &sections(), None).await, Err(Code::IllegalTransition));
    let watch = leeds(&ram, Phase::Packed, None).await;
    assert_eq!(told(&ram, &watch, &sections(), Some("pigeon")).await, Err(Code::InvalidRequest));
    ram.told(|told| told.tasks[0].state.kind = FulfilmentKind::Pickup);
    assert_eq!(told(&ram, &watch, &sections(), None).await, Err(Code::InvalidRequest));
    ram.told(|told| told.tasks.clear());
    assert_eq!(told(&ram, &watch, &sections(), None).await, Err(Code::UnknownTask));
    assert!(ram.told(|told| told.labels.is_empty()));
}
