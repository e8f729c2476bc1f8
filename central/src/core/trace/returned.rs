//! What stores said of goods that came back, beside the entries of the timeline that tell of it.

use super::record::{BroughtBack, OnRecord};
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::ids::{Actor, FactId, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The timeline's words for the first and the later steps of a return at a store.
const ASKED: &str = "return_asked";
const RECEIVED: &str = "return_received";

/// Behind one entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Back<'k> {
    /// None where an earlier entry tells of the same fact: its units belong to several returns.
    pub(super) fact: Option<&'k Fact>,
    /// The entry with which the return began.
    pub(super) began: Option<u64>,
}

/// By the sequence of the entry. Returns are numbered as they begin, and each begins with one entry.
pub(super) fn behind(known: &OnRecord) -> BTreeMap<u64, Back<'_>> {
    let asked = known.timeline.iter().filter(|event| event.kind == ASKED);
    let begun: BTreeMap<u32, u64> = (1..).zip(asked.map(|event| event.sequence)).collect();
    let mut waiting: BTreeMap<(UtcMs, &StoreId, &Actor), VecDeque<&BroughtBack>> = BTreeMap::new();
    for back in &known.returned {
        waiting.entry((back.heard_at, &back.store, &back.fact.actor)).or_default().push_back(back);
    }
    let mut told: BTreeSet<&FactId> = BTreeSet::new();
    let received = known.timeline.iter().filter(|event| event.kind == RECEIVED);
    let mut found = BTreeMap::new();
    for event in received {
        let key = event.store.as_ref().map(|store| (event.at, store, &event.actor));
        let back = key.and_then(|key| waiting.get_mut(&key)?.pop_front());
        if let Some(BroughtBack { fact, number, .. }) = back {
            let fact_once = told.insert(&fact.id).then_some(fact);
            found.insert(event.sequence, Back { fact: fact_once, began: begun.get(number).copied() });
        }
    }
    found
}
