//! Units of a line are in the tote.

use crate::core::command::Refusal;
use crate::core::outcome::{Said, task_fact};
use holdfast_shared::domain::task::{TaskEvent, TaskState};
use holdfast_shared::ids::LineNo;

pub fn decide(state: &TaskState, line: LineNo, quantity: i64) -> Result<Vec<Said>, Refusal> {
    Ok(vec![task_fact(state, TaskEvent::Picked { line, quantity })?])
}
