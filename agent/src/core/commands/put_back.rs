//! The goods are back on the shelf: the answer to a recall or a cancel.

use crate::core::command::Refusal;
use crate::core::outcome::{Context, Said, end_of, freed};
use holdfast_shared::domain::task::{TaskEvent, TaskState};

pub fn decide(state: &TaskState, context: Context<'_>) -> Result<Vec<Said>, Refusal> {
    let mut said = vec![end_of(state, TaskEvent::PutBack, context)?];
    said.extend(freed(state));
    Ok(said)
}
