//! Other goods in place of those that cannot be had. The units of a substitute are set aside as those of
//! a cart are, from the question to the assignment, so that nothing is proposed that is not there.

use super::order_rows::{lines, order_of};
use super::row::{count, list, one, parsed, run, to_json};
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::substitution_news::{ended, made, proposed};
use super::substitution_rows::{Of, find, of_order, put, substitutes_of, terms, waiting};
use super::timeline::{central, refresh};
use super::{Result, SqliteStore, error, order_carts, promises, window};
use crate::core::order::stand_in;
use crate::core::substitution::{Substitute, Substitution, SubstitutionState, Terms, hold_id};
use crate::core::totals::Amounts;
use crate::ports::promises::{CartHeld, NewCart, PromiseEnd};
use crate::ports::substitutions::{AnswerOutcome, Ended, NewSubstitution, SubstituteOutcome, Substitutions};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, LineNo, OrderId, PromiseId, Sku, TenantId};
use holdfast_shared::limits::{
    CLOCK_STEP_FORGIVEN_MS, HOUSEKEEPING_ROWS_MAX, ORDER_LINES_MAX, SUBSTITUTION_ANSWER_MS_MAX,
};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

#[async_trait]
impl Substitutions for SqliteStore {
    async fn put_substitutes(&self, tenant: &TenantId, sku: &Sku, substitutes: &[Substitute]) -> Result<()> {
        let (tenant, sku, substitutes) = (tenant.clone(), sku.clone(), substitutes.to_vec());
        self.write(move |conn, _| put(conn, &tenant, &sku, &substitutes)).await
    }

    async fn substitutes(&self, tenant: &TenantId, sku: &Sku) -> Result<Vec<Substitute>> {
        let (tenant, sku) = (tenant.clone(), sku.clone());
        self.read(move |conn| substitutes_of(conn, &tenant, &sku)).await
    }

    async fn substitution_terms(&self, tenant: &TenantId, order: &OrderId) -> Result<Terms> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| terms(conn, &tenant, &order)).await
    }

    async fn substitute(&self, new: &NewSubstitution, now: UtcMs) -> Result<SubstituteOutcome> {
        let new = new.clone();
        self.write(move |conn, _| attempt(conn, || substitute(conn, &new, now))).await
    }

    async fn answer_substitution(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        number: u32,
        accept: bool,
        by: &Actor,
        now: UtcMs,
    ) -> Result<AnswerOutcome> {
        let (tenant, order, by) = (tenant.clone(), order.clone(), by.clone());
        self.write(move |conn, _| answer(conn, (&tenant, &order, number), accept, &by, now)).await
    }

    async fn substitutions(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Substitution>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            Ok(of_order(conn, &tenant, &order)?.into_iter().map(|(told, _)| told).collect())
        })
        .await
    }

    async fn expire_substitutions(&self, now: UtcMs) -> Result<Ended> {
        self.write(move |conn, _| expire(conn, now)).await
    }
}

fn substitute(
    conn: &Connection,
    new: &NewSubstitution,
    now: UtcMs,
) -> std::result::Result<SubstituteOutcome, Stop<SubstituteOutcome>> {
    let NewSubstitution { tenant, order, .. } = new;
    let moved = || Stop::Refused(SubstituteOutcome::OrderMoved);
    let (assignments, cancelling, _) = order_of(conn, tenant, order)?;
    let open = open_of(conn, tenant, order, new.line)?;
    let asked = waiting(conn, tenant, order)?.contains(&new.line);
    if cancelling || assignments != new.assignments || open < new.quantity || asked {
        return Err(moved());
    }
    if window::is_held(conn, tenant, order)? || next_line(conn, tenant, order, new.line)?.is_none() {
        return Err(moved());
    }
    let key = [tenant.as_str(), order.as_str()];
    let number: Option<u32> = one(conn, sql!(SUBSTITUTIONS.next_number), key, |row| count(row, "number"))?;
    let number = number.unwrap_or(1);
    let promise = hold_id(tenant, order, number).map_err(crate::ports::StoreError::from)?;
    set_aside(conn, new, &promise, now)?;
    let words = new.words();
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":number": number,
        ":line": new.line.0,
        ":sku": new.sku.as_str(),
        ":instead": new.instead.as_str(),
        ":quantity": new.quantity,
        ":unit_price": new.unit_price.as_ref().map(to_json).transpose()?,
        ":now": now.0,
        ":answer_by": new.answer_by.map(|by| by.0),
        ":promise": promise.as_str(),
        ":words": words,
        ":passed": to_json(&new.passed)?,
    };
    run(conn, sql!(SUBSTITUTIONS.propose), params)?;
    let of = (tenant, order, number);
    let Some(row) = find(conn, of)? else { return Err(moved()) };
    if new.answer_by.is_some() {
        proposed(conn, tenant, order, &row.0, now)?;
        return Ok(SubstituteOutcome::Proposed);
    }
    let by = central().map_err(crate::ports::StoreError::from)?;
    let done = make(conn, of, &row, &by, now)?;
    Ok(done.new_line.map_or(SubstituteOutcome::OrderMoved, |line| SubstituteOutcome::Made { line }))
}

impl NewSubstitution {
    fn words(&self) -> String {
        let Self { quantity, sku, instead, line, .. } = self;
        format!("{quantity} of {instead} in place of {sku} (line {line})")
    }
}

/// All units or none, by the same write as any other hold.
fn set_aside(
    conn: &Connection,
    new: &NewSubstitution,
    promise: &PromiseId,
    now: UtcMs,
) -> std::result::Result<(), Stop<SubstituteOutcome>> {
    let cart = NewCart {
        tenant: new.tenant.clone(),
        promise: promise.clone(),
        request_hash: *blake3::hash(promise.as_str().as_bytes()).as_bytes(),
        kind: new.kind,
        options: Vec::new(),
        units: new.units.clone(),
        made_at: now,
        expires_at: new.answer_by.unwrap_or(now).plus(SUBSTITUTION_ANSWER_MS_MAX / 60),
    };
    match promises::hold(conn, &cart) {
        Ok(CartHeld::StockGone { sku }) | Err(Stop::Refused(sku)) => {
            Err(Stop::Refused(SubstituteOutcome::StockGone { sku }))
        }
        Ok(CartHeld::New | CartHeld::Replayed(_) | CartHeld::KeyReused) => Ok(()),
        Err(Stop::Failed(error)) => Err(Stop::Failed(error)),
    }
}

fn open_of(conn: &Connection, tenant: &TenantId, order: &OrderId, line: LineNo) -> Result<i64> {
    let key = rusqlite::params![tenant.as_str(), order.as_str(), line.0];
    Ok(one(conn, sql!(ORDERS.line_units), key, |row| row.get("open"))?.unwrap_or(0))
}

/// The number of the line that is to stand in for this one; none when the order has as many lines as an
/// order may have.
fn next_line(conn: &Connection, tenant: &TenantId, order: &OrderId, line: LineNo) -> Result<Option<LineNo>> {
    let key = [tenant.as_str(), order.as_str()];
    let known: Vec<LineNo> =
        list(conn, sql!(SUBSTITUTIONS.line_numbers), key, |row| row.get("line").map(LineNo))?;
    if known.len() >= ORDER_LINES_MAX {
        return Ok(None);
    }
    let mut numbers = (1..).map_while(|nth| stand_in(line, nth));
    Ok(numbers.find(|number| !known.contains(number)))
}

/// The units move to a line of their own, and what is set aside for them is the order's.
fn make(
    conn: &Connection,
    of: Of<'_>,
    (row, promise): &(Substitution, PromiseId),
    by: &Actor,
    now: UtcMs,
) -> Result<Substitution> {
    let (tenant, order, _) = of;
    let units = row.quantity.min(open_of(conn, tenant, order, row.line)?);
    let Some(line) = next_line(conn, tenant, order, row.line)?.filter(|_| units > 0) else {
        return end(conn, of, promise, (SubstitutionState::Withdrawn, by), now);
    };
    let amounts = amounts_of(conn, (tenant, order), row.line, units)?;
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": row.line.0, ":quantity": units,
    };
    run(conn, sql!(SUBSTITUTIONS.leave_line), params)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":line": line.0,
        ":sku": row.instead.as_str(),
        ":quantity": units,
        ":unit_price": row.unit_price.as_ref().map(to_json).transpose()?,
        ":amounts": amounts.as_ref().map(to_json).transpose()?,
    };
    run(conn, sql!(SUBSTITUTIONS.stand_in), params)?;
    write_end(conn, of, (SubstitutionState::Made, by), (Some(line), units), now)?;
    order_carts::give_to_order(conn, tenant, promise, order, now)?;
    let done = find(conn, of)?.ok_or_else(|| error::missing("substitution"))?.0;
    made(conn, tenant, order, &done, by, now)?;
    refresh(conn, tenant, order, now)?;
    Ok(done)
}

/// What was said of the money of these units beside their price: whatever stands in for them has it.
fn amounts_of(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    line: LineNo,
    units: i64,
) -> Result<Option<Amounts>> {
    let known = lines(conn, tenant, order)?.into_iter().find(|known| known.line == line);
    let Some((known, money)) = known.and_then(|known| known.money().map(|money| (known, money))) else {
        return Ok(None);
    };
    let from = known.quantity.saturating_sub(known.cancelled).saturating_sub(units);
    Ok(money.amounts_of(from, units).map_err(error::unreadable)?.if_any())
}

fn write_end(
    conn: &Connection,
    (tenant, order, number): Of<'_>,
    (state, by): (SubstitutionState, &Actor),
    (line, units): (Option<LineNo>, i64),
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":number": number,
        ":state": state.as_str(),
        ":by": by.as_str(),
        ":new_line": line.map(|line| line.0),
        ":quantity": units,
        ":now": now.0,
    };
    run(conn, sql!(SUBSTITUTIONS.end), params)?;
    Ok(())
}

/// It comes to nothing: the units go back to the shelf, and the line is routed as it was ordered.
fn end(
    conn: &Connection,
    of: Of<'_>,
    promise: &PromiseId,
    (state, by): (SubstitutionState, &Actor),
    now: UtcMs,
) -> Result<Substitution> {
    let (tenant, order, _) = of;
    let units = find(conn, of)?.map_or(1, |(row, _)| row.quantity);
    write_end(conn, of, (state, by), (None, units), now)?;
    promises::end(conn, tenant, promise, PromiseEnd::GivenBack, now)?;
    let done = find(conn, of)?.ok_or_else(|| error::missing("substitution"))?.0;
    ended(conn, tenant, order, &done, by, now)?;
    Ok(done)
}

fn answer(conn: &Connection, of: Of<'_>, accept: bool, by: &Actor, now: UtcMs) -> Result<AnswerOutcome> {
    let (tenant, order, _) = of;
    let Some(row) = find(conn, of)? else { return Ok(AnswerOutcome::Unknown) };
    let (told, promise) = &row;
    let same = match told.state {
        SubstitutionState::Waiting => None,
        SubstitutionState::Made => Some(accept && told.answer_by.is_some()),
        SubstitutionState::Declined => Some(!accept),
        SubstitutionState::Expired | SubstitutionState::Withdrawn => Some(false),
    };
    match same {
        Some(true) => return Ok(AnswerOutcome::Answered { substitution: row.0, replayed: true }),
        Some(false) => return Ok(AnswerOutcome::Over(row.0)),
        None => {}
    }
    let ends = |state| end(conn, of, promise, (state, by), now);
    if told.answer_by.is_some_and(|answer_by| answer_by <= now) {
        let late = end(conn, of, promise, (SubstitutionState::Expired, &central()?), now)?;
        return Ok(AnswerOutcome::Over(late));
    }
    if window::is_held(conn, tenant, order)? {
        return Ok(AnswerOutcome::Held);
    }
    let (_, cancelling, _) = order_of(conn, tenant, order)?;
    if cancelling {
        return Ok(AnswerOutcome::Over(ends(SubstitutionState::Withdrawn)?));
    }
    let substitution =
        if accept { make(conn, of, &row, by, now)? } else { ends(SubstitutionState::Declined)? };
    Ok(match substitution.state {
        SubstitutionState::Made | SubstitutionState::Declined => {
            AnswerOutcome::Answered { substitution, replayed: false }
        }
        SubstitutionState::Waiting | SubstitutionState::Expired | SubstitutionState::Withdrawn => {
            AnswerOutcome::Over(substitution)
        }
    })
}

/// The order is not wanted any more, and with it no answer.
pub(super) fn withdraw(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    by: &Actor,
    now: UtcMs,
) -> Result<()> {
    withdraw_where(conn, (tenant, order), |_| true, by, now)
}

/// Likewise of some of its lines.
pub(super) fn withdraw_where(
    conn: &Connection,
    (tenant, order): (&TenantId, &OrderId),
    gone: impl Fn(LineNo) -> bool,
    by: &Actor,
    now: UtcMs,
) -> Result<()> {
    for (told, promise) in of_order(conn, tenant, order)? {
        if told.state == SubstitutionState::Waiting && gone(told.line) {
            let of = (tenant, order, told.number);
            end(conn, of, &promise, (SubstitutionState::Withdrawn, by), now)?;
        }
    }
    Ok(())
}

fn expire(conn: &Connection, now: UtcMs) -> Result<Ended> {
    let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).map_err(error::unreadable)?;
    let params = named_params! {
        ":now": now.0,
        ":beyond": now.plus(2 * SUBSTITUTION_ANSWER_MS_MAX).0,
        ":ahead": now.plus(CLOCK_STEP_FORGIVEN_MS).0,
        ":rows": rows,
    };
    let due: Vec<(TenantId, OrderId, u32)> =
        list(conn, sql!(SUBSTITUTIONS.due_substitutions), params, |row| {
            Ok((parsed(row, "tenant")?, parsed(row, "order_id")?, count(row, "number")?))
        })?;
    let by = central()?;
    let mut expired: BTreeMap<TenantId, u32> = BTreeMap::new();
    for (tenant, order, number) in due {
        let of = (&tenant, &order, number);
        let Some((_, promise)) = find(conn, of)? else { continue };
        end(conn, of, &promise, (SubstitutionState::Expired, &by), now)?;
        let so_far = expired.entry(tenant.clone()).or_default();
        *so_far = so_far.saturating_add(1);
    }
    Ok(expired)
}
