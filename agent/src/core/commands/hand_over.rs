//! The goods leave: to a carrier, a driver or the customer. Only with a release to this replica, or by
//! a manager's word given here.

use crate::core::command::Refusal;
use crate::core::outcome::{Context, Said, released_elsewhere, stock_fact, task_fact, text_fits};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::{Illegal, TaskEvent, TaskState};
use holdfast_shared::guard::Guard;

pub fn decide(state: &TaskState, to: Option<&str>, context: Context<'_>) -> Result<Vec<Said>, Refusal> {
    text_fits("receiver", to)?;
    let event = task_fact(state, TaskEvent::HandedOver { to: to.map(str::to_owned) })?;
    // A second box of the same store, or a clone of this one, does not hold this right.
    let cleared = context.replica.is_some_and(|replica| state.cleared_for(replica));
    if !cleared && Guard::ReleaseBeforeHandOver.stands() {
        return Err(match released_elsewhere(state, context.replica) {
            Some(there) => Refusal::ReleasedElsewhere(there.clone()),
            None => Illegal::NotReleased.into(),
        });
    }
    let picked = state.lines.iter().filter(|line| line.picked > 0);
    let left = picked.map(|line| {
        stock_fact(state, line, line.picked.saturating_neg(), |hold| Movement::HandOver { hold })
    });
    Ok(std::iter::once(event).chain(left).collect())
}
