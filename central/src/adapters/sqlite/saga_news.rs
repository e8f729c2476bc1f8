//! What a new fact about an order's money means to people and to other systems: its timeline, events, exceptions; and the
//! end of an order that cannot be paid.

use super::exceptions::{raise, settle};
use super::outbox::{NewEvent, append};
use super::row::run;
use super::sql::sql;
use super::timeline::{Happened, central, note};
use super::{Result, promises};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::kinds::payments;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::saga::fact::{Call, CallId};
use crate::core::saga::news::News;
use crate::core::saga::refund::RefundAsked;
use crate::ports::sagas::SagaKey;
use holdfast_shared::ids::PaymentProvider;
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::{Value, json};

/// One event with its line in the timeline.
struct Told {
    event: &'static Kind,
    kind: &'static str,
    words: String,
    amount: Option<i64>,
    more: (&'static str, Value),
}

pub(super) fn tell(
    conn: &Connection,
    key: &SagaKey,
    (provider, currency): (&PaymentProvider, Currency),
    news: &News,
    now: UtcMs,
) -> Result<()> {
    if let Some(told) = told(news, provider, currency) {
        write(conn, key, (provider, currency), told, now)?;
    }
    match news {
        News::Authorized { .. }
        | News::AuthorizedMore { .. }
        | News::Captured { .. }
        | News::Voided { .. }
        | News::Lapsed { .. }
        | News::Refunded { refund: None, .. } => Ok(()),
        News::Refunded { refund: Some(number), .. } => end(conn, key, &refund_key(key, *number), now),
        News::Rejected { .. } => reject(conn, key, now),
        News::Failed { call, refund, words } => {
            raise(conn, &key.tenant, &refused(key, *call, *refund, words), now)
        }
        News::Owed { words } => raise(conn, &key.tenant, &awaiting(key, words), now),
        News::Settled => end(conn, key, &awaiting_key(key), now),
        News::Unclear { id, words } => raise(conn, &key.tenant, &unclear(key, *id, words), now),
        News::Cleared { id } => end(conn, key, &unclear_key(key, *id), now),
    }
}

fn end(conn: &Connection, key: &SagaKey, exception: &str, now: UtcMs) -> Result<()> {
    settle(conn, &key.tenant, exception, "the payment goes on", now)?;
    Ok(())
}

fn told(news: &News, provider: &PaymentProvider, currency: Currency) -> Option<Told> {
    let money = |minor: i64| Money { minor, currency };
    let failed =
        |kind, words, more| Some(Told { event: &payments::PAYMENT_FAILED, kind, words, amount: None, more });
    let moved = |event, kind, amount: i64, words: &str, more| {
        let words = format!("{} {words}", money(amount));
        Some(Told { event, kind, words, amount: Some(amount), more })
    };
    match news {
        News::Authorized { amount } | News::AuthorizedMore { amount } => {
            let first = matches!(news, News::Authorized { .. });
            let words = format!("are set aside at {provider}");
            let event = &payments::PAYMENT_AUTHORIZED;
            moved(event, "payment_authorized", *amount, &words, ("first", json!(first)))
        }
        News::Captured { amount, whole } => {
            let words = "were taken for what has left";
            moved(&payments::ORDER_PAID, "payment_captured", *amount, words, ("whole", json!(whole)))
        }
        News::Voided { amount } => {
            let (event, words) = (&payments::PAYMENT_VOIDED, "are not needed, and free again");
            moved(event, "payment_voided", *amount, words, ("lapsed", json!(false)))
        }
        News::Lapsed { amount } => {
            let words = "are free again: the authorization ended";
            let event = &payments::PAYMENT_VOIDED;
            moved(event, "payment_voided", *amount, words, ("lapsed", json!(true)))
        }
        News::Refunded { amount, refund } => {
            let (event, words) = (&payments::ORDER_REFUNDED, "went back to the customer");
            moved(event, "refunded", *amount, words, ("refund", json!(refund)))
        }
        News::Rejected { words } => {
            let words = format!("the payment was declined: {words}");
            failed("payment_declined", words, ("call", json!(Call::Authorize.as_str())))
        }
        News::Failed { call, words, .. } => {
            let words = format!("{} was refused: {words}", call.as_str());
            failed("payment_failed", words, ("call", json!(call.as_str())))
        }
        News::Owed { words } => {
            let words = format!("the money cannot be had: {words}");
            failed("payment_owed", words, ("call", json!(Call::Capture.as_str())))
        }
        News::Settled | News::Unclear { .. } | News::Cleared { .. } => None,
    }
}

fn write(
    conn: &Connection,
    key: &SagaKey,
    (provider, currency): (&PaymentProvider, Currency),
    told: Told,
    now: UtcMs,
) -> Result<()> {
    let (name, value) = told.more;
    let mut body = json!({ "order": key.order, "provider": provider, "currency": currency });
    if let Some(fields) = body.as_object_mut() {
        fields.extend(told.amount.map(|amount| (String::from("amount"), json!(amount))));
        fields.insert(name.to_owned(), value);
    }
    let of = Key::Order(key.order.clone());
    let actor = central()?;
    let words = &told.words;
    let happened = Happened { kind: told.kind, at: now, actor: &actor, store: None, task: None, words };
    // First what happened, then who is told of it: an event comes of the newest entry.
    note(conn, &key.tenant, &key.order, &happened)?;
    append(conn, &key.tenant, &NewEvent { kind: told.event, key: &of, at: now, body: &body })
}

pub(super) fn refund_asked(conn: &Connection, key: &SagaKey, asked: &RefundAsked) -> Result<()> {
    let body = json!({
        "order": key.order, "refund": asked.number, "amount": asked.amount, "currency": asked.currency,
        "lines": asked.lines, "reason": asked.reason,
    });
    let (kind, of) = (&payments::REFUND_REQUESTED, &Key::Order(key.order.clone()));
    let money = Money { minor: asked.amount, currency: asked.currency };
    let words = format!("{money} shall go back: {}", asked.reason);
    let happened = Happened {
        kind: "refund_requested",
        at: asked.at,
        actor: &asked.by,
        store: None,
        task: None,
        words: &words,
    };
    note(conn, &key.tenant, &key.order, &happened)?;
    append(conn, &key.tenant, &NewEvent { kind, key: of, at: asked.at, body: &body })
}

/// Nothing of it was given to a store: units that wait end, and what a checkout held is free.
fn reject(conn: &Connection, key: &SagaKey, now: UtcMs) -> Result<()> {
    let SagaKey { tenant, order } = key;
    let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":now": now.0 };
    run(conn, sql!(ORDERS.ask_to_cancel), named)?;
    let named = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
    run(conn, sql!(ORDERS.cancel_open_units), named)?;
    promises::settle(conn, tenant, order, now)
}

fn about(
    key: &SagaKey,
    exception: String,
    category: Category,
    detail: String,
    suggestion: &str,
) -> NewException {
    NewException {
        key: exception,
        category,
        severity: Severity::High,
        order: Some(key.order.clone()),
        task: None,
        store: None,
        detail,
        suggestion: suggestion.to_owned(),
    }
}

fn awaiting_key(key: &SagaKey) -> String {
    format!("awaiting_payment/{}", key.order)
}

fn refund_key(key: &SagaKey, number: u32) -> String {
    format!("refund_failed/{}/{number}", key.order)
}

fn unclear_key(key: &SagaKey, id: CallId) -> String {
    format!("payment_unclear/{}/{id}", key.order)
}

fn awaiting(key: &SagaKey, words: &str) -> NewException {
    about(
        key,
        awaiting_key(key),
        Category::AwaitingPayment,
        format!("the money for {} cannot be had: {words}", key.order),
        "Ask the customer to pay another way, or let it be tried again. The order is not complete until then.",
    )
}

fn refused(key: &SagaKey, call: Call, refund: Option<u32>, words: &str) -> NewException {
    match refund {
        Some(number) => about(
            key,
            refund_key(key, number),
            Category::RefundFailed,
            format!("refund {number} of {} was refused: {words}", key.order),
            "Pay it back another way, or let it be tried again.",
        ),
        None => about(
            key,
            format!("{}_refused/{}", call.as_str(), key.order),
            Category::PaymentUnclear,
            format!("{} of {} was refused: {words}", call.as_str(), key.order),
            "Look the payment up at the provider, and put it right there.",
        ),
    }
}

fn unclear(key: &SagaKey, id: CallId, words: &str) -> NewException {
    about(
        key,
        unclear_key(key, id),
        Category::PaymentUnclear,
        format!("{}: {words}", key.order),
        "Look it up at the provider. It is looked up here once an hour, and settles when the provider answers.",
    )
}
