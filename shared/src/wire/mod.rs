//! What goes over a wire, apart from the domain: each form converts in one place, and can fail.

pub mod enrolment;
pub mod fact;
pub mod signal;
pub mod sync;
pub mod topic;
