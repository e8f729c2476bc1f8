//! The goods are packed, and released.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Pack,
    timeout_ms: 4 * 60 * 60 * 1_000,
    on_timeout: OnTimeout::Review,
    at_the_end: OnTimeout::Review,
    retries: INSIDE,
    verify: Verification::TaskFacts,
    compensation: Compensation::PutBack,
    recovery: "before the release the work can be recalled; after it only the store or a person answers",
};
