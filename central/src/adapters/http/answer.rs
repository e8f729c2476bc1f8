//! How the errors of the rooms become problems: as the last step, and in one place.

use crate::flows::FlowError;
use crate::ports::StoreError;
use holdfast_platform::http::ProblemResponse;
use holdfast_shared::error::{Code, Problem};
use std::error::Error;
use std::str::FromStr;

/// A refusal, on its way out.
pub(super) type Refused = ProblemResponse;
pub(super) type Answer<T> = Result<T, Refused>;

/// Something that should work did not. What exactly is for the log.
pub(super) fn internal(what: &str, source: impl Error + 'static) -> Refused {
    tracing::error!(error = &source as &dyn Error, "{what} could not be made");
    Refused::new(Code::Internal, format!("{what} could not be made"))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // What the caller can mend is told; the rest of the story is not theirs.
        if error.code.status() >= 500 {
            tracing::error!(error = &error as &dyn Error, "storage failed");
            return Self::new(error.code, "storage could not do it");
        }
        Self::new(error.code, error.what)
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Store(error) => error.into(),
            FlowError::Refused { code, what } => Self::new(code, what),
        }
    }
}

/// An id out of a path. One that is not well formed names nothing that exists.
pub(super) fn known<T: FromStr>(text: &str, missing: Code) -> Answer<T> {
    let shown: String = text.chars().take(80).collect();
    text.parse().map_err(|_| Refused::new(missing, format!("there is no {shown:?}")))
}
