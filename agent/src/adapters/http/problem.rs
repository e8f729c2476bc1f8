//! What went wrong behind the API, as the caller learns it. The log learns the chain of causes.

use crate::ports::ledger::LedgerError;
use holdfast_platform::http::ProblemResponse;
use holdfast_shared::error::{Code, Problem};

/// What a handler answers when it cannot do what was asked.
pub(super) type Failure = ProblemResponse;

pub(super) fn refused(code: Code, detail: impl Into<String>) -> Failure {
    ProblemResponse::new(code, detail)
}

pub(super) fn invalid(error: impl std::fmt::Display) -> Failure {
    refused(Code::InvalidRequest, error.to_string())
}

/// Something that should not happen: the log gets the cause, the caller a trace id.
pub(super) fn internal(error: &dyn std::error::Error) -> Failure {
    tracing::error!(error = %chain(error), "a request failed inside");
    refused(Code::Internal, "something failed inside the agent")
}

/// The ledger answered a command with the answer of another kind.
pub(super) fn other_answer() -> Failure {
    tracing::error!("the ledger answered with another kind of answer");
    refused(Code::Internal, "something failed inside the agent")
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Refused(refusal) => {
                let problem = Self::new(refusal.code(), refusal.to_string());
                match refusal.hint() {
                    Some(hint) => problem.with_hint(hint),
                    None => problem,
                }
            }
            LedgerError::KeyReused => Self::new(Code::IdempotencyKeyReused, error.to_string()),
            LedgerError::Unavailable { code, .. } => {
                tracing::error!(error = %chain(&error), code = code.as_str(), "the ledger did not answer");
                Self::new(code, error.to_string())
            }
        }
    }
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
