//! How every HTTP answer of either process looks: problems as problem+json, a trace on each,
//! limits on all.

mod admission;
mod assets;
mod documented;
mod extract;
mod guard;
mod problem;
mod shape;
mod trace;

pub use admission::{Admission, Busy, Place};
pub use assets::{etag, not_modified, page_headers};
pub use documented::{Asks, tell_problems};
pub use extract::{ApiJson, ApiPath, ApiQuery, Bearer, Idempotency, masked};
pub use guard::{Guard, guard};
pub use problem::ProblemResponse;
pub use trace::{Called, HEADER as TRACEPARENT, Trace};

#[cfg(test)]
mod tests;
