//! What cannot be meant in a routing policy, all of it at once.

use super::{Cover, HoldFor, Regions, RoutingPolicy, Rung, Weights};
use crate::core::policy::Fault;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::{
    CANDIDATES_TOLD_MAX, GATHER_WITHIN_MS_MAX, HOLD_WITHIN_MS_MAX, ID_CHARS_MAX, LADDER_RUNGS_MAX,
    NOTE_CHARS_MAX, OFFER_MS_MAX, PARCELS_MAX, RUNG_REGIONS_MAX, SUBSTITUTION_ANSWER_MS_MAX, WEIGHT_MAX,
};

impl RoutingPolicy {
    /// Everything that cannot be meant; empty when it can be used.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |at: &str, what: String| faults.push(Fault::new(at, what));
        if self.name.trim().is_empty() || self.name.len() > ID_CHARS_MAX {
            fault("name", format!("expected 1 to {ID_CHARS_MAX} characters: each decision is saved with it"));
        }
        if !(1..=PARCELS_MAX).contains(&self.splits_max) {
            fault("splits_max", between(self.splits_max, 1, PARCELS_MAX, "1 is: never split"));
        }
        if let Some(value) = self.split_min_value.filter(|value| value.minor < 0) {
            fault(
                "split_min_value.minor",
                format!("{} is negative: a parcel is never worth less", value.minor),
            );
        }
        if let Some(penalty) = self.split_penalty.filter(|penalty| !counts(*penalty)) {
            fault("split_penalty", weight_words(penalty));
        }
        if let Some(least) = self.confidence_min.filter(|least| !is_probability(*least)) {
            fault("confidence_min", probability_words(least));
        }
        if !(1..=CANDIDATES_TOLD_MAX).contains(&self.candidates_told_max) {
            let why = "a decision that lists nobody explains nothing";
            fault("candidates_told_max", between(self.candidates_told_max, 1, CANDIDATES_TOLD_MAX, why));
        }
        let offers = [
            ("accept_within_ms", self.accept_within_ms),
            ("cancel_answer_within_ms", self.cancel_answer_within_ms),
        ];
        for (at, ms) in offers {
            if !(1..=OFFER_MS_MAX).contains(&ms) {
                fault(at, between(ms, 1, OFFER_MS_MAX, "a store must be able to answer, and must have to"));
            }
        }
        let answer_ms = self.substitution_answer_ms();
        if !(1..=SUBSTITUTION_ANSWER_MS_MAX).contains(&answer_ms) {
            let why = "a customer must be able to answer, and the units are set aside meanwhile";
            let what = between(answer_ms, 1, SUBSTITUTION_ANSWER_MS_MAX, why);
            fault("substitution_answer_within_ms", what);
        }
        let within_ms = self.consolidate.within_ms;
        if !(1..=GATHER_WITHIN_MS_MAX).contains(&within_ms) {
            let why = "an order must not wait for ever";
            fault("consolidate.within_ms", between(within_ms, 1, GATHER_WITHIN_MS_MAX, why));
        }
        faults.extend(self.ladder_faults());
        faults
    }

    fn ladder_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let counts_cost = |rung: &Rung| rung.weights.cost != 0.0 || rung.weights.shipping != 0.0;
        for (at, kind, ladder) in self.ladders() {
            if ladder.is_empty() {
                faults.push(Fault::new(&at, "has no rung: every order would be backordered"));
            }
            if ladder.len() > LADDER_RUNGS_MAX {
                let what = between(ladder.len(), 1, LADDER_RUNGS_MAX, "each is walked per order");
                faults.push(Fault::new(&at, what));
            }
            for (n, rung) in ladder.iter().enumerate() {
                let above = ladder.get(..n).unwrap_or_default();
                let own = rung_faults(rung, n).into_iter().chain(beside_others(rung, above, kind));
                faults.extend(own.map(|(field, what)| {
                    let dot = if field.is_empty() { "" } else { "." };
                    Fault::new(format!("{at}[{n}]{dot}{field}"), what)
                }));
            }
        }
        if self.currency.is_none() && self.ladders().any(|(.., ladder)| ladder.iter().any(counts_cost)) {
            let what = "is not set, and a rung weighs cost: say in which currency costs are compared";
            faults.push(Fault::new("currency", what));
        }
        faults
    }
}

fn beside_others(rung: &Rung, above: &[Rung], kind: FulfilmentKind) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    if above.iter().any(|other| other.name == rung.name) {
        faults.push((String::from("name"), format!("{:?} is the name of a rung above", rung.name)));
    }
    if let Some(other) = above.iter().find(|other| leaves_nothing_to(other, rung, kind)) {
        let what = format!(
            "{:?} above asks the same nodes at least as far for no more: this rung is never reached. \
             Drop it, or make one of them differ",
            other.name
        );
        faults.push((String::new(), what));
    }
    faults
}

/// Paths below the rung.
fn rung_faults(rung: &Rung, n: usize) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut fault = |at: &str, what: String| faults.push((at.to_owned(), what));
    if rung.name.is_empty() || rung.name.len() > ID_CHARS_MAX {
        fault("name", format!("expected 1 to {ID_CHARS_MAX} characters"));
    }
    if rung.words.trim().is_empty() || rung.words.chars().count() > NOTE_CHARS_MAX {
        let what = format!("expected 1 to {NOTE_CHARS_MAX} characters: people read them with each decision");
        fault("words", what);
    }
    if rung.kinds.is_empty() {
        fault("kinds", String::from("names no kind of node, so nobody is asked"));
    }
    if let Some(km) = rung.radius_km.filter(|km| !(km.is_finite() && *km > 0.0)) {
        fault(
            "radius_km",
            format!("{km} reaches nobody: expected more than 0, or leave it out for any distance"),
        );
    }
    if let Regions::Named(names) = &rung.region
        && !(1..=RUNG_REGIONS_MAX).contains(&names.len())
    {
        let why = "name regions, or say \"same\" or \"any\"";
        fault("region", between(names.len(), 1, RUNG_REGIONS_MAX, why));
    }
    if let Some(least) = rung.confidence_min.filter(|least| !is_probability(*least)) {
        fault("confidence_min", probability_words(least));
    }
    if let Some(hold) = rung.hold {
        hold_faults(hold, n, &mut fault);
    }
    weight_faults(&rung.weights, &mut fault);
    faults
}

fn hold_faults(hold: HoldFor, n: usize, fault: &mut impl FnMut(&str, String)) {
    if n == 0 {
        fault("hold", String::from("is on the first rung: there is nothing above it to wait for"));
    }
    if !(1..=HOLD_WITHIN_MS_MAX).contains(&hold.within_ms) {
        let why = "an order must not wait for ever";
        fault("hold.within_ms", between(hold.within_ms, 1, HOLD_WITHIN_MS_MAX, why));
    }
    if !counts(hold.saves) {
        fault("hold.saves", weight_words(hold.saves));
    }
}

fn weight_faults(weights: &Weights, fault: &mut impl FnMut(&str, String)) {
    let Weights { distance, load, depth, cost, margin, markdown, confidence, transit, slack, shipping } =
        *weights;
    let named = [
        ("distance", distance),
        ("load", load),
        ("depth", depth),
        ("cost", cost),
        ("margin", margin),
        ("markdown", markdown),
        ("confidence", confidence),
        ("transit", transit),
        ("slack", slack),
        ("shipping", shipping),
    ];
    for (name, weight) in named {
        if !counts(weight) {
            fault(&format!("weights.{name}"), weight_words(weight));
        }
    }
    if named.iter().all(|(_, weight)| *weight == 0.0) {
        fault("weights", String::from("are all 0: only the names of the stores would decide between them"));
    }
}

/// Whoever the later rung could choose, the earlier one has chosen already.
fn leaves_nothing_to(earlier: &Rung, later: &Rung, kind: FulfilmentKind) -> bool {
    let reaches = |rung: &Rung| rung.radius_km.unwrap_or(f64::INFINITY);
    let bound = later.kinds.iter().any(|node| !node.reaches_everywhere(kind));
    let takes = match (earlier.cover, later.cover) {
        (Cover::Whole, Cover::Whole) | (Cover::Part, Cover::Whole | Cover::Part) => true,
        (Cover::Whole, Cover::Part) => false,
    };
    let as_sure = earlier.confidence_min.is_none() || earlier.confidence_min == later.confidence_min;
    takes
        && as_sure
        && later.kinds.is_subset(&earlier.kinds)
        && earlier.region.cover(&later.region)
        && (!bound || reaches(earlier) >= reaches(later))
}

fn counts(weight: f64) -> bool {
    (0.0..=WEIGHT_MAX).contains(&weight)
}

fn weight_words(weight: f64) -> String {
    format!("{weight} is no weight: expected kilometres between 0 and {WEIGHT_MAX}")
}

fn is_probability(number: f64) -> bool {
    (0.0..=1.0).contains(&number)
}

fn probability_words(number: f64) -> String {
    format!("{number} is no probability: expected between 0 and 1")
}

fn between(
    value: impl std::fmt::Display,
    least: impl std::fmt::Display,
    most: impl std::fmt::Display,
    why: &str,
) -> String {
    format!("{value} is not between {least} and {most}: {why}")
}
