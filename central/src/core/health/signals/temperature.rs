//! The hottest sensor. Unknown says nothing: most machines have none that can be read.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Unit};

const NAME: &str = "temperature";

#[derive(Debug)]
pub(super) struct Temperature;

impl Signal for Temperature {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        let celsius = view.health.vitals()?.temperature_c?;
        if !celsius.is_finite() {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "clamped to what a sensor can mean")]
        let whole = celsius.clamp(-100.0, 1000.0) as i64;
        view.against(NAME, (whole, Unit::Celsius), &view.policy.temperature_c, |limit| {
            format!("{whole} °C (limit {limit} °C)")
        })
    }
}
