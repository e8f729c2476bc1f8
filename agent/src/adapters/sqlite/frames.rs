//! What central lacks, in bounded pieces: answers about tasks first, then today's stock, then
//! history. What tasks wait for never travels with a backlog: a loaded central takes small messages
//! first, and large ones when it can.

use super::documents::{self, to_heads};
use super::sql;
use super::value::id;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::Heads;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::limits::{SYNC_DOCUMENTS_MAX, SYNC_PIECE_BYTES, SYNC_SMALL_BYTES};
use holdfast_shared::wire::sync::{DocumentFrame, DocumentHeads};
use rusqlite::Connection;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// What goes ahead of backlogs.
    Small,
    Piece,
}

/// The frames of one message, and whether there is more.
pub(super) fn frames(
    connection: &Connection,
    size: Size,
) -> Result<(Vec<DocumentFrame>, bool), StorageError> {
    let mut statement = connection.prepare_cached(sql::DOCUMENTS_TO_SEND)?;
    let limit = i64::try_from(SYNC_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let mut rows = statement.query([limit.saturating_add(1)])?;
    let mut frames = Vec::new();
    let mut tasks = false;
    let mut room = match size {
        Size::Small => SYNC_SMALL_BYTES,
        Size::Piece => SYNC_PIECE_BYTES,
    };
    while let Some(row) = rows.next()? {
        if frames.len() == SYNC_DOCUMENTS_MAX || room == 0 {
            return Ok((frames, true));
        }
        let name: DocumentId = id(&row.get::<_, String>(1)?)?;
        // A task's document is small, and several write it: half of it would have no plain heads.
        let bytes_max = match name {
            DocumentId::Task(_) => {
                tasks = true;
                usize::MAX
            }
            DocumentId::Stock { .. } => {
                if std::mem::take(&mut tasks) {
                    room = room.min(SYNC_SMALL_BYTES);
                }
                room
            }
        };
        let (changes, whole) = documents::to_send(connection, row.get(0)?, bytes_max)?;
        let heads = match changes.last() {
            // A stock document has one writer, so the last change has all before it.
            Some(last) if !whole => Heads::new([last.hash]).map_err(StorageError::unreadable)?,
            Some(_) | None => to_heads(&row.get::<_, Vec<u8>>(2)?)?,
        };
        let frame = DocumentFrame::new(&name, &to_heads(&row.get::<_, Vec<u8>>(3)?)?, &heads, changes);
        room = room.saturating_sub(frame.change_bytes());
        frames.push(frame);
        if !whole {
            return Ok((frames, true));
        }
    }
    Ok((frames, false))
}

/// Documents that central is asked for, each with what is here of it.
pub(super) fn asks(connection: &Connection) -> Result<Vec<DocumentHeads>, StorageError> {
    let limit = i64::try_from(SYNC_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let mut statement = connection.prepare_cached(sql::ASKS)?;
    let mut rows = statement.query([limit])?;
    let mut asks = Vec::new();
    while let Some(row) = rows.next()? {
        let name: DocumentId = id(&row.get::<_, String>(0)?)?;
        asks.push(DocumentHeads::new(&name, &to_heads(&row.get::<_, Vec<u8>>(1)?)?));
    }
    Ok(asks)
}
