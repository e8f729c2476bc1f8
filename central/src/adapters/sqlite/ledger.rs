//! Facts as rows: each once per store, whatever document it came in.

use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::{Result, error, exceptions};
use crate::core::exception::{Category, NewException, Severity};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::domain::task_fold::{Folded, fold};
use holdfast_shared::ids::{Actor, DocumentId, FactId, StoreId, TaskId, TenantId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::decode;
use rusqlite::{Connection, named_params};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recorded {
    New,
    /// The same fact came before, maybe through another replica.
    Known,
    /// Another body stands under this id. Both are kept; that one goes on counting.
    Kept,
    /// Another body stood under this id. Both are kept; from now on the new one counts, as its hash
    /// is the smaller: on every side the same one, whichever came first.
    Replaced(Box<Fact>),
}

pub(super) fn record(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    document: &DocumentId,
    fact: &FactId,
    text: &str,
) -> Result<Recorded> {
    let task = match document {
        DocumentId::Task(task) => Some(task.as_str()),
        DocumentId::Stock { .. } => None,
    };
    let (id, document) = (document, document.to_string());
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":fact": fact.as_str(),
        ":document": document,
        ":task": task,
        ":text": text,
    };
    if run(conn, sql!(DOCUMENTS.record_fact), params)? > 0 {
        return Ok(Recorded::New);
    }
    super::baseline::stands_again(conn, tenant, store, id, fact)?;
    let Some(kept) = text_of(conn, tenant, store, fact)?.filter(|kept| kept != text) else {
        return Ok(Recorded::Known);
    };
    let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    if hash(&kept) < hash(text) {
        keep_conflict(conn, tenant, store, &document, fact, text)?;
        return Ok(Recorded::Kept);
    }
    keep_conflict(conn, tenant, store, &document, fact, &kept)?;
    run(conn, sql!(DOCUMENTS.replace_fact), params)?;
    Ok(Recorded::Replaced(Box::new(decode(fact, &kept).map_err(error::unreadable)?)))
}

/// The body that counts under an id.
pub(super) fn text_of(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    fact: &FactId,
) -> Result<Option<String>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str(), ":fact": fact.as_str() };
    one(conn, sql!(DOCUMENTS.fact_text), key, |row| row.get("text"))
}

fn keep_conflict(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    document: &str,
    fact: &FactId,
    text: &str,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":fact": fact.as_str(),
        ":document": document,
        ":text": text,
    };
    run(conn, sql!(DOCUMENTS.record_conflict), params)?;
    Ok(())
}

/// A stamp that cannot be taken at its word is kept as it is, beside when it came and how far its
/// store's clock was off.
pub(super) fn mark_doubtful(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    fact: &Fact,
    receipt: &Receipt,
) -> Result<()> {
    let Some(ahead_ms) = receipt.doubt(fact.at.wall) else { return Ok(()) };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":fact": fact.id.as_str(),
        ":received_at": receipt.at.0,
        ":ahead_ms": ahead_ms,
    };
    run(conn, sql!(DOCUMENTS.mark_fact), params)?;
    Ok(())
}

/// Two bodies under one id: a defect or a cloned device.
pub(super) fn raise_conflict(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    fact: &FactId,
    now: UtcMs,
) -> Result<()> {
    let exception = NewException {
        key: format!("fact/{store}/{fact}"),
        category: Category::FactConflict,
        severity: Severity::Medium,
        order: None,
        task: None,
        store: Some(store.clone()),
        detail: format!("{store} sent two different facts under the id {fact}"),
        suggestion: "Pair the device anew, and count the SKUs that it moved.".to_owned(),
    };
    exceptions::raise(conn, tenant, &exception, now)
}

/// Who said it last, of the facts about a task that are of this kind.
pub(super) fn last_author(
    conn: &Connection,
    tenant: &TenantId,
    task: &TaskId,
    is: impl Fn(&TaskEvent) -> bool,
) -> Result<Option<Actor>> {
    let said = |fact: &Fact| matches!(&fact.body, Body::Task(said) if is(&said.event));
    let facts = facts_of(conn, tenant, task)?.into_iter().filter(said);
    Ok(facts.max_by_key(|fact| fact.at).map(|fact| fact.actor))
}

/// The task as all its facts tell it; none before its offer is there.
pub(super) fn folded(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Option<Folded>> {
    Ok(fold(&facts_of(conn, tenant, task)?))
}

pub(super) fn facts_of(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<Vec<Fact>> {
    let key = [tenant.as_str(), task.as_str()];
    let texts = list(conn, sql!(DOCUMENTS.facts_of_task), key, |row| {
        Ok((parsed::<FactId>(row, "fact")?, row.get::<_, String>("text")?))
    })?;
    texts.iter().map(|(id, text)| decode(id, text).map_err(error::unreadable)).collect()
}
