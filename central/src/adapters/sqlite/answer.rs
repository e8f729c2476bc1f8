//! What a replica gets back: everything it lacks, in pieces, and what is safe at central.

use super::Result;
use super::counters::incarnation;
use super::documents::{Digests, load, owner, sealed};
use super::incoming::check_owner;
use super::older::Excerpts;
use super::pen::stamp;
use super::recall::mark_sent;
use super::refusal::Refusal;
use super::row::{list, parsed, unreadable, unsigned};
use super::savepoint::Stop;
use super::sql::sql;
use super::state::State;
use super::window::is_replaying;
use super::{baseline, error, seals};
use crate::ports::access::ReplicaIdentity;
use holdfast_shared::document::{Bag, ChangeHash, Heads, StoredChange, WriterId};
use holdfast_shared::ids::{DocumentId, TenantId};
use holdfast_shared::limits::{SEALS_MAX, SYNC_PIECE_BYTES};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{
    DocumentFrame, DocumentHeads, DocumentProblem, SYNC_VERSION, Seal, SyncRequest, SyncResponse,
};
use rusqlite::{Connection, Row, named_params};
use std::collections::{BTreeMap, BTreeSet};

const NEXT_SYNC_LEVEL_MS: u64 = 10_000;
const NEXT_SYNC_BEHIND_MS: u64 = 1_000;
/// Changes looked at for one answer; a store that lacks more asks again.
const CHANGES_MAX: u32 = 1_000;
/// Bytes of changes of tasks that overtake others in one answer.
const TASK_BYTES_AHEAD_MAX: usize = SYNC_PIECE_BYTES / 2;

/// A request, and what is known by now of the one who asks.
pub(super) struct Asked<'a> {
    pub(super) request: &'a SyncRequest,
    /// The documents that it brought and that were taken in.
    pub(super) received: &'a [DocumentId],
    /// It lacks some of what it said before.
    pub(super) behind: bool,
    /// It speaks a later version than the last time: what was kept from it follows now.
    pub(super) updated: bool,
    pub(super) excerpts: Excerpts,
}

pub(super) fn answer(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    asked: Asked<'_>,
    mut errors: Vec<DocumentProblem>,
    now: UtcMs,
) -> Result<SyncResponse> {
    let Asked { request, received, behind, updated, excerpts } = asked;
    let bare = bare(conn, state, from, request, now)?;
    let digests = Digests::read(conn, &from.tenant, &from.store)?;
    // Another incarnation numbers its changes anew: what the replica has is not known.
    let known = request.incarnation == Some(bare.incarnation) && !updated;
    let above = if known { request.cursor } else { 0 };
    // Who is behind is told to ask from the beginning; one that does so already gets its own at once.
    let own = request.rehydrating || (behind && above == 0);
    let mut piece = newer(conn, from, i64::try_from(above).unwrap_or(i64::MAX), own)?;
    piece.excerpts = excerpts;
    let mut acknowledged: BTreeMap<DocumentId, Heads> = BTreeMap::new();
    for document in received {
        if let Some((_, heads)) = owner(conn, &from.tenant, document)? {
            acknowledged.insert(document.clone(), piece.excerpts.heads(document, heads));
        }
    }
    for ask in &request.asks {
        fulfil(conn, state, from, ask, &mut piece, &mut acknowledged, &mut errors)?;
    }
    for document in received {
        piece.tell_seal(conn, from, document)?;
    }
    let wanted = request.baseline.as_ref().filter(|_| !piece.more);
    let baseline = wanted.map(|ask| baseline::piece(conn, from, ask)).transpose()?;
    let documents = piece.frames(conn, &from.tenant)?;
    let root = piece.excerpts.root(digests.root);
    let level = root == request.root;
    let response = SyncResponse {
        root,
        seals: piece.seals,
        baseline,
        cursor: u64::try_from(piece.up_to.unwrap_or(digests.sequence)).unwrap_or_default(),
        next_sync_ms: if level && !is_replaying(conn, from)? {
            NEXT_SYNC_LEVEL_MS
        } else {
            NEXT_SYNC_BEHIND_MS
        },
        level,
        documents,
        acknowledged: acknowledged.iter().map(|(id, heads)| DocumentHeads::new(id, heads)).collect(),
        errors,
        more: piece.more,
        // It then asks from the beginning, and says that it does.
        rehydrate: behind && !request.rehydrating,
        losses_noted: super::losses::noted(&request.losses),
        ..bare
    };
    Ok(response.in_version(request.version))
}

/// An answer that brings nothing: the cursor stays where it was.
pub(super) fn bare(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<SyncResponse> {
    let incarnation = u64::from(incarnation(conn)?);
    Ok(SyncResponse {
        version: SYNC_VERSION,
        incarnation,
        cursor: if request.incarnation == Some(incarnation) { request.cursor } else { 0 },
        central_time: now,
        hlc: stamp(conn, state, now)?,
        // Courtesy is policy, which the flow knows.
        lease_ms: 0,
        next_sync_ms: NEXT_SYNC_LEVEL_MS,
        root: Digests::read(conn, &from.tenant, &from.store)?.root,
        level: false,
        documents: Vec::new(),
        acknowledged: Vec::new(),
        errors: Vec::new(),
        more: false,
        rehydrate: false,
        superseded: None,
        quarantined: None,
        seals: Vec::new(),
        baseline: None,
        losses_noted: Vec::new(),
        parcels: None,
        labels_noted: Vec::new(),
        escrow: None,
    })
}

/// Changes for the replica, by document.
#[derive(Debug, Default)]
struct Piece {
    changes: BTreeMap<DocumentId, Vec<StoredChange>>,
    asked: Vec<DocumentFrame>,
    seals: Vec<Seal>,
    bytes: usize,
    /// The last change of the piece, when there are more after it.
    up_to: Option<i64>,
    more: bool,
    excerpts: Excerpts,
}

impl Piece {
    fn add(&mut self, document: DocumentId, change: StoredChange) {
        self.bytes = self.bytes.saturating_add(change.bytes.len());
        self.changes.entry(document).or_default().push(change);
    }

    fn full(&self) -> bool {
        self.bytes >= SYNC_PIECE_BYTES
    }

    /// Who sends to a sealed document has missed its seal.
    fn tell_seal(&mut self, conn: &Connection, from: &ReplicaIdentity, document: &DocumentId) -> Result<()> {
        let told = self.seals.iter().any(|seal| seal.document().as_ref() == Ok(document));
        if !told && let Some(seal) = sealed(conn, &from.tenant, document)? {
            self.seals.push(Seal::new(document, &seal.heads, seal.facts));
        }
        Ok(())
    }

    /// Everything in here has been in an answer from now on.
    fn frames(&self, conn: &Connection, tenant: &TenantId) -> Result<Vec<DocumentFrame>> {
        let mut frames = self.asked.clone();
        let (tasks, stock): (Vec<_>, Vec<_>) =
            self.changes.iter().partition(|(document, _)| matches!(document, DocumentId::Task(_)));
        for (document, changes) in tasks.into_iter().chain(stock) {
            let changes: Vec<StoredChange> = changes
                .iter()
                .filter(|change| self.excerpts.holds(document, &change.hash))
                .cloned()
                .collect();
            if changes.is_empty() {
                continue;
            }
            if let DocumentId::Task(task) = document {
                mark_sent(conn, tenant, task)?;
            }
            let whole = owner(conn, tenant, document)?.map(|(_, heads)| heads).unwrap_or_default();
            let last = changes.last().map(|change| change.hash);
            // A piece that ends within a document declares only as far as it goes.
            let reached = self.excerpts.heads(document, whole);
            let heads = if self.more { Heads::new(last).unwrap_or_default() } else { reached };
            frames.push(DocumentFrame::new(document, &Heads::empty(), &heads, changes));
        }
        Ok(frames)
    }
}

type Numbered = (i64, DocumentId, StoredChange);

fn read_numbered(row: &Row<'_>) -> rusqlite::Result<Numbered> {
    Ok((row.get("sequence")?, parsed(row, "document")?, read_change(row)?))
}

fn read_change(row: &Row<'_>) -> rusqlite::Result<StoredChange> {
    let writer: Vec<u8> = row.get("writer")?;
    Ok(StoredChange {
        hash: ChangeHash::new(row.get("hash")?),
        writer: WriterId::try_from(writer.as_slice()).map_err(unreadable)?,
        seq: unsigned(row, "seq")?,
        bytes: row.get("bytes")?,
    })
}

fn newer(conn: &Connection, from: &ReplicaIdentity, above: i64, own: bool) -> Result<Piece> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":above": above,
        ":own": own,
        ":rows": CHANGES_MAX,
    };
    let tasks = list(conn, sql!(DOCUMENTS.task_changes_above), params, read_numbered)?;
    let rows = list(conn, sql!(DOCUMENTS.changes_above), params, read_numbered)?;
    let mut piece =
        Piece { more: rows.len() >= usize::try_from(CHANGES_MAX).unwrap_or(0), ..Piece::default() };
    let seals = baseline::seals_above(conn, from, above)?;
    // Seals are bounded, too: nothing behind the last of them is told.
    let seals_end = seals.last().map(|(sequence, _)| *sequence).filter(|_| seals.len() >= SEALS_MAX);
    // Offers, recalls and releases go ahead of a sibling's stock, however long that has waited. The
    // cursor does not pass what they overtook: until it does, each piece has them again.
    let mut ahead = BTreeSet::new();
    for (sequence, document, change) in tasks {
        if piece.bytes >= TASK_BYTES_AHEAD_MAX {
            break;
        }
        ahead.insert(sequence);
        piece.add(document, change);
    }
    let mut last = None;
    for (sequence, document, change) in rows {
        if seals_end.is_some_and(|end| sequence > end) {
            break;
        }
        if piece.full() {
            piece.more = true;
            break;
        }
        last = Some(sequence);
        if !ahead.contains(&sequence) {
            piece.add(document, change);
        }
    }
    piece.up_to = match (last.filter(|_| piece.more), seals_end) {
        (Some(last), Some(end)) => Some(last.min(end)),
        (last, end) => last.or(end),
    };
    piece.more |= seals_end.is_some();
    let told = seals.into_iter().filter(|(sequence, _)| piece.up_to.is_none_or(|end| *sequence <= end));
    piece.seals = told.map(|(_, seal)| seal).collect();
    Ok(piece)
}

/// A document that the replica asks for by its heads.
fn fulfil(
    conn: &Connection,
    state: &State,
    from: &ReplicaIdentity,
    ask: &DocumentHeads,
    piece: &mut Piece,
    acknowledged: &mut BTreeMap<DocumentId, Heads>,
    errors: &mut Vec<DocumentProblem>,
) -> Result<()> {
    let (Ok(document), Ok(have)) = (ask.document(), ask.heads()) else {
        let refused = "the name or the heads are not well formed";
        let code = holdfast_shared::error::Code::InvalidRequest;
        errors.push(DocumentProblem::new(ask.name(), code, refused, &Heads::empty()));
        return Ok(());
    };
    match may_read(conn, from, ask.name(), &document) {
        Ok(()) => {}
        Err(Stop::Refused(refusal)) => {
            errors.push(refusal.problem);
            return Ok(());
        }
        Err(Stop::Failed(error)) => return Err(error),
    }
    let Some(bag) = whole(conn, state, from, &document)? else {
        let told = owner(conn, &from.tenant, &document)?.map(|(_, heads)| heads).unwrap_or_default();
        let why = "it is sealed, and its changes are not kept any more";
        errors.push(DocumentProblem::new(ask.name(), holdfast_shared::error::Code::Sealed, why, &told));
        return Ok(());
    };
    let heads = piece.excerpts.heads(&document, bag.heads());
    acknowledged.insert(document.clone(), heads.clone());
    if piece.full() {
        piece.more = true;
        return Ok(());
    }
    let known =
        Heads::new(have.iter().copied().filter(|hash| bag.contains(hash))).map_err(error::unreadable)?;
    // The replica is ahead: it is told what is acknowledged, and sends the rest. To what is sealed it
    // sends nothing before it has all of that, however far it went on by itself.
    if known != have && sealed(conn, &from.tenant, &document)?.is_none() {
        return Ok(());
    }
    let mut changes = bag.changes_since(&known).map_err(error::unreadable)?;
    changes.retain(|change| piece.excerpts.holds(&document, &change.hash));
    if changes.is_empty() {
        return Ok(());
    }
    if let DocumentId::Task(task) = &document {
        mark_sent(conn, &from.tenant, task)?;
    }
    piece.changes.remove(&document);
    let frame = DocumentFrame::new(&document, &known, &heads, changes);
    piece.bytes = piece.bytes.saturating_add(frame.change_bytes());
    piece.asked.push(frame);
    Ok(())
}

/// A store's replicas read each other's documents.
fn may_read(
    conn: &Connection,
    from: &ReplicaIdentity,
    name: &str,
    document: &DocumentId,
) -> std::result::Result<(), Stop<Refusal>> {
    match document {
        DocumentId::Stock { store, .. } if *store == from.store => Ok(()),
        DocumentId::Stock { .. } | DocumentId::Task(_) => check_owner(conn, from, name, document),
    }
}

/// An open document, or a sealed one for as long as its archive is kept.
fn whole(
    conn: &Connection,
    state: &State,
    from: &ReplicaIdentity,
    document: &DocumentId,
) -> Result<Option<Bag>> {
    match sealed(conn, &from.tenant, document)? {
        Some(_) => seals::archived(conn, state.writer, &from.tenant, document),
        None => load(conn, state.writer, &from.tenant, document).map(Some),
    }
}
