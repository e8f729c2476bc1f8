//! Staff cannot or will not do the task; central finds another store.

use crate::core::command::Refusal;
use crate::core::outcome::{Said, freed, task_fact, text_fits};
use holdfast_shared::domain::task::{TaskEvent, TaskState};

pub fn decide(state: &TaskState, reason: &str) -> Result<Vec<Said>, Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::Invalid("say why the task is declined".into()));
    }
    text_fits("reason", Some(reason))?;
    let mut said = vec![task_fact(state, TaskEvent::Declined { reason: reason.to_owned() })?];
    said.extend(freed(state));
    Ok(said)
}
