//! Who had an order under which fence, and how each of those rights ended.

use super::effects::words;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{TaskEvent, TaskState};
use holdfast_shared::ids::{StoreId, TaskId};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One step of a fence: given, made stronger, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FenceStep {
    /// The fence that it is about; the greatest counts.
    #[schema(value_type = String, example = "1.7")]
    pub fence: Fence,
    pub at: UtcMs,
    #[schema(example = "released")]
    pub kind: String,
    pub store: StoreId,
    pub task: TaskId,
    pub words: String,
}

/// What changed the right to the goods; how the work went on is the timeline's.
const fn kind(event: &TaskEvent) -> Option<&'static str> {
    match event {
        TaskEvent::Offered(_) => Some("offered"),
        TaskEvent::Declined { .. } => Some("declined"),
        TaskEvent::Released { .. } => Some("released"),
        TaskEvent::Recalled { .. } => Some("recalled"),
        TaskEvent::CancelRequested { .. } => Some("cancel_requested"),
        TaskEvent::Readopted => Some("readopted"),
        TaskEvent::TakenBack { .. } => Some("taken_back"),
        TaskEvent::LetGo { .. } => Some("let_go"),
        TaskEvent::PutBack => Some("put_back"),
        TaskEvent::HandedOver { .. } => Some("handed_over"),
        TaskEvent::Accepted
        | TaskEvent::PickingStarted
        | TaskEvent::Picked { .. }
        | TaskEvent::Short { .. }
        | TaskEvent::Packed => None,
    }
}

/// Oldest first, whichever task it is of.
#[must_use]
pub fn history<'a>(tasks: impl IntoIterator<Item = (&'a TaskState, &'a [Fact])>) -> Vec<FenceStep> {
    let mut steps = Vec::new();
    for (task, facts) in tasks {
        let mut facts: Vec<&Fact> = facts.iter().collect();
        facts.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        steps.extend(facts.into_iter().filter_map(|fact| step(task, fact)));
    }
    steps.sort_by_key(|step| step.at);
    steps
}

fn step(task: &TaskState, fact: &Fact) -> Option<FenceStep> {
    let Body::Task(said) = &fact.body else { return None };
    Some(FenceStep {
        fence: said.fence,
        at: fact.at.wall,
        kind: kind(&said.event)?.to_owned(),
        store: task.store.clone(),
        task: task.task.clone(),
        words: words(&said.event, &task.store),
    })
}
