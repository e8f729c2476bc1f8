//! The window after a restore: whom central waits for, and what is lost.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::recovery::override_one;
use crate::ports::access::Scope;
use crate::ports::recovery::{RecoveringStore, Recovery};
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct StoreRow {
    store: String,
    replica: String,
    state: String,
    tone: &'static str,
    is_waited_for: bool,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    frame: Frame,
    recovery: Option<Recovery>,
    began: String,
    rows: Vec<StoreRow>,
    may_override: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverrideForm {
    reason: String,
}

fn row(store: &RecoveringStore, now: UtcMs) -> StoreRow {
    let ago = |at: UtcMs| words::length(now.since(at));
    let (state, tone) = match (store.replayed_at, store.overridden_at) {
        (Some(at), _) => (format!("has told all, {} ago", ago(at)), "good"),
        (None, Some(at)) => (format!("not waited for any more, {} ago", ago(at)), "bad"),
        (None, None) => ("waited for".to_owned(), "warn"),
    };
    StoreRow {
        store: store.store.to_string(),
        replica: store.replica.to_string(),
        state,
        tone,
        is_waited_for: store.is_waited_for(),
    }
}

pub(super) async fn show(State(app): State<Shared>, person: Person) -> Answer<Response> {
    need(&person, &[Scope::Support, Scope::FleetRead])?;
    let recovery = app.storage.recovery(person.0.tenant()).await?;
    let now = app.clock.now().utc;
    let stores = recovery.as_ref().map(|recovery| recovery.stores.as_slice()).unwrap_or_default();
    page(&RecoveryPage {
        frame: frame(&app, &person, "recovery", None).await?,
        began: recovery.as_ref().map(|told| words::length(now.since(told.began_at))).unwrap_or_default(),
        rows: stores.iter().map(|store| row(store, now)).collect(),
        may_override: person.0.may(Scope::Support),
        recovery,
    })
}

pub(super) async fn override_store(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
    Form(form): Form<OverrideForm>,
) -> Answer<Response> {
    need(&person, &[Scope::Support])?;
    override_one(&app, &person.0, &store, &form.reason).await?;
    Ok(Redirect::to("/console/recovery").into_response())
}
