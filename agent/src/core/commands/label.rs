//! No label can be made for a parcel, or the driver refuses it. No fact: nothing happened to the goods.
//! Central is told, and says what becomes of the parcel; until then the work goes on.

use crate::core::command::{LabelRequest, Refusal};
use crate::core::outcome::{Context, Outcome, Reply};
use holdfast_shared::domain::task::{FulfilmentKind, Status, TaskState};
use holdfast_shared::limits::PARCELS_TOLD_MAX;
use holdfast_shared::wire::sync::LabelReport;

/// Whether the goods of this task wait for a label here.
#[must_use]
pub fn needs_label(state: &TaskState) -> bool {
    let kind = match state.kind {
        FulfilmentKind::Ship | FulfilmentKind::Delivery => true,
        FulfilmentKind::Pickup => false,
    };
    let status = match state.status() {
        Status::Accepted | Status::Picking | Status::AwaitingRelease | Status::Ready => true,
        Status::Offered | Status::HandedOver | Status::Declined | Status::PuttingBack | Status::PutBack => {
            false
        }
    };
    kind && status
}

pub fn decide(
    state: &TaskState,
    request: &LabelRequest,
    known: &[LabelReport],
    context: Context<'_>,
) -> Result<Outcome, Refusal> {
    if !needs_label(state) {
        return Err(Refusal::NoLabelNeeded(state.task.clone()));
    }
    let reply = Reply::Task(state.task.clone());
    let told = |report: &&LabelReport| report.task == state.task && report.service == request.service;
    if known.iter().any(|report| told(&report)) {
        return Ok(Outcome::facts(Vec::new(), reply));
    }
    if known.len() >= PARCELS_TOLD_MAX {
        let what = format!("{PARCELS_TOLD_MAX} labels are reported here and wait for central: call it");
        return Err(Refusal::Invalid(what));
    }
    let intent = context.intent;
    let report = LabelReport {
        id: format!("{}/{}", intent.device, intent.key),
        task: state.task.clone(),
        service: request.service.clone(),
        reason: request.reason.clone(),
        by: intent.actor.clone(),
        at: context.now.utc,
    };
    Ok(Outcome { label: Some(report), ..Outcome::facts(Vec::new(), reply) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{at, intent, task};
    use holdfast_shared::domain::task::Phase;
    use holdfast_shared::error::Code;

    fn said(state: &TaskState, known: &[LabelReport]) -> Result<Option<LabelReport>, Refusal> {
        let request = LabelRequest {
            task: state.task.clone(),
            service: Some("express".to_owned()),
            reason: "the printer is broken".to_owned(),
        };
        let intent = intent("k");
        let context = Context { intent: &intent, replica: None, now: at(7) };
        decide(state, &request, known, context).map(|outcome| outcome.label)
    }

    fn in_phase(phase: Phase) -> TaskState {
        TaskState { phase, ..task("o-1", &[("A", 1)]) }
    }

    #[test]
    fn a_label_is_reported_once_while_the_goods_are_here() {
        let report = said(&in_phase(Phase::Packed), &[]).unwrap().unwrap();
        assert_eq!((report.reason.as_str(), report.by.as_str()), ("the printer is broken", "amy"));
        assert_eq!((report.service.as_deref(), report.at.0), (Some("express"), 7));
        assert_eq!(
            said(&in_phase(Phase::Packed), std::slice::from_ref(&report)),
            Ok(None),
            "central knows soon"
        );
        let other = LabelReport { service: None, ..report };
        assert!(said(&in_phase(Phase::Packed), &[other]).unwrap().is_some(), "another service failed before");
    }

    #[test]
    fn what_needs_no_label_is_refused_in_words() {
        let pickup = TaskState { kind: FulfilmentKind::Pickup, ..in_phase(Phase::Packed) };
        for state in [pickup, in_phase(Phase::Offered), in_phase(Phase::HandedOver)] {
            let refused = said(&state, &[]).unwrap_err();
            assert_eq!(refused.code(), Code::IllegalTransition, "{state:?}");
            assert!(refused.to_string().contains("needs no label"), "{refused}");
        }
    }

    #[test]
    fn what_waits_for_central_has_an_end() {
        let report = said(&in_phase(Phase::Packed), &[]).unwrap().unwrap();
        let other = |n: usize| LabelReport { task: format!("o-9-{n}").parse().unwrap(), ..report.clone() };
        let full: Vec<LabelReport> = (0..PARCELS_TOLD_MAX).map(other).collect();
        assert!(said(&in_phase(Phase::Packed), &full).unwrap_err().to_string().contains("call it"));
    }
}
