//! What comparing has found: a day's report, the differences one by one, and what people say of them.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::days::{date, day};
use super::doors::Caller;
use super::paging::Paging;
use super::sheet::cell;
use crate::core::shadow::report::{Summary, summary};
use crate::core::shadow::words::{Against, DiffClass, DiffSeverity, Triage};
use crate::core::stock::report::Day;
use crate::flows::shadow;
use crate::ports::shadow::{Diff, DiffFilter, Judgement, Tally, Tops};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use utoipa::ToSchema;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReportForm {
    #[default]
    Json,
    Csv,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportDay {
    /// A day in UTC, like 2026-11-01; today when absent.
    day: Option<String>,
    /// `json` or `csv`.
    #[serde(default)]
    #[param(inline)]
    format: ReportForm,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShadowReport {
    #[schema(example = "2026-11-01")]
    pub(super) day: String,
    /// One for each with which central was compared on that day.
    pub(super) sides: Vec<SideReport>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SideReport {
    #[schema(value_type = String, example = "v3")]
    pub(super) against: Against,
    #[serde(flatten)]
    pub(super) summary: Summary,
    /// Of the differences that are kept one by one.
    pub(super) tops: Tops,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffQuery {
    /// A day in UTC, like 2026-11-01.
    day: Option<String>,
    /// `v3`, or `legacy`.
    against: Option<String>,
    #[param(inline)]
    class: Option<DiffClass>,
    #[param(inline)]
    severity: Option<DiffSeverity>,
    #[param(inline)]
    triage: Option<Triage>,
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DiffPage {
    diffs: Vec<Diff>,
    next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TriageRequest {
    pub(super) triage: Triage,
    #[schema(example = "the new radius is meant")]
    pub(super) reason: String,
    /// And of all open ones of the same side, class and rule, up to 1,000.
    #[serde(default)]
    pub(super) alike: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TriageDone {
    settled: u32,
}

/// One day of comparing.
#[utoipa::path(get, path = "/v1/shadow/report", tag = "policies", params(ReportDay),
    responses((status = 200, content((ShadowReport = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem)))]
pub(super) async fn report(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<ReportDay>,
) -> Answer<Response> {
    let report = report_of(&app, &caller, asked.day.as_deref()).await?;
    Ok(match asked.format {
        ReportForm::Json => Json(report).into_response(),
        ReportForm::Csv => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&report)).into_response(),
    })
}

pub(super) async fn report_of(app: &Shared, caller: &Caller, asked: Option<&str>) -> Answer<ShadowReport> {
    let on = match asked.filter(|text| !text.is_empty()) {
        Some(text) => day(text)?,
        None => Day::of(app.clock.now().utc),
    };
    let mut by_side: BTreeMap<Against, Vec<Tally>> = BTreeMap::new();
    for row in app.storage.shadow_tally(caller.tenant(), (on, on)).await? {
        by_side.entry(row.against).or_default().push(row);
    }
    let mut sides = Vec::new();
    for (against, rows) in by_side {
        let tops = app.storage.shadow_tops(caller.tenant(), on, against).await?;
        let summary = summary(rows.into_iter().map(|row| (row.counted, row.lines)));
        sides.push(SideReport { against, summary, tops });
    }
    Ok(ShadowReport { day: date(on)?, sides })
}

/// One number a line, so that a sheet can take it from there.
fn csv(report: &ShadowReport) -> String {
    let mut text = "day,against,what,name,lines\n".to_owned();
    for side in &report.sides {
        let Summary { compared, equal, different, not_compared, mismatched, .. } = side.summary;
        let mut rows = vec![
            ("lines", "compared".to_owned(), compared),
            ("lines", "equal".to_owned(), equal),
            ("lines", "different".to_owned(), different),
            ("lines", "not_compared".to_owned(), not_compared),
            ("lines", "mismatched".to_owned(), mismatched),
            ("permille", "mismatch".to_owned(), side.summary.mismatch_permille),
            ("permille", "classified".to_owned(), side.summary.classified_permille),
        ];
        let of = &side.summary;
        rows.extend(of.by_class.iter().map(|(of, lines)| ("class", of.as_str().to_owned(), *lines)));
        rows.extend(of.by_severity.iter().map(|(of, lines)| ("severity", of.as_str().to_owned(), *lines)));
        rows.extend(of.by_triage.iter().map(|(of, lines)| ("triage", of.as_str().to_owned(), *lines)));
        let tops = [("sku", &side.tops.skus), ("node", &side.tops.nodes), ("rule", &side.tops.rules)];
        for (what, top) in tops {
            rows.extend(top.iter().map(|one| (what, one.name.clone(), one.lines)));
        }
        for (what, name, lines) in rows {
            // A string takes whatever is written to it.
            let _ = writeln!(text, "{},{},{what},{},{lines}", report.day, side.against, cell(&name));
        }
    }
    text
}

/// Differences one by one, newest first.
#[utoipa::path(get, path = "/v1/shadow/diffs", tag = "policies", params(DiffQuery),
    responses((status = 200, body = DiffPage), (status = "4XX", body = Problem)))]
pub(super) async fn diffs(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<DiffQuery>,
) -> Answer<Json<DiffPage>> {
    let DiffQuery { day: on, against, class, severity, triage, cursor, limit } = asked;
    let filter = DiffFilter {
        day: on.as_deref().map(day).transpose()?,
        against: against.as_deref().map(side).transpose()?,
        class,
        severity,
        triage,
    };
    let page = Paging { cursor, limit }.request()?;
    let page = app.storage.shadow_diffs(caller.tenant(), &filter, &page).await?;
    Ok(Json(DiffPage { diffs: page.rows, next: page.next }))
}

fn side(text: &str) -> Answer<Against> {
    text.parse().map_err(|bad: crate::core::shadow::words::BadAgainst| {
        Refused::new(Code::InvalidRequest, bad.to_string())
    })
}

/// Say what a difference is: a defect, meant so, not worth mending; or open again.
#[utoipa::path(post, path = "/v1/shadow/diffs/{diff}/triage", tag = "policies", params(("diff" = u64, Path)),
    request_body = TriageRequest, responses((status = 200, body = TriageDone), (status = "4XX", body = Problem)))]
pub(super) async fn triage(
    State(app): State<Shared>,
    caller: Caller,
    Path(diff): Path<String>,
    ApiJson(request): ApiJson<TriageRequest>,
) -> Answer<Json<TriageDone>> {
    Ok(Json(TriageDone { settled: settle(&app, &caller, &diff, request).await? }))
}

pub(super) async fn settle(app: &Shared, caller: &Caller, diff: &str, request: TriageRequest) -> Answer<u32> {
    let TriageRequest { triage, reason, alike } = request;
    let diff: u64 = known(diff, Code::NotFound)?;
    let judgement = Judgement { diff, alike, triage, by: caller.actor()?, reason };
    Ok(shadow::triage(&*app.storage, caller.tenant(), judgement, app.clock.now().utc).await?)
}
