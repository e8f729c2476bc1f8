//! The answer to a recall or cancel of goods that nobody has touched: the agent gives it itself.

use super::outcome::{Said, freed, said_of};
use holdfast_shared::domain::task::{Phase, TaskEvent, TaskState, check};

/// What the agent records when a task is only offered and is not wanted any more. Work that was
/// begun is answered by staff: a unit may be in a tote.
#[must_use]
pub fn untouched(state: &TaskState) -> Vec<Said> {
    let stopped = state.recall.is_some() && state.phase == Phase::Offered;
    if !stopped || check(state, &TaskEvent::PutBack).is_err() {
        return Vec::new();
    }
    let mut said = vec![said_of(state, TaskEvent::PutBack)];
    said.extend(freed(state));
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::task;
    use holdfast_shared::domain::task::Recall;

    #[test]
    fn only_an_untouched_task_is_answered_without_staff() {
        let mut state = task("o-1", &[("A", 2), ("B", 1)]);
        assert!(untouched(&state).is_empty());
        state.recall = Some(Recall { reason: "moved".into(), cancel: false });
        assert_eq!(untouched(&state).len(), 3);
        for phase in Phase::ALL.into_iter().filter(|phase| *phase != Phase::Offered) {
            state.phase = phase;
            assert!(untouched(&state).is_empty(), "{phase:?}");
        }
    }
}
