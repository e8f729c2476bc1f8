//! Room for one more task.

use super::{About, Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct Capacity;

impl Rule for Capacity {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn about(&self) -> About {
        About::Today
    }

    fn spares_the_clear(&self) -> bool {
        true
    }

    fn refuses(&self, _: &Ask<'_>, seen: &Seen<'_>) -> bool {
        seen.glance.open_tasks >= seen.glance.capacity_tasks
    }

    fn words(&self, _: &Ask<'_>, seen: &Seen<'_>) -> String {
        format!("{} of {} tasks open", seen.node.open_tasks, seen.node.store.capacity_tasks)
    }
}
