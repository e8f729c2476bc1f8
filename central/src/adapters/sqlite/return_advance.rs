//! Brings a return on: what core says comes next is written, in one transaction with the refund that it asks for. So a
//! refund is asked for once, wherever a crash falls.

use super::Result;
use super::exceptions::{raise, settle};
use super::order_rows::lines;
use super::return_book::{has_room, say};
use super::return_news::{refused_refund, waits, waits_key};
use super::return_rows::{of_order, order_of};
use super::row::run;
use super::sagas::{self, refunds_of};
use super::sql::sql;
use super::timeline::{central, fold_state};
use crate::core::returns::fact::Said;
use crate::core::returns::next::{Book, Next, next, waits_for_person};
use crate::core::returns::policy::ReturnPolicy;
use crate::core::returns::state::Return;
use crate::core::saga::refund::{RefundLine, RefundRequest};
use crate::ports::StoreError;
use crate::ports::sagas::{NewRefund, RefundTaken, SagaKey};
use holdfast_shared::ids::{Actor, IdempotencyKey, ReturnId, TenantId};
use holdfast_shared::limits::RETURN_STEPS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

pub(super) fn advance(
    conn: &Connection,
    (tenant, id): (&TenantId, &ReturnId),
    policy: &ReturnPolicy,
    now: UtcMs,
) -> Result<bool> {
    let Some(order) = order_of(conn, tenant, id)? else { return Ok(false) };
    let by = central().map_err(StoreError::from)?;
    let mut wrote = false;
    for _ in 0..RETURN_STEPS_MAX {
        let returns = of_order(conn, (tenant, &order))?;
        let Some(of) = returns.iter().find(|known| known.id == *id) else { return Ok(wrote) };
        let ordered = lines(conn, tenant, &order)?;
        let key = SagaKey { tenant: tenant.clone(), order: order.clone() };
        let refunds = refunds_of(conn, &key)?;
        let book = Book { lines: &ordered, returns: &returns, refunds: refunds.as_deref() };
        let said = match next(of, &book, policy, now) {
            Next::Rest(until) => {
                rest(conn, tenant, of, until)?;
                person(conn, tenant, of, policy, now)?;
                break;
            }
            Next::Write(said) => said,
            Next::Refund(lines) => refund(conn, &key, of, (lines, &by), now)?,
        };
        if !has_room(of) {
            rest(conn, tenant, of, None)?;
            break;
        }
        say(conn, tenant, of, (said, &by), now)?;
        wrote = true;
    }
    if wrote {
        fold_state(conn, tenant, &order, now)?;
    }
    Ok(wrote)
}

fn rest(conn: &Connection, tenant: &TenantId, of: &Return, until: Option<UtcMs>) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": of.order.as_str(),
        ":number": of.number,
        ":next_at": until.map(|at| at.0),
    };
    run(conn, sql!(RETURNS.rest), params)?;
    Ok(())
}

/// A person is told while it waits for one, and no longer.
fn person(
    conn: &Connection,
    tenant: &TenantId,
    of: &Return,
    policy: &ReturnPolicy,
    now: UtcMs,
) -> Result<()> {
    match waits_for_person(of, policy) {
        Some(why) => raise(conn, tenant, &waits(of, why), now),
        None => {
            settle(conn, tenant, &waits_key(&of.id), "the return goes on", now)?;
            Ok(())
        }
    }
}

/// The key follows from the return and the facts before, so the same wish is the same refund.
fn refund(
    conn: &Connection,
    key: &SagaKey,
    of: &Return,
    (lines, by): (Vec<RefundLine>, &Actor),
    now: UtcMs,
) -> Result<Said> {
    let request = RefundRequest { lines: lines.clone(), amount: None, reason: format!("return {}", of.id) };
    let idempotency = IdempotencyKey::new(format!("return/{}/{}", of.id, of.sequence))?;
    let canonical = super::row::to_json(&request)?;
    let new = NewRefund {
        key: key.clone(),
        request,
        idempotency,
        request_hash: *blake3::hash(canonical.as_bytes()).as_bytes(),
        by: by.clone(),
    };
    match sagas::ask_refund(conn, &new, now)? {
        RefundTaken::New(asked) | RefundTaken::Replayed(asked) => {
            Ok(Said::RefundAsked { refund: asked.number, lines, amount: asked.amount })
        }
        RefundTaken::Refused(bad) => {
            let why = bad.to_string();
            if refused_refund(&bad) {
                raise(conn, &key.tenant, &super::return_news::not_refunded(of, &why), now)?;
            }
            Ok(Said::NotRefunded { lines, why })
        }
        RefundTaken::KeyReused | RefundTaken::UnknownOrder => {
            Ok(Said::NotRefunded { lines, why: "another refund has its key".to_owned() })
        }
    }
}
