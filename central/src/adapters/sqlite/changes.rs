//! What customers change of their orders: planned by core from what stands there, and written as a whole. All
//! refusals come before the first write.

use super::cancel::cancel;
use super::contacts::{self, cart_of, contact_of};
use super::order_rows::{lines, tasks_of};
use super::outbox::{NewEvent, append};
use super::recall::recall;
use super::row::{count, from_json, list, one, parsed, run, to_json, word};
use super::sql::sql;
use super::state::State;
use super::timeline::{Happened, note, refresh};
use super::{Result, SqliteStore, error, gathering_rows, promises, substitutions, window};
use crate::core::events::key::Key;
use crate::core::events::kinds::changes::{ORDER_CHANGED, ORDER_LINE_CANCELLED};
use crate::core::order::{OrderLine, OrderRequest, OrderState};
use crate::core::order_change::{ChangeRequest, LineUnits, Plan, Standing, plan, plan_cancel};
use crate::core::personal::{Contact, Personal};
use crate::core::shares::Totals;
use crate::core::totals::due;
use crate::ports::changes::{ChangeDone, ChangeOutcome, Changes, NewChange, OrderChange, Wish};
use crate::ports::orders::CancelOutcome;
use crate::ports::work::RecallOutcome;
use async_trait::async_trait;
use holdfast_shared::ids::{LineNo, OrderId, StoreId, TaskId, TenantId, TraceId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use serde_json::json;
use std::collections::BTreeSet;

#[async_trait]
impl Changes for SqliteStore {
    async fn change_order(&self, change: NewChange) -> Result<ChangeOutcome> {
        self.write(move |conn, state| change_order(conn, state, &change)).await
    }

    async fn changes_of_order(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<OrderChange>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            list(conn, sql!(CHANGES.changes_of_order), [tenant.as_str(), order.as_str()], |row| {
                Ok(OrderChange {
                    at: UtcMs(row.get("at")?),
                    actor: parsed(row, "actor")?,
                    words: row.get("words")?,
                    done: from_json(row, "answer")?,
                })
            })
        })
        .await
    }
}

/// The order's row, as far as it decides.
struct Head {
    request: OrderRequest,
    state: OrderState,
    trace: TraceId,
    cancelling: bool,
    request_lost: bool,
}

fn head(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<Head>> {
    one(conn, sql!(CHANGES.standing_of_order), [tenant.as_str(), order.as_str()], |row| {
        Ok(Head {
            request: from_json(row, "request")?,
            state: word(row, "state")?,
            trace: parsed(row, "trace")?,
            cancelling: row.get("cancel_requested")?,
            request_lost: row.get::<_, u8>("adopted")? == 1,
        })
    })
}

fn change_order(conn: &Connection, state: &mut State, change: &NewChange) -> Result<ChangeOutcome> {
    let NewChange { tenant, order, .. } = change;
    if let Some(before) = before(conn, change)? {
        return Ok(before);
    }
    if let Wish::Cancel { lines, reason } = &change.wish
        && lines.is_empty()
    {
        return cancel_all(conn, state, change, reason);
    }
    let Some(head) = head(conn, tenant, order)? else { return Ok(ChangeOutcome::Unknown) };
    if window::is_held(conn, tenant, order)? {
        return Ok(ChangeOutcome::Held);
    }
    let (known, tasks) = (lines(conn, tenant, order)?, tasks_of(conn, tenant, order)?);
    let standing = Standing {
        request: &head.request,
        state: head.state,
        lines: &known,
        tasks: &tasks,
        cancelling: head.cancelling,
        request_lost: head.request_lost,
        gathering: gathering_rows::is_open(conn, tenant, order)?,
        travels: gathering_rows::fed_store(conn, tenant, order)?.is_some(),
    };
    let planned = match &change.wish {
        Wish::Change(wish) => plan(wish, &standing),
        Wish::Cancel { lines, .. } => plan_cancel(lines, &standing),
    };
    let planned = match planned {
        Ok(planned) => planned,
        Err(why) => return Ok(ChangeOutcome::Cannot(why)),
    };
    let totals_before = due(&known).map_err(error::unreadable)?;
    let stores = tasks.iter().filter(|task| planned.recall.contains(&task.task));
    let stores: BTreeSet<StoreId> = stores.map(|task| task.store.clone()).collect();
    let done = carry_out(conn, state, change, &head, (&planned, totals_before))?;
    Ok(ChangeOutcome::Done { done, stores: stores.into_iter().collect() })
}

/// What no store has ends now; what a store has, when it answers.
fn cancel_all(
    conn: &Connection,
    state: &mut State,
    change: &NewChange,
    reason: &str,
) -> Result<ChangeOutcome> {
    let NewChange { tenant, order, actor, now, .. } = change;
    let before = lines(conn, tenant, order)?;
    let asked_stores = match cancel(conn, state, tenant, order, reason, actor, *now)? {
        CancelOutcome::Unknown => return Ok(ChangeOutcome::Unknown),
        CancelOutcome::TooLate(state) => return Ok(ChangeOutcome::TooLate(state)),
        CancelOutcome::Requested { asked_stores, .. } => asked_stores,
    };
    let stopping = tasks_of(conn, tenant, order)?.into_iter().filter(|task| !task.phase.is_final());
    let stores: BTreeSet<StoreId> = stopping.map(|task| task.store).collect();
    let (after, known) = (head(conn, tenant, order)?, lines(conn, tenant, order)?);
    let taken_off = |line: &OrderLine| {
        let was = before.iter().find(|was| was.line == line.line).map_or(0, |was| was.cancelled);
        let quantity = line.cancelled.saturating_sub(was);
        (quantity > 0).then_some(LineUnits { line: line.line, quantity })
    };
    let done = ChangeDone {
        order: order.clone(),
        change: next_number(conn, (tenant, order))?,
        state: after.ok_or_else(|| error::missing("order"))?.state,
        cancelled: known.iter().filter_map(taken_off).collect(),
        added: Vec::new(),
        recalled: asked_stores,
        totals: due(&known).map_err(error::unreadable)?,
        totals_before: due(&before).map_err(error::unreadable)?,
    };
    remember(conn, change, &format!("cancelled: {reason}"), &done)?;
    Ok(ChangeOutcome::Done { done, stores: stores.into_iter().collect() })
}

fn next_number(conn: &Connection, (tenant, order): (&TenantId, &OrderId)) -> Result<u32> {
    let key = [tenant.as_str(), order.as_str()];
    Ok(one(conn, sql!(CHANGES.next_change), key, |row| count(row, "number"))?.unwrap_or(1))
}

/// What the key got when it came before.
fn before(conn: &Connection, change: &NewChange) -> Result<Option<ChangeOutcome>> {
    let key = [change.tenant.as_str(), change.key.as_str()];
    let found = one(conn, sql!(CHANGES.change_by_key), key, |row| {
        let hash: [u8; 32] = row.get("request_hash")?;
        Ok((parsed::<OrderId>(row, "order_id")?, hash, from_json::<ChangeDone>(row, "answer")?))
    })?;
    Ok(found.map(|(order, hash, done)| {
        let same = order == change.order && hash == change.request_hash;
        if same { ChangeOutcome::Replayed(done) } else { ChangeOutcome::KeyReused }
    }))
}

fn carry_out(
    conn: &Connection,
    state: &mut State,
    change: &NewChange,
    head: &Head,
    (plan, totals_before): (&Plan, Option<Totals>),
) -> Result<ChangeDone> {
    let NewChange { tenant, order, now, .. } = change;
    let number = next_number(conn, (tenant, order))?;
    let told = words(&change.wish, plan);
    note_wish(conn, change, &told)?;
    for task in &plan.recall {
        take_from_store(conn, state, (tenant, order), task, *now)?;
    }
    cancel_units(conn, (tenant, order), &plan.cancel)?;
    withdraw_questions(conn, change, plan)?;
    for (line, amounts) in &plan.amounts {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": line.0, ":amounts": to_json(amounts)?,
        };
        run(conn, sql!(CHANGES.set_amounts), params)?;
    }
    let added = add_lines(conn, (tenant, order), head, plan)?;
    rewrite(conn, change, head, plan)?;
    if let Wish::Change(wish) = &change.wish {
        keep_contact(conn, (tenant, order), &head.request, wish, *now)?;
    }
    promises::settle(conn, tenant, order, *now)?;
    refresh(conn, tenant, order, *now)?;
    let after = self::head(conn, tenant, order)?.ok_or_else(|| error::missing("order"))?;
    let known = lines(conn, tenant, order)?;
    let done = ChangeDone {
        order: order.clone(),
        change: number,
        state: after.state,
        cancelled: plan.cancel.clone(),
        added,
        recalled: u32::try_from(plan.recall.len()).unwrap_or(u32::MAX),
        totals: due(&known).map_err(error::unreadable)?,
        totals_before,
    };
    remember(conn, change, &told, &done)?;
    publish(conn, change, &head.trace, &done)?;
    Ok(done)
}

fn note_wish(conn: &Connection, change: &NewChange, words: &str) -> Result<()> {
    let kind = match change.wish {
        Wish::Change(_) => "changed",
        Wish::Cancel { .. } => "lines_cancelled",
    };
    let NewChange { tenant, order, actor, now, .. } = change;
    note(conn, tenant, order, &Happened { kind, at: *now, actor, store: None, task: None, words })
}

/// In plain words, without anything personal.
fn words(wish: &Wish, plan: &Plan) -> String {
    let off = plan.cancel.iter().map(|units| format!("{} of line {} taken off", units.quantity, units.line));
    let on = plan.add.iter().map(|(line, _)| format!("{} of {} added", line.quantity, line.sku));
    let mut told: Vec<String> = off.chain(on).collect();
    match wish {
        Wish::Change(wish) => {
            let others = wish.fields().into_iter().filter(|field| !matches!(*field, "lines" | "add"));
            told.extend(others.map(|field| format!("{} changed", field.replace('_', " "))));
        }
        Wish::Cancel { reason, .. } => told.push(reason.clone()),
    }
    if told.is_empty() { String::from("asked for what it was already") } else { told.join("; ") }
}

const TAKEN_BACK: &str = "the customer changed the order";

fn take_from_store(
    conn: &Connection,
    state: &mut State,
    (tenant, order): (&TenantId, &OrderId),
    task: &TaskId,
    now: UtcMs,
) -> Result<()> {
    let current = tasks_of(conn, tenant, order)?.into_iter().find(|known| known.task == *task);
    let current = current.ok_or_else(|| error::missing("task"))?;
    match recall(conn, state, tenant, task, current.fence, TAKEN_BACK, now)? {
        RecallOutcome::Recalled => Ok(()),
        // It was looked at in this transaction: nothing of it is written.
        RecallOutcome::ReleasedAlready | RecallOutcome::Moot => Err(error::missing("task to take back")),
    }
}

fn cancel_units(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    units: &[LineUnits],
) -> Result<()> {
    for LineUnits { line, quantity } in units {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": line.0, ":units": quantity,
        };
        if run(conn, sql!(CHANGES.cancel_units), params)? != 1 {
            return Err(error::missing("open units of an order line"));
        }
    }
    Ok(())
}

/// Nobody has to answer about units that are wanted no more. About those that still are, the question stays.
fn withdraw_questions(conn: &Connection, change: &NewChange, plan: &Plan) -> Result<()> {
    if plan.cancel.is_empty() {
        return Ok(());
    }
    let NewChange { tenant, order, actor, now, .. } = change;
    let known = lines(conn, tenant, order)?;
    let gone = |number: LineNo| known.iter().any(|line| line.line == number && line.open == 0);
    substitutions::withdraw_where(conn, (tenant, order), gone, actor, *now)
}

/// The place of a line in the request is its number, also of one that came later.
fn add_lines(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    head: &Head,
    plan: &Plan,
) -> Result<Vec<LineNo>> {
    let before = u32::try_from(head.request.lines.len()).map_err(error::unreadable)?;
    let mut added = Vec::with_capacity(plan.add.len());
    for (number, (line, amounts)) in (before.saturating_add(1)..).zip(&plan.add) {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": number,
            ":sku": line.sku.as_str(),
            ":quantity": line.quantity,
            ":unit_price": line.unit_price.as_ref().map(to_json).transpose()?,
            ":amounts": amounts.as_ref().map(to_json).transpose()?,
        };
        run(conn, sql!(CHANGES.add_line), params)?;
        added.push(LineNo(number));
    }
    Ok(added)
}

/// Whoever decided about the order as it was before assigns nothing when it goes elsewhere now.
fn rewrite(conn: &Connection, change: &NewChange, head: &Head, plan: &Plan) -> Result<()> {
    let moved = match &change.wish {
        Wish::Change(wish) => wish.moves_the_order(),
        Wish::Cancel { .. } => false,
    };
    let request = plan.request.as_ref().unwrap_or(&head.request);
    let params = named_params! {
        ":tenant": change.tenant.as_str(),
        ":order": change.order.as_str(),
        ":request": to_json(request)?,
        ":decided_before": moved,
        ":now": change.now.0,
    };
    run(conn, sql!(CHANGES.rewrite_order), params)?;
    Ok(())
}

fn keep_contact(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    placed: &OrderRequest,
    wish: &ChangeRequest,
    now: UtcMs,
) -> Result<()> {
    if wish.customer.is_none() && wish.gift.is_none() {
        return Ok(());
    }
    let known = contacts::find(conn, tenant, order)?.unwrap_or_default();
    let said = contact_of(&OrderRequest {
        customer: wish.customer.clone(),
        gift: wish.gift.clone(),
        ..placed.clone()
    });
    let contact = Contact {
        customer: wish.customer.as_ref().map(Personal::reveal).cloned().unwrap_or(known.customer),
        gift_message: if wish.gift.is_some() { said.gift_message } else { known.gift_message },
    };
    contacts::put(conn, (tenant, order), &contact, &cart_of(placed), now)
}

fn remember(conn: &Connection, change: &NewChange, words: &str, done: &ChangeDone) -> Result<()> {
    let params = named_params! {
        ":tenant": change.tenant.as_str(),
        ":order": change.order.as_str(),
        ":number": done.change,
        ":key": change.key.as_str(),
        ":request_hash": change.request_hash,
        ":now": change.now.0,
        ":actor": change.actor.as_str(),
        ":words": words,
        ":answer": to_json(done)?,
    };
    run(conn, sql!(CHANGES.remember_change), params)?;
    Ok(())
}

/// Without nodes, and without anything personal.
fn publish(conn: &Connection, change: &NewChange, trace: &TraceId, done: &ChangeDone) -> Result<()> {
    let NewChange { tenant, order, now, .. } = change;
    let mut body = json!({
        "order": order, "change": done.change, "state": done.state, "trace_id": trace,
        "totals_before": done.totals_before, "totals": done.totals,
    });
    let key = Key::Order(order.clone());
    let event =
        |kind, body: &serde_json::Value| append(conn, tenant, &NewEvent { kind, key: &key, at: *now, body });
    if let (Wish::Change(wish), Some(fields)) = (&change.wish, body.as_object_mut()) {
        fields.insert(String::from("fields"), json!(wish.fields()));
        fields.insert(String::from("cancelled"), json!(done.cancelled));
        fields.insert(String::from("added"), json!(done.added));
        event(&ORDER_CHANGED, &body)?;
    }
    if done.cancelled.is_empty() {
        return Ok(());
    }
    let lines = json!({
        "order": order, "change": done.change, "trace_id": trace, "lines": done.cancelled,
        "totals_before": done.totals_before, "totals": done.totals,
    });
    event(&ORDER_LINE_CANCELLED, &lines)
}
