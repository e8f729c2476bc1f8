//! The one way in which a return is written: its fact, its state, its news, and what the order's lines count of it.

use super::Result;
use super::counters::next as next_number;
use super::error::unreadable;
use super::return_news::tell;
use super::return_rows::{Of, facts, recount};
use super::row::{run, to_json};
use super::sql::sql;
use crate::core::returns::fact::Said;
use crate::core::returns::state::Return;
use crate::ports::returns::NewReturn;
use holdfast_shared::ids::{Actor, ReturnId, TenantId};
use holdfast_shared::limits::RETURN_FACTS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// A new row, without a fact yet.
pub(super) fn begin(
    conn: &Connection,
    (tenant, order): Of<'_>,
    known: &[Return],
    asked: Option<&NewReturn>,
    now: UtcMs,
) -> Result<Return> {
    let number = known.last().map_or(1, |last| last.number.saturating_add(1));
    let id = ReturnId::new(format!("{order}-r{number}"))?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":number": number,
        ":return": id.as_str(),
        ":key": asked.map(|asked| asked.idempotency.as_str()),
        ":request_hash": asked.map(|asked| asked.request_hash),
        ":entry": i64::try_from(next_number(conn, "return")?).map_err(unreadable)?,
        ":now": now.0,
    };
    run(conn, sql!(RETURNS.begin), params)?;
    Ok(Return::fold(&id, order, number, &[]))
}

/// Writes a fact, and what follows from it. The return as it is from now on.
pub(super) fn say(
    conn: &Connection,
    tenant: &TenantId,
    of: &Return,
    (said, by): (Said, &Actor),
    now: UtcMs,
) -> Result<Return> {
    let sequence = of.sequence.saturating_add(1);
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": of.order.as_str(),
        ":number": of.number,
        ":sequence": sequence,
        ":at": now.0,
        ":actor": by.as_str(),
        ":said": to_json(&said)?,
    };
    run(conn, sql!(RETURNS.say), params)?;
    let all = facts(conn, (tenant, &of.order), of.number)?;
    let is = Return::fold(&of.id, &of.order, of.number, &all);
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": of.order.as_str(),
        ":number": of.number,
        ":state": is.state.as_str(),
        ":facts": sequence,
        ":now": now.0,
    };
    run(conn, sql!(RETURNS.stand), params)?;
    recount(conn, (tenant, &of.order), now)?;
    tell(conn, tenant, &is, (&said, by), now)?;
    Ok(is)
}

/// Room for one more fact, beside those that stores bring.
pub(super) fn has_room(of: &Return) -> bool {
    usize::try_from(of.sequence).is_ok_and(|facts| facts < RETURN_FACTS_MAX)
}
