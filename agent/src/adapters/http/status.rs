//! How the store is, in the open: no secrets, no orders.

use super::around::LeaseView;
use super::needs::StandingNow;
use super::planned::{self, PlannedView};
use super::problem::Failure;
use super::state::Api;
use super::view::{ClosureView, stamp};
use crate::core::central_time::wrong_clock;
use crate::ports::ledger::{LossNote, Pulse, Summary};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use holdfast_shared::error::Problem;
use holdfast_shared::ids::{ReplicaId, StoreId};
use holdfast_shared::time::Now;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Health {
    /// It answers, and what is recorded can be written.
    ok: bool,
    /// The database failed its check: it is only read.
    damaged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CentralView {
    pub url: String,
    /// Absent before the first try.
    pub reachable: Option<bool>,
    /// By this box's clock as it stands now.
    pub last_sync_at: Option<String>,
    pub last_sync_s_ago: Option<i64>,
    /// Why the last sync did not work.
    pub trouble: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrokerView {
    pub address: Option<String>,
    pub connected: bool,
}

/// How far this box's clock is from central's. Nothing rests on it, but times mislead people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// Negative is behind. Absent before central told its time.
    pub ahead_ms: Option<i64>,
    /// In words, when it is far off.
    #[schema(example = "This box's clock is 6 h ahead of central's.")]
    pub wrong: Option<String>,
}

/// What works and what does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    pub version: String,
    pub uptime_s: i64,
    pub now: Option<String>,
    pub clock: ClockView,
    pub enrolled: bool,
    pub store: Option<StoreId>,
    pub store_name: Option<String>,
    pub replica: Option<ReplicaId>,
    pub central: CentralView,
    pub broker: BrokerView,
    pub lease: LeaseView,
    /// Facts that central has not acknowledged.
    pub unsynced: u64,
    pub oldest_unsynced_at: Option<String>,
    pub skus: u64,
    pub facts: u64,
    pub open_tasks: u32,
    /// Over all documents and over all stock, as of the last sync: central tells the same two of
    /// this store when both are level.
    pub root: String,
    pub stock_digest: String,
    pub closure: Option<ClosureView>,
    /// Closures that staff planned here, and that are not over.
    #[serde(default)]
    pub planned: Vec<PlannedView>,
    /// What the database's check found; then it is only read.
    pub damaged: Option<String>,
    /// Whether the whole database was examined since the start, and is sound.
    pub examined: bool,
    /// Whether there is space to let go when the disk fills; absent when nothing is kept on a disk.
    pub ballast_held: Option<bool>,
    /// What storage lost of what was acknowledged, newest first.
    pub losses: Vec<LossView>,
    /// How often this box's database was started.
    pub boot_number: u64,
    /// It fetches what it lost, and takes no order work until it has it.
    pub rehydrating: bool,
    /// Why central merges nothing of this box, which takes no order work meanwhile.
    pub quarantined: Option<String>,
    /// What to do now, if anything.
    pub advice: Vec<String>,
}

/// Records that were acknowledged and that nobody has any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LossView {
    pub found_at: Option<String>,
    /// The most that it can be; absent when that is not known either.
    pub facts: Option<u64>,
    pub detail: String,
    /// Central has written it down.
    pub noted: bool,
}

impl From<LossNote> for LossView {
    fn from(note: LossNote) -> Self {
        Self { found_at: stamp(note.found_at), facts: note.facts, detail: note.detail, noted: note.noted }
    }
}

/// Whether the process answers and its writer lives. Nothing is asked of the disk for it.
#[utoipa::path(
    get, path = "/healthz", tag = "status",
    responses(
        (status = 200, description = "It answers", body = Health),
        (status = 503, description = "It answers, and can write nothing any more: start it anew", body = Health),
    )
)]
pub(super) async fn healthz(State(api): State<Api>) -> (StatusCode, Json<Health>) {
    let Pulse { lives, damaged } = api.ledger().pulse();
    let status = if lives { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Health { ok: lives, damaged }))
}

/// How the store is.
#[utoipa::path(
    get, path = "/v1/status", tag = "status",
    responses(
        (status = 200, description = "What works and what does not", body = StatusView),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn status(State(api): State<Api>) -> Result<Json<StatusView>, Failure> {
    let summary = api.ledger().summary().await?;
    let standing = api.standing();
    let now = api.now();
    let lease = LeaseView::of(&standing, now);
    let clock = clock(&standing, now);
    let mut advice = advice(&summary, &standing);
    advice.extend(clock.wrong.as_ref().map(|wrong| format!("{wrong} Have it set; work goes on meanwhile.")));
    let enrolled = standing.enrolled;
    let since_sync_ms = standing.last_sync.map(|at| now.mono.since(at).max(0));
    Ok(Json(StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_s: now.mono.since(standing.started_at) / 1000,
        now: stamp(now.utc),
        clock,
        enrolled: enrolled.is_some(),
        store: enrolled.as_ref().map(|who| who.store.clone()),
        store_name: enrolled.as_ref().map(|who| who.store_name.clone()),
        replica: enrolled.as_ref().map(|who| who.replica.clone()),
        central: CentralView {
            url: standing.central_url,
            reachable: standing.central_reachable,
            last_sync_at: since_sync_ms.and_then(|ago_ms| stamp(now.utc.plus(-ago_ms))),
            last_sync_s_ago: since_sync_ms.map(|ago_ms| ago_ms / 1000),
            trouble: standing.central_trouble,
        },
        broker: BrokerView { address: standing.broker, connected: standing.broker_connected },
        lease,
        unsynced: summary.unsynced,
        oldest_unsynced_at: summary.oldest_unsynced_at.and_then(stamp),
        skus: summary.skus,
        facts: summary.facts,
        open_tasks: summary.open_tasks,
        root: summary.root,
        stock_digest: summary.stock_digest,
        closure: summary.closure.map(ClosureView::from),
        planned: planned::ahead(summary.planned, api.right_now()),
        damaged: summary.damaged,
        examined: summary.examined,
        ballast_held: summary.ballast_held,
        losses: summary.losses.into_iter().map(LossView::from).collect(),
        boot_number: summary.boot_number,
        rehydrating: summary.rehydrating,
        quarantined: summary.quarantined,
        advice,
    }))
}

fn clock(standing: &StandingNow, now: Now) -> ClockView {
    let ahead_ms = standing.central_time.map(|central| central.ahead_ms(now));
    ClockView { ahead_ms, wrong: ahead_ms.and_then(wrong_clock) }
}

fn advice(summary: &Summary, standing: &StandingNow) -> Vec<String> {
    let mut advice = Vec::new();
    if summary.damaged.is_some() {
        advice.push("The database is only read. Run holdfast-agent doctor, and call support.".to_owned());
    }
    if let Some(loss) = summary.losses.iter().find(|loss| !loss.noted && loss.facts != Some(0)) {
        let most =
            loss.facts.map_or_else(|| "an unknown number of".to_owned(), |facts| format!("up to {facts}"));
        advice.push(format!(
            "The disk lost {most} records. Count what was sold or received since the last sync; call support."
        ));
    }
    if summary.ballast_held == Some(false) {
        advice.push("The disk is nearly full and its reserve is used up. Free some space.".to_owned());
    }
    if summary.quarantined.is_some() {
        advice.push(
            "This box shares its identity with another. If it is a copy, give it one of its own: make a code at \
             central, then run holdfast-agent enroll; what it recorded is kept aside. If it is the real one, \
             ask support to let the two trade places."
                .to_owned(),
        );
    }
    if standing.enrolled.is_none() {
        advice.push(
            "Not enrolled: make a code at central, then run holdfast-agent enroll --central URL --code CODE."
                .to_owned(),
        );
    } else if standing.central_reachable == Some(false) {
        advice.push(format!(
            "Central does not answer at {}. Check the uplink; work in the store goes on meanwhile.",
            standing.central_url
        ));
    }
    if summary.skus == 0 {
        advice.push("The catalogue is empty: run holdfast-agent import FILE.".to_owned());
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::central_time::CentralTime;
    use holdfast_shared::time::{MonoMs, UtcMs};

    #[test]
    fn a_new_agent_is_told_how_to_go_on() {
        let told = advice(&Summary::default(), &StandingNow::default()).join(" ");
        assert!(told.contains("holdfast-agent enroll") && told.contains("holdfast-agent import"));
    }

    #[test]
    fn a_clock_that_is_far_off_is_shown_also_when_it_jumped_since_the_last_sync() {
        let heard = UtcMs(1_795_253_400_000);
        let central_time = Some(CentralTime { heard, at: MonoMs(0) });
        let standing = StandingNow { central_time, ..StandingNow::default() };
        let at = |utc: UtcMs| clock(&standing, Now { utc, mono: MonoMs(1_000) });
        assert_eq!(at(heard.plus(900)), ClockView { ahead_ms: Some(-100), wrong: None });
        assert!(at(UtcMs(0)).wrong.is_some_and(|told| told.contains("behind")));
        assert_eq!(clock(&StandingNow::default(), Now::default()), ClockView::default());
    }
}
