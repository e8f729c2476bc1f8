//! What is stored, as the core looks at it; and how rows become values.

use super::value::{id, json};
use super::{parcels, planned, sql};
use crate::core::command::{Position, Rights};
use crate::core::view::View;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{TaskEvent, TaskState};
use holdfast_shared::ids::{FactId, Sku, TaskId};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::{SpanId, TraceParent};
use holdfast_shared::wire::fact::decode;
use holdfast_shared::wire::signal::PlannedNote;
use holdfast_shared::wire::sync::LabelReport;
use rusqlite::{Connection, OptionalExtension, Params, Row};

/// The store's state within one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a>(pub &'a Connection);

impl View for Stored<'_> {
    type Error = StorageError;

    fn position(&self, sku: &Sku) -> Result<Option<Position>, StorageError> {
        let mut statement = self.0.prepare_cached(sql::POSITION)?;
        let row = statement.query_row([sku.as_str()], |row| Ok(position(row))).optional()?;
        row.transpose()?.map(|found| self.with_rights(found)).transpose()
    }

    fn task(&self, task: &TaskId) -> Result<Option<TaskState>, StorageError> {
        let mut statement = self.0.prepare_cached(sql::TASK_STATE)?;
        let state: Option<String> = statement.query_row([task.as_str()], |row| row.get(0)).optional()?;
        state.map(|state| json(&state)).transpose()
    }

    fn planned(&self) -> Result<Vec<PlannedNote>, StorageError> {
        planned::all(self.0)
    }

    fn label_reports(&self) -> Result<Vec<LabelReport>, StorageError> {
        parcels::reports(self.0)
    }
}

/// The seven columns that every look-up of positions selects.
fn position(row: &Row<'_>) -> Result<Position, StorageError> {
    let on_hand: i64 = row.get(3)?;
    let reserved: i64 = row.get(4)?;
    Ok(Position {
        sku: id(&row.get::<_, String>(0)?)?,
        name: row.get(1)?,
        barcode: row.get(2)?,
        on_hand,
        reserved,
        available: on_hand.saturating_sub(reserved),
        as_of: row.get::<_, Option<i64>>(5)?.map(UtcMs),
        counted_at: row.get::<_, Option<i64>>(6)?.map(UtcMs),
        rights: None,
    })
}

impl Stored<'_> {
    pub(super) fn positions(
        &self,
        statement: &str,
        params: impl Params,
    ) -> Result<Vec<Position>, StorageError> {
        let mut statement = self.0.prepare_cached(statement)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(self.with_rights(position(row)?)?);
        }
        Ok(found)
    }

    fn with_rights(self, position: Position) -> Result<Position, StorageError> {
        let mut statement = self.0.prepare_cached(sql::CEDED)?;
        let rights = statement
            .query_row([position.sku.as_str()], |row| {
                Ok(Rights { ceded: row.get(0)?, promised: row.get(1)?, in_doubt: row.get(2)? })
            })
            .optional()?;
        Ok(match rights {
            Some(rights) => position.with_rights(rights),
            None => position,
        })
    }

    /// Where a task stands in its order's trace: the trace that came with its offer, and the offer's span. What a
    /// store does is told below that.
    pub(super) fn trace_of(self, task: &TaskId) -> Result<Option<TraceParent>, StorageError> {
        let facts = self.facts(sql::FACTS_OF_TASK, task.as_str())?;
        let is_offer = |fact: &&Fact| matches!(&fact.body, Body::Task(said) if matches!(said.event, TaskEvent::Offered(_)));
        let offer = facts.iter().find(is_offer);
        Ok(offer.and_then(|offer| {
            let trace = offer.trace.clone()?;
            Some(TraceParent { trace, span: SpanId::of_fact(&offer.id), sampled: true })
        }))
    }

    /// Facts by a statement that selects id and text.
    pub(super) fn facts(&self, statement: &str, of: &str) -> Result<Vec<Fact>, StorageError> {
        let mut statement = self.0.prepare_cached(statement)?;
        let mut rows = statement.query([of])?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let fact_id: FactId = id(&row.get::<_, String>(0)?)?;
            let text: String = row.get(1)?;
            facts.push(decode(&fact_id, &text).map_err(StorageError::unreadable)?);
        }
        Ok(facts)
    }
}
