//! Refusals as the outside sees them. A handler says code and detail; the outermost layer adds the
//! trace and writes the problem out, so that every refusal, also of the framework, has one form.

use crate::ports::StoreError;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_shared::error::{Code, Problem};
use std::error::Error;

pub(crate) type Answer<T> = Result<T, Refused>;

/// A refusal. The outside is told the problem; the log is told the source.
#[derive(Debug)]
pub(crate) struct Refused {
    problem: Box<Problem>,
}

impl Refused {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { problem: Box::new(Problem::new(code, detail)) }
    }

    /// Something that should work did not. What exactly is for the log.
    pub(crate) fn internal(what: &str, source: impl Error + 'static) -> Self {
        tracing::error!(error = &source as &dyn Error, "{what} could not be made");
        Self::new(Code::Internal, format!("{what} could not be made"))
    }

    pub(crate) const fn code(&self) -> Code {
        self.problem.code
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        // What the caller can mend is told; the rest of the story is not theirs.
        if error.code.status() >= 500 {
            tracing::error!(error = &error as &dyn Error, "storage failed");
            return Self::new(error.code, "storage could not do it");
        }
        Self::new(error.code, error.what)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Told(self.problem));
        response
    }
}

/// Carries a problem through the layers to the one that writes it out.
#[derive(Debug, Clone)]
pub(super) struct Told(pub(super) Box<Problem>);

pub(super) async fn no_such_path() -> Refused {
    Refused::new(Code::NotFound, "there is nothing at this path")
}

pub(super) async fn no_such_method() -> Refused {
    Refused::new(Code::MethodNotAllowed, "this path has no such method")
}
