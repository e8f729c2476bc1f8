//! What comparing has found: the version in shadow, a day's numbers, and the differences with a word for each.

use super::{Frame, Person, ROWS, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::shadow::{ShadowView, view};
use crate::adapters::http::shadow_report::{SideReport, TriageRequest, report_of, settle};
use crate::core::shadow::Shadow;
use crate::core::shadow::words::{DiffClass, DiffSeverity, Triage};
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use crate::ports::shadow::{Diff, DiffFilter};
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::time::UtcMs;
use serde::Deserialize;

struct SideRow {
    against: String,
    compared: u64,
    different: u64,
    mismatch: String,
    classified: String,
    classes: String,
    tops: String,
}

struct DiffRow {
    diff: u64,
    against: String,
    order: String,
    line: u32,
    sku: String,
    class: &'static str,
    severity: &'static str,
    tone: &'static str,
    here: String,
    there: String,
    words: String,
    age: String,
    open: bool,
    triage: String,
}

#[derive(Template)]
#[template(path = "shadow.html")]
struct ShadowPage {
    frame: Frame,
    standing: String,
    not_compared: Option<String>,
    day: String,
    sides: Vec<SideRow>,
    rows: Vec<DiffRow>,
    open_only: bool,
    all: bool,
    critical_only: bool,
    may_triage: bool,
    next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    day: Option<String>,
    #[serde(default)]
    all: bool,
    /// Only those.
    severity: Option<DiffSeverity>,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriageForm {
    triage: Triage,
    reason: String,
    #[serde(default)]
    alike: bool,
}

const READERS: &[Scope] = &[Scope::PolicyWrite, Scope::PolicyApprove, Scope::FleetRead, Scope::Support];
const JUDGES: &[Scope] = &[Scope::PolicyWrite, Scope::PolicyApprove, Scope::Support];

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    need(&person, READERS)?;
    let ShadowView { shadow, not_compared, .. } = view(&app, &person.0).await?;
    let report = report_of(&app, &person.0, asked.day.as_deref()).await?;
    let triage = (!asked.all).then_some(Triage::Open);
    let filter = DiffFilter { triage, severity: asked.severity, ..DiffFilter::default() };
    let request = PageRequest { cursor: asked.cursor, limit: ROWS };
    let found = app.storage.shadow_diffs(person.0.tenant(), &filter, &request).await?;
    let now = app.clock.now().utc;
    page(&ShadowPage {
        frame: frame(&app, &person, "policies", None).await?,
        standing: standing(shadow.as_ref(), now),
        not_compared: (!not_compared.is_empty()).then(|| not_compared.join(", ")),
        day: report.day,
        sides: report.sides.iter().map(side).collect(),
        rows: found.rows.iter().map(|diff| row(diff, now)).collect(),
        open_only: !asked.all && asked.severity.is_none(),
        all: asked.all && asked.severity.is_none(),
        may_triage: JUDGES.iter().any(|scope| person.0.may(*scope)),
        critical_only: asked.severity == Some(DiffSeverity::Critical),
        next: found.next.map(|next| {
            let severity = asked.severity.map(|severity| format!("&severity={}", severity.as_str()));
            format!("/console/shadow?all={}{}&cursor={next}", asked.all, severity.unwrap_or_default())
        }),
    })
}

fn standing(shadow: Option<&Shadow>, now: UtcMs) -> String {
    let Some(shadow) = shadow else { return "No version was ever in shadow.".to_owned() };
    match &shadow.ended {
        Some(ended) => format!(
            "Version {} was in shadow until {} ago ({}: {}).",
            shadow.version,
            words::length(now.since(ended.at)),
            ended.by,
            ended.reason
        ),
        None => format!(
            "Version {} is in shadow for {} more: {} ({} answers for it).",
            shadow.version,
            words::length(shadow.ends_at.since(now)),
            shadow.reason,
            shadow.owner
        ),
    }
}

fn side(side: &SideReport) -> SideRow {
    let classes = side.summary.by_class.iter().map(|(of, lines)| format!("{lines} {}", class(*of)));
    let tops = [("SKUs", &side.tops.skus), ("nodes", &side.tops.nodes), ("rules", &side.tops.rules)];
    let tops = tops.into_iter().filter(|(_, tops)| !tops.is_empty()).map(|(of, tops)| {
        let named = tops.iter().map(|top| format!("{} ({})", top.name, top.lines));
        format!("{of} {}", named.collect::<Vec<_>>().join(", "))
    });
    SideRow {
        against: side.against.to_string(),
        compared: side.summary.compared,
        different: side.summary.different,
        mismatch: percent(side.summary.mismatch_permille),
        classified: percent(side.summary.classified_permille),
        classes: classes.collect::<Vec<_>>().join(", "),
        tops: tops.collect::<Vec<_>>().join("; "),
    }
}

fn percent(permille: u64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

fn row(diff: &Diff, now: UtcMs) -> DiffRow {
    let said = |said: &Option<crate::core::shadow::said::Said>| {
        let Some(said) = said else { return "nothing".to_owned() };
        let promise = said.promise.map(|by| format!(", arrives in {}", words::length(by.since(now))));
        format!("{}{}", said.words(), promise.unwrap_or_default())
    };
    let (severity, tone) = match diff.finding.severity {
        DiffSeverity::None => ("in words", "calm"),
        DiffSeverity::Minor => ("minor", "calm"),
        DiffSeverity::Major => ("major", "warn"),
        DiffSeverity::Critical => ("critical", "bad"),
    };
    let by = diff.triaged.as_ref().map(|said| format!(" by {}: {}", said.by, said.reason));
    DiffRow {
        diff: diff.diff,
        against: diff.against.to_string(),
        order: diff.order.to_string(),
        line: diff.line.0,
        sku: diff.sku.as_ref().map(ToString::to_string).unwrap_or_default(),
        class: class(diff.finding.class),
        severity,
        tone,
        here: said(&diff.here),
        there: said(&diff.there),
        words: diff.finding.words.clone(),
        age: words::length(now.since(diff.found_at)),
        open: diff.triage == Triage::Open,
        triage: format!("{}{}", diff.triage.as_str().replace('_', " "), by.unwrap_or_default()),
    }
}

const fn class(class: DiffClass) -> &'static str {
    match class {
        DiffClass::Data => "data",
        DiffClass::Rules => "rules",
        DiffClass::Mapping => "mapping",
        DiffClass::Timing => "timing",
        DiffClass::MissingHere => "missing here",
        DiffClass::MissingThere => "missing there",
        DiffClass::Unclassified => "unclassified",
    }
}

pub(super) async fn triage(
    State(app): State<Shared>,
    person: Person,
    Path(diff): Path<String>,
    Form(form): Form<TriageForm>,
) -> Answer<Response> {
    need(&person, JUDGES)?;
    let TriageForm { triage, reason, alike } = form;
    settle(&app, &person.0, &diff, TriageRequest { triage, reason, alike }).await?;
    Ok(Redirect::to("/console/shadow").into_response())
}
