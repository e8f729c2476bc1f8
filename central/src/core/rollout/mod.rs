//! Trying a version on a part of the orders: who is in that part, how the trial goes on, and when it
//! stops itself.
//!
//! A customer who is in stays in while the part grows: the share is a threshold over a hash that
//! does not change. Nothing here measures; [`guardrails`] judges what was measured.

pub mod cohort;
pub mod guardrails;

use super::policy::version::{PolicyFreeze, PolicyVersion};
use cohort::Cohort;
use guardrails::{Guardrails, Reading, Verdict};
use holdfast_shared::ids::Actor;
use holdfast_shared::limits::{
    NOTE_CHARS_MAX, ROLLOUT_OPEN_COHORT_PERCENT_MAX, ROLLOUT_PERCENT_MAX, ROLLOUT_WORDS_MAX,
};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What must be settled before anything is tried: nothing of it has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Who answers for it.
    pub owner: Actor,
    /// Who may pause it beside the owner.
    pub may_pause: BTreeSet<Actor>,
    /// Where people watch it.
    #[schema(example = "https://grafana.example/d/rollout")]
    pub dashboard: String,
    /// What must be true to go on, in words.
    pub go: Vec<String>,
    /// What must be true before it starts, in words; each was looked at when it starts.
    pub blockers_cleared: Vec<String>,
    pub cohort: Cohort,
    /// The largest share that it ever takes.
    #[schema(example = 50)]
    pub percent_max: u8,
    pub guardrails: Guardrails,
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
    #[error("policies are frozen: {0}")]
    Frozen(String),
    #[error("{0} exceptions of orders that follow it are open; a trial grows when they are resolved")]
    Unresolved(u32),
    #[error("it is not ready to go on: {0}")]
    Guardrails(String),
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

/// Whether a plan can be started with this share of its cohort.
pub fn may_start(plan: &Plan, percent: u8, freeze: Option<&PolicyFreeze>, now: UtcMs) -> Result<(), Refusal> {
    if let Some(freeze) = freeze.filter(|freeze| freeze.in_force(now)) {
        return Err(Refusal::Frozen(freeze.reason.clone()));
    }
    if let Some(what) = lacking(plan) {
        return Err(Refusal::Plan(what));
    }
    let open = plan.cohort.is_open();
    let max = if open { plan.percent_max.min(ROLLOUT_OPEN_COHORT_PERCENT_MAX) } else { plan.percent_max };
    if percent == 0 || percent > max {
        return Err(Refusal::Percent { percent, now: 0, max });
    }
    Ok(())
}

fn lacking(plan: &Plan) -> Option<String> {
    let told = |words: &[String]| {
        let fit = |word: &String| !word.trim().is_empty() && word.chars().count() <= NOTE_CHARS_MAX;
        !words.is_empty() && words.len() <= ROLLOUT_WORDS_MAX && words.iter().all(fit)
    };
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
    plan.cohort.lacking().or_else(|| plan.guardrails.lacking())
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
            if percent <= rollout.percent || percent > plan.percent_max {
                return Err(Refusal::Percent { percent, now: rollout.percent, max: plan.percent_max });
            }
            ready(plan, reading)?;
            Ok((state, percent))
        }
        RolloutAct::Finish => {
            ready(plan, reading)?;
            Ok((state, rollout.percent))
        }
        RolloutAct::Start | RolloutAct::Pause | RolloutAct::Resume | RolloutAct::RollBack => {
            Ok((state, rollout.percent))
        }
    }
}

fn ready(plan: &Plan, reading: &Reading) -> Result<(), Refusal> {
    match plan.guardrails.judge(reading) {
        Verdict::Holds => Ok(()),
        Verdict::TooFew(words) | Verdict::Crossed(words) => Err(Refusal::Guardrails(words)),
    }
}

#[cfg(test)]
mod tests;
