//! Agents of an older version. None is sent a fact of a kind that came after the version it speaks:
//! it would refuse the whole document, for good. It gets an excerpt, and is level when it has that;
//! once it was updated it gets the rest. While a store has one that knows no seals, nothing of that
//! store is sealed.

use super::documents::load;
use super::row::{list, one, parsed, run};
use super::sql::sql;
use super::state::State;
use super::{Result, error};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{Bag, ChangeHash, Excerpt, Heads, Root};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::ids::{DocumentId, FactId, StoreId, TenantId};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{decode, since};
use holdfast_shared::wire::sync::{SEALS_SINCE, SYNC_VERSION, SYNC_VERSION_MIN, SyncRequest};
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// A replica that was not heard for this long does not keep documents open: it is told of the seal
/// when it comes back, and fetches what it lacks from the archive.
pub(super) const SILENT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Documents of which a replica gets an excerpt only.
#[derive(Debug, Default)]
pub(super) struct Excerpts(BTreeMap<DocumentId, Shown>);

#[derive(Debug)]
struct Shown {
    excerpt: Excerpt,
    whole: Heads,
    /// Nothing that moves stock is left out.
    all_stock: bool,
}

impl Excerpts {
    pub(super) fn for_version(
        conn: &Connection,
        state: &State,
        from: &ReplicaIdentity,
        version: u16,
    ) -> Result<Self> {
        let mut shown = BTreeMap::new();
        if version >= SYNC_VERSION {
            return Ok(Self(shown));
        }
        let params = named_params! {
            ":tenant": from.tenant.as_str(), ":store": from.store.as_str(), ":version": version,
        };
        for document in list(conn, sql!(OLDER.beyond), params, |row| parsed(row, "document"))? {
            let bag = load(conn, state.writer, &from.tenant, &document)?;
            // What cannot be read here was never taken.
            let excerpt = Excerpt::of(&bag, &|fact, text| {
                decode(fact, text).is_ok_and(|fact| since(&fact.body) > version)
            });
            let excerpt = excerpt.map_err(error::unreadable)?;
            let all_stock = all_stock(&bag, &excerpt)?;
            shown.insert(document, Shown { excerpt, whole: bag.heads(), all_stock });
        }
        Ok(Self(shown))
    }

    pub(super) fn holds(&self, document: &DocumentId, change: &ChangeHash) -> bool {
        self.0.get(document).is_none_or(|shown| shown.excerpt.holds(change))
    }

    /// Of a document that is at `whole`, as far as it is shown.
    pub(super) fn heads(&self, document: &DocumentId, whole: Heads) -> Heads {
        self.0.get(document).map_or(whole, |shown| shown.excerpt.heads.clone())
    }

    pub(super) fn have_all_stock(&self) -> bool {
        self.0.values().all(|shown| shown.all_stock)
    }

    /// The root of a replica that has everything it is shown.
    pub(super) fn root(&self, whole: SetHash) -> SetHash {
        let mut root = Root::from(whole);
        for (document, shown) in &self.0 {
            root.advance(document, &shown.whole, &shown.excerpt.heads);
        }
        root.hash()
    }
}

fn all_stock(bag: &Bag, excerpt: &Excerpt) -> Result<bool> {
    let changes = bag.changes_since(&Heads::empty()).map_err(error::unreadable)?;
    let mut left_out = Vec::new();
    for change in changes.iter().filter(|change| !excerpt.holds(&change.hash)) {
        left_out.extend(change.fact_ids().map_err(error::unreadable)?);
    }
    let moves = |fact: &FactId| {
        let read = bag.get(fact).and_then(|text| decode(fact, &text).ok());
        read.is_none_or(|fact| matches!(fact.body, Body::Stock(_)))
    };
    Ok(!left_out.iter().any(moves))
}

/// Remembers of a document that not every version can follow it.
pub(super) fn mark<'a>(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    document: &DocumentId,
    facts: impl IntoIterator<Item = &'a Body>,
) -> Result<()> {
    let newest = facts.into_iter().map(since).max().unwrap_or(SYNC_VERSION_MIN);
    if newest > SYNC_VERSION_MIN {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":store": store.as_str(),
            ":document": document.to_string(),
            ":since": newest,
        };
        run(conn, sql!(OLDER.mark), params)?;
    }
    Ok(())
}

/// What the version of a replica means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// It speaks a later version than the last time.
    pub(super) updated: bool,
    /// It is new, and can fetch neither sealed documents nor what they add up to.
    pub(super) is_too_late: bool,
}

/// What a replica speaks and has, as of this request.
pub(super) fn heard(
    conn: &Connection,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    cursor: u64,
    now: UtcMs,
) -> Result<Heard> {
    let key = named_params! {
        ":tenant": from.tenant.as_str(), ":store": from.store.as_str(), ":replica": from.replica.as_str(),
    };
    let before: Option<u16> = one(conn, sql!(OLDER.spoken), key, |row| row.get("version"))?;
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":cursor": i64::try_from(cursor).unwrap_or(i64::MAX),
        ":version": request.version,
        ":at": now.0,
    };
    run(conn, sql!(SEALS.progress), params)?;
    let updated = before.is_some_and(|before| (SYNC_VERSION_MIN..request.version).contains(&before));
    Ok(Heard { updated, is_too_late: before.is_none() && !request.understands_seals() })
}

/// Whether somebody in the store still needs its documents open.
pub(super) fn needs_open(conn: &Connection, tenant: &TenantId, store: &StoreId, now: UtcMs) -> Result<bool> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":version": SEALS_SINCE,
        ":heard_since": now.0.saturating_sub(SILENT_MS),
    };
    Ok(one(conn, sql!(OLDER.any_before), params, |_| Ok(()))?.is_some())
}
