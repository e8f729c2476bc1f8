//! The replica's half of sync: what goes out, and what an answer changes.

use super::carry::Left;
use super::frames::Size;
use super::hand::{Carried, Hand};
use super::value::{signed, unsigned};
use super::{
    SqliteLedger, absorb, baseline, carry, documents, escrow, frames, losses, parcels, seals, speaker, sql,
};
use crate::ports::ledger::{Absorbed, Cut, Identity, LedgerError, Replica};
use async_trait::async_trait;
use holdfast_platform::sqlite::{Companion, StorageError};
use holdfast_shared::document::{ChangeHash, Heads};
use holdfast_shared::error::Code;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::{DocumentFrame, DocumentHeads, DocumentProblem, SEALS_SINCE, SyncResponse};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// Documents of one commit while absorbing: commands at the till do not wait for more.
const FRAMES_PER_COMMIT: usize = 64;

#[async_trait]
impl Replica for SqliteLedger {
    async fn cut(&self, now: Now) -> Result<Cut, LedgerError> {
        loop {
            if let Some(cut) = self.of_documents(move |connection, hand| cut(connection, hand, now)).await? {
                return Ok(cut);
            }
        }
    }

    async fn carry_ahead(&self, now: Now) -> Result<(), LedgerError> {
        while self.of_documents(move |connection, hand| carry_ahead(connection, hand, now)).await?
            == Left::Unfinished
        {}
        Ok(())
    }

    async fn absorb(&self, response: &SyncResponse, now: Now) -> Result<Absorbed, LedgerError> {
        if let Some(challenge) = response.superseded.clone() {
            return self.write(move |conn, hand| Ok(speaker::challenged(conn, hand, challenge)?)).await;
        }
        let incarnation = response.incarnation;
        let met = self.write(move |connection, hand| meet(connection, &enrolled(hand)?, incarnation)).await?;
        if let Met::Predecessor { known } = met {
            let problem =
                format!("central answered as incarnation {incarnation}, but {known} is known: not taken");
            return Ok(Absorbed { problems: vec![problem], ..Absorbed::default() });
        }
        let mut absorbed = Absorbed::default();
        for piece in response.documents.chunks(FRAMES_PER_COMMIT) {
            let piece: Arc<[DocumentFrame]> = piece.into();
            let taken = self
                .write(move |connection, hand| {
                    let identity = enrolled(hand)?;
                    absorb::frames(connection, hand, &identity, &piece, now.utc)
                })
                .await?;
            absorbed.facts = absorbed.facts.saturating_add(taken.facts);
            absorbed.tasks.extend(taken.tasks);
            absorbed.problems.extend(taken.problems);
        }
        let silent = response.documents.is_empty();
        let rest = Arc::new(SyncResponse { documents: Vec::new(), ..response.clone() });
        let end =
            self.of_documents(move |connection, hand| conclude(connection, hand, &rest, silent, now)).await?;
        absorbed.tasks.extend(end.tasks);
        absorbed.problems.extend(end.problems);
        Ok(Absorbed { level: end.level, parcels: end.parcels, ..absorbed })
    }
}

impl SqliteLedger {
    /// A job that changes documents: when it fails, what is in memory is ahead of the rows.
    async fn of_documents<T, F>(&self, job: F) -> Result<T, LedgerError>
    where
        F: FnOnce(&Connection, &mut Hand) -> Result<T, LedgerError> + Clone + Send + 'static,
        T: Send + 'static,
    {
        self.write(move |connection, hand| job(connection, hand).inspect_err(|_| hand.on_failed_commit()))
            .await
    }
}

fn enrolled(hand: &Hand) -> Result<Identity, LedgerError> {
    hand.identity.clone().ok_or_else(|| LedgerError::Unavailable {
        code: Code::Unauthenticated,
        what: "this agent is not enrolled yet, so there is nobody to sync with".to_owned(),
        source: None,
    })
}

/// None while more goes into its documents, in a commit of its own.
fn cut(connection: &Connection, hand: &mut Hand, now: Now) -> Result<Option<Cut>, LedgerError> {
    let identity = enrolled(hand)?;
    let own = documents::own(&identity);
    // Central cannot be reached, maybe: a try every few seconds would carry a few facts each time,
    // and thousands of small changes are six times the bytes of a few large ones.
    let probing = std::mem::replace(&mut hand.unanswered, true);
    // If it fails, the next try is a probe: what central says is heard all the same.
    if !probing && carry::carry(connection, hand, &identity, now.utc)? == Left::Unfinished {
        hand.unanswered = false;
        return Ok(None);
    }
    (hand.probed, hand.next_is_full) = (probing, hand.next_is_full && probing);
    let (root, stock_digest) = carry::last_cut(connection)?;
    let mut pen = hand.pen(connection)?;
    let sent_at = pen.mint.stamp(now.utc);
    pen.keep()?;
    let (documents, more) = frames::frames(connection, if probing { Size::Small } else { Size::Piece })?;
    let to_carry = carry::any_to_carry(connection)?;
    let (incarnation, cursor) = heard(connection)?;
    let unsynced: i64 = connection.prepare_cached(sql::UNSYNCED)?.query_row([], |row| row.get(0))?;
    let more = more || to_carry;
    // A fact that central has under a seal leaves the baseline when it is carried again: asked for
    // before central has it, the baseline would hold it still, and it would count twice here.
    let baseline = if more { None } else { baseline::ask(connection)? };
    Ok(Some(Cut {
        identity,
        sent_at,
        incarnation,
        cursor,
        root,
        stock_digest,
        unsynced: unsigned(unsynced)?,
        documents,
        asks: frames::asks(connection)?,
        baseline,
        more,
        speaker: speaker::speaks(connection, hand, &own)?,
        losses: losses::to_tell(connection)?,
        escrow: escrow::targets(connection)?.digest(),
        asked_back: escrow::asked_back(connection)?,
        parcels: parcels::news(connection)?.digest(),
        label_reports: parcels::reports(connection)?,
    }))
}

/// What the message after this one takes; after a probe nobody may have listened.
fn carry_ahead(connection: &Connection, hand: &mut Hand, now: Now) -> Result<Left, LedgerError> {
    if hand.probed {
        return Ok(Left::More);
    }
    let identity = enrolled(hand)?;
    let left = carry::carry(connection, hand, &identity, now.utc)?;
    hand.next_is_full = left == Left::More;
    Ok(left)
}

fn heard(connection: &Connection) -> Result<(Option<u64>, u64), StorageError> {
    let (incarnation, cursor): (Option<i64>, i64) =
        connection.prepare_cached(sql::AGENT_HEARD)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((incarnation.map(unsigned).transpose()?, unsigned(cursor)?))
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    Central,
    /// Late, or a backup that does not know yet that it is one: what it decides was decided before
    /// the restore, and may have been decided otherwise since.
    Predecessor {
        known: u64,
    },
}

/// A central that was restored may lack what its predecessor acknowledged: all of ours is offered
/// anew, and what it has already it skips.
fn meet(connection: &Connection, identity: &Identity, incarnation: u64) -> Result<Met, LedgerError> {
    let (known, _) = heard(connection)?;
    let Some(known) = known.filter(|known| *known != incarnation && Guard::IncarnationCheck.stands()) else {
        return Ok(Met::Central);
    };
    if incarnation < known {
        return Ok(Met::Predecessor { known });
    }
    tracing::warn!(known, incarnation, "central was restored; everything is offered to it again");
    // Other boxes of this store may not be there any more to tell what they did.
    documents::offer_all(connection, &format!("stock/{}/*", identity.store))?;
    Ok(Met::Central)
}

/// Both sides have said all, and are not level: one of them lost something that the other takes
/// for known (a restored disk). Everything is offered, and asked for, anew.
fn begin_anew(connection: &Connection, hand: &mut Hand) -> Result<(), LedgerError> {
    let unsynced: i64 = connection.prepare_cached(sql::UNSYNCED)?.query_row([], |row| row.get(0))?;
    let fetching = baseline::is_wanted(connection)? || !frames::asks(connection)?.is_empty();
    if unsynced > 0 || fetching || !hand.stalemate.is_due() {
        return Ok(());
    }
    tracing::warn!("the documents differ from central's and nothing is left to say; beginning anew");
    documents::offer_all(connection, &documents::own(&enrolled(hand)?))?;
    connection.execute(sql::AGENT_REHYDRATE, [])?;
    Ok(())
}

/// Acknowledgements, problems, the cursor; and whether both sides are level now. `silent` when
/// central sent no document.
fn conclude(
    connection: &Connection,
    hand: &mut Hand,
    response: &SyncResponse,
    silent: bool,
    now: Now,
) -> Result<Absorbed, LedgerError> {
    let mut problems = Vec::new();
    hand.unanswered = false;
    hand.documents_end = response.version >= SEALS_SINCE;
    for told in &response.acknowledged {
        match (told.document(), told.heads()) {
            (Ok(name), Ok(heads)) => acknowledge(connection, hand, &name, &heads, response.more)?,
            (Err(_), _) | (_, Err(_)) => problems.push(unreadable(told)),
        }
    }
    for problem in &response.errors {
        problems.extend(take_problem(connection, problem)?);
    }
    let told_before: i64 = connection.prepare_cached(sql::CENTRAL_TIME)?.query_row([], |row| row.get(0))?;
    let is_new = told_before == 0;
    connection
        .prepare_cached(sql::AGENT_HEAR)?
        .execute(params![signed(response.incarnation)?, signed(response.cursor)?])?;
    let mut pen = hand.pen(connection)?;
    pen.mint.witness(response.hlc, now.utc);
    pen.keep()?;
    let mut carried = carry::carried(connection, hand)?;
    problems.extend(end_documents(connection, hand, &mut carried, response, is_new)?);
    let root = carried.root;
    let to_carry = carry::any_to_carry(connection)?;
    if !to_carry {
        carry::keep_cut(connection, root)?;
    }
    hand.put_carried(carried);
    // Whoever waits for the baseline has the seals already, and not the stock.
    let level = !to_carry && !baseline::is_wanted(connection)? && root.hash() == response.root;
    losses::noted(connection, &response.losses_noted)?;
    escrow::take_over(connection, response)?;
    if level {
        // Every fact is in a document, and of every document central has what is here.
        connection.prepare_cached(sql::CENTRAL_HAS_ALL)?.execute([])?;
        hand.stalemate.is_over();
    }
    speaker::answered(connection, hand, response, level)?;
    let rehydrating = response.rehydrate || speaker::readiness(connection)?.rehydrating;
    hand.past_is_whole = !rehydrating && response.quarantined.is_none();
    let quiet = silent && !to_carry && !response.more && problems.is_empty();
    if !level && quiet && response.quarantined.is_none() {
        begin_anew(connection, hand)?;
    }
    // What was ceded just now is to be told.
    let ceded = escrow::heard(connection, hand, level, now.utc)?;
    let mut absorbed = Absorbed { problems, level: level && !ceded, ..Absorbed::default() };
    parcels::take_over(connection, response, &mut absorbed)?;
    Ok(absorbed)
}

/// Seals, and what central says of documents that it has sealed.
fn end_documents(
    connection: &Connection,
    hand: &Hand,
    carried: &mut Carried,
    response: &SyncResponse,
    is_new: bool,
) -> Result<Vec<String>, LedgerError> {
    let identity = enrolled(hand)?;
    for problem in response.errors.iter().filter(|problem| problem.code() == Some(Code::Sealed)) {
        if let Ok(name) = problem.document.parse::<DocumentId>() {
            seals::refused(connection, hand, &identity, carried, response, (&name, problem))?;
        }
    }
    seals::take_over(connection, hand, &identity, carried, response, is_new)
}

fn unreadable(told: &DocumentHeads) -> String {
    format!("central acknowledged {} in a way that cannot be read", told.name())
}

/// What central's heads cover is safe there; what they do not cover is sent again.
fn acknowledge(
    connection: &Connection,
    hand: &Hand,
    name: &DocumentId,
    heads: &Heads,
    more: bool,
) -> Result<(), LedgerError> {
    let Some(row) = documents::find(connection, name)?.filter(|row| !row.sealed) else { return Ok(()) };
    let covered = documents::known(connection, row.row, heads)?;
    let known = if Guard::AcknowledgedByHeads.stands() { covered } else { row.heads.clone() };
    if known.len() < heads.len() && !more {
        // Central has changes here that it did not send, or that we lost.
        connection.prepare_cached(sql::ASK)?.execute([name.to_string()])?;
    }
    connection.prepare_cached(sql::CHANGES_ACK_ALL)?.execute([row.row])?;
    if known != row.heads {
        let lacked = lacked(connection, hand, row.row, &known)?;
        for hash in lacked {
            connection.prepare_cached(sql::CHANGE_LACKED)?.execute(params![row.row, hash.as_bytes()])?;
        }
    }
    Ok(documents::set_acked(connection, row.row, &known)?)
}

/// Changes that central lacks, given those of its heads that are known here.
fn lacked(
    connection: &Connection,
    hand: &Hand,
    row: i64,
    known: &Heads,
) -> Result<Vec<ChangeHash>, LedgerError> {
    let Some(identity) = &hand.identity else { return Ok(Vec::new()) };
    let bag = documents::load(connection, row, hand.writer(&identity.replica))?;
    let changes = bag.changes_since(known).map_err(StorageError::unreadable)?;
    Ok(changes.into_iter().map(|change| change.hash).collect())
}

/// What is to be told of a problem; one that sending more mends is not told.
fn take_problem(connection: &Connection, problem: &DocumentProblem) -> Result<Option<String>, LedgerError> {
    let row = match problem.document.parse::<DocumentId>() {
        Ok(name) => documents::find(connection, &name)?,
        Err(_) => None,
    };
    match (problem.code(), row) {
        (Some(Code::MissingChanges), Some(row)) => {
            connection.prepare_cached(sql::CHANGES_LACK_ALL)?.execute([row.row])?;
            documents::set_acked(connection, row.row, &Heads::empty())?;
            Ok(None)
        }
        // Mended by taking the seal over: see `end_documents`.
        (Some(Code::Sealed), _) => Ok(None),
        _ => Ok(Some(format!("central did not take {}: {}", problem.document, problem.detail))),
    }
}
