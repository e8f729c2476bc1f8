//! What people and the outside are told of substitutions: the timeline, and events without a word of stores.

use super::Result;
use super::outbox::{NewEvent, append};
use super::timeline::{Happened, central, note};
use crate::core::events::Kind;
use crate::core::events::key::Key;
use crate::core::events::kinds::substitutions;
use crate::core::substitution::{Substitution, SubstitutionState};
use holdfast_shared::ids::{Actor, OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;
use serde_json::json;

/// The customer is to be asked.
pub(super) fn proposed(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    told: &Substitution,
    now: UtcMs,
) -> Result<()> {
    let words = format!("the customer is asked: {}", told.words);
    say(conn, (tenant, order), ("substitution_proposed", &words), &central()?, now)?;
    publish(conn, (tenant, order), &substitutions::SUBSTITUTION_PROPOSED, told, now)
}

/// The units are those of another line.
pub(super) fn made(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    told: &Substitution,
    by: &Actor,
    now: UtcMs,
) -> Result<()> {
    let line = told.new_line.map(|line| format!(", as line {line}")).unwrap_or_default();
    say(conn, (tenant, order), ("substituted", &format!("{}{line}", told.words)), by, now)?;
    publish(conn, (tenant, order), &substitutions::SUBSTITUTION_MADE, told, now)
}

/// It came to nothing, and why.
pub(super) fn ended(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    told: &Substitution,
    by: &Actor,
    now: UtcMs,
) -> Result<()> {
    let (kind, why) = match told.state {
        SubstitutionState::Declined => ("substitution_declined", "the customer declined"),
        SubstitutionState::Expired => ("substitution_expired", "nobody answered in time"),
        SubstitutionState::Withdrawn => ("substitution_withdrawn", "it is not wanted any more"),
        SubstitutionState::Waiting | SubstitutionState::Made => return Ok(()),
    };
    say(conn, (tenant, order), (kind, &format!("{why}: {}", told.words)), by, now)?;
    publish(conn, (tenant, order), &substitutions::SUBSTITUTION_ENDED, told, now)
}

fn say(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    (kind, words): (&str, &str),
    actor: &Actor,
    now: UtcMs,
) -> Result<()> {
    note(conn, tenant, order, &Happened { kind, at: now, actor, store: None, task: None, words })
}

fn publish(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    kind: &'static Kind,
    told: &Substitution,
    now: UtcMs,
) -> Result<()> {
    let body = json!({
        "order": order, "substitution": told.number, "state": told.state, "line": told.line, "sku": told.sku,
        "instead": told.instead, "quantity": told.quantity, "unit_price": told.unit_price,
        "answer_by": told.answer_by, "new_line": told.new_line,
    });
    append(conn, tenant, &NewEvent { kind, key: &Key::Order(order.clone()), at: now, body: &body })
}
