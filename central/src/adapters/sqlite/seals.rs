//! Documents end here: complete, checked, archived, and summed up, in one transaction. A seal takes
//! its number from the changes of its store, so every replica hears of it in order.
//!
//! A fact that comes after the seal is never dropped: its store carries a stock fact again, in its
//! newest document; a task's document is opened again.

use super::documents::{Authored, Digests, Sealed, keep, sealed};
use super::exceptions::raise;
use super::row::{one, run};
use super::sql::sql;
use super::state::State;
use super::{Result, baseline, error, older, timeline};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{Bag, Heads, Root, StoredChange, WriterId, pack, unpack};
use holdfast_shared::domain::epoch::Closing;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{DocumentId, ReplicaId, StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{Epoch, decode};
use rusqlite::{Connection, named_params};

/// A sealed document as it was; none when its changes are not kept any more.
pub(super) fn archived(
    conn: &Connection,
    writer: WriterId,
    tenant: &TenantId,
    document: &DocumentId,
) -> Result<Option<Bag>> {
    let key = [tenant.as_str(), &document.to_string()];
    let packed: Option<Vec<u8>> = one(conn, sql!(SEALS.archive), key, |row| row.get("changes"))?;
    let Some(packed) = packed else { return Ok(None) };
    let changes = unpack(&packed).map_err(error::unreadable)?;
    Ok(Some(Bag::load(writer, changes).map_err(error::unreadable)?))
}

/// Where a document belongs.
pub(super) struct Place<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) store: &'a StoreId,
    pub(super) document: &'a DocumentId,
}

/// A stock document whose last fact has come. Whether it is sealed now.
pub(super) fn closed(conn: &Connection, place: &Place<'_>, bag: &Bag, now: UtcMs) -> Result<bool> {
    if older::needs_open(conn, place.tenant, place.store, now)? {
        let params = named_params! {
            ":tenant": place.tenant.as_str(),
            ":document": place.document.to_string(),
            ":store": place.store.as_str(),
        };
        run(conn, sql!(OLDER.wait), params)?;
        return Ok(false);
    }
    seal_closed(conn, place, bag, now)
}

/// Whether it is whole, and sealed now.
pub(super) fn seal_closed(conn: &Connection, place: &Place<'_>, bag: &Bag, now: UtcMs) -> Result<bool> {
    let epoch = Epoch::of(bag.facts()).map_err(error::unreadable)?;
    if epoch.is_whole() || !Guard::SealCheck.stands() {
        seal(conn, place, bag, &epoch.counted, now)?;
        return Ok(true);
    }
    run(conn, sql!(OLDER.wait_no_more), [place.tenant.as_str(), &place.document.to_string()])?;
    let told = epoch.told.last().map_or(0, |closing| closing.facts);
    let detail = format!(
        "{} was closed as {told} facts, and central has {} of it that do not add up to the same",
        place.document, epoch.counted.facts
    );
    tell(conn, place, Severity::High, &detail, now)?;
    Ok(false)
}

/// One exception for each store, whatever number of documents is concerned: the newest is told.
pub(super) fn tell(
    conn: &Connection,
    place: &Place<'_>,
    severity: Severity,
    detail: &str,
    now: UtcMs,
) -> Result<()> {
    let task: Option<&TaskId> = match place.document {
        DocumentId::Task(task) => Some(task),
        DocumentId::Stock { .. } => None,
    };
    raise_about(conn, place.tenant, (place.store, task), severity, detail, now)
}

/// A new replica whose version can fetch neither sealed documents nor what they add up to.
pub(super) fn tell_of_one_too_late(conn: &Connection, from: &ReplicaIdentity, now: UtcMs) -> Result<()> {
    let key = named_params! { ":tenant": from.tenant.as_str(), ":store": from.store.as_str() };
    if one(conn, sql!(OLDER.any_seal), key, |_| Ok(()))?.is_none() {
        return Ok(());
    }
    let detail = format!(
        "{} is new in {}, and too old to fetch the stock of days that are over. Update its agent",
        from.replica, from.store
    );
    raise_about(conn, &from.tenant, (&from.store, None), Severity::High, &detail, now)
}

fn raise_about(
    conn: &Connection,
    tenant: &TenantId,
    (store, task): (&StoreId, Option<&TaskId>),
    severity: Severity,
    detail: &str,
    now: UtcMs,
) -> Result<()> {
    let exception = NewException {
        key: task.map_or_else(|| format!("seal/{store}"), |task| format!("seal/task/{task}")),
        category: Category::Sealing,
        severity,
        order: None,
        task: task.cloned(),
        store: Some(store.clone()),
        detail: detail.to_owned(),
        suggestion: "Run holdfast-agent doctor at the store; count the SKUs that moved that day.".to_owned(),
    };
    raise(conn, tenant, &exception, now)
}

/// Sum, archive, seal and the end of the live rows are one transaction.
pub(super) fn seal(
    conn: &Connection,
    place: &Place<'_>,
    bag: &Bag,
    counted: &Closing,
    now: UtcMs,
) -> Result<()> {
    let Place { tenant, store, document } = place;
    let name = document.to_string();
    let key = [tenant.as_str(), name.as_str()];
    let changes = bag.changes_since(&Heads::empty()).map_err(error::unreadable)?;
    let packed = pack(&changes).map_err(error::unreadable)?;
    let mut digests = Digests::read(conn, tenant, store)?;
    digests.sequence = digests.sequence.saturating_add(1);
    digests.write(conn, tenant, store)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":document": name,
        ":store": store.as_str(),
        ":sequence": digests.sequence,
        ":heads": bag.heads().to_bytes(),
        ":digest": counted.digest.to_bytes(),
        ":facts": i64::try_from(counted.facts).map_err(error::unreadable)?,
        ":at": now.0,
    };
    run(conn, sql!(SEALS.add_seal), params)?;
    let params = named_params! {
        ":tenant": tenant.as_str(), ":document": name, ":at": now.0, ":changes": packed,
    };
    run(conn, sql!(SEALS.add_archive), params)?;
    run(conn, sql!(SEALS.facts_move_on), key)?;
    if let DocumentId::Stock { .. } = document {
        run(conn, sql!(SEALS.move_baseline), key)?;
    }
    run(conn, sql!(SEALS.forget_again), key)?;
    run(conn, sql!(SEALS.drop_changes), key)?;
    run(conn, sql!(SEALS.drop_document), key)?;
    change_sealed_root(conn, place, |sealed| sealed.open(document, &bag.heads()))
}

fn change_sealed_root(conn: &Connection, place: &Place<'_>, change: impl FnOnce(&mut Root)) -> Result<()> {
    let mut sealed = Root::from(baseline::sealed_root(conn, place.tenant, place.store)?);
    change(&mut sealed);
    let params = named_params! {
        ":tenant": place.tenant.as_str(), ":store": place.store.as_str(), ":root": sealed.hash().to_bytes(),
    };
    run(conn, sql!(SEALS.set_sealed_root), params)?;
    Ok(())
}

/// A sealed document of a task goes on. Its changes get new numbers: every replica fetches them
/// again, and skips what it has. Without its archive it begins empty.
pub(super) fn reopen(conn: &Connection, state: &State, place: &Place<'_>, seal: &Sealed) -> Result<()> {
    let Place { tenant, store, document } = place;
    let name = document.to_string();
    let bag = archived(conn, state.writer, tenant, document)?.unwrap_or_else(|| Bag::new(state.writer));
    let heads = bag.heads();
    let key = [tenant.as_str(), name.as_str()];
    run(conn, sql!(SEALS.drop_archive), key)?;
    run(conn, sql!(SEALS.drop_seal), key)?;
    change_sealed_root(conn, place, |sealed| sealed.close(document, &seal.heads))?;
    let central = ReplicaId::new(timeline::CENTRAL)?;
    let replicas = super::access::replicas(conn, tenant, store)?;
    let changes: Vec<StoredChange> = bag.changes_since(&Heads::empty()).map_err(error::unreadable)?;
    let mut before = seal.heads.clone();
    for change in changes {
        let author = replicas.iter().find(|replica| change.writer.belongs_to(replica)).unwrap_or(&central);
        let authored = Authored { tenant, store, document, author };
        keep(conn, &authored, &before, &heads, &[change])?;
        before.clone_from(&heads);
    }
    if heads.is_empty() {
        let authored = Authored { tenant, store, document, author: &central };
        keep(conn, &authored, &before, &heads, &[])?;
    }
    let facts: Vec<Body> =
        bag.facts().filter_map(|(fact, text)| decode(&fact, &text).ok()).map(|fact| fact.body).collect();
    older::mark(conn, (tenant, store), document, &facts)
}

/// Before central itself writes to a document.
pub(super) fn reopen_if_sealed(conn: &Connection, state: &State, place: &Place<'_>) -> Result<()> {
    match sealed(conn, place.tenant, place.document)? {
        Some(seal) => reopen(conn, state, place, &seal),
        None => Ok(()),
    }
}

/// A task's document, a while after its task has ended. It has no closing fact: several write it.
pub(super) fn seal_task(conn: &Connection, state: &State, place: &Place<'_>, now: UtcMs) -> Result<()> {
    let bag = super::documents::load(conn, state.writer, place.tenant, place.document)?;
    if bag.is_empty() {
        return Ok(());
    }
    let mut counted = Closing::default();
    bag.facts().for_each(|(fact, text)| counted.count(&fact, &text));
    seal(conn, place, &bag, &counted, now)
}
