//! The branch of a box that is kept apart: what it sends is checked like anything else, kept as it
//! is and acknowledged, and nothing of it touches ledger, positions or tasks.

use super::answer::bare;
use super::boots::{begin_quarantine, shown, tell};
use super::documents::load;
use super::incoming::{Admitted, admit, check_owner};
use super::refusal::{Part, refuse, report};
use super::row::{list, one, parsed, run};
use super::savepoint::attempt_or;
use super::seals::archived;
use super::sql::sql;
use super::state::State;
use super::{Result, error};
use crate::core::exception::Category;
use crate::ports::access::ReplicaIdentity;
use crate::ports::boxes::BranchOutcome;
use crate::ports::replication::Exchanged;
use holdfast_shared::document::{Bag, Heads, Incoming};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BootId, DocumentId};
use holdfast_shared::limits::{QUARANTINE_BYTES_MAX, QUARANTINE_CHANGES_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{DocumentFrame, DocumentHeads, SyncRequest};
use rusqlite::{Connection, named_params};
use serde_bytes::ByteBuf;

/// A box that is kept apart: its replica, and the boot that it is known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch<'a> {
    pub(super) from: &'a ReplicaIdentity,
    pub(super) copy: &'a BootId,
}

pub(super) fn keep(
    conn: &Connection,
    state: &mut State,
    branch: Branch<'_>,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<Exchanged> {
    let why = standing(conn, branch)?;
    let mut response = bare(conn, state, branch.from, request, now)?;
    let mut kept = 0_u64;
    for frame in &request.documents {
        match attempt_or(conn, || keep_frame(conn, state, branch, frame, now))? {
            Ok((document, heads, facts)) => {
                kept = kept.saturating_add(facts);
                response.acknowledged.push(DocumentHeads::new(&document, &heads));
            }
            Err(refusal) => {
                report(conn, branch.from, &refusal, now)?;
                response.errors.push(refusal.problem);
            }
        }
    }
    if kept > 0 && why.decided {
        // Decided about what was there; the box goes on recording, so somebody has to decide again.
        begin_quarantine(conn, branch.from, branch.copy, &why.words, now)?;
        let who = shown(conn, branch.from, &request.boot)?;
        let detail = format!(
            "{who} still speaks as {}, although it is kept apart, and recorded more after the decision about it",
            branch.from.replica
        );
        tell(conn, branch.from, branch.copy, detail, now)?;
    }
    response.quarantined = Some(why.words);
    Ok(Exchanged::nothing(response))
}

struct Why {
    words: String,
    decided: bool,
}

fn standing(conn: &Connection, branch: Branch<'_>) -> Result<Why> {
    one(conn, sql!(IDENTITY.quarantine), branch.key().as_slice(), |row| {
        Ok(Why { words: row.get("why")?, decided: row.get::<_, Option<String>>("decision")?.is_some() })
    })?
    .ok_or_else(|| error::missing("quarantine"))
}

impl Branch<'_> {
    pub(super) fn key(&self) -> [(&'static str, &str); 4] {
        [
            (":tenant", self.from.tenant.as_str()),
            (":store", self.from.store.as_str()),
            (":replica", self.from.replica.as_str()),
            (":copy", self.copy.as_str()),
        ]
    }

    /// The document as the box has it: central's changes, and those of the branch.
    pub(super) fn document(&self, conn: &Connection, state: &State, document: &DocumentId) -> Result<Bag> {
        let mut bag = match archived(conn, state.writer, &self.from.tenant, document)? {
            Some(sealed) => sealed,
            None => load(conn, state.writer, &self.from.tenant, document)?,
        };
        let changes = self.changes(conn, document)?;
        let (base, heads) = (Heads::empty(), Heads::empty());
        bag.merge(&Incoming { base: &base, heads: &heads, changes: &changes }, &|_| true)
            .map_err(error::unreadable)?;
        Ok(bag)
    }

    pub(super) fn changes(&self, conn: &Connection, document: &DocumentId) -> Result<Vec<ByteBuf>> {
        let params = named_params! {
            ":tenant": self.from.tenant.as_str(),
            ":store": self.from.store.as_str(),
            ":replica": self.from.replica.as_str(),
            ":copy": self.copy.as_str(),
            ":document": document.to_string(),
        };
        list(conn, sql!(IDENTITY.branch_of), params, |row| Ok(ByteBuf::from(row.get::<_, Vec<u8>>("bytes")?)))
    }

    pub(super) fn documents(&self, conn: &Connection) -> Result<Vec<DocumentId>> {
        list(conn, sql!(IDENTITY.branch_documents), self.key().as_slice(), |row| parsed(row, "document"))
    }

    fn is_full(&self, conn: &Connection, more: usize) -> Result<bool> {
        let size = one(conn, sql!(IDENTITY.branch_size), self.key().as_slice(), |row| {
            Ok((row.get::<_, i64>("changes")?, row.get::<_, i64>("bytes")?))
        })?;
        let (changes, bytes) = size.unwrap_or_default();
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        Ok(changes >= QUARANTINE_CHANGES_MAX || bytes.saturating_add(more) > QUARANTINE_BYTES_MAX)
    }
}

/// The document, up to where the box has it kept now, and how many facts were new.
fn keep_frame(
    conn: &Connection,
    state: &State,
    branch: Branch<'_>,
    frame: &DocumentFrame,
    now: UtcMs,
) -> Part<(DocumentId, Heads, u64)> {
    let name = frame.name();
    let document = match frame.document() {
        Ok(document) => document,
        Err(bad) => return refuse(name, Code::InvalidRequest, &bad.to_string(), Some(Category::DamagedSync)),
    };
    check_owner(conn, branch.from, name, &document)?;
    if branch.is_full(conn, frame.change_bytes())? {
        return refuse(name, Code::Busy, "what central keeps of a box that is kept apart is full", None);
    }
    let mut bag = branch.document(conn, state, &document)?;
    let Admitted { merged, facts, .. } = admit(conn, state, branch.from, &mut bag, frame, &document)?;
    for change in &merged.changes {
        let params = named_params! {
            ":tenant": branch.from.tenant.as_str(),
            ":store": branch.from.store.as_str(),
            ":replica": branch.from.replica.as_str(),
            ":copy": branch.copy.as_str(),
            ":document": document.to_string(),
            ":hash": change.hash.as_bytes(),
            ":bytes": change.bytes,
        };
        run(conn, sql!(IDENTITY.keep_change), params)?;
    }
    let mut kept = 0_u64;
    for (fact, text, _) in &facts {
        let in_ledger = super::ledger::text_of(conn, &branch.from.tenant, &branch.from.store, fact)?;
        let known = in_ledger.as_deref() == Some(text.as_str());
        let outcome = if known { BranchOutcome::InLedger } else { BranchOutcome::Kept };
        let params = named_params! {
            ":tenant": branch.from.tenant.as_str(),
            ":store": branch.from.store.as_str(),
            ":replica": branch.from.replica.as_str(),
            ":copy": branch.copy.as_str(),
            ":fact": fact.as_str(),
            ":document": document.to_string(),
            ":text": text,
            ":outcome": outcome.as_str(),
            ":now": now.0,
        };
        let new = run(conn, sql!(IDENTITY.keep_fact), params)? > 0;
        kept = kept.saturating_add(u64::from(new && !known));
    }
    let heads = frame.heads().unwrap_or_default();
    Ok((document, heads, kept))
}
