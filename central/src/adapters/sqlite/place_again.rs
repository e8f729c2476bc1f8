//! An order that a store brought back, and whose request now comes again: the storefront repeats it
//! under its key, the key names the order, and the order is whole again.

use super::exceptions::{raise, settle};
use super::lines::reopen;
use super::order_rows::{allotted, lines, order_of, tasks_of};
use super::row::{one, run, to_json};
use super::sql::sql;
use super::timeline::{Happened, note, refresh};
use super::{Result, adopt_lines, contacts, sagas};
use crate::core::order::{Consent, OrderLine};
use crate::core::recovery::{adopted_key, left_beyond};
use crate::core::substitution::agreed;
use crate::ports::orders::{NewOrder, Placed};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{LineNo, TraceId};
use rusqlite::{Connection, named_params};

/// None when there is no order of this id yet.
pub(super) fn place_again(conn: &Connection, new: &NewOrder) -> Result<Option<Placed>> {
    let key = [new.tenant.as_str(), new.order.as_str()];
    let adopted: Option<u8> = one(conn, sql!(RECOVERY.adopted), key, |row| row.get("adopted"))?;
    let Some(adopted) = adopted else { return Ok(None) };
    let known = lines(conn, &new.tenant, &new.order)?;
    if adopted != 1 || !fits(new, &known, &tasks_of(conn, &new.tenant, &new.order)?) {
        return Ok(Some(Placed::KeyReused));
    }
    let (_, _, trace) = order_of(conn, &new.tenant, &new.order)?;
    let beyond = adopt_lines::complete(conn, &new.tenant, &new.order, &new.request.lines, &allotted(new)?)?;
    let params = named_params! {
        ":tenant": new.tenant.as_str(),
        ":order": new.order.as_str(),
        ":kind": new.request.kind.as_str(),
        ":request": to_json(&new.request)?,
        ":now": new.now.0,
        ":root_key": new.key.as_str(),
        ":priority": new.request.priority.rank(),
    };
    run(conn, sql!(RECOVERY.complete_order), params)?;
    contacts::keep(conn, new)?;
    remember_key(conn, new, &trace)?;
    super::traces::placed(conn, new)?;
    let happened = Happened {
        kind: "placed_again",
        at: new.now,
        actor: &new.actor,
        store: None,
        task: None,
        words: &format!("placed again through {}; what was lost of it is known again", new.request.channel),
    };
    note(conn, &new.tenant, &new.order, &happened)?;
    let resolution = "the storefront repeated its request";
    settle(conn, &new.tenant, &adopted_key(&new.order), resolution, new.now)?;
    if beyond > 0 {
        raise(conn, &new.tenant, &left_beyond(&new.order, beyond), new.now)?;
    }
    reopen(conn, &new.tenant, &new.order)?;
    // Under the same key: a provider that was asked before the restore knows it again.
    sagas::begin(conn, new, &lines(conn, &new.tenant, &new.order)?)?;
    refresh(conn, &new.tenant, &new.order, new.now)?;
    Ok(Some(Placed::Replayed { order: new.order.clone(), trace }))
}

/// What each store has of it is a part of what is asked for, or stands in for it where the customer let
/// that be.
fn fits(new: &NewOrder, known: &[OrderLine], tasks: &[TaskState]) -> bool {
    let asked = |line: LineNo| {
        let place = usize::try_from(line.0).ok()?.checked_sub(1)?;
        new.request.lines.get(place)
    };
    let part = |line: LineNo| {
        let parts = tasks.iter().filter_map(|task| task.line(line)).map(|part| part.quantity);
        parts.max().unwrap_or(0)
    };
    known.iter().all(|line| match line.substitutes {
        None => {
            asked(line.line).is_some_and(|asked| asked.sku == line.sku && asked.quantity >= part(line.line))
        }
        Some(of) => {
            let room = asked(of).is_some_and(|asked| asked.quantity >= part(line.line));
            room && agreed(&new.request, of).0 != Consent::None
        }
    })
}

pub(super) fn remember_key(conn: &Connection, new: &NewOrder, trace: &TraceId) -> Result<()> {
    let params = named_params! {
        ":tenant": new.tenant.as_str(),
        ":key": new.key.as_str(),
        ":request_hash": new.request_hash,
        ":order": new.order.as_str(),
        ":trace": trace.as_str(),
        ":now": new.now.0,
    };
    run(conn, sql!(ORDERS.remember_key), params)?;
    Ok(())
}
