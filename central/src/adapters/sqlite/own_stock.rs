//! Central's own hand in stock documents: what it takes over of a box that was kept apart, and units
//! that it gives back to a store.

use super::counters::{incarnation, next};
use super::documents::{Authored, keep, load};
use super::pen::stamp;
use super::row::one;
use super::sql::sql;
use super::state::State;
use super::{Result, error, ledger, older, return_receipts, stock, timeline};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::StockFact;
use holdfast_shared::ids::{BootId, DeviceId, DocumentId, FactId, ReplicaId, StoreId, TenantId};
use holdfast_shared::limits::EPOCH_FACTS_MAX;
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{decode, encode};
use rusqlite::{Connection, named_params};

/// A stock fact of central's own.
pub(super) fn say(
    conn: &Connection,
    state: &mut State,
    (tenant, store): (&TenantId, &StoreId),
    said: StockFact,
    now: UtcMs,
) -> Result<()> {
    let device = DeviceId::new(timeline::CENTRAL)?;
    let id = FactId::new(&device, incarnation(conn)?, next(conn, "fact")?)?;
    let fact = Fact {
        id: id.clone(),
        at: stamp(conn, state, now)?,
        actor: timeline::central()?,
        after: None,
        trace: None,
        body: Body::Stock(said),
    };
    let text = encode(&fact).map_err(error::unreadable)?;
    write(conn, state, (tenant, store), &[(id, text)], now)
}

/// Facts into central's newest stock document of a store, and into the ledger and the positions.
pub(super) fn write(
    conn: &Connection,
    state: &State,
    (tenant, store): (&TenantId, &StoreId),
    facts: &[(FactId, String)],
    now: UtcMs,
) -> Result<()> {
    let author = ReplicaId::new(timeline::CENTRAL)?;
    let mut document = newest(conn, tenant, store, &author)?;
    let mut bag = load(conn, state.writer, tenant, &document)?;
    if bag.len() >= EPOCH_FACTS_MAX
        && let DocumentId::Stock { n, .. } = &mut document
    {
        *n = n.saturating_add(1);
        bag = load(conn, state.writer, tenant, &document)?;
    }
    let before = bag.heads();
    let recorded = bag.record(facts).map_err(error::unreadable)?;
    let authored = Authored { tenant, store, document: &document, author: &author };
    keep(conn, &authored, &before, &bag.heads(), &recorded.changes)?;
    let mut applied: Vec<Fact> = Vec::with_capacity(facts.len());
    for (id, text) in facts {
        ledger::record(conn, tenant, store, &document, id, text)?;
        applied.push(decode(id, text).map_err(error::unreadable)?);
    }
    older::mark(conn, (tenant, store), &document, applied.iter().map(|fact| &fact.body))?;
    stock::apply(conn, tenant, store, &applied, &Receipt { at: now, ahead_ms: 0 })?;
    return_receipts::heed(conn, (tenant, store), (&[], &applied), now)?;
    Ok(())
}

/// Central's own stock document of a store, of its present incarnation.
fn newest(conn: &Connection, tenant: &TenantId, store: &StoreId, author: &ReplicaId) -> Result<DocumentId> {
    let boot = BootId::new(format!("i{}", incarnation(conn)?))?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":own": format!("stock/{store}/{author}/{boot}/*"),
    };
    let newest =
        one(conn, sql!(IDENTITY.central_documents), params, |row| super::row::parsed(row, "document"))?;
    let first = DocumentId::Stock { store: store.clone(), replica: author.clone(), boot, n: 1 };
    Ok(newest.unwrap_or(first))
}
