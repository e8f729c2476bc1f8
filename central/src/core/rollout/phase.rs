//! The steps in which a trial grows, each with what lets it begin and what takes it back.

use super::told;
use holdfast_shared::limits::ROLLOUT_WORDS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RolloutPhase)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The largest share of this phase; that of the last one is `percent_max`.
    #[schema(example = 5)]
    pub percent: u8,
    /// What must be true for it to begin, in words.
    pub go: Vec<String>,
    /// What takes the whole trial back while it lasts, in words.
    pub roll_back_when: Vec<String>,
}

pub(super) fn lacking(phases: &[Phase], percent_max: u8) -> Option<String> {
    if phases.is_empty() || phases.len() > ROLLOUT_WORDS_MAX {
        return Some("phases says in which steps it grows".to_owned());
    }
    let shares: Vec<u8> = phases.iter().map(|phase| phase.percent).collect();
    let grows = shares.windows(2).all(|pair| pair.is_sorted_by(|one, next| one < next));
    if !grows || shares.first() == Some(&0) || shares.last() != Some(&percent_max) {
        return Some("phases grow in percent, from above 0 up to percent_max".to_owned());
    }
    if phases.iter().any(|phase| !told(&phase.go) || !told(&phase.roll_back_when)) {
        return Some("each of phases says go and roll_back_when".to_owned());
    }
    None
}

/// The phase of this share, counted from 0; none of a trial from before there were phases.
#[must_use]
pub fn at(phases: &[Phase], percent: u8) -> Option<(usize, &Phase)> {
    phases.iter().enumerate().find(|(_, phase)| phase.percent >= percent)
}

/// The largest share that a trial of this share may grow to: no phase is left out.
pub(super) fn reach(phases: &[Phase], percent: u8) -> Option<u8> {
    phases.iter().map(|phase| phase.percent).find(|most| *most > percent)
}

/// Whether nothing comes after the phase of this share.
pub(super) fn is_last(phases: &[Phase], percent: u8) -> bool {
    at(phases, percent).is_none_or(|(index, _)| index.saturating_add(1) == phases.len())
}
