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

    fn spares_the_clear(&self) -> bool {
        true
    }

    fn refuses(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> bool {
        match seen.glance.for_kind(ask.demand.kind).standing {
            Standing::Ineligible => true,
            Standing::Suspect => !ask.suspects_too,
            Standing::Eligible => false,
        }
    }

    fn words(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> String {
        let (eligibility, kind) = (&seen.node.eligibility, ask.demand.kind);
        let why = eligibility.why_for(kind);
        match (eligibility.standing, eligibility.standing_for(kind)) {
            (Standing::Ineligible, _) => format!("ineligible: {why}"),
            (Standing::Eligible | Standing::Suspect, Standing::Ineligible) => {
                let against = eligibility.reasons.iter().any(|reason| reason.excludes(kind));
                let why = if against { format!(": {why}") } else { String::new() };
                format!("takes no {} now{why}", kind.as_str())
            }
            (Standing::Eligible | Standing::Suspect, Standing::Eligible | Standing::Suspect) => {
                format!("suspect, so only after eligible nodes: {why}")
            }
        }
    }
}
