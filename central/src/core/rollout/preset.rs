//! Cohorts that are good to begin with, by name.

use super::cohort::Cohort;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    LowRisk,
    ComplexSegment,
}

impl Preset {
    pub const ALL: [Self; 2] = [Self::LowRisk, Self::ComplexSegment];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LowRisk => "low_risk",
            Self::ComplexSegment => "complex_segment",
        }
    }

    /// For people who choose one.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LowRisk => {
                "Orders that are easy to fulfil, in one region: each article lies free at some node, shipped, with \
                 nothing special about handling it. To begin with."
            }
            Self::ComplexSegment => {
                "One class of articles or one brand of which few orders come and which is not easy: what goes \
                 wrong there is seen before many meet it."
            }
        }
    }

    /// What the cohort must name beside it.
    #[must_use]
    pub const fn asks(self) -> &'static str {
        match self {
            Self::LowRisk => "exactly one region",
            Self::ComplexSegment => {
                "exactly one class or exactly one brand, and neither in_stock nor simple_shipping"
            }
        }
    }

    /// The cohort as the preset makes it; none when it does not name what the preset asks for.
    #[must_use]
    pub fn narrow(self, cohort: Cohort) -> Option<Cohort> {
        match self {
            Self::LowRisk => {
                let fits = cohort.regions.len() == 1;
                fits.then_some(Cohort { in_stock: true, simple_shipping: true, ..cohort })
            }
            Self::ComplexSegment => {
                let one = cohort.classes.len().saturating_add(cohort.brands.len()) == 1;
                (one && !cohort.in_stock && !cohort.simple_shipping).then_some(cohort)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_risk_is_one_region_with_what_is_easy() {
        let north = Cohort { regions: ["north".parse().unwrap()].into(), ..Cohort::default() };
        let narrowed = Preset::LowRisk.narrow(north.clone()).unwrap();
        assert!(narrowed.in_stock && narrowed.simple_shipping && narrowed.regions == north.regions);
        let two = Cohort { regions: ["north", "south"].map(|name| name.parse().unwrap()).into(), ..north };
        assert_eq!(Preset::LowRisk.narrow(two), None);
        assert_eq!(Preset::LowRisk.narrow(Cohort::default()), None);
    }

    #[test]
    fn a_complex_segment_is_one_class_or_one_brand_with_what_is_hard() {
        let class = Cohort { classes: ["hot".parse().unwrap()].into(), ..Cohort::default() };
        assert_eq!(Preset::ComplexSegment.narrow(class.clone()), Some(class.clone()));
        let brand = Cohort { brands: ["kettle".parse().unwrap()].into(), ..Cohort::default() };
        assert_eq!(Preset::ComplexSegment.narrow(brand.clone()), Some(brand.clone()));
        let both = Cohort { brands: brand.brands, ..class.clone() };
        for other in [both, Cohort { in_stock: true, ..class }, Cohort::default()] {
            assert_eq!(Preset::ComplexSegment.narrow(other.clone()), None, "{other:?}");
        }
    }
}
