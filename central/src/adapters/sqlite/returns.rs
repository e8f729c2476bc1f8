//! Returns: asked for, decided upon, shown. Every fact is written with the state that follows from it, and with what the
//! order's lines count as coming back and back.

use super::order_rows::lines;
use super::return_book::{begin, say};
use super::return_rows::{facts, of_order, order_of};
use super::row::{below, fetch, list, one, paged, parsed, run, word};
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::timeline::{central, fold_state};
use super::{Result, SqliteStore, return_advance};
use crate::core::order::{OrderLine, OrderState};
use crate::core::returns::fact::{AskedLine, ReturnFact, Said};
use crate::core::returns::judge::{Verdict, judge};
use crate::core::returns::policy::ReturnPolicy;
use crate::core::returns::request::BadReturn;
use crate::core::returns::standing::has_left;
use crate::core::returns::state::{Act, Return, ReturnState, act};
use crate::core::returns::tally::{left, tally};
use crate::ports::returns::{ActOutcome, NewReturn, ReturnFilter, ReturnTaken, Returns};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, LineNo, OrderId, ReturnId, SkuClass, StoreId, TenantId};
use holdfast_shared::limits::{PAGE_ROWS_MAX, RETURNS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

type Attempt<T> = std::result::Result<T, Stop<ReturnTaken>>;

fn ask(conn: &Connection, new: &NewReturn, now: UtcMs) -> Attempt<ReturnTaken> {
    let of = (&new.tenant, &new.order);
    let stop = |bad: BadReturn| Stop::Refused(ReturnTaken::Refused(bad));
    let key = [new.tenant.as_str(), new.idempotency.as_str()];
    let before = one(conn, sql!(RETURNS.by_key), key, |row| {
        Ok((
            row.get::<_, String>("order_id")?,
            row.get::<_, u32>("number")?,
            row.get::<_, [u8; 32]>("request_hash")?,
        ))
    })?;
    let known = of_order(conn, of)?;
    if let Some((order, number, hash)) = before {
        let same = order == new.order.as_str() && hash == new.request_hash;
        let found = known.into_iter().find(|known| known.number == number).filter(|_| same);
        return Ok(found.map_or(ReturnTaken::KeyReused, |found| ReturnTaken::Replayed(Box::new(found))));
    }
    let names = [new.tenant.as_str(), new.order.as_str()];
    let state: Option<OrderState> = one(conn, sql!(ORDERS.state_of), names, |row| word(row, "state"))?;
    let Some(state) = state else { return Ok(ReturnTaken::UnknownOrder) };
    let may = has_left(state) || matches!(state, OrderState::Returned | OrderState::Refunded);
    if !may {
        return Err(stop(BadReturn::NotLeft { state: state.as_str() }));
    }
    if known.len() >= RETURNS_MAX {
        return Err(stop(BadReturn::TooMany));
    }
    let ordered = lines(conn, &new.tenant, &new.order)?;
    let asked = announce(conn, new, &ordered, &known)?;
    let verdict = verdict(conn, new, &asked, now)?;
    let row = begin(conn, of, &known, Some(new), now)?;
    let (asked_by, note) = (new.request.asked_by, new.request.note.clone());
    let mut is = say(conn, &new.tenant, &row, (Said::Asked { lines: asked, asked_by, note }, &new.by), now)?;
    let rule = central().map_err(StoreError::from)?;
    let said = match verdict {
        Verdict::Approved(words) => Some(Said::Approved { words }),
        Verdict::Refused(reason) => Some(Said::Refused { reason }),
        Verdict::Person(_) => None,
    };
    if let Some(said) = said {
        is = say(conn, &new.tenant, &is, (said, &rule), now)?;
    }
    Ok(ReturnTaken::New(Box::new(is)))
}

/// Each line's units, by a write that fails where more are asked for than left and are not back.
fn announce(
    conn: &Connection,
    new: &NewReturn,
    ordered: &[OrderLine],
    known: &[Return],
) -> Attempt<Vec<AskedLine>> {
    let tally = tally(ordered, known);
    let mut asked = Vec::with_capacity(new.request.lines.len());
    for wish in &new.request.lines {
        let stop = |bad: BadReturn| Stop::Refused(ReturnTaken::Refused(bad));
        let found = ordered.iter().find(|line| line.line == wish.line);
        let line = found.ok_or_else(|| stop(BadReturn::NoSuchLine { line: wish.line }))?;
        let params = named_params! {
            ":tenant": new.tenant.as_str(),
            ":order": new.order.as_str(),
            ":line": wish.line.0,
            ":units": wish.quantity,
        };
        if run(conn, sql!(RETURNS.announce), params)? == 0 {
            let left = left(line, &tally);
            return Err(stop(BadReturn::TooManyUnits { line: wish.line, left, asked: wish.quantity }));
        }
        let (quantity, reason) = (wish.quantity, wish.reason);
        asked.push(AskedLine { line: wish.line, sku: line.sku.clone(), quantity, reason });
    }
    Ok(asked)
}

fn verdict(conn: &Connection, new: &NewReturn, asked: &[AskedLine], now: UtcMs) -> Result<Verdict> {
    let names = [new.tenant.as_str(), new.order.as_str()];
    let left_at = one(conn, sql!(RETURNS.left_at), names, |row| row.get("at").map(UtcMs))?.unwrap_or(now);
    let mut classes: Vec<(LineNo, Option<SkuClass>)> = Vec::with_capacity(asked.len());
    for line in asked {
        let key = [new.tenant.as_str(), line.sku.as_str()];
        let class = one(conn, sql!(LESSONS.class_of), key, |row| row.get::<_, Option<String>>("class"))?;
        // A catalogue may name its classes as it likes; one that no policy can name is of no list.
        classes.push((line.line, class.flatten().and_then(|class| SkuClass::new(class).ok())));
    }
    Ok(judge(&classes, left_at, new.request.asked_by, &new.rules, now))
}

fn act_on(
    conn: &Connection,
    (tenant, id): (&TenantId, &ReturnId),
    (wish, by): (&Act, &Actor),
    now: UtcMs,
) -> Result<ActOutcome> {
    let Some(order) = order_of(conn, tenant, id)? else { return Ok(ActOutcome::Unknown) };
    let known = of_order(conn, (tenant, &order))?.into_iter().find(|known| known.id == *id);
    let Some(known) = known else { return Ok(ActOutcome::Unknown) };
    let said = match act(&known, wish.clone()) {
        Ok(said) => said,
        Err(illegal) => return Ok(ActOutcome::Illegal(illegal)),
    };
    let is = say(conn, tenant, &known, (said, by), now)?;
    fold_state(conn, tenant, &order, now)?;
    Ok(ActOutcome::Done(Box::new(is)))
}

fn page(
    conn: &Connection,
    tenant: &TenantId,
    filter: &ReturnFilter,
    page: &PageRequest,
) -> Result<Page<Return>> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":below": below(page)?,
        ":rows": fetch(page),
        ":state": filter.state.map(ReturnState::as_str),
        ":store": filter.store.as_ref().map(StoreId::as_str),
    };
    let rows = list(conn, sql!(RETURNS.page), params, |row| {
        Ok((row.get::<_, i64>("entry")?, (parsed::<OrderId>(row, "order_id")?, row.get::<_, u32>("number")?)))
    })?;
    let Page { rows, next } = paged(rows, page);
    let mut found = Vec::with_capacity(rows.len());
    for (order, number) in rows {
        let known = of_order(conn, (tenant, &order))?;
        found.extend(known.into_iter().find(|known| known.number == number));
    }
    Ok(Page { rows: found, next })
}

#[async_trait]
impl Returns for SqliteStore {
    async fn ask_return(&self, new: &NewReturn, now: UtcMs) -> Result<ReturnTaken> {
        let new = new.clone();
        self.write(move |conn, _| attempt(conn, || ask(conn, &new, now))).await
    }

    async fn act_on_return(
        &self,
        tenant: &TenantId,
        id: &ReturnId,
        act: &Act,
        by: &Actor,
        now: UtcMs,
    ) -> Result<ActOutcome> {
        let (tenant, id, act, by) = (tenant.clone(), id.clone(), act.clone(), by.clone());
        self.write(move |conn, _| act_on(conn, (&tenant, &id), (&act, &by), now)).await
    }

    async fn return_of(&self, tenant: &TenantId, id: &ReturnId) -> Result<Option<(Return, Vec<ReturnFact>)>> {
        let (tenant, id) = (tenant.clone(), id.clone());
        self.read(move |conn| {
            let Some(order) = order_of(conn, &tenant, &id)? else { return Ok(None) };
            let known = of_order(conn, (&tenant, &order))?.into_iter().find(|known| known.id == id);
            let Some(known) = known else { return Ok(None) };
            let facts = facts(conn, (&tenant, &order), known.number)?;
            Ok(Some((known, facts)))
        })
        .await
    }

    async fn returns_of(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Return>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| of_order(conn, (&tenant, &order))).await
    }

    async fn returns(
        &self,
        tenant: &TenantId,
        filter: &ReturnFilter,
        request: &PageRequest,
    ) -> Result<Page<Return>> {
        let (tenant, filter, request) = (tenant.clone(), filter.clone(), request.clone());
        self.read(move |conn| page(conn, &tenant, &filter, &request)).await
    }

    async fn due_returns(&self, now: UtcMs, beyond: UtcMs, limit: u32) -> Result<Vec<(TenantId, ReturnId)>> {
        self.read(move |conn| {
            let params =
                named_params! { ":now": now.0, ":beyond": beyond.0, ":rows": limit.min(PAGE_ROWS_MAX) };
            list(conn, sql!(RETURNS.due), params, |row| {
                Ok((parsed(row, "tenant")?, parsed(row, "return_id")?))
            })
        })
        .await
    }

    async fn advance_return(
        &self,
        tenant: &TenantId,
        id: &ReturnId,
        policy: &ReturnPolicy,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, id, policy) = (tenant.clone(), id.clone(), policy.clone());
        self.write(move |conn, _| return_advance::advance(conn, (&tenant, &id), &policy, now)).await
    }
}
