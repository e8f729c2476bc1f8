//! From a command to what is recorded and answered. Adding a command is one file and one line here.

use super::command::{Answer, Command, Refusal, TaskAct};
use super::commands;
use super::outcome::{Context, Outcome, Reply, Said, Undecided};
use super::view::View;
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::domain::task::TaskState;

pub fn decide<V: View>(
    view: &V,
    command: &Command,
    context: Context<'_>,
) -> Result<Outcome, Undecided<V::Error>> {
    match command {
        Command::Move(requests) => commands::movement::decide(view, requests),
        Command::BringBack(request) => commands::bring_back::decide(view, request),
        Command::Close(request) => Ok(commands::close::decide(request.as_ref(), context)?),
        Command::Plan(request) => {
            let planned = view.planned().map_err(Undecided::View)?;
            Ok(commands::plan::decide(request, &planned, context)?)
        }
        Command::Unplan(number) => {
            let planned = view.planned().map_err(Undecided::View)?;
            Ok(commands::plan::take_back(*number, &planned)?)
        }
        Command::Label(request) => {
            let state = view.task(&request.task).map_err(Undecided::View)?;
            let state = state.ok_or_else(|| Refusal::UnknownTask(request.task.clone()))?;
            let known = view.label_reports().map_err(Undecided::View)?;
            Ok(commands::label::decide(&state, request, &known, context)?)
        }
        Command::Task { task, act } => {
            let state = view.task(task).map_err(Undecided::View)?;
            let state = state.ok_or_else(|| Refusal::UnknownTask(task.clone()))?;
            let said = act_on(view, &state, act, context)?;
            Ok(Outcome::facts(said, Reply::Task(task.clone())))
        }
    }
}

fn act_on<V: View>(
    view: &V,
    state: &TaskState,
    act: &TaskAct,
    context: Context<'_>,
) -> Result<Vec<Said>, Undecided<V::Error>> {
    let said = match act {
        TaskAct::Accept => commands::accept::decide(state),
        TaskAct::Decline { reason } => commands::decline::decide(state, reason, context),
        TaskAct::StartPicking => commands::start_picking::decide(state),
        TaskAct::Pick { line, quantity } => commands::pick::decide(state, *line, *quantity),
        TaskAct::Short { line, missing } => {
            let sku = state.line(*line).map(|line| &line.sku);
            let books = sku.map(|sku| view.position(sku)).transpose().map_err(Undecided::View)?.flatten();
            commands::short::decide(state, *line, *missing, books.as_ref())
        }
        TaskAct::Pack => commands::pack::decide(state),
        TaskAct::HandOver { to } => commands::hand_over::decide(state, to.as_deref(), context),
        TaskAct::PutBack => commands::put_back::decide(state, context),
        TaskAct::LetGo { reason, central_answers } => {
            commands::let_go::decide(state, reason, *central_answers, context)
        }
    };
    Ok(said?)
}

/// The answer, once the facts are applied within the same transaction.
pub fn answer<V: View>(view: &V, reply: Reply, facts: &[Fact]) -> Result<Answer, Undecided<V::Error>> {
    match reply {
        Reply::Moved(skus) => {
            let mut positions = Vec::with_capacity(skus.len());
            for sku in &skus {
                positions.extend(view.position(sku).map_err(Undecided::View)?);
            }
            Ok(Answer::Moved { facts: facts.iter().map(|fact| fact.id.clone()).collect(), positions })
        }
        Reply::Task(task) => {
            let state = view.task(&task).map_err(Undecided::View)?;
            let state = state.ok_or(Refusal::UnknownTask(task))?;
            Ok(Answer::Task { state: Box::new(state) })
        }
        Reply::Closure(closure) => Ok(Answer::Closure { closure }),
        Reply::Planned => Ok(Answer::Planned { planned: view.planned().map_err(Undecided::View)? }),
    }
}
