//! Own stock documents: the newest takes what happens, the next is opened at a bound, on a new
//! business day and in a new boot, and the one before is closed with a last fact that tells its
//! count and digest. None of it needs central, but for documents of earlier boots: those may lack
//! what a restored disk lost, so central is heard first.

use super::documents;
use super::hand::{Carried, Hand, OpenStock};
use super::sql;
use super::value::id;
use crate::core::mint::Author;
use crate::core::outcome::Said;
use crate::ports::ledger::Identity;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{Bag, Root, WriterId};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::ids::{Actor, DocumentId};
use holdfast_shared::limits::{EPOCH_FACTS_MAX, SEALING_DOCUMENTS_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::{Epoch, encode};
use rusqlite::{Connection, OptionalExtension, params};

/// A business day is one of UTC: the agent knows no zone.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Where documents are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desk<'a> {
    pub connection: &'a Connection,
    pub hand: &'a Hand,
    pub identity: &'a Identity,
    pub writer: WriterId,
    pub now: UtcMs,
}

impl Desk<'_> {
    const fn today(&self) -> i64 {
        self.now.0.div_euclid(DAY_MS)
    }
}

impl OpenStock {
    pub(super) fn is_full(&self) -> bool {
        self.bag.len() >= EPOCH_FACTS_MAX
    }

    /// A clock that was set back opens nothing: the number of facts bounds the document too.
    fn is_over(&self, today: i64) -> bool {
        self.is_full() || self.day < today
    }
}

/// The newest document of this boot.
enum Newest {
    None,
    /// Not read: it takes nothing more.
    Closed(u32),
    Open(Box<OpenStock>),
}

/// The document that takes the next facts. The full one before it is closed.
pub(super) fn newest(desk: &Desk<'_>, carried: &mut Carried) -> Result<OpenStock, StorageError> {
    let known = match carried.stock.take() {
        Some(open) => Newest::Open(Box::new(open)),
        None => find_newest(desk)?,
    };
    let before = match known {
        Newest::None => 0,
        Newest::Closed(n) => n,
        Newest::Open(open) if !open.closed && !open.is_over(desk.today()) => return Ok(*open),
        Newest::Open(mut full) => {
            close(desk, &mut full, &mut carried.root)?;
            full.n
        }
    };
    open(desk, before.saturating_add(1))
}

/// A full document is closed at once, and its facts need no memory any more. Tells whether there was one.
pub(super) fn put_away_full(desk: &Desk<'_>, carried: &mut Carried) -> Result<bool, StorageError> {
    let Some(mut full) = carried.stock.take_if(|open| open.is_full()) else { return Ok(false) };
    close(desk, &mut full, &mut carried.root)?;
    Ok(true)
}

/// Yesterday's document, and those of earlier boots.
pub(super) fn close_what_is_over(desk: &Desk<'_>, carried: &mut Carried) -> Result<(), StorageError> {
    if let Some(open) = &mut carried.stock
        && open.is_over(desk.today())
    {
        close(desk, open, &mut carried.root)?;
    }
    if desk.hand.past_is_whole && desk.hand.documents_end {
        close_past(desk, &mut carried.root)
    } else {
        Ok(())
    }
}

fn find_newest(desk: &Desk<'_>) -> Result<Newest, StorageError> {
    let Identity { store, replica, boot, .. } = desk.identity;
    let prefix = format!("stock/{store}/{replica}/{boot}");
    let newest: Option<(String, bool)> = desk
        .connection
        .prepare_cached(sql::DOCUMENT_NEWEST)?
        .query_row([format!("{prefix}/"), format!("{prefix}0")], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((name, closed)) = newest else { return Ok(Newest::None) };
    match id(&name)? {
        DocumentId::Stock { n, .. } if closed => Ok(Newest::Closed(n)),
        DocumentId::Stock { n, .. } => Ok(Newest::Open(Box::new(open(desk, n)?))),
        DocumentId::Task(_) => Ok(Newest::None),
    }
}

fn open(desk: &Desk<'_>, n: u32) -> Result<OpenStock, StorageError> {
    let Desk { connection, writer, .. } = *desk;
    let Identity { store, replica, boot, .. } = desk.identity.clone();
    let name = DocumentId::Stock { store, replica, boot, n };
    let row = documents::find_or_create(connection, &name)?.row;
    connection.prepare_cached(sql::DOCUMENT_DAY)?.execute(params![row, desk.today()])?;
    let day = connection.prepare_cached(sql::DOCUMENT_DAY_OF)?.query_row([row], |row| row.get(0))?;
    Ok(OpenStock { row, name, n, day, closed: false, bag: documents::load(connection, row, writer)? })
}

fn close(desk: &Desk<'_>, open: &mut OpenStock, root: &mut Root) -> Result<(), StorageError> {
    // A central that knows no closings would refuse the document; it is left as it is.
    if desk.hand.documents_end && !open.closed && !open.bag.is_empty() {
        write_closing(desk, open.row, &open.name, &mut open.bag, root)?;
        open.closed = true;
    }
    Ok(())
}

fn close_past(desk: &Desk<'_>, root: &mut Root) -> Result<(), StorageError> {
    let Desk { connection, identity, writer, .. } = *desk;
    let own = format!("stock/{}/{}/", identity.store, identity.replica);
    let limit = i64::try_from(SEALING_DOCUMENTS_MAX).map_err(StorageError::unreadable)?;
    let past: Vec<(i64, String)> = connection
        .prepare_cached(sql::DOCUMENTS_TO_CLOSE)?
        .query_map(params![format!("{own}*"), format!("{own}{}/*", identity.boot), limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    for (row, name) in past {
        let mut bag = documents::load(connection, row, writer)?;
        write_closing(desk, row, &id(&name)?, &mut bag, root)?;
    }
    Ok(())
}

/// The last fact of a document. Only documents hold it: it says nothing about the store.
fn write_closing(
    desk: &Desk<'_>,
    row: i64,
    name: &DocumentId,
    bag: &mut Bag,
    root: &mut Root,
) -> Result<(), StorageError> {
    let Desk { connection, hand, now, .. } = *desk;
    let epoch = Epoch::of(bag.facts()).map_err(StorageError::unreadable)?;
    connection.prepare_cached(sql::DOCUMENT_CLOSED)?.execute([row])?;
    if !epoch.told.is_empty() {
        return Ok(());
    }
    let actor = Actor::new("agent").map_err(StorageError::unreadable)?;
    let said = vec![Said { after: None, body: Body::Epoch(epoch.counted) }];
    let author = Author { actor: &actor, trace: None, given: None };
    let mut pen = hand.pen(connection)?;
    let facts = pen.mint.write(said, author, now).map_err(StorageError::unreadable)?;
    pen.keep()?;
    let before = bag.heads();
    for fact in facts {
        let text = encode(&fact).map_err(StorageError::unreadable)?;
        documents::write(connection, row, bag, &[(fact.id, text)], (0, now))?;
    }
    root.advance(name, &before, &bag.heads());
    Ok(())
}
