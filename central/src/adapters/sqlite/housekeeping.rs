//! Ends what is over: documents of ended tasks, archives, facts, keys, events, history. One call is
//! one bounded transaction.

use super::documents::load;
use super::nodes_seen::GIVE_OR_TAKE;
use super::older::SILENT_MS;
use super::row::{list, parsed, run};
use super::seals::{Place, seal_closed, seal_task};
use super::sql::sql;
use super::state::State;
use super::{Result, SqliteStore, contacts, coverage, error, flow, outbox_ends};
use crate::core::stock::report::Day;
use crate::ports::housekeeping::{Housekeeping, Kept, Retention};
use async_trait::async_trait;
use holdfast_shared::ids::{DocumentId, StoreId, TenantId};
use holdfast_shared::limits::{HOUSEKEEPING_ROWS_MAX, SEALING_DOCUMENTS_MAX};
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::wire::sync::SEALS_SINCE;
use rusqlite::{Connection, named_params};

#[async_trait]
impl Housekeeping for SqliteStore {
    async fn keep_house(&self, retention: Retention, now: Now) -> Result<Kept> {
        self.write(move |conn, state| keep_house(conn, state, retention, now.utc)).await
    }
}

fn keep_house(conn: &Connection, state: &mut State, retention: Retention, now: UtcMs) -> Result<Kept> {
    let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).map_err(error::unreadable)?;
    let drop = |sql: &str, kept_ms: i64, rows: i64| {
        run(conn, sql, named_params! { ":before": now.0.saturating_sub(kept_ms), ":rows": rows })
    };
    let documents = i64::try_from(SEALING_DOCUMENTS_MAX).map_err(error::unreadable)?;
    let waited = seal_waiting(conn, state, documents, now)?;
    let mut kept = Kept {
        tasks_sealed: seal_tasks(conn, state, retention, documents, now)?,
        archives: drop(sql!(SEALS.archives_over), retention.archives_ms, documents)?,
        keys: drop(sql!(SEALS.drop_keys), retention.keys_ms, rows)?,
        changes: drop(sql!(CHANGES.drop_changes), retention.keys_ms, rows)?,
        personal: contacts::sweep(conn, retention.personal_ms, now)?,
        events: outbox_ends::drop_old(conn, retention.events_ms, rows, now)?,
        eligibility: drop(sql!(SEALS.drop_eligibility), retention.eligibility_ms, rows)?,
        decisions: drop(sql!(SEALS.drop_decisions), retention.decisions_ms, rows)?,
        moves: drop(sql!(MOVES.drop_moves), retention.eligibility_ms, rows)?,
        ..Kept::default()
    };
    drop(sql!(BACKORDERS.drop_passed), 0, rows)?;
    drop(sql!(SAGAS.drop_notices), retention.events_ms, rows)?;
    drop(sql!(SHIPMENTS.drop_notices), retention.events_ms, rows)?;
    let params = named_params! { ":give_or_take": GIVE_OR_TAKE, ":rows": rows };
    run(conn, sql!(DECISIONS.drop_nodes), params)?;
    kept.stock = drop_stock(conn, now.plus(retention.stock_ms.saturating_neg()), rows)?;
    let facts_ms = retention.facts_ms.max(retention.archives_ms);
    let (facts, full) = drop_facts(conn, now.0.saturating_sub(facts_ms), documents)?;
    kept.facts = facts;
    let longest = kept.changes.max(kept.personal);
    let longest = longest
        .max(kept.keys)
        .max(kept.events)
        .max(kept.eligibility)
        .max(kept.decisions)
        .max(kept.moves)
        .max(kept.stock);
    kept.more = full
        || kept.tasks_sealed.max(kept.archives).max(waited) >= SEALING_DOCUMENTS_MAX
        || longest >= HOUSEKEEPING_ROWS_MAX;
    Ok(kept)
}

/// Days of the reports about stock, routing and the flow of orders. Of one day all stores have a bounded number of rows, orders have not.
fn drop_stock(conn: &Connection, at: UtcMs, rows: i64) -> Result<usize> {
    let before = Day::of(at);
    let flow = flow::drop_before(conn, before, rows)?;
    run(conn, sql!(LESSONS.drop_misses), named_params! { ":before": before.0 })?;
    coverage::drop_before(conn, before)?;
    let params = named_params! { ":before": before.0, ":rows": rows };
    let routing = run(conn, sql!(KPIS.drop_routing_days), params)?;
    Ok(routing.max(flow).max(run(conn, sql!(LESSONS.drop_withheld), params)?))
}

fn seal_tasks(
    conn: &Connection,
    state: &State,
    retention: Retention,
    documents: i64,
    now: UtcMs,
) -> Result<usize> {
    let params = named_params! {
        ":ended_before": now.0.saturating_sub(retention.ended_tasks_ms),
        ":heard_since": now.0.saturating_sub(SILENT_MS),
        ":version": SEALS_SINCE,
        ":rows": documents,
    };
    let over: Vec<(TenantId, DocumentId, StoreId)> = list(conn, sql!(SEALS.tasks_to_seal), params, |row| {
        Ok((parsed(row, "tenant")?, parsed(row, "document")?, parsed(row, "store")?))
    })?;
    for (tenant, document, store) in &over {
        seal_task(conn, state, &Place { tenant, store, document }, now)?;
    }
    Ok(over.len())
}

/// Closed documents that stayed open for a replica of an old version, when it needs them no more.
fn seal_waiting(conn: &Connection, state: &mut State, documents: i64, now: UtcMs) -> Result<usize> {
    let params = named_params! {
        ":version": SEALS_SINCE, ":heard_since": now.0.saturating_sub(SILENT_MS), ":rows": documents,
    };
    let due: Vec<(TenantId, DocumentId, StoreId)> = list(conn, sql!(OLDER.waiting), params, |row| {
        Ok((parsed(row, "tenant")?, parsed(row, "document")?, parsed(row, "store")?))
    })?;
    for (tenant, document, store) in &due {
        let _loaded = state.take_bag(tenant, document);
        let bag = load(conn, state.writer, tenant, document)?;
        seal_closed(conn, &Place { tenant, store, document }, &bag, now)?;
    }
    Ok(due.len())
}

/// Facts go a document at a time: one holds no more than a bounded number. A stock document's seal
/// stays for good; that of a task has nothing left to say.
fn drop_facts(conn: &Connection, before: i64, documents: i64) -> Result<(usize, bool)> {
    let params = named_params! { ":before": before, ":rows": documents };
    let over: Vec<(TenantId, DocumentId)> = list(conn, sql!(SEALS.seals_with_old_facts), params, |row| {
        Ok((parsed(row, "tenant")?, parsed(row, "document")?))
    })?;
    let mut facts = 0_usize;
    for (tenant, document) in &over {
        let name = document.to_string();
        let key = [tenant.as_str(), name.as_str()];
        run(conn, sql!(SEALS.drop_again_of_facts), key)?;
        facts = facts.saturating_add(run(conn, sql!(SEALS.drop_facts), key)?);
        match document {
            DocumentId::Stock { .. } => run(conn, sql!(SEALS.facts_dropped), key)?,
            DocumentId::Task(_) => run(conn, sql!(SEALS.drop_seal), key)?,
        };
        if facts >= HOUSEKEEPING_ROWS_MAX {
            return Ok((facts, true));
        }
    }
    Ok((facts, i64::try_from(over.len()).is_ok_and(|count| count >= documents)))
}
