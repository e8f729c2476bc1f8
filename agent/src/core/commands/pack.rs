//! Everything that was found is in the parcel.

use crate::core::command::Refusal;
use crate::core::outcome::{Said, task_fact};
use holdfast_shared::domain::task::{TaskEvent, TaskState};

pub fn decide(state: &TaskState) -> Result<Vec<Said>, Refusal> {
    Ok(vec![task_fact(state, TaskEvent::Packed)?])
}
