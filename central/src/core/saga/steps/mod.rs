//! One file per step, and this list.

mod accept;
mod authorize;
mod capture;
mod hand_over;
mod label;
mod notify;
mod offer;
mod pack;
mod pick;
mod refund;
mod reserve;
mod void;
mod void_label;

use super::terms::{Step, StepTerms};

/// In the order of an order's way.
pub const STEPS: &[&StepTerms] = &[
    &authorize::TERMS,
    &reserve::TERMS,
    &offer::TERMS,
    &accept::TERMS,
    &pick::TERMS,
    &label::TERMS,
    &pack::TERMS,
    &hand_over::TERMS,
    &capture::TERMS,
    &notify::TERMS,
    &void::TERMS,
    &void_label::TERMS,
    &refund::TERMS,
];

#[must_use]
pub const fn terms(step: Step) -> &'static StepTerms {
    match step {
        Step::Authorize => &authorize::TERMS,
        Step::Reserve => &reserve::TERMS,
        Step::Offer => &offer::TERMS,
        Step::Accept => &accept::TERMS,
        Step::Pick => &pick::TERMS,
        Step::Label => &label::TERMS,
        Step::Pack => &pack::TERMS,
        Step::HandOver => &hand_over::TERMS,
        Step::Capture => &capture::TERMS,
        Step::Notify => &notify::TERMS,
        Step::Void => &void::TERMS,
        Step::VoidLabel => &void_label::TERMS,
        Step::Refund => &refund::TERMS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::saga::terms::Verification;

    #[test]
    fn each_step_stands_once_in_the_list_and_under_its_own_name() {
        assert!(STEPS.windows(2).all(|pair| pair[0].step < pair[1].step), "in order, and none twice");
        assert!(STEPS.iter().all(|known| terms(known.step) == *known));
    }

    #[test]
    fn whatever_is_asked_outside_is_looked_up_before_it_is_asked_again() {
        for known in STEPS {
            let outside = matches!(
                known.step,
                Step::Authorize | Step::Label | Step::Capture | Step::Void | Step::VoidLabel | Step::Refund
            );
            assert_eq!(outside, known.verify == Verification::LookUp, "{}", known.step.as_str());
            assert!(!known.recovery.is_empty());
            assert!(!outside || (known.timeout_ms > 0 && known.retries.backoff.age_ms_max < i64::MAX));
        }
    }
}
