//! Trying a version on a part of the orders: who is in that part, how the trial goes on, and when it
//! stops itself.
//!
//! A customer who is in stays in while the part grows: the share is a threshold over a hash that
//! does not change. Nothing here measures; [`guardrails`] judges what was measured.

pub mod cohort;
pub mod guardrails;
pub mod phase;
pub mod preset;
pub mod reach;

use super::policy::version::{PolicyFreeze, PolicyVersion};
use super::shadow::gate::{ShadowGate, Shown};
use cohort::Cohort;
use guardrails::{Guardrails, Reading, Verdict};
use holdfast_shared::ids::Actor;
use holdfast_shared::limits::{
    NOTE_CHARS_MAX, ROLLOUT_OPEN_COHORT_PERCENT_MAX, ROLLOUT_PERCENT_MAX, ROLLOUT_WORDS_MAX,
};
use holdfast_shared::time::UtcMs;
use phase::Phase;
use reach::{Reach, Terrain};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What must be settled before anything is tried: nothing of it has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RolloutPlan)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Who answers for it.
    pub owner: Actor,
    /// Who may pause it beside the owner.
    pub may_pause: BTreeSet<Actor>,
    /// Where people watch it.
    #[schema(example = "https://grafana.example/d/rollout")]
    pub dashboard: String,
    /// What must be true to go on, in any phase, in words.
    pub go: Vec<String>,
    /// The steps in which it grows. Only a trial from before there were any has none.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// What must be true before it starts, in words; each was looked at when it starts.
    pub blockers_cleared: Vec<String>,
    pub cohort: Cohort,
    /// The largest share that it ever takes.
    #[schema(example = 50)]
    pub percent_max: u8,
    pub guardrails: Guardrails,
    /// What the version must have shown in shadow. What is left out is as strict as by default.
    #[serde(default)]
    pub shadow: ShadowGate,
}

impl Plan {
    /// What was measured, and what its shadow shows meanwhile: a crossed line counts from either.
    #[must_use]
    pub fn judge(&self, reading: &Reading) -> Verdict {
        match self.guardrails.judge(reading) {
            crossed @ Verdict::Crossed(_) => crossed,
            held @ (Verdict::Holds | Verdict::TooFew(_)) => {
                self.shadow.crossed(&reading.shadow).map_or(held, Verdict::Crossed)
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolloutState {
    Running,
    /// Its orders follow the version in force meanwhile.
    Paused,
    /// It went well: the version may be in force for all.
    Finished,
    RolledBack,
}

impl RolloutState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::RolledBack => "rolled_back",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolloutAct {
    Start,
    Pause,
    Resume,
    /// To a larger share.
    Advance,
    Finish,
    RollBack,
}

impl RolloutAct {
    pub const ALL: [Self; 6] =
        [Self::Start, Self::Pause, Self::Resume, Self::Advance, Self::Finish, Self::RollBack];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Advance => "advance",
            Self::Finish => "finish",
            Self::RollBack => "roll_back",
        }
    }

    /// Whether more orders follow the new version than before.
    #[must_use]
    pub const fn expands(self) -> bool {
        match self {
            Self::Start | Self::Resume | Self::Advance | Self::Finish => true,
            Self::Pause | Self::RollBack => false,
        }
    }
}

/// The state that an act leads to; none when it is not possible in this one.
#[must_use]
pub const fn next(from: Option<RolloutState>, act: RolloutAct) -> Option<RolloutState> {
    use RolloutState::{Finished, Paused, RolledBack, Running};
    match (act, from) {
        (RolloutAct::Start, None)
        | (RolloutAct::Resume, Some(Paused))
        | (RolloutAct::Advance, Some(Running)) => Some(Running),
        (RolloutAct::Pause, Some(Running)) => Some(Paused),
        (RolloutAct::Finish, Some(Running)) => Some(Finished),
        (RolloutAct::RollBack, Some(Running | Paused)) => Some(RolledBack),
        (RolloutAct::Start, Some(Running | Paused | Finished | RolledBack))
        | (RolloutAct::Resume, None | Some(Running | Finished | RolledBack))
        | (
            RolloutAct::Advance | RolloutAct::Pause | RolloutAct::Finish,
            None | Some(Paused | Finished | RolledBack),
        )
        | (RolloutAct::RollBack, None | Some(Finished | RolledBack)) => None,
    }
}

/// A trial as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rollout {
    pub version: PolicyVersion,
    pub plan: Plan,
    pub state: RolloutState,
    pub percent: u8,
    pub started_at: UtcMs,
    pub changed_at: UtcMs,
    /// The saved decision before the first of this trial.
    #[serde(skip)]
    pub decisions_from: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the rollout is {}; it cannot {} now", state.as_str(), act.as_str().replace('_', " "))]
    State { state: RolloutState, act: RolloutAct },
    #[error("the plan is not complete: {0}")]
    Plan(String),
    #[error("{percent} percent: expected more than {now} and at most {max}")]
    Percent { percent: u8, now: u8, max: u8 },
    #[error(
        "it touches everything at once ({touched}): at most {max} percent. Name classes of articles or regions, so \
         that a part of the chain stays as it is"
    )]
    Everywhere { touched: String, max: u8 },
    #[error("it has not come to its last phase; take it further first")]
    EarlyEnd,
    #[error("policies are frozen: {0}")]
    Frozen(String),
    #[error("{0} exceptions of orders that follow it are open; a trial grows when they are resolved")]
    Unresolved(u32),
    #[error("it is not ready to go on: {0}")]
    Guardrails(String),
    #[error("{0}; put the version in shadow first, or say in shadow.override_reason why it may start")]
    Shadow(String),
    #[error("{0} is neither its owner nor named in may_pause")]
    NotTheirs(Actor),
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub act: RolloutAct,
    pub actor: Actor,
    pub reason: String,
    /// For a start or an advance.
    pub percent: Option<u8>,
    /// By central itself, because a guardrail was crossed.
    pub by_itself: bool,
}

/// Whether a cohort may take this share, seen against all that it would touch.
pub fn may_reach(plan: &Plan, percent: u8, terrain: &Terrain) -> Result<(), Refusal> {
    let reach = Reach::of(&plan.cohort, terrain);
    match reach.percent_max(&plan.cohort) {
        Some(max) if percent > max => Err(Refusal::Everywhere { touched: reach.words(), max }),
        Some(_) | None => Ok(()),
    }
}

/// Whether a plan can be started with this share of its cohort, after what the version has shown.
pub fn may_start(
    plan: &Plan,
    percent: u8,
    shown: &Shown,
    freeze: Option<&PolicyFreeze>,
    now: UtcMs,
) -> Result<(), Refusal> {
    if let Some(freeze) = freeze.filter(|freeze| freeze.in_force(now)) {
        return Err(Refusal::Frozen(freeze.reason.clone()));
    }
    if let Some(what) = lacking(plan) {
        return Err(Refusal::Plan(what));
    }
    let open = plan.cohort.is_open();
    let first = phase::reach(&plan.phases, 0).unwrap_or(plan.percent_max);
    let max = if open { first.min(ROLLOUT_OPEN_COHORT_PERCENT_MAX) } else { first };
    if percent == 0 || percent > max {
        return Err(Refusal::Percent { percent, now: 0, max });
    }
    plan.shadow.closed(shown).map_or(Ok(()), |why| Err(Refusal::Shadow(why)))
}

fn told(words: &[String]) -> bool {
    let fit = |word: &String| !word.trim().is_empty() && word.chars().count() <= NOTE_CHARS_MAX;
    !words.is_empty() && words.len() <= ROLLOUT_WORDS_MAX && words.iter().all(fit)
}

fn lacking(plan: &Plan) -> Option<String> {
    if !told(&plan.go) {
        return Some("go says what must be true to go on".to_owned());
    }
    if !told(&plan.blockers_cleared) {
        return Some("blockers_cleared says what was looked at before the start".to_owned());
    }
    if plan.dashboard.trim().is_empty() || plan.dashboard.chars().count() > NOTE_CHARS_MAX {
        return Some("dashboard says where people watch it".to_owned());
    }
    if plan.may_pause.is_empty() || plan.may_pause.len() > ROLLOUT_WORDS_MAX {
        return Some("may_pause names who may pause it beside the owner".to_owned());
    }
    if plan.percent_max == 0 || plan.percent_max > ROLLOUT_PERCENT_MAX {
        return Some(format!(
            "percent_max is 1 to {ROLLOUT_PERCENT_MAX}: a larger part is no trial any more"
        ));
    }
    let parts = phase::lacking(&plan.phases, plan.percent_max);
    parts
        .or_else(|| plan.cohort.lacking())
        .or_else(|| plan.guardrails.lacking())
        .or_else(|| plan.shadow.lacking())
}

/// Whether a trial may take this step now: the state that it then has, and its share.
pub fn may(
    rollout: &Rollout,
    wish: &Wish,
    reading: &Reading,
    freeze: Option<&PolicyFreeze>,
    now: UtcMs,
) -> Result<(RolloutState, u8), Refusal> {
    let state =
        next(Some(rollout.state), wish.act).ok_or(Refusal::State { state: rollout.state, act: wish.act })?;
    let plan = &rollout.plan;
    let theirs = wish.by_itself || wish.actor == plan.owner || plan.may_pause.contains(&wish.actor);
    if !theirs {
        return Err(Refusal::NotTheirs(wish.actor.clone()));
    }
    if wish.act.expands() {
        if let Some(freeze) = freeze.filter(|freeze| freeze.in_force(now)) {
            return Err(Refusal::Frozen(freeze.reason.clone()));
        }
        if reading.open_exceptions > 0 {
            return Err(Refusal::Unresolved(reading.open_exceptions));
        }
    }
    match wish.act {
        RolloutAct::Advance => {
            let percent = wish.percent.unwrap_or_default();
            let max = phase::reach(&plan.phases, rollout.percent).unwrap_or(plan.percent_max);
            if percent <= rollout.percent || percent > max {
                return Err(Refusal::Percent { percent, now: rollout.percent, max });
            }
            ready(plan, reading)?;
            Ok((state, percent))
        }
        RolloutAct::Finish => {
            if !phase::is_last(&plan.phases, rollout.percent) {
                return Err(Refusal::EarlyEnd);
            }
            ready(plan, reading)?;
            Ok((state, rollout.percent))
        }
        RolloutAct::Start | RolloutAct::Pause | RolloutAct::Resume | RolloutAct::RollBack => {
            Ok((state, rollout.percent))
        }
    }
}

fn ready(plan: &Plan, reading: &Reading) -> Result<(), Refusal> {
    match plan.judge(reading) {
        Verdict::Holds => Ok(()),
        Verdict::TooFew(words) | Verdict::Crossed(words) => Err(Refusal::Guardrails(words)),
    }
}

#[cfg(test)]
mod tests;
