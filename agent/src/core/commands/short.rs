//! Units of a line were not found: they come off the books, and off the line's hold.

use crate::core::command::Refusal;
use crate::core::outcome::{Said, stock_fact, task_fact};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{Illegal, TaskEvent, TaskState};
use holdfast_shared::ids::LineNo;

pub fn decide(state: &TaskState, line: LineNo, missing: i64) -> Result<Vec<Said>, Refusal> {
    let event = task_fact(state, TaskEvent::Short { line, missing })?;
    let found = state.line(line).ok_or(Illegal::NoSuchLine(line))?;
    let off = stock_fact(state, found, missing.saturating_neg(), |hold| Movement::ShortPick { hold });
    Ok(vec![event, off])
}
