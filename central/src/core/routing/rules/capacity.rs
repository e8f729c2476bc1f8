//! Room for one more task.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Capacity;

impl Rule for Capacity {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn refuse(&self, _: &Ask<'_>, node: &Node) -> Option<String> {
        let (open, capacity) = (node.open_tasks, node.store.capacity_tasks);
        (open >= capacity).then(|| format!("{open} of {capacity} tasks open"))
    }
}
