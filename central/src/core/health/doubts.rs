//! What the health of a store says about its stock, for those who sell it.

use super::signals::{FEED_OF_CLASS, POS};
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::stock::doubts::Doubts;

/// Of a store that was judged so.
#[must_use]
pub fn doubts(eligibility: &Eligibility) -> Doubts {
    let mut doubts = Doubts::default();
    for reason in &eligibility.reasons {
        match reason.standing {
            Standing::Ineligible | Standing::Suspect if reason.signal == POS => doubts.note_tills_unseen(),
            Standing::Ineligible if reason.signal == FEED_OF_CLASS => {
                let classes = reason.classes.iter().flatten();
                classes.for_each(|class| doubts.note_stale(class.clone(), reason.kinds.clone()));
            }
            Standing::Ineligible | Standing::Suspect | Standing::Eligible => {}
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::eligibility::Reason;
    use crate::core::stock::class::SkuClass;
    use holdfast_shared::domain::task::FulfilmentKind;

    fn of(reason: Reason) -> Doubts {
        doubts(&Eligibility::of(&FulfilmentKind::ALL.into_iter().collect(), vec![reason], true, false))
    }

    #[test]
    fn a_feed_beyond_its_hard_limit_is_doubted_and_one_beyond_its_soft_limit_is_only_told() {
        let hot = SkuClass::new("hot");
        let reason =
            |standing| Reason::new(FEED_OF_CLASS, standing, "old").about_classes([hot.clone()].into());
        assert!(of(reason(Standing::Ineligible)).is_stale(&hot, Some(FulfilmentKind::Ship)));
        assert_eq!(of(reason(Standing::Suspect)), Doubts::default());
    }

    #[test]
    fn tills_that_are_missed_at_all_are_doubted() {
        assert!(of(Reason::new(POS, Standing::Suspect, "not seen")).are_tills_unseen());
        assert!(!of(Reason::new(POS, Standing::Eligible, "seen")).are_tills_unseen());
        assert!(!of(Reason::new("disk", Standing::Suspect, "full")).are_tills_unseen());
    }
}
