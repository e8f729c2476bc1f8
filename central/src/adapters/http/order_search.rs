//! Orders that are looked for.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::days;
use super::doors::Caller;
use super::order_view::OrderView;
use super::paging::Paging;
use crate::core::order::OrderState;
use crate::core::personal::Personal;
use crate::core::search::{OrderSearch, Words};
use crate::ports::access::Scope;
use axum::Json;
use axum::extract::State;
use holdfast_platform::http::ApiQuery;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::limits::SEARCH_CHARS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(super) struct OrderPage {
    orders: Vec<OrderView>,
    /// `cursor` of the next page; absent at the end.
    next: Option<String>,
    /// The page is not full because enough was looked through: all that were placed since then. `next` goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    looked_back_to: Option<UtcMs>,
}

/// All that is named must hold.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderFilter {
    /// An order's id or reference; with the scope `support` also its customer's id or address of mail.
    #[param(value_type = Option<String>)]
    q: Option<Personal<String>>,
    /// As the channel calls the order.
    reference: Option<String>,
    /// As the channel calls the customer, or their address of mail. Needs the scope `support`; after an erasure
    /// nothing is found.
    #[param(value_type = Option<String>)]
    customer: Option<Personal<String>>,
    sku: Option<String>,
    /// Orders of which this store has, or had, work. Not for storefronts.
    store: Option<String>,
    channel: Option<String>,
    /// Only orders in this state; several, parted by commas.
    state: Option<String>,
    /// Placed at that time or on that day (in UTC) or later.
    #[param(example = "2026-11-01")]
    from: Option<String>,
    /// Placed before that time, or up to the end of that day (in UTC).
    #[param(example = "2026-11-07T12:00:00Z")]
    to: Option<String>,
    /// Promised before that time, or by the end of that day (in UTC).
    promise_before: Option<String>,
    cursor: Option<String>,
    /// 1 to 500; 50 when absent.
    limit: Option<u32>,
}

/// Each pair ends with an ampersand.
fn form_urlencoded(said: &BTreeMap<&str, String>) -> String {
    let mut query = String::new();
    for (name, value) in said {
        query.push_str(name);
        query.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                query.push(char::from(byte));
            } else {
                query.push_str(&format!("%{byte:02X}"));
            }
        }
        query.push('&');
    }
    query
}

fn wrong(detail: String) -> Refused {
    Refused::new(Code::InvalidRequest, detail)
}

/// Neither empty nor endless. What it says is not repeated: it may name a person.
fn text<'a>(field: &str, text: &'a str) -> Answer<&'a str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > SEARCH_CHARS_MAX {
        return Err(wrong(format!("{field} must have 1 to {SEARCH_CHARS_MAX} characters")));
    }
    Ok(text)
}

fn personal(field: &str, said: &Personal<String>) -> Answer<Personal<String>> {
    Ok(Personal::new(text(field, said.reveal())?.to_owned()))
}

/// A time, or a day; of a day its beginning or its end.
fn moment(field: &str, said: &str, ends: bool) -> Answer<UtcMs> {
    if let Ok(at) = said.parse::<jiff::Timestamp>() {
        return Ok(UtcMs(at.as_millisecond()));
    }
    let day = days::day(said).map_err(|_| {
        let shown: String = said.chars().take(40).collect();
        wrong(format!(
            "{field} is {shown:?}: expected a time like 2026-11-01T08:00:00Z or a day like 2026-11-01"
        ))
    })?;
    Ok(days::begins(if ends { days::after(day) } else { day }))
}

fn states(said: &str) -> Answer<Vec<OrderState>> {
    let state = |word: &str| {
        let known = OrderState::ALL.into_iter().find(|state| state.as_str() == word);
        known.ok_or_else(|| {
            let all: Vec<&str> = OrderState::ALL.iter().map(|state| state.as_str()).collect();
            let shown: String = word.chars().take(40).collect();
            wrong(format!("state is {shown:?}: expected one of {}", all.join(", ")))
        })
    };
    said.split(',').map(str::trim).map(state).collect()
}

impl OrderFilter {
    /// As a form sends it: fields that nobody filled in are not asked for.
    pub(super) fn without_empty(self) -> Self {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let personal = |text: Option<Personal<String>>| text.filter(|text| !text.reveal().trim().is_empty());
        Self {
            q: personal(self.q),
            reference: filled(self.reference),
            customer: personal(self.customer),
            sku: filled(self.sku),
            store: filled(self.store),
            channel: filled(self.channel),
            state: filled(self.state),
            from: filled(self.from),
            to: filled(self.to),
            promise_before: filled(self.promise_before),
            cursor: filled(self.cursor),
            limit: self.limit,
        }
    }

    pub(super) fn cursor(&self) -> Option<String> {
        self.cursor.clone()
    }

    /// What was filled in, by its name, without where it goes on.
    pub(super) fn said(&self) -> BTreeMap<&'static str, String> {
        let personal = |text: &Option<Personal<String>>| text.as_ref().map(|text| text.reveal().clone());
        let named = [
            ("q", personal(&self.q)),
            ("reference", self.reference.clone()),
            ("customer", personal(&self.customer)),
            ("sku", self.sku.clone()),
            ("store", self.store.clone()),
            ("channel", self.channel.clone()),
            ("state", self.state.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            ("promise_before", self.promise_before.clone()),
        ];
        named.into_iter().filter_map(|(name, said)| said.map(|said| (name, said))).collect()
    }

    /// The query that asks the same, and goes on there.
    pub(super) fn query(&self, cursor: &str) -> String {
        let mut query = form_urlencoded(&self.said());
        query.push_str(&format!("cursor={cursor}"));
        query
    }

    /// What the caller may look for of what it asks.
    pub(super) fn search(&self, caller: &Caller) -> Answer<OrderSearch> {
        let supports = caller.may(Scope::Support);
        if self.customer.is_some() && !supports {
            let detail = "customer is personal: it needs a key with the scope support";
            return Err(Refused::new(Code::Forbidden, detail));
        }
        let sees_stores = supports || caller.may(Scope::FleetRead) || caller.key.store.is_some();
        if self.store.is_some() && !sees_stores {
            let detail = "store needs a key with the scope support or fleet_read: storefronts know no stores";
            return Err(Refused::new(Code::Forbidden, detail));
        }
        let parsed = |field: &str, bad: &dyn std::fmt::Display| wrong(format!("{field}: {bad}"));
        let store: Option<StoreId> = self
            .store
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|bad: holdfast_shared::ids::BadId| parsed("store", &bad))?;
        if let (Some(bound), Some(asked)) = (&caller.key.store, &store)
            && bound != asked
        {
            return Err(Refused::new(Code::Forbidden, format!("this key sees the store {bound} alone")));
        }
        let sku: Option<Sku> = self
            .sku
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|bad: holdfast_shared::ids::BadId| parsed("sku", &bad))?;
        let words = self.q.as_ref().map(|said| personal("q", said)).transpose()?;
        let owned = |field: &str, said: &Option<String>| {
            said.as_deref().map(|said| text(field, said).map(str::to_owned)).transpose()
        };
        let search = OrderSearch {
            words: words.map(|text| Words { text, of_customers: supports }),
            reference: owned("reference", &self.reference)?,
            customer: self.customer.as_ref().map(|said| personal("customer", said)).transpose()?,
            sku,
            store: caller.key.store.clone().or(store),
            channel: owned("channel", &self.channel)?,
            states: self.state.as_deref().map(states).transpose()?.unwrap_or_default(),
            from: self.from.as_deref().map(|said| moment("from", said, false)).transpose()?,
            before: self.to.as_deref().map(|said| moment("to", said, true)).transpose()?,
            promised_before: self
                .promise_before
                .as_deref()
                .map(|said| moment("promise_before", said, true))
                .transpose()?,
        };
        if let (Some(from), Some(before)) = (search.from, search.before)
            && from >= before
        {
            return Err(wrong("from lies behind to: nothing was placed between them".to_owned()));
        }
        Ok(search)
    }
}

/// Orders, newest first; those that are looked for, when something is named.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(OrderFilter),
    responses((status = 200, body = OrderPage), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    ApiQuery(filter): ApiQuery<OrderFilter>,
) -> Answer<Json<OrderPage>> {
    let search = filter.search(&caller)?;
    let paging = Paging { cursor: filter.cursor, limit: filter.limit }.request()?;
    let found = app.storage.find_orders(caller.tenant(), &search, &paging).await?;
    Ok(Json(OrderPage {
        orders: found.orders.into_iter().map(OrderView::from).collect(),
        next: found.next,
        looked_back_to: found.looked_back_to,
    }))
}
