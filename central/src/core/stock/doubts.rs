//! Why some of a store's stock is not promised just now, although the store gets work.

use super::class::SkuClass;
use holdfast_shared::domain::task::FulfilmentKind;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of work; none named: all.
type Kinds = Option<BTreeSet<FulfilmentKind>>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubts {
    /// Classes of which central knows too late what the store did.
    stale: BTreeMap<SkuClass, Kinds>,
    /// Its tills were not seen for too long: they may have sold what nobody heard of yet.
    tills_unseen: bool,
}

impl Doubts {
    pub fn note_stale(&mut self, class: SkuClass, kinds: Kinds) {
        let known = self.stale.entry(class).or_insert_with(|| kinds.clone());
        *known = known.take().zip(kinds).map(|(known, more)| &known | &more);
    }

    pub const fn note_tills_unseen(&mut self) {
        self.tills_unseen = true;
    }

    #[must_use]
    pub const fn are_tills_unseen(&self) -> bool {
        self.tills_unseen
    }

    /// Whether stock of this class is too old for this kind; for any kind when nobody says which.
    #[must_use]
    pub fn is_stale(&self, class: &SkuClass, kind: Option<FulfilmentKind>) -> bool {
        self.stale.get(class).is_some_and(|kinds| match (kinds, kind) {
            (Some(kinds), Some(kind)) => kinds.contains(&kind),
            (Some(_), None) | (None, _) => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FulfilmentKind::{Delivery, Pickup, Ship};

    #[test]
    fn a_class_may_be_too_old_for_some_kinds_alone() {
        let (hot, slow) = (SkuClass::new("hot"), SkuClass::new("slow"));
        let mut doubts = Doubts::default();
        doubts.note_stale(hot.clone(), Some([Pickup].into()));
        assert!(doubts.is_stale(&hot, Some(Pickup)) && !doubts.is_stale(&hot, Some(Ship)));
        assert!(doubts.is_stale(&hot, None), "whatever the kind, so the strictest");
        assert!(!doubts.is_stale(&slow, None));
        doubts.note_stale(hot.clone(), Some([Delivery].into()));
        assert!(doubts.is_stale(&hot, Some(Pickup)) && doubts.is_stale(&hot, Some(Delivery)));
        doubts.note_stale(hot.clone(), None);
        assert!(doubts.is_stale(&hot, Some(Ship)));
    }
}
