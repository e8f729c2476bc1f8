//! The way of an order as its steps: which are done, with how many tries, and which are not. Read off what was written
//! anyway: the money's own facts, and the tasks as their facts left them. Nothing of it is kept a second time.

use super::account::{Account, CallState};
use super::fact::{Call, SagaFact};
use super::steps::STEPS;
use super::terms::{Compensation, OnTimeout, Step, Verification};
use crate::core::order::OrderEvent;
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    NotBegun,
    /// Somebody works on it, or nobody knows yet what came of it.
    UnderWay,
    Done,
    /// Some of it, as far as it goes.
    Partly,
    Failed,
    /// It was done, and is undone.
    Undone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepReport {
    pub step: Step,
    pub state: StepState,
    /// How often somebody was asked to do it.
    pub attempts: u32,
    /// The last thing that is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<UtcMs>,
    pub words: String,
    pub on_timeout: OnTimeout,
    pub verify: Verification,
    pub compensation: Compensation,
    pub recovery: &'static str,
}

/// The four questions of whoever has to go on from here; absent is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Answers {
    pub reserved: bool,
    pub acknowledged: bool,
    /// False when no carrier takes a parcel, or a label is not there yet; absent where stores make their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled: Option<bool>,
    pub charged: bool,
}

/// What it is read off.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub tasks: &'a [TaskState],
    pub timeline: &'a [OrderEvent],
    /// Of an order that is paid for through here.
    pub facts: Option<&'a [SagaFact]>,
    /// Parcels that no carrier takes, as far as nobody has seen to them.
    pub unlabelled: bool,
    /// Where a carrier account makes the labels.
    pub labels: Option<&'a LabelSteps>,
}

/// How it stands with the labels of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSteps {
    /// Each parcel that is not given up has a good one; absent where there is none to have.
    pub labelled: Option<bool>,
    pub label: Seen,
    pub void: Seen,
}

#[must_use]
pub fn answers(known: &Known<'_>) -> Answers {
    let sums = known.facts.map(Account::fold).unwrap_or_default().sums();
    Answers {
        reserved: !known.tasks.is_empty(),
        acknowledged: known.tasks.iter().any(|task| reached(task, Phase::Accepted)),
        labelled: if known.unlabelled { Some(false) } else { known.labels.and_then(|known| known.labelled) },
        charged: sums.captured > sums.refunded,
    }
}

#[must_use]
pub fn report(known: &Known<'_>) -> Vec<StepReport> {
    let account = known.facts.map(Account::fold);
    let of = |step: Step| match step {
        Step::Authorize => of_call(account.as_ref(), known.facts, Call::Authorize),
        Step::Capture => of_call(account.as_ref(), known.facts, Call::Capture),
        Step::Void => of_call(account.as_ref(), known.facts, Call::Void),
        Step::Refund => of_call(account.as_ref(), known.facts, Call::Refund),
        Step::Reserve | Step::Offer => of_tasks(known, Phase::Offered, "allocated"),
        Step::Accept => of_tasks(known, Phase::Accepted, "accepted"),
        Step::Pick => of_tasks(known, Phase::Picking, "picked"),
        Step::Label => of_labels(known, |labels| &labels.label),
        Step::VoidLabel => of_labels(known, |labels| &labels.void),
        Step::Pack => of_tasks(known, Phase::Packed, "packed"),
        Step::HandOver => of_tasks(known, Phase::HandedOver, "handed_over"),
        Step::Notify => of_news(known),
    };
    let report = |terms: &&'static super::terms::StepTerms| {
        let Seen { state, attempts, at, words } = of(terms.step);
        StepReport {
            step: terms.step,
            state,
            attempts,
            at,
            words,
            on_timeout: terms.on_timeout,
            verify: terms.verify,
            compensation: terms.compensation,
            recovery: terms.recovery,
        }
    };
    STEPS.iter().map(report).collect()
}

/// What is known of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub state: StepState,
    pub attempts: u32,
    pub at: Option<UtcMs>,
    pub words: String,
}

impl Seen {
    #[must_use]
    pub fn nothing(words: &str) -> Self {
        Self { state: StepState::NotBegun, attempts: 0, at: None, words: words.to_owned() }
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u32 {
    u32::try_from(of.count()).unwrap_or(u32::MAX)
}

fn of_call(account: Option<&Account>, facts: Option<&[SagaFact]>, call: Call) -> Seen {
    let Some(account) = account else { return Seen::nothing("not paid for through here") };
    let calls: Vec<_> = account.calls.iter().filter(|record| record.id.call == call).collect();
    let Some(newest) = calls.last() else { return Seen::nothing("not asked for") };
    let attempts = calls.iter().map(|record| record.attempts).fold(0, u32::saturating_add);
    let (state, words) = match &newest.state {
        CallState::Asked => (StepState::UnderWay, String::from("asked, and no answer is written down")),
        CallState::Unknown { .. } => (StepState::UnderWay, String::from("no answer; it is being looked up")),
        CallState::Busy { .. } => (StepState::UnderWay, String::from("not taken in; it is asked again")),
        CallState::Absent => (StepState::NotBegun, String::from("it never arrived there")),
        CallState::Done { reference, amount, .. } => {
            let undone = call == Call::Authorize
                && account.authorizations.iter().all(|known| known.closed && known.captured == 0);
            let state = if undone { StepState::Undone } else { StepState::Done };
            (state, format!("{amount} minor units, {reference}"))
        }
        CallState::Declined { code, words } | CallState::Soft { code, words } => {
            (StepState::Failed, format!("{words} ({code})"))
        }
    };
    let of_it = facts.unwrap_or_default().iter().filter(|fact| fact.id.call == call);
    Seen { state, attempts, at: of_it.map(|fact| fact.at).max(), words }
}

fn of_labels(known: &Known<'_>, which: impl Fn(&LabelSteps) -> &Seen) -> Seen {
    known.labels.map_or_else(|| Seen::nothing("stores make their own labels"), |labels| which(labels).clone())
}

/// Whether it came so far, whatever happened after.
fn reached(task: &TaskState, phase: Phase) -> bool {
    let rank = |phase: Phase| match phase {
        Phase::Offered | Phase::Declined => 0,
        Phase::Accepted => 1,
        Phase::Picking | Phase::PutBack => 2,
        Phase::Packed => 3,
        Phase::HandedOver => 4,
    };
    rank(task.phase) >= rank(phase)
}

fn of_tasks(known: &Known<'_>, phase: Phase, event: &str) -> Seen {
    let told: Vec<&OrderEvent> = known.timeline.iter().filter(|entry| entry.kind == event).collect();
    let alive =
        |task: &&TaskState| task.recall.is_none() && !matches!(task.phase, Phase::Declined | Phase::PutBack);
    let at_work: Vec<&TaskState> = known.tasks.iter().filter(alive).collect();
    let there = count(at_work.iter().filter(|task| reached(task, phase)));
    let all = count(at_work.iter());
    let state = match (there, all, known.tasks.is_empty(), told.is_empty()) {
        (0, 0, false, false) => StepState::Undone,
        (0, ..) => StepState::NotBegun,
        (some, all, ..) if some < all => StepState::Partly,
        _ => StepState::Done,
    };
    let words = match told.last() {
        Some(entry) => entry.words.clone(),
        None => String::from("not yet"),
    };
    Seen { state, attempts: count(told.iter()), at: told.last().map(|entry| entry.at), words }
}

fn of_news(known: &Known<'_>) -> Seen {
    let Some(last) = known.timeline.last() else { return Seen::nothing("nothing to tell") };
    Seen {
        state: StepState::Done,
        attempts: count(known.timeline.iter()),
        at: Some(last.at),
        words: String::from("events are in the outbox, in the transaction that they tell of"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_scene::Facts;
    use super::*;
    use crate::core::test_support::task;

    fn state(known: &Known<'_>, step: Step) -> StepState {
        report(known).into_iter().find(|told| told.step == step).unwrap().state
    }

    #[test]
    fn an_order_without_a_payment_has_only_the_steps_of_stores() {
        let tasks = [task("leeds", Phase::Packed)];
        let known = Known { tasks: &tasks, timeline: &[], facts: None, unlabelled: false, labels: None };
        assert_eq!(state(&known, Step::Authorize), StepState::NotBegun);
        assert_eq!(state(&known, Step::Pack), StepState::Done);
        assert_eq!(state(&known, Step::HandOver), StepState::NotBegun);
        let told = answers(&known);
        assert_eq!(
            (told.reserved, told.acknowledged, told.labelled, told.charged),
            (true, true, None, false)
        );
    }

    #[test]
    fn tries_are_counted_and_an_authorization_that_was_voided_is_undone() {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).asked(Call::Authorize, 0, 100, None).done(
            Call::Authorize,
            0,
            100,
        );
        let told = report(&Known {
            tasks: &[],
            timeline: &[],
            facts: Some(&facts.all),
            unlabelled: false,
            labels: None,
        });
        assert_eq!((told[0].state, told[0].attempts), (StepState::Done, 2));
        facts.asked(Call::Void, 0, 100, Some(0)).done(Call::Void, 0, 100);
        let known =
            Known { tasks: &[], timeline: &[], facts: Some(&facts.all), unlabelled: true, labels: None };
        assert_eq!(state(&known, Step::Authorize), StepState::Undone);
        assert_eq!(state(&known, Step::Void), StepState::Done);
        assert_eq!((answers(&known).charged, answers(&known).labelled), (false, Some(false)));
    }
}
