//! What a launch needs, as a list.

use super::{Frame, Person, frame, need, page};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::preflight::look;
use crate::core::launch::preflight::{CheckLine, Finding};
use crate::ports::access::Scope;
use askama::Template;
use axum::extract::State;
use axum::response::Response;

struct Line {
    check: String,
    finding: &'static str,
    tone: &'static str,
    what: String,
    why: &'static str,
    to_do: String,
}

#[derive(Template)]
#[template(path = "preflight.html")]
struct PreflightPage {
    frame: Frame,
    ready: bool,
    gaps: usize,
    unknown: usize,
    lines: Vec<Line>,
}

fn line(line: CheckLine) -> Line {
    let CheckLine { check, finding, what, why, to_do } = line;
    let tone = match finding {
        Finding::Ok => "good",
        Finding::Gap => "bad",
        Finding::Unknown => "warn",
    };
    let (check, to_do) = (check.replace('_', " "), to_do.unwrap_or_default());
    Line { check, finding: finding.as_str(), tone, what, why, to_do }
}

pub(super) async fn show(State(app): State<Shared>, person: Person) -> Answer<Response> {
    need(&person, &[Scope::PolicyWrite, Scope::PolicyApprove, Scope::FleetRead, Scope::Support])?;
    let found = look(&app, &person.0).await?;
    page(&PreflightPage {
        frame: frame(&app, &person, "policies", None).await?,
        ready: found.ready,
        gaps: found.gaps,
        unknown: found.unknown,
        lines: found.lines.into_iter().map(line).collect(),
    })
}
