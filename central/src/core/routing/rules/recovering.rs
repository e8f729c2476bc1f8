//! Central was restored from a backup: what it knows of this node's stock is as old as the backup
//! until the node has told what happened since.

use super::{About, Ask, Rule, Seen};

#[derive(Debug)]
pub(super) struct Recovering;

impl Rule for Recovering {
    fn name(&self) -> &'static str {
        "recovering"
    }

    fn about(&self) -> About {
        About::Today
    }

    fn spares_the_clear(&self) -> bool {
        true
    }

    fn refuses(&self, _: &Ask<'_>, seen: &Seen<'_>) -> bool {
        seen.glance.recovering
    }

    fn words(&self, _: &Ask<'_>, _: &Seen<'_>) -> String {
        String::from("has not told yet what happened there before central was restored")
    }
}
