//! Versions on trial: started with a plan, watched, taken further, paused, taken back.

use super::answer::{Answer, Refused, internal};
use super::app::Shared;
use super::doors::Caller;
use crate::core::policy::version::PolicyVersion;
use crate::core::rollout::guardrails::{Gauge, Reading, Verdict};
use crate::core::rollout::preset::Preset;
use crate::core::rollout::reach::Reach;
use crate::core::rollout::{Plan, Rollout, RolloutAct, Wish};
use crate::flows::in_force::know_in_force;
use crate::flows::rollout;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolloutStart {
    version: PolicyVersion,
    plan: Plan,
    /// The share of the cohort that it starts with.
    #[schema(example = 5)]
    percent: u8,
    reason: String,
    /// Completes the cohort of the plan; `GET /v1/rollouts/presets` tells what each asks for.
    #[serde(default)]
    preset: Option<Preset>,
}

/// A cohort that is good to begin with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PresetView {
    preset: Preset,
    words: &'static str,
    /// What the plan's cohort must name beside it.
    asks: &'static str,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolloutStep {
    reason: String,
    /// For an advance: the share that it grows to.
    #[serde(default)]
    percent: Option<u8>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RolloutView {
    /// The newest trial; none when no version was ever tried.
    rollout: Option<Rollout>,
    reading: Option<Reading>,
    /// Whether the guardrails hold, in words.
    verdict: Option<String>,
    /// How much of the chain its cohort touches.
    reach: Option<Reach>,
    /// Each guardrail beside its present value.
    gauges: Vec<Gauge>,
}

/// The newest trial, with what its orders are like.
#[utoipa::path(get, path = "/v1/rollouts", tag = "policies",
    responses((status = 200, body = RolloutView), (status = "4XX", body = Problem)))]
pub(super) async fn get(State(app): State<Shared>, caller: Caller) -> Answer<Json<RolloutView>> {
    let Some((rollout, reading)) = app.storage.rollout(caller.tenant()).await? else {
        return Ok(Json(RolloutView {
            rollout: None,
            reading: None,
            verdict: None,
            reach: None,
            gauges: vec![],
        }));
    };
    let verdict = match rollout.plan.judge(&reading) {
        Verdict::Holds => "holds".to_owned(),
        Verdict::TooFew(words) | Verdict::Crossed(words) => words,
    };
    let terrain = rollout::terrain(&*app.storage, caller.tenant()).await?;
    let reach = Some(Reach::of(&rollout.plan.cohort, &terrain));
    let gauges = rollout.plan.guardrails.gauges(&reading).into();
    let (rollout, reading, verdict) = (Some(rollout), Some(reading), Some(verdict));
    Ok(Json(RolloutView { rollout, reading, verdict, reach, gauges }))
}

/// Cohorts that are good to begin with, by name.
#[utoipa::path(get, path = "/v1/rollouts/presets", tag = "policies",
    responses((status = 200, body = Vec<PresetView>), (status = "4XX", body = Problem)))]
pub(super) async fn presets() -> Json<Vec<PresetView>> {
    let view = |preset: Preset| PresetView { preset, words: preset.words(), asks: preset.asks() };
    Json(Preset::ALL.map(view).into())
}

/// Try an approved version on a part of the orders.
#[utoipa::path(post, path = "/v1/rollouts", tag = "policies", request_body = RolloutStart,
    responses((status = 201, body = Rollout), (status = "4XX", body = Problem)))]
pub(super) async fn start(
    State(app): State<Shared>,
    caller: Caller,
    ApiJson(RolloutStart { version, mut plan, percent, reason, preset }): ApiJson<RolloutStart>,
) -> Answer<(StatusCode, Json<Rollout>)> {
    if let Some(preset) = preset {
        let lacks = || {
            let what = format!("the preset {} asks for {}", preset.as_str(), preset.asks());
            Refused::new(Code::InvalidRequest, what)
        };
        plan.cohort = preset.narrow(plan.cohort).ok_or_else(lacks)?;
    }
    let wish = wish(&caller, RolloutAct::Start, &reason, Some(percent))?;
    let (storage, now) = (&*app.storage, app.clock.now().utc);
    let rollout = rollout::start(storage, caller.tenant(), version, &plan, wish, now).await?;
    changed(&app).await?;
    Ok((StatusCode::CREATED, Json(rollout)))
}

/// `pause`, `resume`, `advance` to a larger share, `finish`, or `rollback`.
#[utoipa::path(post, path = "/v1/rollouts/{act}", tag = "policies", params(("act" = String, Path)),
    request_body = RolloutStep, responses((status = 200, body = Rollout), (status = "4XX", body = Problem)))]
pub(super) async fn step(
    State(app): State<Shared>,
    caller: Caller,
    Path(act): Path<String>,
    ApiJson(RolloutStep { reason, percent }): ApiJson<RolloutStep>,
) -> Answer<Json<Rollout>> {
    Ok(Json(take(&app, &caller, &act, &reason, percent).await?))
}

/// A step of the newest trial, by its name.
pub(super) async fn take(
    app: &Shared,
    caller: &Caller,
    act: &str,
    reason: &str,
    percent: Option<u8>,
) -> Answer<Rollout> {
    let Act(act) = act.parse()?;
    let wish = wish(caller, act, reason, percent)?;
    let rollout = rollout::step(&*app.storage, caller.tenant(), wish, app.clock.now().utc).await?;
    changed(app).await?;
    Ok(rollout)
}

struct Act(RolloutAct);

impl FromStr for Act {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "pause" => Ok(Self(RolloutAct::Pause)),
            "resume" => Ok(Self(RolloutAct::Resume)),
            "advance" => Ok(Self(RolloutAct::Advance)),
            "finish" => Ok(Self(RolloutAct::Finish)),
            "rollback" => Ok(Self(RolloutAct::RollBack)),
            _ => Err(Refused::new(Code::NotFound, "expected pause, resume, advance, finish or rollback")),
        }
    }
}

fn wish(caller: &Caller, act: RolloutAct, reason: &str, percent: Option<u8>) -> Answer<Wish> {
    Ok(Wish { act, actor: caller.actor()?, reason: reason.trim().to_owned(), percent, by_itself: false })
}

/// The next decision follows it.
async fn changed(app: &Shared) -> Answer<()> {
    know_in_force(&*app.storage, &app.policies)
        .await
        .map_err(|error| internal("the policies in force", error))?;
    app.policy_changed();
    Ok(())
}
