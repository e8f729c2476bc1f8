//! Which start of this database speaks, and what central makes of it.

use super::documents::{any_due, offer_all, own, to_heads};
use super::hand::{Hand, Start};
use super::value::{id, unsigned};
use super::{baseline, sql};
use crate::core::readiness::Readiness;
use crate::ports::ledger::{Absorbed, Speaker};
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::ids::{BootId, DocumentId, ReplicaId};
use holdfast_shared::limits::{SPOKEN_BOOTS_MAX, SYNC_DOCUMENTS_MAX};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::sync::{DocumentHeads, SyncResponse};
use rusqlite::{Connection, OpenFlags, params};
use std::path::Path;

/// What a database says of a box that is kept apart, read without starting it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptApart {
    /// The replica that it shares with another box.
    pub shared_as: ReplicaId,
    /// Facts of it that central has not taken, not even into its branch.
    pub unsent: u64,
}

impl KeptApart {
    /// None when the box at this path was not kept apart, as far as it knows.
    pub fn read(path: &Path) -> Result<Option<Self>, StorageError> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let shared_as: Option<String> =
            connection.query_row(sql::AGENT_QUARANTINED_AS, [], |row| row.get(0))?;
        let Some(shared_as) = shared_as else { return Ok(None) };
        let unsent: i64 = connection.query_row(sql::UNSYNCED, [], |row| row.get(0))?;
        Ok(Some(Self { shared_as: id(&shared_as)?, unsent: unsigned(unsent)? }))
    }
}

/// Counts this start, before anything is written in its name.
pub(super) fn begin(connection: &Connection) -> Result<Start, StorageError> {
    let (number, before, wall, counter): (i64, Option<String>, i64, u32) =
        connection.query_row(sql::AGENT_BEGINS, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    Ok(Start {
        number: unsigned(number)?,
        before: before.iter().flat_map(|boots| boots.split(' ')).map(id).collect::<Result<_, _>>()?,
        resumed: Hlc { wall: UtcMs(wall), counter },
        ..Start::default()
    })
}

pub(super) fn readiness(connection: &Connection) -> Result<Readiness, StorageError> {
    let mut statement = connection.prepare_cached(sql::AGENT_READINESS)?;
    let (rehydrating, quarantined) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Readiness { rehydrating, quarantined })
}

pub(super) fn boot_number(connection: &Connection) -> Result<u64, StorageError> {
    unsigned(connection.prepare_cached(sql::AGENT_READINESS)?.query_row([], |row| row.get(2))?)
}

/// What the next request says of the speaker. `own` matches the names of its stock documents.
pub(super) fn speaks(connection: &Connection, hand: &mut Hand, own: &str) -> Result<Speaker, StorageError> {
    let Readiness { rehydrating, .. } = readiness(connection)?;
    let start = &mut hand.start;
    start.asked_for_own = rehydrating;
    let own = if start.answered { None } else { own_documents(connection, own)? };
    if !start.answered {
        remember(connection, &start.before, &hand.boot)?;
    }
    let mut before = start.before.iter().cloned();
    Ok(Speaker {
        boot_number: start.number,
        previous_boot: before.next(),
        spoken_boots: before.collect(),
        resumed: start.resumed,
        first: own.is_some(),
        own: own.unwrap_or_default(),
        rehydrating,
        challenge: start.challenge.clone(),
        box_name: start.box_name.clone(),
    })
}

/// That this boot speaks, before it does: whatever becomes of the answer, central may know it. Of too many
/// the newest stay, and the one that was answered.
fn remember(connection: &Connection, before: &[BootId], boot: &BootId) -> Result<(), StorageError> {
    let (answered, spoken) = before.split_at(before.len().min(1));
    let spoken = spoken.iter().skip(spoken.len().saturating_sub(SPOKEN_BOOTS_MAX.saturating_sub(1)));
    let all: Vec<&str> = answered.iter().chain(spoken).chain([boot]).map(BootId::as_str).collect();
    connection.prepare_cached(sql::AGENT_SPEAKS)?.execute([all.join(" ")])?;
    Ok(())
}

/// None when they are more than one message may name: then central cannot compare.
fn own_documents(connection: &Connection, own: &str) -> Result<Option<Vec<DocumentHeads>>, StorageError> {
    let limit = i64::try_from(SYNC_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let mut statement = connection.prepare_cached(sql::DOCUMENTS_OWN)?;
    let mut rows = statement.query(params![own, limit.saturating_add(1)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: DocumentId = id(&row.get::<_, String>(0)?)?;
        found.push(DocumentHeads::new(&name, &to_heads(&row.get::<_, Vec<u8>>(1)?)?));
    }
    Ok((found.len() <= SYNC_DOCUMENTS_MAX).then_some(found))
}

/// Central took nothing: it asks whether this boot is still there. A start that was never answered may
/// be that of a disk of before, which takes no order work until it has back what it lost.
pub(super) fn challenged(
    connection: &Connection,
    hand: &mut Hand,
    challenge: String,
) -> Result<Absorbed, StorageError> {
    tracing::warn!("central heard another start of this replica; telling it that this one is alive");
    // Who fetches already goes on where it was.
    if !hand.start.answered && !readiness(connection)?.rehydrating {
        connection.prepare_cached(sql::AGENT_REHYDRATE)?.execute([])?;
    }
    hand.start.challenge = Some(challenge);
    hand.unanswered = false;
    Ok(Absorbed::default())
}

/// Takes down what central said of this box. `level` when nothing can be missing.
pub(super) fn answered(
    connection: &Connection,
    hand: &mut Hand,
    response: &SyncResponse,
    level: bool,
) -> Result<(), StorageError> {
    let before = readiness(connection)?;
    hand.start.answered = true;
    hand.start.challenge = None;
    let replica = hand.identity.as_ref().map(|identity| identity.replica.as_str());
    let quarantined_as = replica.filter(|_| response.quarantined.is_some());
    connection.prepare_cached(sql::AGENT_ANSWERED)?.execute(params![
        hand.boot.as_str(),
        response.quarantined,
        quarantined_as
    ])?;
    match (&before.quarantined, &response.quarantined) {
        (None, Some(why)) => tracing::error!(why, "central keeps this box in quarantine"),
        (Some(_), None) => {
            tracing::warn!("the quarantine of this box is over; everything is offered to central again");
            // What was acknowledged meanwhile is in the branch, and whatever became of that, central
            // need not have it in its documents.
            if !level && let Some(identity) = &hand.identity {
                offer_all(connection, &own(identity))?;
            }
        }
        (None, None) | (Some(_), Some(_)) => {}
    }
    // Of what was sealed meanwhile only the seals come by themselves: its facts, or the baseline, are
    // asked for after that. A central that knows no seals has none of it.
    let fetching = hand.documents_end && (baseline::is_wanted(connection)? || any_due(connection)?);
    if response.rehydrate && !level {
        tracing::warn!("central has more of this replica than is here; fetching it before order work");
        connection.prepare_cached(sql::AGENT_REHYDRATE)?.execute([])?;
    } else if before.rehydrating && !fetching && (level || (hand.start.asked_for_own && !response.more)) {
        tracing::info!("everything that central has of this replica is here again");
        connection.prepare_cached(sql::AGENT_REHYDRATED)?.execute([])?;
    }
    Ok(())
}
