//! Why nothing of a document was taken: what its sender is told, and what a person should see.

use super::exceptions::{raise, set_failure};
use super::savepoint::Stop;
use crate::core::exception::{Category, Failure, NewException, Severity};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{DocumentError, Heads};
use holdfast_shared::error::Code;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::DocumentProblem;
use rusqlite::Connection;

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

/// Tells a person about a refused document. One exception per store and cause, whatever names the
/// store makes up: the newest is told, and all are counted.
pub(super) fn report(
    conn: &Connection,
    from: &ReplicaIdentity,
    refusal: &Refusal,
    now: UtcMs,
) -> super::Result<()> {
    let Some(category) = refusal.category else { return Ok(()) };
    let document = &refusal.problem.document;
    let exception = NewException {
        key: format!("{}/{}", category.as_str(), from.store),
        category,
        severity: Severity::Medium,
        order: None,
        task: None,
        store: Some(from.store.clone()),
        detail: format!("{} sent {document}, which was refused: {}", from.replica, refusal.problem.detail),
        suggestion: "Run holdfast-agent doctor at the store.".to_owned(),
    };
    raise(conn, &from.tenant, &exception, now)?;
    let values = [("replica", from.replica.as_str()), ("why", &*refusal.problem.detail)];
    let failure =
        Failure::new(refusal.problem.code().map_or("damaged_sync", Code::as_str), Some(document), &values);
    set_failure(conn, &from.tenant, &exception.key, &failure)
}
