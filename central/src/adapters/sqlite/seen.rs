//! What there is to see of boxes: rows as the port tells them.

use super::Result;
use super::row::{list, parsed, parsed_or_none, unsigned, word};
use super::sql::sql;
use crate::ports::boxes::{ApartBoot, BootSeen, BranchFact, Quarantine, ReplicaSeen};
use holdfast_shared::ids::{StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// The replicas of a store, with the boots and the quarantines of each.
pub(super) fn replicas(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Vec<ReplicaSeen>> {
    let key = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
    let mut seen = list(conn, sql!(IDENTITY.replicas_shown), key, |row| {
        Ok(ReplicaSeen {
            replica: parsed(row, "replica")?,
            enrolled_as: row.get("box_name")?,
            enrolled_at: UtcMs(row.get("enrolled_at")?),
            boots: Vec::new(),
            quarantines: Vec::new(),
        })
    })?;
    for one in &mut seen {
        let key = named_params! {
            ":tenant": tenant.as_str(), ":store": store.as_str(), ":replica": one.replica.as_str(),
        };
        one.boots = list(conn, sql!(IDENTITY.boots_shown), key, read_boot_seen)?;
        one.quarantines = list(conn, sql!(IDENTITY.quarantines_shown), key, read_quarantine)?;
    }
    Ok(seen)
}

pub(super) fn read_apart(row: &Row<'_>) -> rusqlite::Result<ApartBoot> {
    Ok(ApartBoot {
        tenant: parsed(row, "tenant")?,
        store: parsed(row, "store")?,
        replica: parsed(row, "replica")?,
        boot: parsed(row, "boot")?,
    })
}

fn read_boot_seen(row: &Row<'_>) -> rusqlite::Result<BootSeen> {
    Ok(BootSeen {
        boot: parsed(row, "boot")?,
        number: unsigned(row, "number")?,
        standing: word(row, "standing")?,
        box_name: row.get("box_name")?,
        address: row.get("address")?,
        cursor: unsigned(row, "cursor")?,
        copy: parsed_or_none(row, "copy")?,
        first_heard_at: UtcMs(row.get("first_heard_at")?),
        heard_at: UtcMs(row.get("heard_at")?),
    })
}

fn read_quarantine(row: &Row<'_>) -> rusqlite::Result<Quarantine> {
    let decided: Option<String> = row.get("decision")?;
    Ok(Quarantine {
        copy: parsed(row, "copy")?,
        since: UtcMs(row.get("since")?),
        why: row.get("why")?,
        facts: unsigned(row, "facts")?,
        waiting: unsigned(row, "waiting")?,
        decision: decided.map(|_| word(row, "decision")).transpose()?,
        reason: row.get("reason")?,
        decided_by: row.get("decided_by")?,
        decided_at: row.get::<_, Option<i64>>("decided_at")?.map(UtcMs),
    })
}

pub(super) fn read_branch_fact(row: &Row<'_>) -> rusqlite::Result<(i64, BranchFact)> {
    let fact = BranchFact {
        fact: parsed(row, "fact")?,
        document: parsed(row, "document")?,
        text: row.get("text")?,
        outcome: word(row, "outcome")?,
        kept_at: UtcMs(row.get("kept_at")?),
    };
    Ok((row.get("sequence")?, fact))
}
