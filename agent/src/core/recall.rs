//! The answer to a recall or cancel of goods that nobody has touched: the agent gives it itself.

use super::outcome::{Said, freed, said_of};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{Phase, TaskEvent, TaskState, check};
use holdfast_shared::guard::Guard;

/// What the agent records when a task is only offered and is not wanted any more. Work that was
/// begun is answered by staff: a unit may be in a tote.
///
/// The phase alone does not tell: a recall that was decided before staff began, and heard of
/// after, ranks before their work, and the fold shows a task that nobody has touched. `facts` are
/// all that is known of the task.
#[must_use]
pub fn untouched(state: &TaskState, facts: &[Fact]) -> Vec<Said> {
    let stopped = state.recall.is_some() && state.phase == Phase::Offered;
    if !stopped
        || (begun(facts) && Guard::UntouchedOnly.stands())
        || check(state, &TaskEvent::PutBack).is_err()
    {
        return Vec::new();
    }
    let mut said = vec![said_of(state, TaskEvent::PutBack)];
    said.extend(freed(state));
    said
}

/// Who declined did so before taking anything off the shelf.
fn begun(facts: &[Fact]) -> bool {
    let said = || {
        facts.iter().filter_map(|fact| match &fact.body {
            Body::Task(said) => Some(&said.event),
            Body::Stock(_) => None,
        })
    };
    let declined = said().any(|event| matches!(event, TaskEvent::Declined { .. }));
    !declined && said().any(|event| !event.is_centrals())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::mint::{Author, Mint};
    use crate::core::testing::{intent, task};
    use holdfast_shared::domain::task::Recall;
    use holdfast_shared::time::{Hlc, UtcMs};

    #[test]
    fn work_that_a_late_recall_ranks_before_is_answered_by_staff() {
        let mut state = task("o-1", &[("A", 2)]);
        let mut mint = Mint::resume("s-a".parse().unwrap(), 7, 1, Hlc::default());
        let mut write =
            |event| mint.write(vec![said_of(&state, event)], Author::of(&intent("k")), UtcMs(1)).unwrap();
        let accepted = write(TaskEvent::Accepted);
        let declined = write(TaskEvent::Declined { reason: "busy".into() });
        let recalled = write(TaskEvent::Recalled { reason: "moved".into() });
        state.recall = Some(Recall { reason: "moved".into(), cancel: false });
        assert!(untouched(&state, &accepted).is_empty());
        assert_eq!(untouched(&state, &recalled).len(), 2);
        assert_eq!(untouched(&state, &[accepted, declined].concat()).len(), 2);
    }

    #[test]
    fn only_an_untouched_task_is_answered_without_staff() {
        let mut state = task("o-1", &[("A", 2), ("B", 1)]);
        assert!(untouched(&state, &[]).is_empty());
        state.recall = Some(Recall { reason: "moved".into(), cancel: false });
        assert_eq!(untouched(&state, &[]).len(), 3);
        for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Offered) {
            state.phase = phase;
            assert!(untouched(&state, &[]).is_empty(), "{phase:?}");
        }
    }
}
