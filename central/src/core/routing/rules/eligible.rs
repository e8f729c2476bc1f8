//! Eligible for this kind now. Suspect nodes are asked only when no eligible one can take it.

use super::{Ask, Rule};
use crate::core::eligibility::Standing;
use crate::core::routing::decision::Node;

#[derive(Debug)]
pub(super) struct Eligible;

impl Rule for Eligible {
    fn name(&self) -> &'static str {
        "eligible"
    }

    fn refuse(&self, ask: &Ask<'_>, node: &Node) -> Option<String> {
        let eligibility = &node.eligibility;
        let kind = ask.demand.kind;
        match eligibility.standing {
            Standing::Ineligible => Some(format!("ineligible: {}", eligibility.why())),
            Standing::Suspect if !ask.suspects_too => {
                Some(format!("suspect, so only after eligible nodes: {}", eligibility.why()))
            }
            Standing::Suspect | Standing::Eligible => {
                (!eligibility.kinds.contains(&kind)).then(|| format!("takes no {} now", kind.as_str()))
            }
        }
    }
}
