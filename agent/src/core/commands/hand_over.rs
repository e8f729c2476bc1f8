//! The goods leave: to a carrier, a driver or the customer. Only with a release to this replica.

use crate::core::command::Refusal;
use crate::core::outcome::{Context, Said, stock_fact, task_fact, text_fits};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{Illegal, TaskEvent, TaskState};
use holdfast_shared::guard::Guard;

pub fn decide(state: &TaskState, to: Option<&str>, context: Context<'_>) -> Result<Vec<Said>, Refusal> {
    text_fits("receiver", to)?;
    let event = task_fact(state, TaskEvent::HandedOver { to: to.map(str::to_owned) })?;
    // A second box of the same store, or a clone of this one, does not hold this right.
    let released = state.release.as_ref().map(|release| &release.replica);
    let here = context.replica.is_some() && released == context.replica;
    if !here && Guard::ReleaseBeforeHandOver.stands() {
        return Err(Illegal::NotReleased.into());
    }
    let picked = state.lines.iter().filter(|line| line.picked > 0);
    let left = picked.map(|line| {
        stock_fact(state, line, line.picked.saturating_neg(), |hold| Movement::HandOver { hold })
    });
    Ok(std::iter::once(event).chain(left).collect())
}
