//! Central was restored from a backup: what it knows of this node's stock is as old as the backup
//! until the node has told what happened since.

use super::{Ask, Rule};
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Recovering;

impl Rule for Recovering {
    fn name(&self) -> &'static str {
        "recovering"
    }

    fn refuse(&self, _ask: &Ask<'_>, node: &Node) -> Option<String> {
        node.recovering
            .then(|| String::from("has not told yet what happened there before central was restored"))
    }
}
