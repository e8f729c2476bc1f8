//! A catalogue or opening stock file: all of it in one transaction, or nothing.

use super::hand::Hand;
use super::record::{Pen, enter_new};
use super::{SqliteLedger, sql};
use crate::core::command::Refusal;
use crate::core::mint::Author;
use crate::core::outcome::Said;
use crate::ports::ledger::{Import, ImportItem, Imported, LedgerError};
use async_trait::async_trait;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Actor, Sku};
use holdfast_shared::time::{Now, UtcMs};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// Lines between two reports of progress.
const PROGRESS_LINES: u64 = 1_000;

#[async_trait]
impl Import for SqliteLedger {
    async fn import(
        &self,
        items: Vec<ImportItem>,
        progress: Box<dyn Fn(u64) + Send + Sync>,
        now: Now,
    ) -> Result<Imported, LedgerError> {
        let (items, progress) = (Arc::new(items), Arc::new(progress));
        self.write(move |connection, hand| import(connection, hand, &items, &**progress, now)).await
    }
}

fn import(
    connection: &Connection,
    hand: &Hand,
    items: &[ImportItem],
    progress: &(dyn Fn(u64) + Send + Sync),
    now: Now,
) -> Result<Imported, LedgerError> {
    let actor = Actor::new("import").map_err(StorageError::unreadable)?;
    let mut pen = hand.pen(connection)?;
    let mut imported = Imported::default();
    for (done, item) in (1_u64..).zip(items) {
        catalogue(connection, item, &mut imported)?;
        if let Some(units) = item.on_hand {
            open_position(connection, &mut pen, (&item.sku, units), &actor, now.utc, &mut imported)?;
        }
        if done.is_multiple_of(PROGRESS_LINES) {
            progress(done);
        }
    }
    pen.keep()?;
    progress(u64::try_from(items.len()).unwrap_or(u64::MAX));
    Ok(imported)
}

fn catalogue(connection: &Connection, item: &ImportItem, imported: &mut Imported) -> Result<(), LedgerError> {
    let row = params![item.sku.as_str(), item.name, item.barcode, item.class];
    let new = connection.prepare_cached(sql::ITEM_INSERT)?.execute(row)?;
    if new == 1 {
        imported.new_skus += 1;
    } else if connection.prepare_cached(sql::ITEM_CHANGE)?.execute(row)? == 1 {
        imported.changed_skus += 1;
    }
    Ok(())
}

/// Opening stock counts once. A SKU that has moved already knows better than an old file.
fn open_position(
    connection: &Connection,
    pen: &mut Pen<'_>,
    (sku, units): (&Sku, i64),
    actor: &Actor,
    now: UtcMs,
    imported: &mut Imported,
) -> Result<(), LedgerError> {
    let moved: bool =
        connection.prepare_cached(sql::ITEM_HAS_MOVED)?.query_row([sku.as_str()], |row| row.get(0))?;
    if moved {
        imported.kept_positions += 1;
        return Ok(());
    }
    let fact = StockFact { sku: sku.clone(), delta: units, movement: Movement::Opening, note: None };
    fact.check().map_err(|bad| Refusal::Quantity(format!("{sku}: {bad}")))?;
    let author = Author { actor, trace: None, given: None };
    let facts = pen.mint.write(vec![Said { after: None, body: Body::Stock(fact) }], author, now)?;
    enter_new(pen, &facts, now)?;
    imported.opened_positions += 1;
    Ok(())
}
