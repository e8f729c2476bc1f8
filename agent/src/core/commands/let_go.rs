//! A manager lets packed goods leave without a release, because central cannot be asked. It is a
//! fact; central is told, and stops whoever was to replace them.

use crate::core::command::Refusal;
use crate::core::outcome::{Context, Said, task_fact, text_fits};
use holdfast_shared::domain::task::{TaskEvent, TaskState};

pub fn decide(
    state: &TaskState,
    reason: &str,
    central_answers: bool,
    context: Context<'_>,
) -> Result<Vec<Said>, Refusal> {
    if reason.trim().is_empty() {
        return Err(Refusal::Invalid("say why the goods leave without a release".into()));
    }
    text_fits("reason", Some(reason))?;
    let replica = context.replica.ok_or(Refusal::NotEnrolled)?.clone();
    let said = task_fact(state, TaskEvent::LetGo { replica, reason: reason.to_owned() })?;
    if central_answers {
        return Err(Refusal::CentralAnswers);
    }
    Ok(vec![said])
}
