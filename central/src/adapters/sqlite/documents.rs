//! Documents as rows: their changes in the order in which this store's replicas fetch them, their
//! heads, and the store's root over all heads.

use super::row::{list, one, parsed, run, unsigned};
use super::sql::sql;
use super::{Result, error};
use holdfast_shared::document::{Bag, Heads, StoredChange, WriterId};
use holdfast_shared::domain::stock::{digest_element, rights_element};
use holdfast_shared::ids::{DocumentId, ReplicaId, Sku, StoreId, TenantId};
use holdfast_shared::set_hash::SetHash;
use rusqlite::{Connection, Row, named_params};

pub(super) fn load(
    conn: &Connection,
    writer: WriterId,
    tenant: &TenantId,
    document: &DocumentId,
) -> Result<Bag> {
    let key = [tenant.as_str(), &document.to_string()];
    let changes: Vec<Vec<u8>> = list(conn, sql!(DOCUMENTS.changes_of), key, |row| row.get("bytes"))?;
    Bag::load(writer, changes).map_err(error::unreadable)
}

/// Whether anything of it is known, be it sealed.
pub(super) fn is_there(conn: &Connection, tenant: &TenantId, document: &DocumentId) -> Result<bool> {
    let key = [tenant.as_str(), &document.to_string()];
    Ok(one(conn, sql!(DOCUMENTS.is_there), key, |_| Ok(()))?.is_some())
}

/// The store that a document belongs to, and its heads; of a sealed one those that stay.
pub(super) fn owner(
    conn: &Connection,
    tenant: &TenantId,
    document: &DocumentId,
) -> Result<Option<(StoreId, Heads)>> {
    let key = [tenant.as_str(), &document.to_string()];
    let found = one(conn, sql!(DOCUMENTS.document), key, |row| {
        Ok((parsed(row, "store")?, row.get::<_, Vec<u8>>("heads")?))
    })?;
    match found {
        Some((store, heads)) => Ok(Some((store, heads_of(&heads)?))),
        None => Ok(sealed(conn, tenant, document)?.map(|seal| (seal.store, seal.heads))),
    }
}

/// The permanent record of a document that is complete.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) store: StoreId,
    pub(super) heads: Heads,
    pub(super) facts: u64,
}

pub(super) fn sealed(conn: &Connection, tenant: &TenantId, document: &DocumentId) -> Result<Option<Sealed>> {
    let key = [tenant.as_str(), &document.to_string()];
    let found = one(conn, sql!(SEALS.seal), key, |row| {
        let facts = unsigned(row, "facts")?;
        Ok((parsed(row, "store")?, row.get::<_, Vec<u8>>("heads")?, facts))
    })?;
    found.map(|(store, heads, facts)| Ok(Sealed { store, heads: heads_of(&heads)?, facts })).transpose()
}

pub(super) fn heads_of(bytes: &[u8]) -> Result<Heads> {
    Heads::from_bytes(bytes).map_err(error::unreadable)
}

/// Changes by one author for one document.
pub(super) struct Authored<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) store: &'a StoreId,
    pub(super) document: &'a DocumentId,
    pub(super) author: &'a ReplicaId,
}

/// Stores changes, the new heads and the root in one go.
pub(super) fn keep(
    conn: &Connection,
    authored: &Authored<'_>,
    before: &Heads,
    after: &Heads,
    changes: &[StoredChange],
) -> Result<()> {
    let Authored { tenant, store, .. } = authored;
    let mut digests = Digests::read(conn, tenant, store)?;
    keep_with(conn, authored, &mut digests, (before, after), changes)?;
    digests.write(conn, tenant, store)
}

/// The same for whoever writes the store's row of digests down later.
pub(super) fn keep_with(
    conn: &Connection,
    authored: &Authored<'_>,
    digests: &mut Digests,
    (before, after): (&Heads, &Heads),
    changes: &[StoredChange],
) -> Result<()> {
    let Authored { tenant, store, document, author } = authored;
    let document_text = document.to_string();
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":document": document_text,
        ":store": store.as_str(),
        ":heads": after.to_bytes(),
    };
    run(conn, sql!(DOCUMENTS.set_heads), params)?;
    for change in changes {
        digests.sequence = digests.sequence.saturating_add(1);
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":store": store.as_str(),
            ":sequence": digests.sequence,
            ":document": document_text,
            ":author": author.as_str(),
            ":writer": change.writer.as_bytes(),
            ":seq": i64::try_from(change.seq).map_err(error::unreadable)?,
            ":hash": change.hash.as_bytes(),
            ":bytes": change.bytes,
        };
        run(conn, sql!(DOCUMENTS.add_change), params)?;
    }
    digests.advance_root(document, before, after);
    Ok(())
}

/// The replication row of a store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digests {
    pub(super) sequence: i64,
    pub(super) root: SetHash,
    pub(super) stock: SetHash,
}

pub(super) fn read_digests(row: &Row<'_>) -> rusqlite::Result<Digests> {
    Ok(Digests {
        sequence: row.get("sequence")?,
        root: SetHash::from_bytes(row.get("root")?),
        stock: SetHash::from_bytes(row.get("stock_digest")?),
    })
}

impl Digests {
    pub(super) fn read(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Self> {
        let key = [tenant.as_str(), store.as_str()];
        one(conn, sql!(DOCUMENTS.digests), key, read_digests)?.ok_or_else(|| error::missing("replication"))
    }

    pub(super) fn write(&self, conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<()> {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":store": store.as_str(),
            ":sequence": self.sequence,
            ":root": self.root.to_bytes(),
            ":stock_digest": self.stock.to_bytes(),
        };
        run(conn, sql!(DOCUMENTS.set_digests), params)?;
        Ok(())
    }

    fn advance_root(&mut self, document: &DocumentId, before: &Heads, after: &Heads) {
        // The root of one document is its term of the sum: out with the old, in with the new.
        let mut root = holdfast_shared::document::Root::from(self.root);
        root.advance(document, before, after);
        self.root = root.hash();
    }

    /// Units on hand, and the rights to them.
    pub(super) fn move_stock(&mut self, sku: &Sku, before: (i64, i64), after: (i64, i64)) {
        for element in [digest_element(sku, before.0), rights_element(sku, before.1)].iter().flatten() {
            self.stock.remove(element);
        }
        for element in [digest_element(sku, after.0), rights_element(sku, after.1)].iter().flatten() {
            self.stock.insert(element);
        }
    }
}
