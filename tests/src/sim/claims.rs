//! Who may have units by central's rows: whoever has a release, and, of work that was just given back, nobody
//! beside who has it.

use super::eye::CentralEye;
use anyhow::Result;
use holdfast_shared::domain::task::{Phase, TaskState};
use holdfast_shared::ids::{StoreId, TaskId};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;

const TASKS_OF_ITS_ORDER: &str =
    "SELECT o.state FROM task t JOIN task o USING (tenant, order_id) WHERE t.task = ?1";

/// Units of a line that are not cancelled.
const ORDERED: &str = "SELECT l.quantity - l.cancelled FROM task t JOIN order_line l USING (tenant, order_id)
    WHERE t.task = ?1 AND l.line = ?2";

/// Lines of which too much has left, but for those that a person overrode and that are on record. With it
/// the stores of their orders, and whether people were told.
const FINISHED_TWICE: &str = "SELECT order_id || '/' || line,
        (SELECT json_group_array(store) FROM task t WHERE t.order_id = l.order_id),
        EXISTS (SELECT 1 FROM exception e WHERE e.key = 'surplus/' || l.order_id)
    FROM order_line l WHERE (finished > quantity OR surplus > 0) AND NOT EXISTS (
        SELECT 1 FROM exception e WHERE e.category = 'override' AND e.order_id = l.order_id)";

const IS_ANSWERED: &str = "SELECT ended_at IS NOT NULL OR released_to IS NULL FROM task WHERE task = ?1";

/// A line of which more has left than was ordered.
#[derive(Debug)]
pub struct FinishedTwice {
    pub line: String,
    pub stores: Vec<StoreId>,
    pub told: bool,
}

impl CentralEye {
    /// # Errors
    /// When the file cannot be read.
    pub fn finished_twice(&self) -> Result<Vec<FinishedTwice>> {
        let mut statement = self.connection.prepare_cached(FINISHED_TWICE)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
        rows.map(|row| {
            let (line, stores, told) = row?;
            Ok(FinishedTwice { line, stores: serde_json::from_str(&stores)?, told })
        })
        .collect()
    }

    /// Whether nobody may hand a task's goods over any more: it has ended, or its release is used up.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_answered(&self, task: &TaskId) -> Result<bool> {
        let mut statement = self.connection.prepare_cached(IS_ANSWERED)?;
        Ok(statement.query_row([task.as_str()], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    /// Others with units of this task, more of which are claimed than were ordered. Of stores with several
    /// boxes, one may have begun without the other's knowledge: they do not count.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn begun_beside(&self, task: &TaskId, shared: &BTreeSet<StoreId>) -> Result<Option<TaskState>> {
        let mut statement = self.connection.prepare_cached(TASKS_OF_ITS_ORDER)?;
        let states = statement.query_map([task.as_str()], |row| row.get::<_, String>(0))?;
        let states: Vec<TaskState> =
            states.map(|state| Ok(serde_json::from_str(&state?)?)).collect::<Result<_>>()?;
        let claiming: Vec<&TaskState> = states.iter().filter(|state| claims(state)).collect();
        // What a central gave back that was restored since is told again: it did not know better.
        let ours = self.incarnation()?;
        let given_now =
            |state: &&&TaskState| state.task == *task && i64::from(state.fence.incarnation) == ours;
        let Some(back) = claiming.iter().find(given_now) else { return Ok(None) };
        for line in back.lines.iter().filter(|line| line.quantity > line.short) {
            let key = params![task.as_str(), line.line.0];
            let ordered: i64 = self.connection.prepare_cached(ORDERED)?.query_row(key, |row| row.get(0))?;
            let of_line = |state: &TaskState| {
                state.line(line.line).map_or(0, |line| line.quantity.saturating_sub(line.short))
            };
            let claimed: i64 = claiming.iter().map(|state| of_line(state)).sum();
            let other = claiming
                .iter()
                .find(|state| state.task != *task && of_line(state) > 0 && !shared.contains(&state.store));
            // A person who took work back answers for goods that had left already.
            if let Some(other) = other.filter(|_| claimed > ordered)
                && !self.has_override(&other.task)?
            {
                return Ok(Some(TaskState::clone(other)));
            }
        }
        Ok(None)
    }
}

/// Not who was asked to stop, or does as a person says, whatever comes of that.
const fn claims(state: &TaskState) -> bool {
    let bound = state.recall.is_none() && state.let_go.is_none();
    bound && !matches!(state.phase, Phase::Declined | Phase::PutBack)
}
