//! Answers that need nobody: to a recall or cancel of goods that nobody has touched, and to a release of
//! work that was declined already. The agent gives them itself.

use super::outcome::{Said, freed, released_elsewhere, said_of};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{Phase, TaskEvent, TaskState, check};
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::ReplicaId;

/// What the agent records when a task is only offered and is not wanted any more. Work that was
/// begun is answered by staff: a unit may be in a tote.
///
/// The phase alone does not tell: a recall that was decided before staff began, and heard of
/// after, ranks before their work, and the fold shows a task that nobody has touched. `facts` are
/// all that is known of the task.
#[must_use]
pub fn untouched(state: &TaskState, facts: &[Fact], here: &ReplicaId) -> Vec<Said> {
    let stopped = state.recall.is_some() && state.phase == Phase::Offered;
    if !stopped
        || released_elsewhere(state, Some(here)).is_some()
        || (begun(facts) && Guard::UntouchedOnly.stands())
        || check(state, &TaskEvent::PutBack).is_err()
    {
        return Vec::new();
    }
    let mut said = vec![said_of(state, TaskEvent::PutBack)];
    said.extend(freed(state));
    said
}

/// What this box records when it hears that goods may leave by it, of work that was declined already, as
/// far as it knew: only an answer that knows of the release ends it.
#[must_use]
pub fn declined_before(before: &TaskState, state: &TaskState, here: &ReplicaId) -> Vec<Said> {
    let (Phase::Declined, Some(reason)) = (before.phase, &before.decline_reason) else { return Vec::new() };
    let event = TaskEvent::Declined { reason: reason.clone() };
    let Some(release) = state.known_release().filter(|_| before.fence == state.fence) else {
        return Vec::new();
    };
    if released_elsewhere(state, Some(here)).is_some() || check(state, &event).is_err() {
        return Vec::new();
    }
    vec![Said { after: Some(release.clone()), ..said_of(state, event) }]
}

/// Who declined did so before taking anything off the shelf.
fn begun(facts: &[Fact]) -> bool {
    let said = || {
        facts.iter().filter_map(|fact| match &fact.body {
            Body::Task(said) => Some(&said.event),
            Body::Stock(_) | Body::Epoch(_) => None,
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
    use holdfast_shared::domain::task::{Recall, Release};
    use holdfast_shared::time::{Hlc, UtcMs};

    #[test]
    fn work_that_a_late_recall_ranks_before_is_answered_by_staff() {
        let (mut state, here) = (task("o-1", &[("A", 2)]), "s-a".parse().unwrap());
        let mut mint = Mint::resume("s-a".parse().unwrap(), 7, 1, Hlc::default());
        let mut write =
            |event| mint.write(vec![said_of(&state, event)], Author::of(&intent("k")), UtcMs(1)).unwrap();
        let accepted = write(TaskEvent::Accepted);
        let declined = write(TaskEvent::Declined { reason: "busy".into() });
        let recalled = write(TaskEvent::Recalled { reason: "moved".into() });
        state.recall = Some(Recall { reason: "moved".into(), cancel: false });
        assert!(untouched(&state, &accepted, &here).is_empty());
        assert_eq!(untouched(&state, &recalled, &here).len(), 2);
        assert_eq!(untouched(&state, &[accepted, declined].concat(), &here).len(), 2);
    }

    #[test]
    fn only_an_untouched_task_is_answered_without_staff() {
        let (mut state, here) = (task("o-1", &[("A", 2), ("B", 1)]), "s-a".parse().unwrap());
        assert!(untouched(&state, &[], &here).is_empty());
        state.recall = Some(Recall { reason: "moved".into(), cancel: false });
        assert_eq!(untouched(&state, &[], &here).len(), 3);
        for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Offered) {
            state.phase = phase;
            assert!(untouched(&state, &[], &here).is_empty(), "{phase:?}");
        }
    }

    #[test]
    fn what_may_leave_by_another_box_is_answered_there() {
        let (mut state, here) = (task("o-1", &[("A", 2)]), "s-a".parse().unwrap());
        state.recall = Some(Recall { reason: "bought twice".into(), cancel: true });
        let release = |replica: &str| Release {
            fence: state.fence,
            replica: replica.parse().unwrap(),
            fact: Some("central.1.2".parse().unwrap()),
        };
        let (ours, theirs) = (release("s-a"), release("s-b"));
        state.release = Some(theirs.clone());
        assert!(untouched(&state, &[], &here).is_empty());
        state.release = Some(ours.clone());
        assert_eq!(untouched(&state, &[], &here).len(), 2);
        let declined = TaskState {
            phase: Phase::Declined,
            decline_reason: Some("busy".into()),
            ..task("o-1", &[("A", 2)])
        };
        state.recall = None;
        let said = declined_before(&declined, &state, &here);
        assert_eq!(said[0].after, ours.fact, "central hears that the release is known");
        assert_eq!(declined_before(&state, &state, &here), vec![], "nobody declined");
        state.release = Some(theirs);
        assert_eq!(declined_before(&declined, &state, &here), vec![]);
    }
}
