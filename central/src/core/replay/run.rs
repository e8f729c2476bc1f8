//! One replay from its first decision to its report: both ways, under both policies.

use super::alone::{Made, alone};
use super::case::Case;
use super::changes::{Change, most_changed};
use super::ledger::Ledger;
use super::record::{Past, Picks};
use super::sequence::{Moment, World};
use super::table::{Row, table};
use crate::core::routing::Guide;
use crate::core::routing::again::{difference, is_same};
use crate::core::routing::decision::Decision;
use crate::core::routing::fleet_index::FleetIndex;
use holdfast_shared::ids::OrderId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

const ALONE: &str = "Each decision by itself, on what it was made from: exact where nothing of that was cut. \
    What one decision takes is not missing for the next, so stock and splits mean little here.";
const SEQUENCE: &str = "The orders one after another: what the replay gives away is gone for later orders, what \
    was given away then is there again. A node that a decision did not keep is as one of the last day knew it. Sales, deliveries, health, hours and how stock is sold are as they were.";

/// One way of replaying, with its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// What this way of replaying says, and what it does not.
    pub words: String,
    /// Decisions, or orders, that the score is made of.
    pub cases: usize,
    pub score: Vec<Row>,
    /// Cases that came out otherwise.
    pub changed: usize,
    /// The most changed of them.
    pub most_changed: Vec<Change>,
}

/// How much of the record could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Record {
    pub orders: usize,
    pub decisions: usize,
    /// Decisions of which all nodes are kept: their replay is exact.
    pub whole: usize,
    /// Decisions of which some nodes are not kept: a better one may have been among them.
    pub cut: usize,
    /// Decisions of which nothing is kept to decide them from: left out.
    pub without_inputs: usize,
    /// Decisions that the reference makes again as they were made; the others followed another version,
    /// or units that were set aside for a cart.
    pub as_decided: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReplayReport)]
pub struct Report {
    /// The names of both policies, as decisions record them.
    pub candidate: String,
    pub reference: String,
    pub record: Record,
    pub alone: Answer,
    pub sequence: Answer,
}

/// Both policies, made ready.
#[derive(Debug)]
pub struct Guides<'p> {
    pub candidate: Guide<'p>,
    pub reference: Guide<'p>,
}

/// Two of the same, one for each policy.
#[derive(Debug, Default)]
struct Both<T> {
    candidate: T,
    reference: T,
}

#[derive(Debug)]
pub struct Run {
    picks: Picks,
    record: Record,
    orders: BTreeSet<OrderId>,
    alone: Vec<(Both<Case>, Option<String>)>,
    ledger: Ledger,
    worlds: Both<World>,
    causes: BTreeMap<OrderId, String>,
}

impl Run {
    #[must_use]
    pub fn new(picks: Picks) -> Self {
        Self {
            picks,
            record: Record::default(),
            orders: BTreeSet::new(),
            alone: Vec::new(),
            ledger: Ledger::default(),
            worlds: Both::default(),
            causes: BTreeMap::new(),
        }
    }

    /// The next decision, in the order of time.
    pub fn play(&mut self, past: &Past, guides: &Guides<'_>) {
        self.count(past);
        let fleet = past.inputs.as_ref().map(|inputs| FleetIndex::of(inputs.nodes.clone()));
        if let Some(fleet) = &fleet {
            let made = |guide: &Guide<'_>| alone(past, fleet, guide, &self.picks);
            if let Some((candidate, reference)) = made(&guides.candidate).zip(made(&guides.reference)) {
                self.compare(past, candidate, reference);
            }
        }
        if !self.ledger.leaves_out(past) {
            self.go_on(past, fleet.as_ref(), guides);
        }
    }

    fn go_on(&mut self, past: &Past, fleet: Option<&FleetIndex>, guides: &Guides<'_>) {
        self.ledger.before(past);
        if let Some((inputs, fleet)) = past.inputs.as_ref().zip(fleet) {
            let moment = Moment { past, inputs, fleet, ledger: &self.ledger, picks: &self.picks };
            let is = self.worlds.candidate.play(moment, &guides.candidate);
            let was = self.worlds.reference.play(moment, &guides.reference);
            if let Some(cause) = is.zip(was).and_then(|(is, was)| cause(&was, &is)) {
                self.causes.entry(past.decision.order.clone()).or_insert(cause);
            }
        }
        self.ledger.after(past);
    }

    fn count(&mut self, past: &Past) {
        self.orders.insert(past.decision.order.clone());
        let record = &mut self.record;
        record.decisions = record.decisions.saturating_add(1);
        let kind = match &past.inputs {
            None => &mut record.without_inputs,
            Some(inputs) if inputs.unrecorded > 0 => &mut record.cut,
            Some(_) => &mut record.whole,
        };
        *kind = kind.saturating_add(1);
    }

    fn compare(&mut self, past: &Past, candidate: Made, reference: Made) {
        let as_decided = is_same(&past.decision.choice, &reference.decision.choice);
        self.record.as_decided = self.record.as_decided.saturating_add(usize::from(as_decided));
        let cause = cause(&reference.decision, &candidate.decision);
        self.alone.push((Both { candidate: candidate.case, reference: reference.case }, cause));
    }

    /// Of all that was played, with the names of both policies and as many changed orders as may be told.
    #[must_use]
    pub fn report(self, candidate: String, reference: String, told_max: usize) -> Report {
        let Self { mut record, orders, alone, worlds, causes, .. } = self;
        record.orders = orders.len();
        let pairs = alone.iter().map(|(both, cause)| (&both.candidate, &both.reference, cause.as_deref()));
        let alone = answer(ALONE, pairs.collect(), told_max);
        let (is, was) = (worlds.candidate.cases(), worlds.reference.cases());
        let pairs = is.iter().filter_map(|(order, candidate)| {
            Some((candidate, was.get(order)?, causes.get(order).map(String::as_str)))
        });
        let sequence = answer(SEQUENCE, pairs.collect(), told_max);
        Report { candidate, reference, record, alone, sequence }
    }
}

fn cause(was: &Decision, is: &Decision) -> Option<String> {
    (!is_same(&was.choice, &is.choice)).then(|| difference(was, is, false))
}

fn answer(words: &str, pairs: Vec<(&Case, &Case, Option<&str>)>, told_max: usize) -> Answer {
    let candidate: Vec<&Case> = pairs.iter().map(|(candidate, ..)| *candidate).collect();
    let reference: Vec<&Case> = pairs.iter().map(|(_, reference, _)| *reference).collect();
    let score = table(&candidate, &reference);
    let cases = pairs.len();
    let (changed, most_changed) = most_changed(pairs, told_max);
    Answer { words: words.to_owned(), cases, score, changed, most_changed }
}

#[cfg(test)]
mod tests {
    use crate::core::replay::test_scene::{Day, replay};
    use crate::core::routing::decision::Gather;

    #[test]
    fn what_was_gathered_instead_is_given_to_nobody_in_the_replayed_world() {
        let day = Day::parse("store leeds 3 TEA=1\norder o1 08:00 TEA=1\norder o2 08:05 TEA=1");
        let (mut pasts, picks) = day.lived();
        let gather = Gather {
            store: "leeds".parse().unwrap(),
            own: Vec::new(),
            feeders: Vec::new(),
            arrives_by: None,
            until: pasts[0].decision.at,
            words: String::new(),
        };
        pasts[0].decision.gather = Some(gather);
        let report = replay(&pasts, picks, &day.reference, &day.reference);
        assert_eq!((report.record.orders, report.sequence.cases), (2, 1));
    }
}
