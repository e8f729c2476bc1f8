//! A carrier makes the label of a parcel, while the store picks: it is there when the goods are packed.

use crate::core::saga::terms::{ANSWER_MS, Compensation, OUTSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Label,
    timeout_ms: ANSWER_MS,
    on_timeout: OnTimeout::Confirm,
    at_the_end: OnTimeout::Review,
    retries: OUTSIDE,
    verify: Verification::LookUp,
    compensation: Compensation::VoidLabel,
    recovery: "a refusal sends the parcel by another service, moves the work, or asks a person; a label that nobody needs is voided",
};
