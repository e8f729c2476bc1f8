//! Staff cannot or will not do the task; central finds another store.

use crate::core::command::Refusal;
use crate::core::outcome::{Context, Said, end_of, freed, text_fits};
use holdfast_shared::domain::task::{TaskEvent, TaskState};

pub fn decide(state: &TaskState, reason: &str, context: Context<'_>) -> Result<Vec<Said>, Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::Invalid("say why the task is declined".into()));
    }
    text_fits("reason", Some(reason))?;
    let mut said = vec![end_of(state, TaskEvent::Declined { reason: reason.to_owned() }, context)?];
    said.extend(freed(state));
    Ok(said)
}
