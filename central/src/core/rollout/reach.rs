//! How much of a chain a cohort touches: classes of articles, regions and nodes. A trial does not take
//! all three at once, but for a small share.

use super::cohort::Cohort;
use holdfast_shared::ids::{RegionId, SkuClass};
use holdfast_shared::limits::{ROLLOUT_EVERYWHERE_PERCENT_MAX, ROLLOUT_OPEN_COHORT_PERCENT_MAX};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What there is to touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terrain {
    pub classes: BTreeSet<SkuClass>,
    /// The region of each node.
    pub nodes: Vec<Option<RegionId>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Share {
    pub touched: usize,
    pub of: usize,
}

impl Share {
    const fn is_whole(self) -> bool {
        self.touched >= self.of
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reach {
    pub classes: Share,
    pub regions: Share,
    pub nodes: Share,
}

impl Reach {
    #[must_use]
    pub fn of(cohort: &Cohort, terrain: &Terrain) -> Self {
        let regions: BTreeSet<&RegionId> = terrain.nodes.iter().flatten().collect();
        let everywhere = cohort.regions.is_empty();
        let nodes = terrain.nodes.iter().filter(|region| {
            everywhere || region.as_ref().is_some_and(|region| cohort.regions.contains(region))
        });
        let classes = terrain.classes.iter();
        let classes = classes.filter(|class| cohort.classes.is_empty() || cohort.classes.contains(*class));
        Self {
            classes: Share { touched: classes.count(), of: terrain.classes.len() },
            regions: Share {
                touched: regions
                    .iter()
                    .filter(|region| everywhere || cohort.regions.contains(**region))
                    .count(),
                of: regions.len(),
            },
            nodes: Share { touched: nodes.count(), of: terrain.nodes.len() },
        }
    }

    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        self.classes.is_whole() && self.regions.is_whole() && self.nodes.is_whole()
    }

    /// The largest share that a cohort with this reach may take; none: as large as the plan says.
    #[must_use]
    pub fn percent_max(&self, cohort: &Cohort) -> Option<u8> {
        let most = if cohort.picks_orders() {
            ROLLOUT_EVERYWHERE_PERCENT_MAX
        } else {
            ROLLOUT_OPEN_COHORT_PERCENT_MAX
        };
        self.is_everywhere().then_some(most)
    }

    #[must_use]
    pub fn words(&self) -> String {
        let Self { classes, regions, nodes } = self;
        format!(
            "{} of {} classes, {} of {} regions, {} of {} nodes",
            classes.touched, classes.of, regions.touched, regions.of, nodes.touched, nodes.of
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terrain() -> Terrain {
        let region = |name: &str| Some(name.parse().unwrap());
        Terrain {
            classes: ["hot", "cold"].map(|class| class.parse().unwrap()).into(),
            nodes: vec![region("north"), region("north"), region("south"), None],
        }
    }

    fn cohort(classes: &[&str], regions: &[&str], channels: &[&str]) -> Cohort {
        Cohort {
            classes: classes.iter().map(|class| class.parse().unwrap()).collect(),
            regions: regions.iter().map(|region| region.parse().unwrap()).collect(),
            channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
            ..Cohort::default()
        }
    }

    #[test]
    fn a_region_or_a_class_makes_it_a_part() {
        let north = cohort(&[], &["north"], &[]);
        let reach = Reach::of(&north, &terrain());
        assert_eq!(reach.words(), "2 of 2 classes, 1 of 2 regions, 2 of 4 nodes");
        assert_eq!(reach.percent_max(&north), None);
        let hot = cohort(&["hot"], &[], &[]);
        assert_eq!(Reach::of(&hot, &terrain()).percent_max(&hot), None);
    }

    #[test]
    fn to_name_everything_is_to_name_nothing() {
        let open = cohort(&[], &[], &[]);
        assert_eq!(Reach::of(&open, &terrain()).percent_max(&open), Some(10));
        let of_web = cohort(&["hot", "cold"], &[], &["web"]);
        assert_eq!(Reach::of(&of_web, &terrain()).percent_max(&of_web), Some(30), "still all at once");
        let whole = Terrain { nodes: vec![Some("north".parse().unwrap())], ..terrain() };
        let all = cohort(&["hot", "cold"], &["north"], &[]);
        assert_eq!(Reach::of(&all, &whole).percent_max(&all), Some(10));
    }

    proptest! {
        #[test]
        fn nothing_is_touched_that_is_not_there(
            classes in prop::collection::btree_set("[a-c]", 0..4), regions in prop::collection::btree_set("[a-c]", 0..4),
            known in prop::collection::btree_set("[a-c]", 0..4), nodes in prop::collection::vec(prop::option::of("[a-c]"), 0..6),
        ) {
            let cohort = Cohort {
                classes: classes.iter().map(|class| class.parse().unwrap()).collect(),
                regions: regions.iter().map(|region| region.parse().unwrap()).collect(),
                ..Cohort::default()
            };
            let terrain = Terrain {
                classes: known.iter().map(|class| class.parse().unwrap()).collect(),
                nodes: nodes.iter().map(|region| region.as_ref().map(|region| region.parse().unwrap())).collect(),
            };
            let reach = Reach::of(&cohort, &terrain);
            for share in [reach.classes, reach.regions, reach.nodes] {
                prop_assert!(share.touched <= share.of);
            }
            prop_assert!(!cohort.is_open() || reach.is_everywhere());
        }
    }
}
