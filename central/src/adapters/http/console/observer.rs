//! Whether silence counts: what the observer makes of it, and a person's word over it.

use super::{Person, need, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::observer::{RELEASE_MS, say};
use crate::core::health::overrule::Verdict;
use crate::ports::access::Scope;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// How it stands, in words; and what a person can do about it.
pub(super) struct Silence {
    pub(super) words: String,
    pub(super) tone: &'static str,
    /// Nothing moves because of silence now.
    pub(super) holds: bool,
}

pub(super) fn silence(app: &Shared, person: &Person) -> Silence {
    let (tenant, now) = (person.0.tenant(), app.clock.now().mono);
    app.watch.with(|observatory| {
        let holds = observatory.holds(tenant);
        let words = match observatory.overruled(tenant) {
            Some(overrule) => {
                let what = match overrule.verdict {
                    Verdict::Hold => "All work stays where it is",
                    Verdict::Release => "The observer is overruled",
                };
                let left = words::length(overrule.until.since(now));
                format!("{what}, by {} for {left} more: {}", overrule.author, overrule.reason)
            }
            None if holds => "Many stores fell silent at once: all work stays where it is".to_owned(),
            None => "The work of a store that goes dark moves to others".to_owned(),
        };
        Silence { words, tone: if holds { "warn" } else { "calm" }, holds }
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldForm {
    minutes: u16,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseForm {
    reason: String,
}

pub(super) async fn hold(
    State(app): State<Shared>,
    person: Person,
    Form(form): Form<HoldForm>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    let for_ms = i64::from(form.minutes).saturating_mul(60_000);
    say(&app, &person.0, Verdict::Hold, form.reason, for_ms).await?;
    Ok(Redirect::to("/console/stores").into_response())
}

pub(super) async fn release(
    State(app): State<Shared>,
    person: Person,
    Form(form): Form<ReleaseForm>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    say(&app, &person.0, Verdict::Release, form.reason, RELEASE_MS).await?;
    Ok(Redirect::to("/console/stores").into_response())
}
