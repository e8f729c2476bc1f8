//! Questions to carriers: what was asked for each task, and what came of it.

use super::record::{Labelled, OnRecord};
use super::spans;
use crate::core::parcel::fact::{AskId, ParcelFact, Said, Source};
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::plan::is_settled;
use crate::core::parcel::record::{AskRecord, AskState};
use holdfast_shared::ids::{CarrierAccount, TaskId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::SpanId;

/// One question, however often it was asked.
pub(super) struct Asked<'k> {
    pub(super) task: &'k TaskId,
    pub(super) carrier: &'k CarrierAccount,
    pub(super) span: SpanId,
    pub(super) name: &'static str,
    pub(super) began_at: UtcMs,
    /// None while nobody knows what came of it.
    pub(super) ended_at: Option<UtcMs>,
    pub(super) words: String,
    pub(super) looked_up: Vec<LookedUp>,
}

/// The carrier said what came of it. Looking in vain is counted, and is no step.
pub(super) struct LookedUp {
    pub(super) span: SpanId,
    pub(super) at: UtcMs,
    pub(super) words: String,
}

pub(super) fn asked(known: &OnRecord) -> Vec<Asked<'_>> {
    known.labels.iter().flat_map(of_task).collect()
}

fn of_task(labelled: &Labelled) -> Vec<Asked<'_>> {
    let Labelled { task, carrier, facts } = labelled;
    let question = |record: &AskRecord| {
        let looked = facts.iter().filter(|fact| is_look_up(fact, record.id));
        let found = looked.clone().filter_map(|fact| {
            let span = spans::label_looked_up(task, fact.sequence);
            Some(LookedUp { span, at: fact.at, words: told(&fact.said)? })
        });
        Asked {
            task,
            carrier,
            span: spans::label(task, record.id),
            name: record.id.ask.as_str(),
            began_at: record.first_at,
            ended_at: is_settled(record).then_some(record.last_at),
            words: words(record, looked.count()),
            looked_up: found.collect(),
        }
    };
    Parcel::fold(facts).asks.iter().map(question).collect()
}

fn is_look_up(fact: &ParcelFact, id: AskId) -> bool {
    fact.id == Some(id) && fact.source == Source::LookUp
}

/// What a look-up told of a question; none: nothing.
fn told(said: &Said) -> Option<String> {
    match said {
        Said::Made { .. } | Said::Voided | Said::Absent => Some(said.kind().to_owned()),
        Said::Declined { code, .. } | Said::Soft { code, .. } => Some(format!("{} ({code})", said.kind())),
        Said::Asked { .. }
        | Said::Busy { .. }
        | Said::Unknown { .. }
        | Said::GivenUp { .. }
        | Said::Dropped
        | Said::Withdrawn { .. }
        | Said::TryAgain { .. }
        | Said::HandedOver { .. }
        | Said::Tracked { .. }
        | Said::Silent { .. } => None,
    }
}

/// A code, and no words of a carrier: they may name whom it goes to.
fn words(record: &AskRecord, looked_up: usize) -> String {
    let mut words = match &record.state {
        AskState::Asked => String::from("asked"),
        AskState::Unknown { .. } => String::from("not answered"),
        AskState::Busy { .. } => String::from("not taken in"),
        AskState::Absent { .. } => String::from("never arrived"),
        AskState::Made(_) => String::from("made"),
        AskState::Voided => String::from("voided"),
        AskState::Declined { code, .. } => format!("declined ({code})"),
        AskState::Soft { code, .. } => format!("failed for now ({code})"),
    };
    if record.attempts > 1 {
        words.push_str(&format!(", asked {} times", record.attempts));
    }
    match looked_up {
        0 => {}
        1 => words.push_str(", looked up"),
        times => words.push_str(&format!(", looked up {times} times")),
    }
    words
}
