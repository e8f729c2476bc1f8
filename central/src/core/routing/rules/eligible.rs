//! Eligible for this kind now. Suspect nodes are asked only when no eligible one can take it.

use super::{About, Ask, Rule, Seen};
use crate::core::eligibility::Standing;

#[derive(Debug)]
pub(super) struct Eligible;

impl Rule for Eligible {
    fn name(&self) -> &'static str {
        "eligible"
    }

    fn about(&self) -> About {
        About::Today
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        let eligibility = &seen.node.eligibility;
        match eligibility.standing {
            Standing::Ineligible => true,
            Standing::Suspect if !ask.suspects_too => true,
            Standing::Suspect | Standing::Eligible => !eligibility.kinds.contains(&ask.demand.kind),
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let eligibility = &seen.node.eligibility;
        match eligibility.standing {
            Standing::Ineligible => format!("ineligible: {}", eligibility.why()),
            Standing::Suspect if !ask.suspects_too => {
                format!("suspect, so only after eligible nodes: {}", eligibility.why())
            }
            Standing::Suspect | Standing::Eligible => format!("takes no {} now", ask.demand.kind.as_str()),
        }
    }
}
