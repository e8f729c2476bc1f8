//! Why nothing of a document was taken: what its sender is told, and what a person should see.

use super::savepoint::Stop;
use crate::core::exception::Category;
use holdfast_shared::document::{DocumentError, Heads};
use holdfast_shared::error::Code;
use holdfast_shared::wire::sync::DocumentProblem;

/// Why nothing of a document was taken.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) problem: DocumentProblem,
    /// What a person should see of it.
    pub(super) category: Option<Category>,
}

pub(super) type Part<T> = Result<T, Stop<Refusal>>;

pub(super) fn refuse<T>(name: &str, code: Code, detail: &str, category: Option<Category>) -> Part<T> {
    let problem = DocumentProblem::new(name, code, detail, &Heads::empty());
    Err(Stop::Refused(Refusal { problem, category }))
}

pub(super) fn refused_by(name: &str, error: &DocumentError) -> Stop<Refusal> {
    let category = match error.code() {
        // An ordinary gap: the replica sends what is missing.
        Code::MissingChanges => None,
        Code::Forbidden => Some(Category::ForeignClaim),
        _ => Some(Category::DamagedSync),
    };
    Stop::Refused(Refusal { problem: DocumentProblem::from_error(name, error), category })
}
