//! How little time there is between the arrival and the promised date: a day less is half as good.

use super::{Scorer, number};
use crate::core::routing::policy::Weights;
use crate::core::routing::rules::promise::journey;
use crate::core::routing::rules::{Ask, Seen};

const HOUR_MS: i64 = 60 * 60 * 1_000;

#[derive(Debug)]
pub(super) struct Slack;

impl Scorer for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn weight(&self, weights: &Weights) -> f64 {
        weights.slack
    }

    fn term(&self, ask: &Ask<'_>, seen: &Seen<'_>) -> f64 {
        let Some(by) = ask.demand.promise_by else { return 0.0 };
        let Some(Ok(journey)) = journey(ask, seen) else { return 0.0 };
        let hours = by.since(journey.arrives_by).max(0).checked_div(HOUR_MS).unwrap_or(0);
        1.0 / (1.0 + number(hours) / 24.0)
    }
}
