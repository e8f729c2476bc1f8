//! Versions on trial: each with its plan, what was measured beside its limits, and the next steps.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::{Answer, Refused, known};
use crate::adapters::http::app::Shared;
use crate::adapters::http::rollouts::take;
use crate::core::policy::version::PolicyVersion;
use crate::core::rollout::cohort::Cohort;
use crate::core::rollout::guardrails::{Gauge, Verdict};
use crate::core::rollout::reach::Reach;
use crate::core::rollout::{Plan, Rollout, RolloutAct, RolloutState, next, phase};
use crate::flows::rollout::terrain;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::error::Code;
use holdfast_shared::ids::Actor;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Entries of the history that are looked through for those of one trial.
const EVENTS_MAX: u32 = 500;

struct RolloutRow {
    number: u64,
    version: PolicyVersion,
    state: &'static str,
    tone: &'static str,
    percent: u8,
    cohort: String,
    owner: String,
    age: String,
}

#[derive(Template)]
#[template(path = "rollouts.html")]
struct RolloutsPage {
    frame: Frame,
    rows: Vec<RolloutRow>,
    next: Option<String>,
}

struct PhaseRow {
    name: String,
    tone: &'static str,
    go: String,
    back: String,
}

struct GaugeRow {
    what: &'static str,
    now: i64,
    limit: String,
    tone: &'static str,
    words: &'static str,
}

struct EventRow {
    ago: String,
    what: String,
    actor: String,
    reason: String,
}

/// A step that is possible now.
struct ActForm {
    act: &'static str,
    label: &'static str,
    why: &'static str,
    /// For an advance: from which share up to which.
    percent: Option<(u8, u8)>,
}

#[derive(Template)]
#[template(path = "rollout.html")]
struct RolloutPage {
    frame: Frame,
    number: u64,
    version: PolicyVersion,
    state: &'static str,
    tone: &'static str,
    percent: u8,
    percent_max: u8,
    verdict: String,
    holds: bool,
    owner: String,
    may_pause: String,
    dashboard: String,
    /// Whether a browser can follow it.
    dashboard_link: bool,
    cohort: String,
    reach: String,
    go: Vec<String>,
    blockers: Vec<String>,
    phases: Vec<PhaseRow>,
    gauges: Vec<GaugeRow>,
    acts: Vec<ActForm>,
    events: Vec<EventRow>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    reason: String,
    #[serde(default)]
    percent: Option<u8>,
}

const READERS: &[Scope] = &[Scope::PolicyWrite, Scope::PolicyApprove, Scope::FleetRead, Scope::Support];
const STEPPERS: &[Scope] = &[Scope::PolicyWrite, Scope::PolicyApprove];

const fn told(state: RolloutState) -> (&'static str, &'static str) {
    match state {
        RolloutState::Running => ("running", "good"),
        RolloutState::Paused => ("paused", "warn"),
        RolloutState::Finished => ("finished", "calm"),
        RolloutState::RolledBack => ("rolled back", "bad"),
    }
}

fn in_words(cohort: &Cohort) -> String {
    let names =
        |what: &str, names: Vec<String>| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    let texts = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
    let mut parts: Vec<String> = [
        names("channel", texts(&cohort.channels)),
        names("region", cohort.regions.iter().map(ToString::to_string).collect()),
        names("brand", cohort.brands.iter().map(ToString::to_string).collect()),
        names("class", cohort.classes.iter().map(ToString::to_string).collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    parts.extend(cohort.in_stock.then(|| "in stock".to_owned()));
    parts.extend(cohort.simple_shipping.then(|| "simple shipping".to_owned()));
    if parts.is_empty() { "every order".to_owned() } else { parts.join("; ") }
}

fn row((number, rollout): (u64, Rollout), now: UtcMs) -> RolloutRow {
    let (state, tone) = told(rollout.state);
    RolloutRow {
        number,
        version: rollout.version,
        state,
        tone,
        percent: rollout.percent,
        cohort: in_words(&rollout.plan.cohort),
        owner: rollout.plan.owner.to_string(),
        age: words::length(now.since(rollout.started_at)),
    }
}

pub(super) async fn list(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, READERS)?;
    let now = app.clock.now().utc;
    let page_of =
        app.storage.rollouts(person.0.tenant(), &PageRequest { cursor: asked.cursor, limit: ROWS }).await?;
    page(&RolloutsPage {
        frame: frame(&app, &person, "policies", None).await?,
        rows: page_of.rows.into_iter().map(|numbered| row(numbered, now)).collect(),
        next: page_of.next.map(|next| format!("/console/rollouts?cursor={next}")),
    })
}

pub(super) async fn one(
    State(app): State<Shared>,
    person: Person,
    Path(number): Path<String>,
) -> Answer<Response> {
    need(&person, READERS)?;
    let number: u64 = known(&number, Code::NotFound)?;
    let tenant = person.0.tenant();
    let found = app.storage.rollout_by_number(tenant, number).await?;
    let (rollout, reading, is_newest) =
        found.ok_or_else(|| Refused::new(Code::NotFound, format!("there is no rollout {number}")))?;
    let (state, tone) = told(rollout.state);
    let (verdict, holds) = match rollout.plan.judge(&reading) {
        Verdict::Holds => ("every guardrail holds".to_owned(), true),
        Verdict::TooFew(words) | Verdict::Crossed(words) => (words, false),
    };
    let plan = &rollout.plan;
    let link = plan.dashboard.starts_with("https://") || plan.dashboard.starts_with("http://");
    let may_step = is_newest && may_step(&person, plan)?;
    page(&RolloutPage {
        frame: frame(&app, &person, "policies", None).await?,
        number,
        version: rollout.version,
        state,
        tone,
        percent: rollout.percent,
        percent_max: plan.percent_max,
        verdict,
        holds,
        owner: plan.owner.to_string(),
        may_pause: plan.may_pause.iter().map(Actor::as_str).collect::<Vec<_>>().join(", "),
        dashboard: plan.dashboard.clone(),
        dashboard_link: link,
        cohort: in_words(&plan.cohort),
        reach: Reach::of(&plan.cohort, &terrain(&*app.storage, tenant).await?).words(),
        go: plan.go.clone(),
        blockers: plan.blockers_cleared.clone(),
        phases: phases(&rollout),
        gauges: plan.guardrails.gauges(&reading).each_ref().map(gauge).into(),
        acts: if may_step { acts(&rollout) } else { Vec::new() },
        events: events(&app, &person, &rollout).await?,
    })
}

/// Whoever the plan does not name is refused in any case; they see no buttons.
fn may_step(person: &Person, plan: &Plan) -> Answer<bool> {
    let actor = person.0.actor()?;
    let named = actor == plan.owner || plan.may_pause.contains(&actor);
    Ok(named && STEPPERS.iter().any(|scope| person.0.may(*scope)))
}

fn phases(rollout: &Rollout) -> Vec<PhaseRow> {
    let at = phase::at(&rollout.plan.phases, rollout.percent).map(|(index, _)| index);
    let row = |(index, phase): (usize, &phase::Phase)| PhaseRow {
        name: format!("up to {} percent", phase.percent),
        tone: match at {
            Some(now) if index == now => "good",
            Some(now) if index < now => "calm",
            Some(_) | None => "warn",
        },
        go: phase.go.join("; "),
        back: phase.roll_back_when.join("; "),
    };
    rollout.plan.phases.iter().enumerate().map(row).collect()
}

fn gauge(gauge: &Gauge) -> GaugeRow {
    let Gauge { what, now, limit, at_least, holds } = *gauge;
    let side = if at_least { "at least" } else { "at most" };
    let (tone, words) = match (holds, at_least) {
        (true, _) => ("good", "holds"),
        (false, true) => ("warn", "too few"),
        (false, false) => ("bad", "crossed"),
    };
    GaugeRow { what, now, limit: format!("{side} {limit}"), tone, words }
}

fn acts(rollout: &Rollout) -> Vec<ActForm> {
    let more = phase::at(&rollout.plan.phases, rollout.percent.saturating_add(1));
    let most = more.map_or(rollout.plan.percent_max, |(_, phase)| phase.percent);
    let forms = [
        (RolloutAct::Pause, "pause", "Pause", "Why it stops for now"),
        (RolloutAct::Resume, "resume", "Go on", "What was found, and why it goes on"),
        (RolloutAct::Advance, "advance", "Advance", "What was looked at: the go criteria of the next phase"),
        (RolloutAct::Finish, "finish", "Finish", "Why the version may be in force for all"),
        (
            RolloutAct::RollBack,
            "rollback",
            "Roll back",
            "Why it ends; its orders follow the version in force",
        ),
    ];
    let grows = rollout.percent < rollout.plan.percent_max;
    forms
        .into_iter()
        .filter(|(act, ..)| next(Some(rollout.state), *act).is_some())
        .filter(|(act, ..)| *act != RolloutAct::Advance || grows)
        .map(|(act, path, label, why)| ActForm {
            act: path,
            label,
            why,
            percent: (act == RolloutAct::Advance).then(|| (rollout.percent.saturating_add(1), most)),
        })
        .collect()
}

/// What happened with its version since it started.
async fn events(app: &Shared, person: &Person, rollout: &Rollout) -> Answer<Vec<EventRow>> {
    let asked = PageRequest { cursor: None, limit: EVENTS_MAX };
    let history = app.storage.policy_history(person.0.tenant(), &asked).await?;
    let now = app.clock.now().utc;
    let of_it = history.rows.into_iter().filter(|event| {
        event.version == Some(rollout.version)
            && event.at >= rollout.started_at
            && event.act.starts_with("rollout_")
    });
    Ok(of_it
        .map(|event| EventRow {
            ago: words::length(now.since(event.at)),
            what: event.act.trim_start_matches("rollout_").replace('_', " "),
            actor: event.actor.to_string(),
            reason: event.reason,
        })
        .collect())
}

pub(super) async fn act(
    State(app): State<Shared>,
    person: Person,
    Path((number, act)): Path<(String, String)>,
    Form(form): Form<StepForm>,
) -> Answer<Response> {
    need(&person, STEPPERS)?;
    let number: u64 = known(&number, Code::NotFound)?;
    let newest = app.storage.rollout_by_number(person.0.tenant(), number).await?;
    if !newest.is_some_and(|(_, _, is_newest)| is_newest) {
        return Err(Refused::new(Code::PolicyState, format!("{number} is not the newest rollout any more")));
    }
    take(&app, &person.0, &act, &form.reason, form.percent).await?;
    Ok(Redirect::to(&format!("/console/rollouts/{number}")).into_response())
}
