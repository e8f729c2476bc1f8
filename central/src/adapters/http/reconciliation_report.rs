//! What does not agree at the end of a day, as JSON, as a sheet, and as a page that can be sent on.

use super::answer::{Answer, internal};
use super::app::{App, Shared};
use super::days::{after, begins, date, day};
use super::doors::Caller;
use super::sheet::cell;
use crate::core::reconcile::report::{Report, ReportLine};
use crate::core::stock::report::Day;
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::Problem;
use serde::Deserialize;
use std::fmt::Write;
use utoipa::ToSchema;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DayForm {
    #[default]
    Json,
    Csv,
    Html,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DayQuery {
    /// A day in UTC, like 2026-11-01; today, as far as it is, when absent.
    pub(super) day: Option<String>,
    #[serde(default)]
    #[param(inline)]
    pub(super) format: DayForm,
}

#[derive(Template)]
#[template(path = "reconciliation_report.html")]
struct ReportPage<'a> {
    day: &'a str,
    parts: Vec<Part>,
}

/// Lines of one section.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) lines: Vec<ReportLine>,
}

/// Unresolved exceptions, revenue at risk, the systems responsible, and findings by kind and age.
#[utoipa::path(get, path = "/v1/reconciliation/report", tag = "support", params(DayQuery),
    responses((status = 200, content((Report = "application/json"), (String = "text/csv"), (String = "text/html"))),
        (status = "4XX", body = Problem)))]
pub(super) async fn report(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<DayQuery>,
) -> Answer<Response> {
    answer(&app, &caller, &asked).await
}

pub(super) async fn answer(app: &App, caller: &Caller, asked: &DayQuery) -> Answer<Response> {
    let report = report_of(app, caller, asked.day.as_deref()).await?;
    Ok(match asked.format {
        DayForm::Json => Json(report).into_response(),
        DayForm::Csv => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&report)).into_response(),
        DayForm::Html => {
            let page = ReportPage { day: &report.day, parts: parts(&report) };
            Html(page.render().map_err(|error| internal("a report", error))?).into_response()
        }
    })
}

pub(super) async fn report_of(app: &App, caller: &Caller, asked: Option<&str>) -> Answer<Report> {
    let now = app.clock.now().utc;
    let on = match asked.filter(|text| !text.is_empty()) {
        Some(text) => day(text)?,
        None => Day::of(now),
    };
    let (begun, ends) = (begins(on), begins(after(on)).min(now.plus(1)));
    let book = app.storage.day_book(caller.tenant(), begun, ends.max(begun)).await?;
    Ok(Report::of(date(on)?, book, (begun, ends.max(begun))))
}

pub(super) fn parts(report: &Report) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for line in report.lines() {
        match parts.last_mut().filter(|part| part.name == line.section) {
            Some(part) => part.lines.push(line),
            None => parts.push(Part { name: line.section, lines: vec![line] }),
        }
    }
    parts
}

fn csv(report: &Report) -> String {
    let mut text = "day,section,name,value,note\n".to_owned();
    for line in report.lines() {
        let cells = [&report.day, line.section, &line.name, &line.value, &line.note].map(cell);
        // A string takes whatever is written to it.
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}
