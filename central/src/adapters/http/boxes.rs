//! The boxes of a store: which of them speak, and what becomes of one that is kept apart.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::fleet::find;
use super::paging::Paging;
use crate::flows::quarantine::{self, ABox};
use crate::ports::boxes::{BranchFact, Decided, Decision, DecisionDone, ReplicaSeen};
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::{ApiJson, ApiQuery};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{BootId, ReplicaId, StoreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplicaList {
    replicas: Vec<ReplicaSeen>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BranchPage {
    facts: Vec<BranchFact>,
    next: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionRequest {
    /// A boot of the box that is kept apart.
    boot: BootId,
    decision: Decision,
    #[schema(example = "till-2 is the copy from the workshop; its sales were real")]
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DecisionAnswer {
    merged_facts: u64,
}

/// The replicas of a store, the boots of each that were heard, and the boxes that are kept apart.
#[utoipa::path(get, path = "/v1/stores/{store}/replicas", tag = "fleet", params(("store" = StoreId, Path)),
    responses((status = 200, body = ReplicaList), (status = "4XX", body = Problem)))]
pub(super) async fn replicas(
    State(app): State<Shared>,
    caller: Caller,
    Path(store): Path<String>,
) -> Answer<Json<ReplicaList>> {
    let store = find(&app, &caller, &store).await?.store.store;
    Ok(Json(ReplicaList { replicas: app.storage.replicas(caller.tenant(), &store).await? }))
}

/// What a box recorded while it was kept apart, newest first, and what became of each fact.
#[utoipa::path(get, path = "/v1/stores/{store}/replicas/{replica}/quarantine/{copy}", tag = "fleet",
    params(("store" = StoreId, Path), ("replica" = ReplicaId, Path), ("copy" = BootId, Path), Paging),
    responses((status = 200, body = BranchPage), (status = "4XX", body = Problem)))]
pub(super) async fn branch(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, replica, copy)): Path<(String, String, String)>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Answer<Json<BranchPage>> {
    let store = find(&app, &caller, &store).await?.store.store;
    let (replica, copy): (ReplicaId, BootId) =
        (known(&replica, Code::NotFound)?, known(&copy, Code::NotFound)?);
    let seen = app.storage.replicas(caller.tenant(), &store).await?;
    let quarantines = seen.iter().filter(|seen| seen.replica == replica).flat_map(|seen| &seen.quarantines);
    if !quarantines.into_iter().any(|quarantine| quarantine.copy == copy) {
        let what = format!("no box of {replica} was kept apart under boot {copy}");
        return Err(Refused::new(Code::NotFound, what));
    }
    let page = app.storage.branch(caller.tenant(), &store, &replica, &copy, &paging.request()?).await?;
    Ok(Json(BranchPage { facts: page.rows, next: page.next }))
}

/// Decide about a box that is kept apart because two speak under one identity.
#[utoipa::path(post, path = "/v1/stores/{store}/replicas/{replica}/quarantine", tag = "fleet",
    params(("store" = StoreId, Path), ("replica" = ReplicaId, Path)), request_body = DecisionRequest,
    responses((status = 200, body = DecisionAnswer), (status = "4XX", body = Problem)))]
pub(super) async fn decide(
    State(app): State<Shared>,
    caller: Caller,
    Path((store, replica)): Path<(String, String)>,
    ApiJson(request): ApiJson<DecisionRequest>,
) -> Answer<Json<DecisionAnswer>> {
    let DecisionRequest { boot, decision, reason } = request;
    let done = decide_one(&app, &caller, (&store, &replica), boot, decision, reason).await?;
    Ok(Json(DecisionAnswer { merged_facts: done.merged_facts }))
}

pub(super) async fn decide_one(
    app: &Shared,
    caller: &Caller,
    (store, replica): (&str, &str),
    boot: BootId,
    decision: Decision,
    reason: String,
) -> Answer<DecisionDone> {
    let store = find(app, caller, store).await?.store.store;
    let replica: ReplicaId = known(replica, Code::NotFound)?;
    let about = ABox { tenant: caller.tenant().clone(), store, replica, boot };
    let decided = Decided { decision, reason, by: caller.actor()? };
    let now = app.clock.now().utc;
    let done = quarantine::decide(&*app.storage, &app.watch, &*app.poke, &about, decided, now).await?;
    app.work_changed();
    Ok(done)
}
