//! How much of the store's capacity is taken, so that work spreads.

use super::{Near, Scorer};
use crate::core::routing::glance::Glance;
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::{Ask, Seen};

#[derive(Debug)]
pub(super) struct Load;

impl Scorer for Load {
    fn name(&self) -> &'static str {
        "load"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.load
    }

    fn term(&self, _: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        taken(seen.glance)
    }

    fn least(&self, _: &Ask<'_>, near: &Near<'_>) -> f64 {
        taken(near.glance)
    }
}

fn taken(glance: &Glance) -> f64 {
    let capacity = f64::from(glance.capacity_tasks.max(1));
    (f64::from(glance.open_tasks) / capacity).min(1.0)
}
