//! What a store may be given, with the reasons. `health::judge` computes it; it is never typed in.

use super::stock::class::SkuClass;
use holdfast_shared::domain::task::FulfilmentKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Gets work.
    Eligible,
    /// Gets work only when no eligible store can take it.
    Suspect,
    /// Gets none.
    Ineligible,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Eligible, Self::Suspect, Self::Ineligible];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Suspect => "suspect",
            Self::Ineligible => "ineligible",
        }
    }
}

/// What a number of a reason counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Ms,
    Facts,
    Beats,
    Permille,
    Percent,
    Celsius,
    Tasks,
}

/// The numbers behind the words: what was measured, and the limit that it crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Values {
    pub measured: i64,
    pub limit: i64,
    pub unit: Unit,
}

/// One reason, in plain words, with the values that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The signal, closure or rule that says so: `uplink`, `hours`, `capacity`, ...
    pub signal: String,
    pub standing: Standing,
    #[schema(example = "no heartbeat for 34 s (limit 31 s)")]
    pub words: String,
    /// Absent where nothing is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Values>,
    /// The kinds that it speaks about; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<BTreeSet<FulfilmentKind>>,
    /// The classes of SKUs that alone it speaks about. Such a reason leaves the store its standing: its
    /// stock of these classes is not promised. Absent: it speaks about the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeSet<SkuClass>>,
}

impl Reason {
    #[must_use]
    pub fn new(signal: &str, standing: Standing, words: impl Into<String>) -> Self {
        Self {
            signal: signal.to_owned(),
            standing,
            words: words.into(),
            values: None,
            kinds: None,
            classes: None,
        }
    }

    #[must_use]
    pub fn with_values(self, measured: i64, limit: i64, unit: Unit) -> Self {
        Self { values: Some(Values { measured, limit, unit }), ..self }
    }

    #[must_use]
    pub fn about_only(self, kinds: Option<BTreeSet<FulfilmentKind>>) -> Self {
        Self { kinds, ..self }
    }

    #[must_use]
    pub fn about_classes(self, classes: BTreeSet<SkuClass>) -> Self {
        Self { classes: Some(classes), ..self }
    }

    /// Whether it alone keeps work of this kind away.
    #[must_use]
    pub fn excludes(&self, kind: FulfilmentKind) -> bool {
        self.standing == Standing::Ineligible && self.is_about(kind)
    }

    #[must_use]
    pub fn is_about(&self, kind: FulfilmentKind) -> bool {
        self.is_about_the_store() && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Whether it says how the store stands, and not only some of its stock.
    #[must_use]
    pub const fn is_about_the_store(&self) -> bool {
        self.classes.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Eligibility {
    /// The best that it is good for; which kinds stand worse, the reasons say.
    pub standing: Standing,
    /// The kinds that it may be given now; empty while ineligible.
    pub kinds: BTreeSet<FulfilmentKind>,
    /// All that speaks against it, worst first, and then what speaks against some of its stock; empty when
    /// all is well.
    pub reasons: Vec<Reason>,
    /// The store's own opening hours say open, whatever the signals say.
    pub physically_open: bool,
    /// Work that it already has should move away: dark, or closed hard.
    pub fail_over: bool,
}

impl Eligibility {
    /// Of a store that nothing was evaluated for yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            standing: Standing::Ineligible,
            kinds: BTreeSet::new(),
            reasons: vec![Reason::new("uplink", Standing::Ineligible, "not evaluated yet")],
            physically_open: false,
            fail_over: false,
        }
    }

    /// Of a store that does these kinds: the worst reason about each counts for that kind.
    #[must_use]
    pub fn of(
        fulfils: &BTreeSet<FulfilmentKind>,
        mut reasons: Vec<Reason>,
        physically_open: bool,
        fail_over: bool,
    ) -> Self {
        reasons.sort_by_key(|reason| (!reason.is_about_the_store(), std::cmp::Reverse(reason.standing)));
        let standings = fulfils.iter().map(|kind| worst(&reasons, |reason| reason.is_about(*kind)));
        let standing = standings.min().unwrap_or_else(|| worst(&reasons, Reason::is_about_the_store));
        let allowed = |kind: &&FulfilmentKind| !reasons.iter().any(|reason| reason.excludes(**kind));
        let kinds = fulfils.iter().filter(allowed).copied().collect();
        Self { standing, kinds, reasons, physically_open, fail_over }
    }

    /// How it stands for work of this kind.
    #[must_use]
    pub fn standing_for(&self, kind: FulfilmentKind) -> Standing {
        if self.kinds.contains(&kind) {
            worst(&self.reasons, |reason| reason.is_about(kind))
        } else {
            Standing::Ineligible
        }
    }

    /// The worst that speaks against work of this kind, in words.
    #[must_use]
    pub fn why_for(&self, kind: FulfilmentKind) -> &str {
        let first = self.reasons.iter().find(|reason| reason.is_about(kind));
        first.map_or("nothing speaks against it", |reason| reason.words.as_str())
    }

    /// Whether it says something else than before. Numbers in the words alone, which grow with
    /// time, are no change.
    #[must_use]
    pub fn differs_from(&self, before: &Self) -> bool {
        let gist = |eligibility: &Self| {
            let gist = |reason: &Reason| {
                (reason.signal.clone(), reason.standing, reason.kinds.clone(), reason.classes.clone())
            };
            eligibility.reasons.iter().map(gist).collect::<BTreeSet<_>>()
        };
        self.standing != before.standing
            || self.kinds != before.kinds
            || self.physically_open != before.physically_open
            || self.fail_over != before.fail_over
            || gist(self) != gist(before)
    }

    /// Of the kinds that a store fulfils, those that it may not be given although it gets work. A store
    /// that gets none finishes what it has; what is dark or closed hard fails over as a whole.
    #[must_use]
    pub fn withdrawn_of(&self, fulfils: &BTreeSet<FulfilmentKind>) -> BTreeSet<FulfilmentKind> {
        match self.standing {
            Standing::Eligible | Standing::Suspect => fulfils.difference(&self.kinds).copied().collect(),
            Standing::Ineligible => BTreeSet::new(),
        }
    }

    /// The worst that speaks against it, in words.
    #[must_use]
    pub fn why(&self) -> &str {
        self.reasons.first().map_or("nothing speaks against it", |reason| reason.words.as_str())
    }
}

fn worst(reasons: &[Reason], about: impl Fn(&Reason) -> bool) -> Standing {
    let standings = reasons.iter().filter(|reason| about(reason)).map(|reason| reason.standing);
    standings.max().unwrap_or(Standing::Eligible)
}

#[cfg(test)]
mod tests {
    use super::*;
    use FulfilmentKind::{Delivery, Pickup, Ship};

    fn of(reasons: Vec<Reason>) -> Eligibility {
        Eligibility::of(&FulfilmentKind::ALL.into_iter().collect(), reasons, true, false)
    }

    #[test]
    fn a_reason_about_some_kinds_leaves_the_others() {
        let nobody_walks = Reason::new("handhelds", Standing::Ineligible, "no handheld seen for 4 h")
            .about_only(Some([Pickup, Delivery].into()));
        let slow = Reason::new("pace", Standing::Suspect, "accepts slowly");
        let judged = of(vec![slow, nobody_walks]);
        assert_eq!(judged.kinds, [Ship].into());
        assert_eq!(judged.standing, Standing::Suspect, "the best that it is good for");
        assert_eq!(judged.standing_for(Ship), Standing::Suspect);
        assert_eq!(judged.standing_for(Pickup), Standing::Ineligible);
        assert_eq!(judged.why_for(Ship), "accepts slowly");
        assert_eq!(judged.why_for(Delivery), "no handheld seen for 4 h");
    }

    #[test]
    fn what_is_about_all_kinds_leaves_none() {
        let judged = of(vec![Reason::new("uplink", Standing::Ineligible, "dark")]);
        assert_eq!((judged.standing, judged.kinds.len()), (Standing::Ineligible, 0));
        assert_eq!(judged.standing_for(Ship), Standing::Ineligible);
        assert_eq!(of(vec![]).standing_for(Ship), Standing::Eligible);
    }

    #[test]
    fn another_set_of_kinds_is_a_change_and_growing_numbers_are_none() {
        let about = |kinds: &[FulfilmentKind], words: &str| {
            let reason = Reason::new("handhelds", Standing::Suspect, words);
            of(vec![reason.about_only(Some(kinds.iter().copied().collect()))])
        };
        assert!(!about(&[Pickup], "for 1 h").differs_from(&about(&[Pickup], "for 2 h")));
        assert!(about(&[Pickup, Delivery], "for 1 h").differs_from(&about(&[Pickup], "for 1 h")));
    }

    #[test]
    fn a_reason_about_some_classes_leaves_the_store_its_standing_and_is_a_change() {
        let stale = Reason::new("feed_of_class", Standing::Ineligible, "hot: central lacks 2 min")
            .about_classes([SkuClass::new("hot")].into());
        let slow = Reason::new("pace", Standing::Suspect, "accepts slowly");
        let judged = of(vec![stale.clone(), slow.clone()]);
        assert_eq!((judged.standing, judged.kinds.len()), (Standing::Suspect, FulfilmentKind::ALL.len()));
        assert_eq!(judged.why_for(Ship), "accepts slowly");
        assert_eq!(judged.reasons.last(), Some(&stale), "what is about the store comes first");
        assert!(judged.differs_from(&of(vec![slow])));
        let nothing_fulfilled = Eligibility::of(&BTreeSet::new(), vec![stale], true, false);
        assert_eq!(nothing_fulfilled.standing, Standing::Eligible);
    }

    #[test]
    fn history_of_before_the_values_is_read_still() {
        let old = r#"{"signal":"uplink","standing":"suspect","words":"silent"}"#;
        let reason: Reason = serde_json::from_str(old).unwrap();
        assert_eq!(reason, Reason::new("uplink", Standing::Suspect, "silent"));
    }
}
