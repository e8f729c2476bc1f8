//! The boxes of a store: which of them speak, what one that is kept apart recorded, and the decision
//! about it.

use super::{Frame, Person, frame, need, page, words};
use crate::adapters::http::answer::Answer;
use crate::adapters::http::app::Shared;
use crate::adapters::http::boxes::decide_one;
use crate::adapters::http::fleet;
use crate::core::effects;
use crate::ports::PageRequest;
use crate::ports::access::Scope;
use crate::ports::boxes::{BootSeen, BranchFact, Decision, Quarantine, ReplicaSeen};
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::ids::{BootId, StoreId, TenantId};
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::decode;
use serde::Deserialize;
use std::collections::BTreeMap;

struct BootRow {
    name: String,
    address: String,
    boot: String,
    number: u64,
    standing: &'static str,
    tone: &'static str,
    first_heard: String,
    heard: String,
}

/// What a branch says of one SKU.
struct StockRow {
    sku: String,
    kind: String,
    records: u32,
    units: String,
    outcome: &'static str,
}

struct ApartCard {
    replica: String,
    copy: String,
    since: String,
    why: String,
    facts: u64,
    waiting: u64,
    decided: Option<String>,
    stock: Vec<StockRow>,
    /// What it said about tasks, in words.
    tasks: Vec<(String, String)>,
    /// The branch is longer than what is summed up here.
    more: bool,
}

struct ReplicaCard {
    replica: String,
    enrolled: String,
    boots: Vec<BootRow>,
    apart: Vec<ApartCard>,
}

#[derive(Template)]
#[template(path = "boxes.html")]
struct BoxesPage {
    frame: Frame,
    store: String,
    name: String,
    replicas: Vec<ReplicaCard>,
    may_decide: bool,
    may_enrol: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideForm {
    boot: BootId,
    decision: Decision,
    reason: String,
}

pub(super) async fn show(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetRead, Scope::FleetWrite, Scope::Support])?;
    draw(&app, &person, &store, None).await
}

/// A code, shown in answer to the form itself: it stands in no address, and is told once.
pub(super) async fn enrolment(
    State(app): State<Shared>,
    person: Person,
    Path(store): Path<String>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite])?;
    let offered = fleet::offer(&app, &person.0, &store).await?;
    let until = words::moment(offered.until, app.clock.now().utc);
    let told = format!(
        "On the box, with the address at which it reaches central: holdfast-agent enroll --central URL --code {}. \
         The code is good once, until {until} UTC.",
        offered.code
    );
    draw(&app, &person, &store, Some(told)).await
}

async fn draw(app: &Shared, person: &Person, store: &str, notice: Option<String>) -> Answer<Response> {
    let (tenant, now) = (person.0.tenant(), app.clock.now().utc);
    let record = fleet::find(app, &person.0, store).await?.store;
    let mut replicas = Vec::new();
    for seen in app.storage.replicas(tenant, &record.store).await? {
        let mut apart = Vec::new();
        for quarantine in &seen.quarantines {
            apart.push(card(app, tenant, &record.store, &seen, quarantine, now).await?);
        }
        replicas.push(ReplicaCard {
            replica: seen.replica.to_string(),
            enrolled: enrolled(&seen, now),
            boots: seen.boots.iter().map(|boot| row(boot, now)).collect(),
            apart,
        });
    }
    page(&BoxesPage {
        frame: frame(app, person, "stores", notice).await?,
        store: record.store.to_string(),
        name: record.name,
        replicas,
        may_decide: person.0.may(Scope::FleetWrite) || person.0.may(Scope::Support),
        may_enrol: person.0.may(Scope::FleetWrite),
    })
}

fn ago(at: UtcMs, now: UtcMs) -> String {
    format!("{} ago", words::length(now.since(at)))
}

fn enrolled(seen: &ReplicaSeen, now: UtcMs) -> String {
    let name = seen.enrolled_as.as_ref().map(|name| format!(" as “{name}”")).unwrap_or_default();
    format!("enrolled {}{name}", ago(seen.enrolled_at, now))
}

fn row(seen: &BootSeen, now: UtcMs) -> BootRow {
    let (standing, tone) = words::box_standing(seen.standing);
    BootRow {
        name: seen.box_name.clone().unwrap_or_else(|| "a box without a name".to_owned()),
        address: seen.address.clone().unwrap_or_else(|| "unknown".to_owned()),
        boot: seen.boot.to_string(),
        number: seen.number,
        standing,
        tone,
        first_heard: ago(seen.first_heard_at, now),
        heard: ago(seen.heard_at, now),
    }
}

async fn card(
    app: &Shared,
    tenant: &TenantId,
    store: &StoreId,
    seen: &ReplicaSeen,
    quarantine: &Quarantine,
    now: UtcMs,
) -> Answer<ApartCard> {
    let newest = PageRequest { cursor: None, limit: PAGE_ROWS_MAX };
    let branch = app.storage.branch(tenant, store, &seen.replica, &quarantine.copy, &newest).await?;
    let (stock, tasks) = summary(&branch.rows, store);
    let decided = quarantine.decision.zip(quarantine.decided_at).map(|(decision, at)| {
        let by = quarantine.decided_by.as_deref().unwrap_or("somebody");
        let reason = quarantine.reason.as_deref().unwrap_or_default();
        format!("{} {}, by {by}: {reason}", words::decision(decision), ago(at, now))
    });
    Ok(ApartCard {
        replica: seen.replica.to_string(),
        copy: quarantine.copy.to_string(),
        since: ago(quarantine.since, now),
        why: quarantine.why.clone(),
        facts: quarantine.facts,
        waiting: quarantine.waiting,
        decided,
        stock,
        tasks,
        more: branch.next.is_some(),
    })
}

/// Sums of stock by SKU and kind, and the words about each task.
fn summary(facts: &[BranchFact], store: &StoreId) -> (Vec<StockRow>, Vec<(String, String)>) {
    let mut sums: BTreeMap<(String, &str, &str), (u32, i64)> = BTreeMap::new();
    let mut tasks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kept in facts.iter().rev() {
        // What cannot be read is in the count of facts all the same.
        let Ok(fact) = decode(&kept.fact, &kept.text) else { continue };
        match fact.body {
            Body::Stock(stock) => {
                let key = (stock.sku.to_string(), stock.movement.kind(), words::outcome(kept.outcome));
                let (records, units) = sums.entry(key).or_default();
                *records = records.saturating_add(1);
                *units = units.saturating_add(stock.delta);
            }
            Body::Task(task) => {
                let said = effects::words(&task.event, store);
                tasks.entry(task.task.to_string()).or_default().push(said);
            }
            Body::Epoch(_) => {}
        }
    }
    let rows = sums.into_iter().map(|((sku, kind, outcome), (records, units))| StockRow {
        sku,
        kind: kind.replace('_', " "),
        records,
        units: format!("{units:+}"),
        outcome,
    });
    (rows.collect(), tasks.into_iter().map(|(task, said)| (task, said.join("; "))).collect())
}

pub(super) async fn decide(
    State(app): State<Shared>,
    person: Person,
    Path((store, replica)): Path<(String, String)>,
    Form(form): Form<DecideForm>,
) -> Answer<Response> {
    need(&person, &[Scope::FleetWrite, Scope::Support])?;
    let DecideForm { boot, decision, reason } = form;
    decide_one(&app, &person.0, (&store, &replica), boot, decision, reason).await?;
    Ok(Redirect::to(&format!("/console/stores/{store}/boxes")).into_response())
}
