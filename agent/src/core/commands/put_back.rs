//! The goods are back on the shelf: the answer to a recall or a cancel.

use crate::core::command::Refusal;
use crate::core::outcome::{Said, freed, task_fact};
use holdfast_shared::domain::task::{TaskEvent, TaskState};

pub fn decide(state: &TaskState) -> Result<Vec<Said>, Refusal> {
    let mut said = vec![task_fact(state, TaskEvent::PutBack)?];
    said.extend(freed(state));
    Ok(said)
}
