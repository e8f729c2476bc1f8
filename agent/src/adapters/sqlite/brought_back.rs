//! Goods that customers brought back: the list of them, and whose trace they belong to.

use super::value::id;
use super::view::Stored;
use crate::core::command::Refusal;
use crate::ports::ledger::{BackFilter, BackPage, BroughtBack, LedgerError};
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::domain::bring_back::ReturnRef;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{FactId, OrderId, TaskId};
use holdfast_shared::limits::{BROUGHT_BACK_FACTS_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use holdfast_shared::trace::TraceParent;
use holdfast_shared::wire::fact::decode;
use rusqlite::{Connection, OptionalExtension, named_params};

const LIST: &str = include_str!("brought_back/list.sql");
const TASK: &str = include_str!("brought_back/task.sql");

/// The newest first. Whoever is not enrolled, or has a box of its own beside this one, sees what is known here.
pub(super) fn page(connection: &Connection, filter: &BackFilter) -> Result<BackPage, LedgerError> {
    let limit = if filter.limit == 0 { PAGE_ROWS_DEFAULT } else { filter.limit.min(PAGE_ROWS_MAX) };
    let bad = |_| Refusal::Invalid("the cursor is not one that this list gave".into());
    let before = filter.cursor.as_deref().map_or(Ok(i64::MAX), |cursor| cursor.parse().map_err(bad))?;
    let mut statement = connection.prepare_cached(LIST)?;
    let mut rows = statement.query(named_params! {
        ":before": before,
        ":facts": BROUGHT_BACK_FACTS_MAX,
        ":since": filter.since.0,
        ":order": filter.order.as_ref().map(OrderId::as_str),
        // One more than asked for, to learn whether there is a next page.
        ":rows": limit.saturating_add(1),
    })?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut last, mut more) = (Vec::new(), before, false);
    while let Some(row) = rows.next()? {
        more = found.len() >= page;
        if more {
            break;
        }
        last = row.get(0)?;
        let fact: FactId = id(&row.get::<_, String>(1)?)?;
        let fact = decode(&fact, &row.get::<_, String>(2)?).map_err(StorageError::unreadable)?;
        found.extend(read(fact, row.get(3)?));
    }
    Ok(BackPage { brought_back: found, next: more.then(|| last.to_string()) })
}

fn read(fact: Fact, name: Option<String>) -> Option<BroughtBack> {
    let Body::Stock(StockFact { sku, movement, note, .. }) = fact.body else { return None };
    let Movement::BroughtBack { of, condition, units } = movement else { return None };
    let (fact, at, actor) = (fact.id, fact.at.wall, fact.actor);
    Some(BroughtBack { fact, at, of, sku, name, units, condition, actor, note })
}

/// The trace of the order, if this store had work for it: what comes back may be of an order that it never had.
pub(super) fn trace_of(connection: &Connection, of: &ReturnRef) -> Result<Option<TraceParent>, StorageError> {
    let Some(order) = of.order() else { return Ok(None) };
    let mut statement = connection.prepare_cached(TASK)?;
    let found: Option<String> =
        statement.query_row(named_params! { ":order": order.as_str() }, |row| row.get(0)).optional()?;
    let task: Option<TaskId> = found.as_deref().map(id).transpose()?;
    task.map_or(Ok(None), |task| Stored(connection).trace_of(&task))
}
