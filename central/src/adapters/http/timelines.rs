//! What happened to an order, for its customer, for customer service and for a store.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::{Asker, Caller, Customer};
use super::orders::{find, unknown};
use crate::core::order::{Order, OrderState, StoreClock};
use crate::core::timeline::{
    CustomerEntry, Known, Reader, StoreEntry, Subject, SupportEntry, Trouble, Witness, state_words,
    told_to_customer, told_to_store, told_to_support,
};
use crate::ports::access::Scope;
use crate::ports::sagas::SagaKey;
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Actor, DecisionId, ExceptionId, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::limits::TIMELINE_EXCEPTIONS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TimelineQuery {
    /// For whom. `support` for keys with that scope, `store` for keys of one store, otherwise `customer`.
    audience: Option<Reader>,
    /// For the audience `store`: which one. A key of one store need not say.
    store: Option<StoreId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Timeline {
    order: OrderId,
    audience: Reader,
    state: OrderState,
    /// For the audience `customer`: how the order stands, in words for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    state_words: Option<&'static str>,
    /// By when all of it should be there, as it was promised or told last.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise_by: Option<UtcMs>,
    events: Vec<TimelineEntry>,
}

/// One thing that happened. Who reads it decides what is in it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct TimelineEntry {
    sequence: u64,
    kind: String,
    at: UtcMs,
    words: String,
    /// For customer service: where it is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Witness>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StoreId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<ExceptionId>,
    /// For customers: the date that was told then.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise_by: Option<UtcMs>,
    /// The store's clock was off: `at` is what central makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_clock: Option<StoreClockEntry>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreClockEntry {
    #[serde(flatten)]
    clock: StoreClock,
    #[schema(example = "the store's clock was 6 h ahead")]
    words: String,
}

impl From<CustomerEntry> for TimelineEntry {
    fn from(entry: CustomerEntry) -> Self {
        Self {
            sequence: entry.sequence,
            kind: entry.kind.as_str().to_owned(),
            at: entry.at,
            words: entry.words,
            promise_by: entry.promise_by,
            ..Self::default()
        }
    }
}

impl From<StoreEntry> for TimelineEntry {
    fn from(entry: StoreEntry) -> Self {
        Self {
            sequence: entry.sequence,
            kind: entry.kind,
            at: entry.at,
            words: entry.words,
            actor: entry.actor,
            task: entry.task,
            ..Self::default()
        }
    }
}

impl From<SupportEntry> for TimelineEntry {
    fn from(entry: SupportEntry) -> Self {
        Self {
            sequence: entry.sequence,
            kind: entry.kind,
            at: entry.at,
            words: entry.words,
            source: Some(entry.source),
            actor: entry.actor,
            store: entry.store,
            task: entry.task,
            decision: entry.decision,
            exception: entry.exception,
            promise_by: None,
            store_clock: entry.store_clock.map(|clock| StoreClockEntry { words: clock.words(), clock }),
        }
    }
}

/// For whom it is told.
enum Audience {
    Customer,
    Support,
    Store(StoreId),
}

/// For whom, of those for whom the caller may ask.
fn audience(caller: &Caller, query: &TimelineQuery) -> Answer<Audience> {
    let bound = caller.key.store.as_ref();
    let usual = match bound {
        Some(_) => Reader::Store,
        None if caller.may(Scope::Support) => Reader::Support,
        None => Reader::Customer,
    };
    let reader = query.audience.unwrap_or(usual);
    let store = query.store.as_ref().or(bound);
    let may = match (reader, bound) {
        (Reader::Store, Some(bound)) => store == Some(bound),
        (Reader::Store, None) => caller.may(Scope::Support) || caller.may(Scope::FleetRead),
        (Reader::Customer | Reader::Support, Some(_)) => false,
        (Reader::Customer, None) => true,
        (Reader::Support, None) => caller.may(Scope::Support),
    };
    if !may {
        let detail = format!("this key does not read the timeline of {}", reader.as_str());
        return Err(Refused::new(Code::Forbidden, detail));
    }
    let bad = |detail: &str| Err(Refused::new(Code::InvalidRequest, detail));
    match (reader, store) {
        (Reader::Store, None) => bad("audience store: name the store"),
        (Reader::Customer | Reader::Support, Some(_)) => bad("store: is for the audience store"),
        (Reader::Store, Some(store)) => Ok(Audience::Store(store.clone())),
        (Reader::Customer, None) => Ok(Audience::Customer),
        (Reader::Support, None) => Ok(Audience::Support),
    }
}

/// What happened to an order, oldest first, for the audience that is asked for.
#[utoipa::path(get, path = "/v1/orders/{order}/timeline", tag = "orders",
    params(("order" = OrderId, Path), TimelineQuery),
    responses((status = 200, body = Timeline), (status = "4XX", body = Problem)))]
pub(super) async fn timeline(
    State(app): State<Shared>,
    asker: Asker,
    Path(order): Path<String>,
    ApiQuery(query): ApiQuery<TimelineQuery>,
) -> Answer<Json<Timeline>> {
    let (tenant, order, audience) = match asker {
        Asker::Key(caller) => {
            let audience = audience(&caller, &query)?;
            (caller.tenant().clone(), find(&app, &caller, &order).await?, audience)
        }
        Asker::Customer(customer) => {
            let found = own_order(&app, &customer, &order, &query).await?;
            (customer.tenant, found, Audience::Customer)
        }
    };
    let promise = app.storage.promise_change(&tenant, &order.order).await?;
    let promised = order.request.promise_by;
    let (reader, words, events) = match audience {
        Audience::Customer => {
            let kind = order.request.kind;
            let subject = Subject { kind, promise_by: promised, promise: promise.as_ref() };
            let events = app.storage.timeline(&tenant, &order.order).await?;
            let told = told_to_customer(&events, subject).into_iter().map(TimelineEntry::from).collect();
            (Reader::Customer, Some(state_words(order.state, kind)), told)
        }
        Audience::Store(store) => {
            let events = app.storage.timeline(&tenant, &order.order).await?;
            let told = told_to_store(&events, &store).into_iter().map(TimelineEntry::from).collect();
            (Reader::Store, None, told)
        }
        Audience::Support => {
            let all = on_record(&app, &tenant, &order.order).await?;
            (Reader::Support, None, told_to_support(all).into_iter().map(TimelineEntry::from).collect())
        }
    };
    Ok(Json(Timeline {
        state_words: words,
        promise_by: promise.map_or(promised, |change| change.new_by),
        state: order.state,
        order: order.order,
        audience: reader,
        events,
    }))
}

async fn own_order(app: &Shared, customer: &Customer, order: &str, query: &TimelineQuery) -> Answer<Order> {
    let order: OrderId = known(order, Code::UnknownOrder)?;
    let other = query.audience.is_some_and(|reader| reader != Reader::Customer);
    if order != customer.order || other || query.store.is_some() {
        let detail = "this token reads the customer's timeline of its own order alone";
        return Err(Refused::new(Code::Forbidden, detail));
    }
    app.storage.order(&customer.tenant, &order).await?.ok_or_else(|| unknown(&order))
}

/// All that is on record of an order, for those who may see it.
async fn on_record(app: &Shared, tenant: &TenantId, order: &OrderId) -> Answer<Known> {
    let storage = &app.storage;
    let key = SagaKey { tenant: tenant.clone(), order: order.clone() };
    let mut troubles = Vec::new();
    for exception in storage.exceptions_of_order(tenant, order, TIMELINE_EXCEPTIONS_MAX).await? {
        let (events, _) = storage.exception_record(tenant, &exception.exception).await?;
        troubles.push(Trouble { exception, events });
    }
    Ok(Known {
        events: storage.timeline(tenant, order).await?,
        decisions: storage.decisions(tenant, order).await?,
        payments: storage.saga(&key).await?.map(|saga| saga.facts).unwrap_or_default(),
        troubles,
    })
}
