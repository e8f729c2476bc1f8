//! What is personal: told to whom it is about, and erased.

use super::answer::{Answer, Refused, known};
use super::app::Shared;
use super::doors::Caller;
use super::paging::Paging;
use crate::core::order::OrderState;
use crate::core::personal::{Contact, Customer, CustomerId};
use crate::ports::contacts::{Erased, ErasedOfCustomer, KnownOrder};
use axum::Json;
use axum::extract::{Path, State};
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::OrderId;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All that is kept of a customer, order by order, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct CustomerRecord {
    orders: Vec<CustomerOrder>,
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct CustomerOrder {
    order: OrderId,
    state: OrderState,
    placed_at: UtcMs,
    customer: Customer,
    #[serde(skip_serializing_if = "Option::is_none")]
    gift_message: Option<String>,
    /// It is erased when the order is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    erase_asked_at: Option<UtcMs>,
}

impl From<KnownOrder> for CustomerOrder {
    fn from(known: KnownOrder) -> Self {
        let Contact { customer, gift_message } = known.contact;
        let KnownOrder { order, state, placed_at, erase_asked_at, .. } = known;
        Self { order, state, placed_at, customer, gift_message, erase_asked_at }
    }
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    cursor: Option<String>,
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CustomerErased {
    /// Orders of which it is erased now. Asking again finds none.
    erased: u32,
    /// Orders that are still on their way: of these it is erased when they are final.
    when_final: u32,
    /// There are more than one call erases: ask again.
    more: bool,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ErasedWord {
    Now,
    WhenFinal,
    Before,
    NothingKept,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderErased {
    order: OrderId,
    erased: ErasedWord,
    /// When it was, or when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<UtcMs>,
}

/// Everything that is kept of a customer, for the customer.
#[utoipa::path(get, path = "/v1/customers/{customer}", tag = "support",
    params(("customer" = CustomerId, Path), Page),
    responses((status = 200, body = CustomerRecord), (status = "4XX", body = Problem)))]
pub(super) async fn export(
    State(app): State<Shared>,
    caller: Caller,
    Path(customer): Path<String>,
    ApiQuery(Page { cursor, limit }): ApiQuery<Page>,
) -> Answer<Json<CustomerRecord>> {
    let customer = customer_of(&customer)?;
    let paging = Paging { cursor, limit }.request()?;
    let page = app.storage.known_of_customer(caller.tenant(), &customer, &paging).await?;
    Ok(Json(CustomerRecord {
        orders: page.rows.into_iter().map(CustomerOrder::from).collect(),
        next: page.next,
    }))
}

/// Erase what is personal of all orders of a customer. The orders stay.
#[utoipa::path(post, path = "/v1/customers/{customer}/erase", tag = "support",
    params(("customer" = CustomerId, Path)),
    responses((status = 200, body = CustomerErased), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn erase_customer(
    State(app): State<Shared>,
    caller: Caller,
    Path(customer): Path<String>,
) -> Answer<Json<CustomerErased>> {
    let (customer, actor) = (customer_of(&customer)?, caller.actor()?);
    let now = app.clock.now().utc;
    let done = app.storage.erase_customer(caller.tenant(), &customer, &actor, now).await?;
    app.work_changed();
    let ErasedOfCustomer { erased, when_final, more } = done;
    Ok(Json(CustomerErased { erased, when_final, more }))
}

/// Erase what is personal of one order. The order stays.
#[utoipa::path(post, path = "/v1/orders/{order}/erase", tag = "support", params(("order" = OrderId, Path)),
    responses((status = 200, body = OrderErased), (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn erase_order(
    State(app): State<Shared>,
    caller: Caller,
    Path(order): Path<String>,
) -> Answer<Json<OrderErased>> {
    let order: OrderId = known(&order, Code::UnknownOrder)?;
    let (actor, now) = (caller.actor()?, app.clock.now().utc);
    let done = app.storage.erase_contact(caller.tenant(), &order, &actor, now).await?;
    app.work_changed();
    let (erased, at) = match done {
        Erased::Now => (ErasedWord::Now, Some(now)),
        Erased::WhenFinal { asked_at } => (ErasedWord::WhenFinal, Some(asked_at)),
        Erased::Before { at } => (ErasedWord::Before, Some(at)),
        Erased::NothingKept => (ErasedWord::NothingKept, None),
        Erased::Unknown => {
            return Err(Refused::new(Code::UnknownOrder, format!("there is no order {order}")));
        }
    };
    Ok(Json(OrderErased { order, erased, at }))
}

/// What was sent is not repeated: it may name a person.
fn customer_of(text: &str) -> Answer<CustomerId> {
    text.parse().map_err(|bad: crate::core::personal::BadCustomerId| {
        Refused::new(Code::InvalidRequest, bad.to_string())
    })
}
