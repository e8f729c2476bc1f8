//! What a fact about a return means to people and to other systems: the order's timeline, events, exceptions.

use super::Result;
use super::outbox::{NewEvent, append};
use super::return_rows::beyond_key;
use super::timeline::{Happened, note};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::kinds::returns;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::returns::fact::{Receipt, Said};
use crate::core::returns::state::Return;
use crate::core::saga::refund::BadRefund;
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::ids::{Actor, OrderId, ReturnId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;
use serde_json::json;
use std::borrow::Cow;

/// The event, the word of the timeline, and the words.
type Told = (Option<&'static Kind>, &'static str, String);

fn told(of: &Return, said: &Said) -> Told {
    let id = &of.id;
    match said {
        Said::Asked { lines, .. } => {
            let of_line = |line: &crate::core::returns::fact::AskedLine| {
                format!(
                    "{} of line {} ({})",
                    line.quantity,
                    line.line,
                    line.reason.as_str().replace('_', " ")
                )
            };
            let words: Vec<String> = lines.iter().map(of_line).collect();
            (Some(&returns::RETURN_ASKED), "return_asked", format!("return {id}: {}", words.join(", ")))
        }
        Said::Adopted { store } => {
            let words = format!("goods came back to {store} that nobody had announced: return {id}");
            (Some(&returns::RETURN_ASKED), "return_asked", words)
        }
        Said::Approved { words } => {
            (Some(&returns::RETURN_APPROVED), "return_approved", format!("return {id} is approved: {words}"))
        }
        Said::Refused { reason } => {
            (Some(&returns::RETURN_REFUSED), "return_refused", format!("return {id} is refused: {reason}"))
        }
        Said::Cancelled { reason } => (
            Some(&returns::RETURN_CANCELLED),
            "return_cancelled",
            format!("return {id} is cancelled: {reason}"),
        ),
        Said::Expired => {
            let words = format!("what has not come of return {id} is not waited for");
            (Some(&returns::RETURN_EXPIRED), "return_expired", words)
        }
        Said::Received(receipt) => {
            (Some(&returns::RETURN_RECEIVED), "return_received", received(of, receipt))
        }
        Said::Unsaid { fact } => {
            let words = format!("what {fact} said of return {id} does not count: it came with two bodies");
            (None, "return_corrected", words)
        }
        Said::Decided { refund_damaged, reason } => {
            let what = if *refund_damaged { "are paid back" } else { "are not paid back" };
            (None, "return_decided", format!("damaged goods of return {id} {what}: {reason}"))
        }
        Said::RefundAsked { refund, .. } => {
            (None, "return_refund_asked", format!("refund {refund} follows from return {id}"))
        }
        Said::NotRefunded { why, .. } => {
            (None, "return_not_refunded", format!("no money goes back for some of return {id}: {why}"))
        }
        Said::Refunded { refund, .. } => {
            let words = format!("refund {refund} of return {id} went back");
            (Some(&returns::RETURN_REFUNDED), "return_refunded", words)
        }
        Said::Closed => (Some(&returns::RETURN_CLOSED), "return_closed", format!("return {id} is over")),
    }
}

/// Customers hear of it, too: no store is named.
fn received(of: &Return, Receipt { units, line, condition, .. }: &Receipt) -> String {
    let how = match condition {
        Condition::Sellable => "came back, and can be sold again",
        Condition::Damaged => "came back damaged",
        Condition::Missing => "were announced, and are missing",
    };
    format!("{units} of line {line} {how} (return {})", of.id)
}

pub(super) fn tell(
    conn: &Connection,
    tenant: &TenantId,
    of: &Return,
    (said, by): (&Said, &Actor),
    now: UtcMs,
) -> Result<()> {
    let (event, kind, words) = told(of, said);
    let store = match said {
        Said::Received(receipt) => Some(&receipt.store),
        Said::Adopted { store } => Some(store),
        Said::Asked { .. }
        | Said::Approved { .. }
        | Said::Refused { .. }
        | Said::Cancelled { .. }
        | Said::Expired
        | Said::Unsaid { .. }
        | Said::Decided { .. }
        | Said::RefundAsked { .. }
        | Said::NotRefunded { .. }
        | Said::Refunded { .. }
        | Said::Closed => None,
    };
    let happened = Happened { kind, at: now, actor: by, store, task: None, words: &words };
    note(conn, tenant, &of.order, &happened)?;
    if let Some(event) = event {
        let line = |line: &crate::core::returns::state::ReturnLine| {
            json!({
                "line": line.line, "sku": line.sku, "asked": line.asked, "sellable": line.sellable,
                "damaged": line.damaged, "missing": line.missing,
            })
        };
        let lines: Vec<_> = of.lines.iter().map(line).collect();
        // What is told of a store stays with the store's people.
        let words: Cow<'_, str> = match said {
            Said::Adopted { .. } => {
                format!("goods came back that nobody had announced: return {}", of.id).into()
            }
            _ => words.as_str().into(),
        };
        let body = json!({
            "order": of.order, "return": of.id, "state": of.state, "lines": lines, "words": words,
        });
        let key = &Key::Order(of.order.clone());
        append(conn, tenant, &NewEvent { kind: event, key, at: now, body: &body })?;
    }
    Ok(())
}

pub(super) fn waits_key(id: &ReturnId) -> String {
    format!("return_waits/{id}")
}

fn about(
    (key, category): (String, Category),
    order: Option<OrderId>,
    store: Option<StoreId>,
    detail: String,
    suggestion: &str,
) -> NewException {
    let suggestion = suggestion.to_owned();
    NewException { key, category, severity: Severity::Medium, order, task: None, store, detail, suggestion }
}

/// It waits for a person.
pub(super) fn waits(of: &Return, why: &str) -> NewException {
    let category = if of.adopted_from.is_some() { Category::UnexpectedReturn } else { Category::ReturnWaits };
    about(
        (waits_key(&of.id), category),
        Some(of.order.clone()),
        of.adopted_from.clone(),
        format!("return {}: {why}", of.id),
        "Approve it, or say whether damaged goods are paid back; or refuse it, and say why.",
    )
}

/// The order is not known here, or has nothing of the kind.
pub(super) fn stray(store: &StoreId, fact: &Fact, of: &ReturnRef, sku: &Sku) -> NewException {
    let named = match of {
        ReturnRef::Order(order) => format!("order {order}"),
        ReturnRef::Return(id) => format!("return {id}"),
    };
    let order = match of {
        ReturnRef::Order(order) => Some(order.clone()),
        ReturnRef::Return(_) => None,
    };
    about(
        (format!("stray_return/{store}/{}", fact.id), Category::UnexpectedReturn),
        order,
        Some(store.clone()),
        format!("{store} took back {sku} for {named}, which is not known or has no {sku}"),
        "Ask the store what stands on the slip. What can be sold is in its stock; no money went back.",
    )
}

/// More is back than is known to have left.
pub(super) fn beyond(store: &StoreId, order: &OrderId, units: i64) -> NewException {
    about(
        (beyond_key(order), Category::UnexpectedReturn),
        Some(order.clone()),
        Some(store.clone()),
        format!("{units} units more of {order} came back than are known to have left"),
        "A store that handed them over may not have told of it yet; then this ends by itself. Else ask the store.",
    )
}

/// Whether a person has to hear that money does not follow.
pub(super) const fn refused_refund(bad: &BadRefund) -> bool {
    match bad {
        // Nothing was paid, or it cost nothing.
        BadRefund::NotPaid | BadRefund::Amount(_) => false,
        BadRefund::Form(_)
        | BadRefund::Reason
        | BadRefund::CardNumber
        | BadRefund::Quantity { .. }
        | BadRefund::Twice { .. }
        | BadRefund::NoSuchLine { .. }
        | BadRefund::TooManyUnits { .. }
        | BadRefund::OtherCurrency { .. }
        | BadRefund::TooMuch { .. }
        | BadRefund::TooMany
        | BadRefund::TooLarge => true,
    }
}

pub(super) fn not_refunded(of: &Return, why: &str) -> NewException {
    about(
        (format!("return_not_refunded/{}", of.id), Category::ReturnWaits),
        Some(of.order.clone()),
        None,
        format!("goods of return {} are back, and their money does not follow: {why}", of.id),
        "Look at what was paid and refunded before, and pay back what is due by hand.",
    )
}
