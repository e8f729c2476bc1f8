//! The customer's side hears of it by an event. Holdfast itself writes to nobody.

use crate::core::saga::terms::{Compensation, INSIDE, OnTimeout, Step, StepTerms, Verification};

pub(super) const TERMS: StepTerms = StepTerms {
    step: Step::Notify,
    timeout_ms: 60 * 1_000,
    on_timeout: OnTimeout::Wait,
    at_the_end: OnTimeout::Review,
    retries: INSIDE,
    verify: Verification::EventId,
    compensation: Compensation::CorrectingEvent,
    recovery: "an event waits in the outbox until it is taken; each has an id by which a second one is known",
};
