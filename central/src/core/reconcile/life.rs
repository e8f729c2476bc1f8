//! The states of a finding: found, confirmed by a second look, then mended, given to a person, or told.
//!
//! ```text
//!   found ----> confirmed ----------------------> repaired   (gone)
//!     |     |-> repairing --> (still there) ---+      ^
//!     v     +-> escalated <--------------------+------+
//!  forgotten                accepted by a person -----+
//! ```

use super::finding::{Difference, Finding, FindingKind, FindingState};
use super::kinds::{Mend, Treatment, beyond, treatment};
use super::policy::ReconcilePolicy;
use crate::core::exception::{Category, Severity};
use holdfast_shared::limits::RECONCILE_ATTEMPTS_MAX;
use holdfast_shared::time::UtcMs;

/// What follows for one finding, or for a difference that is none yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Open(Difference),
    /// Gone before it was seen twice: writes that crossed.
    Forget(Finding),
    /// Still there; nothing follows.
    See(Finding, Difference),
    /// It is told.
    Confirm(Finding, Difference),
    Mend(Finding, Difference, Mend),
    Escalate(Finding, Difference, Category, Severity),
    /// It is gone.
    End(Finding, &'static str),
}

/// What follows from a look at one scope: all that is known of it, and all that was seen.
#[must_use]
pub fn steps(known: &[Finding], seen: &[Difference], policy: &ReconcilePolicy, now: UtcMs) -> Vec<Step> {
    let same = |finding: &Finding, difference: &Difference| {
        finding.kind == difference.kind && finding.subject == difference.subject
    };
    let of_known =
        known.iter().map(|finding| match seen.iter().find(|difference| same(finding, difference)) {
            Some(difference) => again(finding, difference, policy, now),
            None => gone(finding),
        });
    let new = seen.iter().filter(|difference| !known.iter().any(|finding| same(finding, difference)));
    of_known.chain(new.map(|difference| Step::Open(difference.clone()))).collect()
}

fn gone(finding: &Finding) -> Step {
    match finding.state {
        FindingState::Found => Step::Forget(finding.clone()),
        FindingState::Repairing => Step::End(finding.clone(), "central mended it"),
        FindingState::Confirmed
        | FindingState::Accepted
        | FindingState::Escalated
        | FindingState::Repaired => Step::End(finding.clone(), "it is gone"),
    }
}

fn again(finding: &Finding, difference: &Difference, policy: &ReconcilePolicy, now: UtcMs) -> Step {
    let see = || Step::See(finding.clone(), difference.clone());
    match finding.state {
        // Other values: it moved on meanwhile, and settles anew.
        FindingState::Found if finding.found != difference.found => Step::Open(difference.clone()),
        FindingState::Found if now.since(finding.found_at) < policy.settle_ms => see(),
        FindingState::Found => match treatment(difference) {
            Treatment::Tell => Step::Confirm(finding.clone(), difference.clone()),
            Treatment::Mend(mend) => Step::Mend(finding.clone(), difference.clone(), mend),
            Treatment::Escalate(category, severity) => {
                Step::Escalate(finding.clone(), difference.clone(), category, severity)
            }
        },
        FindingState::Repairing
            if now.since(finding.acted_at.unwrap_or(finding.found_at))
                < patience_ms(finding.kind, policy) =>
        {
            see()
        }
        FindingState::Repairing => match treatment(difference) {
            Treatment::Mend(mend) if finding.attempts < RECONCILE_ATTEMPTS_MAX => {
                Step::Mend(finding.clone(), difference.clone(), mend)
            }
            Treatment::Mend(_) | Treatment::Tell => {
                let (category, severity) = beyond(finding.kind);
                Step::Escalate(finding.clone(), difference.clone(), category, severity)
            }
            Treatment::Escalate(category, severity) => {
                Step::Escalate(finding.clone(), difference.clone(), category, severity)
            }
        },
        FindingState::Confirmed
        | FindingState::Accepted
        | FindingState::Escalated
        | FindingState::Repaired => see(),
    }
}

/// What a store has to answer takes longer to come than what central writes.
const fn patience_ms(kind: FindingKind, policy: &ReconcilePolicy) -> i64 {
    match kind {
        FindingKind::MissingAnswer => policy.answer_ms,
        FindingKind::OrderState
        | FindingKind::LineUnits
        | FindingKind::LeftUnits
        | FindingKind::TaskFold
        | FindingKind::TaskRow
        | FindingKind::TaskStrange
        | FindingKind::HoldUnits
        | FindingKind::OrphanedHold
        | FindingKind::ReservedUnits
        | FindingKind::OnHand
        | FindingKind::ParcelUnknown
        | FindingKind::ParcelStrange
        | FindingKind::ParcelRow
        | FindingKind::ParcelUntold
        | FindingKind::ParcelUnlabelled
        | FindingKind::LabelNeedless
        | FindingKind::ParcelSilent
        | FindingKind::StuckOrder
        | FindingKind::ReturnUnits
        | FindingKind::ReturnMoney
        | FindingKind::PaymentSums
        | FindingKind::StaleStock => policy.settle_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::reconcile::test_support::{difference, finding};

    const SETTLE_MS: i64 = 60_000;

    fn at(ms: i64) -> UtcMs {
        UtcMs(1_000_000 + ms)
    }

    fn known(kind: FindingKind, state: FindingState) -> Finding {
        Finding { state, found_at: at(0), seen_at: at(0), ..finding(&difference(kind)) }
    }

    fn step(known: &Finding, seen: Option<&Difference>, ms: i64) -> Step {
        let seen: Vec<Difference> = seen.into_iter().cloned().collect();
        let policy = ReconcilePolicy::default();
        let mut steps = steps(std::slice::from_ref(known), &seen, &policy, at(ms));
        assert_eq!(steps.len(), 1);
        steps.remove(0)
    }

    #[test]
    fn what_is_gone_before_a_second_look_was_nothing() {
        let known = known(FindingKind::LineUnits, FindingState::Found);
        assert!(matches!(step(&known, None, 5), Step::Forget(_)));
        let seen = difference(FindingKind::LineUnits);
        assert!(matches!(step(&known, Some(&seen), SETTLE_MS - 1), Step::See(..)), "not yet");
        let moved = Difference { found: "another".to_owned(), ..seen.clone() };
        assert!(matches!(step(&known, Some(&moved), SETTLE_MS), Step::Open(_)), "it settles anew");
        assert!(matches!(step(&known, Some(&seen), SETTLE_MS), Step::Escalate(..)));
    }

    #[test]
    fn what_is_mended_and_stays_goes_to_a_person() {
        let seen = difference(FindingKind::ReservedUnits);
        let found = known(FindingKind::ReservedUnits, FindingState::Found);
        assert!(matches!(step(&found, Some(&seen), SETTLE_MS), Step::Mend(_, _, Mend::SumHolds)));
        let mut mended =
            Finding { state: FindingState::Repairing, attempts: 1, acted_at: Some(at(0)), ..found };
        assert!(matches!(step(&mended, Some(&seen), 1), Step::See(..)));
        assert!(matches!(step(&mended, Some(&seen), SETTLE_MS), Step::Mend(..)));
        mended.attempts = RECONCILE_ATTEMPTS_MAX;
        assert!(matches!(step(&mended, Some(&seen), SETTLE_MS), Step::Escalate(..)));
        assert!(matches!(step(&mended, None, SETTLE_MS), Step::End(_, "central mended it")));
    }

    #[test]
    fn a_state_from_which_money_follows_is_not_mended_by_a_machine() {
        let seen = Difference { harm: true, ..difference(FindingKind::OrderState) };
        let found = known(FindingKind::OrderState, FindingState::Found);
        assert!(matches!(
            step(&found, Some(&seen), SETTLE_MS),
            Step::Escalate(_, _, Category::BooksDiffer, Severity::High)
        ));
        let plain = difference(FindingKind::OrderState);
        assert!(matches!(step(&found, Some(&plain), SETTLE_MS), Step::Mend(..)));
    }

    #[test]
    fn what_a_person_accepted_stays_accepted_until_it_is_gone() {
        let seen = difference(FindingKind::OnHand);
        let accepted = known(FindingKind::OnHand, FindingState::Accepted);
        assert!(matches!(step(&accepted, Some(&seen), 99 * SETTLE_MS), Step::See(..)));
        assert!(matches!(step(&accepted, None, 1), Step::End(..)));
    }

    #[test]
    fn each_kind_has_a_treatment_and_only_what_moves_nothing_is_mended() {
        for kind in FindingKind::ALL {
            let told = treatment(&difference(kind));
            let mended = matches!(told, Treatment::Mend(_));
            let safe = matches!(
                kind,
                FindingKind::OrderState
                    | FindingKind::TaskFold
                    | FindingKind::TaskRow
                    | FindingKind::OrphanedHold
                    | FindingKind::ReservedUnits
                    | FindingKind::MissingAnswer
            );
            assert_eq!(mended, safe, "{kind:?}");
            assert!(super::super::kinds::row(kind).why.len() > 20, "{kind:?} says why");
        }
    }
}
