//! The parcels of an order: where each is, by which label, and what a person can do about it.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use crate::core::parcel::fact::{AskId, Label, ParcelFact, Said, Source};
use crate::core::parcel::fold::{Parcel, ParcelState};
use crate::core::parcel::needs::units;
use crate::core::parcel::tracking::TrackStatus;
use crate::flows::parcel_acts::{LabelWish, wish_label};
use crate::flows::read_tracking::{IncomingTracking, take_in_tracking};
use crate::ports::access::Scope;
use crate::ports::shipments::{ParcelKey, Shipment};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{CarrierAccount, IdempotencyKey, LineNo, OrderId, Sku, TaskId};
use holdfast_shared::limits::PAYMENT_NOTICE_BYTES_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(parcels))
        .routes(routes!(label_again))
        .routes(routes!(label_void))
        .merge(super::carrier_webhooks::routes())
        .merge(
            OpenApiRouter::new()
                .routes(routes!(webhook))
                .layer(DefaultBodyLimit::max(PAYMENT_NOTICE_BYTES_MAX)),
        )
}

/// The parcels of an order whose labels central has made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderParcels {
    order: OrderId,
    parcels: Vec<ParcelView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParcelView {
    /// Within the order.
    parcel: u32,
    state: ParcelState,
    /// The account at the carrier.
    account: CarrierAccount,
    /// By which service it shall go, in the policy's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// The label that is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
    /// The last scan that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<ScanView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_at: Option<UtcMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<UtcMs>,
    /// The carrier has told nothing of it for too long.
    silent: bool,
    lines: Vec<ParcelLine>,
    /// Whose work it is; told to those who may see stores.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// All that was asked of the carrier and what came of it, oldest first; told to support.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<ParcelFactView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScanView {
    status: TrackStatus,
    happened_at: UtcMs,
    #[serde(skip_serializing_if = "String::is_empty")]
    words: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParcelLine {
    line: LineNo,
    sku: Sku,
    quantity: i64,
    /// Units of it that are at the customer's.
    delivered: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParcelFactView {
    sequence: u32,
    /// Which question it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "label/0")]
    ask: Option<String>,
    #[schema(example = "made")]
    said: &'static str,
    source: Source,
    at: UtcMs,
    /// Under which the carrier was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<IdempotencyKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

impl From<&ParcelFact> for ParcelFactView {
    fn from(fact: &ParcelFact) -> Self {
        let mut view = Self {
            sequence: fact.sequence,
            ask: fact.id.as_ref().map(AskId::to_string),
            said: fact.said.kind(),
            source: fact.source,
            at: fact.at,
            key: None,
            code: None,
            words: None,
        };
        match fact.said.clone() {
            Said::Asked { key, .. } => view.key = Some(key),
            Said::Made { label } => view.words = Some(format!("{} {}", label.service, label.tracking_number)),
            Said::Declined { code, words } | Said::Soft { code, words } => {
                view.code = Some(code);
                view.words = Some(words);
            }
            Said::Busy { words, .. }
            | Said::Unknown { words }
            | Said::GivenUp { words }
            | Said::Silent { words } => view.words = Some(words),
            Said::Withdrawn { by, reason } | Said::TryAgain { by, reason } => {
                view.words = Some(format!("{by}: {reason}"));
            }
            Said::Tracked { track } => view.words = Some(track.status.as_str().to_owned()),
            Said::Voided | Said::Absent | Said::Dropped | Said::HandedOver { .. } => {}
        }
        view
    }
}

/// `whole`: with what only the chain's own people see.
fn view(shipment: Shipment, whole: bool) -> ParcelView {
    let parcel = Parcel::fold(&shipment.facts);
    let good = parcel.live().filter(|made| !made.unwanted).last().map(|made| made.label.clone());
    let arrived = parcel.state() == ParcelState::Delivered;
    let lines = shipment.task.lines.iter().map(|line| {
        let quantity = line.quantity.saturating_sub(line.short);
        ParcelLine {
            line: line.line,
            sku: line.sku.clone(),
            quantity,
            delivered: if arrived { quantity } else { 0 },
        }
    });
    ParcelView {
        parcel: shipment.number,
        state: parcel.state(),
        lines: lines.collect(),
        label: good,
        scan: parcel.track.clone().map(|track| ScanView {
            status: track.status,
            happened_at: track.happened_at,
            words: track.words,
        }),
        left_at: parcel.left_at,
        delivered_at: parcel.arrived_at(),
        silent: parcel.silent,
        facts: if whole { shipment.facts.iter().map(ParcelFactView::from).collect() } else { Vec::new() },
        task: whole.then_some(shipment.key.task),
        account: shipment.carrier,
        service: shipment.service,
    }
}

/// Where the parcels of an order are. Empty where stores make their own labels.
#[utoipa::path(get, path = "/v1/orders/{order}/parcels", tag = "orders", params(("order" = OrderId, Path)),
    responses((status = 200, body = OrderParcels), (status = "4XX", body = Problem)))]
pub(super) async fn parcels(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<OrderParcels>> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let unknown = || Refused::new(Code::UnknownOrder, format!("order {order} is not known"));
    let tenant = caller.tenant();
    app.storage.order(tenant, &order).await?.ok_or_else(unknown)?;
    let whole = caller.may(Scope::Support) || caller.may(Scope::FleetRead);
    let shipments = app.storage.shipments(tenant, &order).await?;
    let parcels = shipments.into_iter().map(|shipment| view(shipment, whole)).collect();
    Ok(Json(OrderParcels { order, parcels }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelActRequest {
    /// It stands in the order's timeline.
    #[schema(example = "the printer tore it")]
    reason: String,
}

async fn act(app: &Shared, caller: &Caller, task: &str, wish: LabelWish, reason: &str) -> Answer<StatusCode> {
    let task: TaskId = known(task, Code::UnknownTask)?;
    let key = ParcelKey { tenant: caller.tenant().clone(), task };
    let now = app.clock.now().utc;
    wish_label(&*app.storage, &key, wish, (reason, &caller.actor()?), now).await?;
    app.work_changed();
    Ok(StatusCode::ACCEPTED)
}

/// A label once more: one that there is becomes void, what was refused is asked again.
#[utoipa::path(post, path = "/v1/tasks/{task}/label/again", tag = "support", params(("task" = TaskId, Path)),
    request_body = LabelActRequest, responses((status = 202), (status = "4XX", body = Problem)))]
pub(super) async fn label_again(
    State(app): State<Shared>,
    caller: Caller,
    Path(task): Path<String>,
    ApiJson(LabelActRequest { reason }): ApiJson<LabelActRequest>,
) -> Answer<StatusCode> {
    act(&app, &caller, &task, LabelWish::Again, &reason).await
}

/// No label of the carrier account: one that there is becomes void, and the store makes its own.
#[utoipa::path(post, path = "/v1/tasks/{task}/label/void", tag = "support", params(("task" = TaskId, Path)),
    request_body = LabelActRequest, responses((status = 202), (status = "4XX", body = Problem)))]
pub(super) async fn label_void(
    State(app): State<Shared>,
    caller: Caller,
    Path(task): Path<String>,
    ApiJson(LabelActRequest { reason }): ApiJson<LabelActRequest>,
) -> Answer<StatusCode> {
    act(&app, &caller, &task, LabelWish::None, &reason).await
}

/// What a carrier tells of its parcels. Signed, kept before it is acknowledged, taken in once.
#[utoipa::path(post, path = "/v1/webhooks/carriers/{account}", tag = "plain", security(()),
    params(("account" = CarrierAccount, Path)),
    request_body(content = Vec<u8>, content_type = "application/json"),
    responses((status = 200), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn webhook(
    State(app): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let carrier: CarrierAccount = known(&account, Code::NotFound)?;
    let header = app.carriers.of(&carrier).map(|account| account.port().signature_header());
    let signature = header.and_then(|name| headers.get(name)).and_then(|value| value.to_str().ok());
    let incoming = IncomingTracking { carrier: &carrier, signature, body: &body };
    take_in_tracking(&*app.storage, &app.carriers, &incoming, app.clock.now().utc).await?;
    app.bells.tracking.notify_one();
    Ok(StatusCode::OK)
}

/// What is to be sent where: an order that there is, or a checkout's address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RatesRequest {
    /// Each of its parcels is asked for.
    #[serde(default)]
    order: Option<OrderId>,
    #[serde(default)]
    cart: Option<CartToSend>,
}

/// A cart whose node is not chosen yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CartToSend {
    /// From where it would leave.
    pub(super) store: holdfast_shared::ids::StoreId,
    pub(super) units: i64,
    pub(super) name: String,
    /// Street, town, postcode and the country's two letters, each on a line of its own. It is not kept.
    pub(super) address: Vec<String>,
}

impl RatesRequest {
    pub(super) fn into_parts(self) -> (Option<OrderId>, Option<CartToSend>) {
        (self.order, self.cart)
    }
}

/// Units of a parcel, and its store.
pub(super) fn to_send(shipment: &Shipment) -> (holdfast_shared::ids::StoreId, i64) {
    (shipment.task.store.clone(), units(&shipment.task))
}
