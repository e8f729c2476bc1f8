//! One trace for an order: whose request it came from, what each step came of, and up to where others were told.

use super::world::{assigned, at, new_order, order_id, placed, request, stocked, tenant};
use holdfast_central::core::trace::record::{Call, PLACE};
use holdfast_central::core::trace::{Trace, What, trace};
use holdfast_central::ports::Storage;
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::traces::Subject;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::OrderId;
use holdfast_shared::limits::TRACE_CALLS_MAX;
use holdfast_shared::trace::Upstream;
use std::collections::BTreeSet;

async fn told(storage: &dyn Storage, order: &str) -> Trace {
    trace(&storage.on_record(&tenant(), &order_id(order)).await.unwrap().unwrap())
}

fn parent_of<'t>(told: &'t Trace, name: &str) -> Option<&'t str> {
    let step =
        told.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("{name}: {told:#?}"));
    told.steps.iter().find(|other| Some(other.span) == step.parent).map(|other| other.name.as_str())
}

pub async fn a_shipped_order_is_one_tree_below_the_request_that_placed_it(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 5).await;
    let mut new = new_order("o1", "k1", request(FulfilmentKind::Ship, &[("A", 1)]));
    let span = "00f067aa0ba902b7".parse().unwrap();
    let state = Some("shop=t61".parse().unwrap());
    new.upstream = Some(Upstream { span, sampled: true, state });
    assert_eq!(storage.place(new).await.unwrap(), Placed::New);
    let (task, _) = assigned(storage, "o1", "leeds").await;
    leeds.sync(storage, at(60_000)).await;
    leeds.pack(&task);
    leeds.sync(storage, at(120_000)).await;
    leeds.hand_over(&task);
    leeds.sync(storage, at(180_000)).await;

    let told = told(storage, "o1").await;
    assert_eq!((told.steps[0].what, told.steps[0].span), (What::Caller, span));
    for (child, parent) in [
        ("placed", "storefront"),
        ("OrderPlaced", "placed"),
        ("decision", "placed"),
        ("offered", "decision"),
        ("OrderAllocated", "offered"),
        ("accepted", "offered"),
        ("handed_over", "offered"),
        ("OrderShipped", "handed_over"),
    ] {
        assert_eq!(parent_of(&told, child), Some(parent), "{child}");
    }
    let spans: BTreeSet<_> = told.steps.iter().map(|step| step.span).collect();
    assert_eq!(spans.len(), told.steps.len(), "no span is there twice");
    let facts = told.steps.iter().filter(|step| step.what == What::Fact).count();
    assert!(facts >= 5, "what the store did is told by its facts: {told:#?}");
}

pub async fn requests_about_an_order_are_kept_up_to_a_limit(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 1)]).await;
    let subject = Subject::Order(order_id("o1"));
    for n in 0..=TRACE_CALLS_MAX {
        let call = Call {
            act: format!("change {n}"),
            at: at(100).utc,
            actor: "support".parse().unwrap(),
            trace: format!("{:032x}", n + 1).parse().unwrap(),
            span: format!("{:016x}", n + 1).parse().unwrap(),
            upstream: None,
        };
        storage.note_call(&tenant(), &subject, &call).await.unwrap();
    }
    let calls = storage.on_record(&tenant(), &order_id("o1")).await.unwrap().unwrap().calls;
    assert_eq!(calls.len(), usize::try_from(TRACE_CALLS_MAX).unwrap());
    assert_eq!((calls[0].act.as_str(), calls[0].upstream.clone()), ("change 0", None));
    assert!(calls.iter().all(|call| call.act != PLACE), "one that began the trace says nothing of its own");
    let other = "rival".parse().unwrap();
    assert!(storage.on_record(&other, &order_id("o1")).await.unwrap().is_none());
}

pub async fn others_are_told_from_where_they_were_told_last(storage: &dyn Storage) {
    assert_eq!(storage.told_up_to().await.unwrap().entry, 0);
    placed(storage, "o1", &[("A", 1)]).await;
    placed(storage, "o2", &[("A", 1)]).await;
    let entries = storage.entries_after(0, 10).await.unwrap();
    let orders: Vec<&OrderId> = entries.iter().map(|entry| &entry.order).collect();
    assert_eq!(orders, [&order_id("o1"), &order_id("o2")]);
    storage.tell_up_to(entries[0].entry).await.unwrap();
    storage.tell_up_to(0).await.unwrap();
    let up_to = storage.told_up_to().await.unwrap();
    assert_eq!((up_to.entry, up_to.newest), (entries[0].entry, entries[1].entry), "a mark never goes back");
    assert_eq!(storage.entries_after(up_to.entry, 10).await.unwrap(), entries[1..]);
}
