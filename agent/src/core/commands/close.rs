//! Staff close the store to order work, or open it again. No fact: it travels in heartbeats.

use crate::core::command::{ClosureRequest, Refusal};
use crate::core::outcome::{Context, Outcome, Reply, text_fits};
use holdfast_shared::wire::signal::ClosureNote;

pub fn decide(request: Option<&ClosureRequest>, context: Context<'_>) -> Result<Outcome, Refusal> {
    let note = request.map(|request| note(request, context)).transpose()?;
    Ok(Outcome { closure: Some(note.clone()), ..Outcome::facts(Vec::new(), Reply::Closure(note)) })
}

fn note(request: &ClosureRequest, context: Context<'_>) -> Result<ClosureNote, Refusal> {
    let now = context.now.utc;
    if request.cause.trim().is_empty() {
        return Err(Refusal::Invalid("say why the store is closed".into()));
    }
    text_fits("cause", Some(&request.cause))?;
    if request.until.is_some_and(|until| until <= now) {
        return Err(Refusal::Invalid("the closure would be over before it begins".into()));
    }
    Ok(ClosureNote {
        hard: request.hard,
        cause: request.cause.clone(),
        author: context.intent.actor.to_string(),
        since: now,
        until: request.until,
    })
}
