//! Orders in, and what is known of them.

use super::order_rows::{allotted, lines, read_event, tasks_of};
use super::place_again::{place_again, remember_key};
use super::row::{
    below, fetch, from_json, list, one, paged, parsed, parsed_or_none, run, to_json, unsigned, word,
};
use super::sql::sql;
use super::timeline::{Happened, Step, note, publish};
use super::{Result, SqliteStore, cancel, contacts, decision_rows, flow, ledger, promises, sagas, traces};
use crate::core::fences::{FenceStep, history};
use crate::core::order::{Order, OrderEvent, OrderLine, OrderState};
use crate::core::routing::decision::{Decision, Recorded};
use crate::ports::orders::{Activity, CancelOutcome, NewOrder, Orders, Placed};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Actor, LineNo, OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeMap;

/// The row without its lines and tasks, which are read apart.
pub(super) fn read_head(row: &Row<'_>) -> rusqlite::Result<(i64, Order)> {
    let order = Order {
        tenant: parsed(row, "tenant")?,
        order: parsed(row, "order_id")?,
        request: from_json(row, "request")?,
        state: word(row, "state")?,
        lines: Vec::new(),
        tasks: Vec::new(),
        placed_at: UtcMs(row.get("placed_at")?),
        changed_at: UtcMs(row.get("changed_at")?),
        trace: parsed(row, "trace")?,
        request_lost: row.get::<_, u8>("adopted")? == 1,
        root_key: parsed_or_none(row, "root_key")?,
        duplicate_of: parsed_or_none(row, "duplicate_of")?,
    };
    Ok((row.get("sequence")?, order))
}

pub(super) fn complete(conn: &Connection, mut order: Order) -> Result<Order> {
    order.lines = lines(conn, &order.tenant, &order.order)?;
    let tasks = tasks_of(conn, &order.tenant, &order.order)?;
    order.tasks = tasks.into_iter().map(|task| task.task).collect();
    Ok(order)
}

#[async_trait]
impl Orders for SqliteStore {
    async fn place(&self, order: NewOrder) -> Result<Placed> {
        self.write(move |conn, _| place(conn, &order)).await
    }

    async fn order(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Order>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            let found = one(conn, sql!(ORDERS.order), [tenant.as_str(), order.as_str()], read_head)?;
            found.map(|(_, order)| complete(conn, order)).transpose()
        })
        .await
    }

    async fn orders(
        &self,
        tenant: &TenantId,
        states: &[OrderState],
        page: &PageRequest,
    ) -> Result<Page<Order>> {
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let (tenant, states, page) = (tenant.clone(), to_json(&states)?, page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":states": states,
                ":below": below(&page)?,
                ":rows": fetch(&page),
            };
            let heads = paged(list(conn, sql!(ORDERS.page), params, read_head)?, &page);
            let rows = heads.rows.into_iter().map(|order| complete(conn, order)).collect::<Result<_>>()?;
            Ok(Page { rows, next: heads.next })
        })
        .await
    }

    async fn count_orders(&self, tenant: &TenantId) -> Result<BTreeMap<OrderState, u64>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let counted = list(conn, sql!(ORDERS.count), [tenant.as_str()], |row| {
                Ok((word(row, "state")?, unsigned(row, "orders")?))
            })?;
            Ok(counted.into_iter().collect())
        })
        .await
    }

    async fn timeline(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<OrderEvent>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            list(conn, sql!(ORDERS.timeline), [tenant.as_str(), order.as_str()], read_event)
        })
        .await
    }

    async fn activity(&self, tenant: &TenantId, limit: u32) -> Result<Vec<Activity>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":rows": limit };
            list(conn, sql!(ORDERS.activity), params, |row| {
                let (entry, order) = (unsigned(row, "entry")?, parsed(row, "order_id")?);
                Ok(Activity { entry, order, event: read_event(row)? })
            })
        })
        .await
    }

    async fn decisions(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Decision>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| decision_rows::decisions(conn, &tenant, &order)).await
    }

    async fn recorded(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Vec<(Decision, Option<Recorded>)>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| decision_rows::recorded(conn, &tenant, &order)).await
    }

    async fn fences(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<FenceStep>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            let mut facts = Vec::new();
            for task in tasks_of(conn, &tenant, &order)? {
                let said = ledger::facts_of(conn, &tenant, &task.task)?;
                facts.push((task, said));
            }
            Ok(history(facts.iter().map(|(task, said)| (task, said.as_slice()))))
        })
        .await
    }

    async fn cancel(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        reason: &str,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<CancelOutcome> {
        let (tenant, order) = (tenant.clone(), order.clone());
        let (reason, actor) = (reason.to_owned(), actor.clone());
        self.write(move |conn, state| cancel::cancel(conn, state, &tenant, &order, &reason, &actor, now))
            .await
    }
}

pub(super) fn place(conn: &Connection, new: &NewOrder) -> Result<Placed> {
    let key = [new.tenant.as_str(), new.key.as_str()];
    let before = one(conn, sql!(ORDERS.by_key), key, |row| {
        let hash: [u8; 32] = row.get("request_hash")?;
        Ok((hash, parsed(row, "order_id")?, parsed(row, "trace")?))
    })?;
    if let Some((hash, order, trace)) = before.filter(|_| Guard::OrderIdempotency.stands()) {
        let same = hash == new.request_hash;
        return Ok(if same { Placed::Replayed { order, trace } } else { Placed::KeyReused });
    }
    if let Some(placed) = place_again(conn, new)? {
        return Ok(placed);
    }
    let params = named_params! {
        ":tenant": new.tenant.as_str(),
        ":order": new.order.as_str(),
        ":kind": new.request.kind.as_str(),
        ":request": to_json(&new.request)?,
        ":state": OrderState::Placed.as_str(),
        ":now": new.now.0,
        ":trace": new.trace.as_str(),
        ":root_key": new.key.as_str(),
        ":priority": new.request.priority.rank(),
    };
    run(conn, sql!(ORDERS.place), params)?;
    let lines = place_lines(conn, new)?;
    contacts::keep(conn, new)?;
    traces::placed(conn, new)?;
    if Guard::OrderIdempotency.stands() {
        remember_key(conn, new, &new.trace)?;
    }
    sagas::begin(conn, new, &lines)?;
    if let Some(promise) = &new.request.promise {
        promises::take_over(conn, &new.tenant, promise, &new.order, new.now)?;
    }
    let happened = Happened {
        kind: "placed",
        at: new.now,
        actor: &new.actor,
        store: None,
        task: None,
        words: &format!("placed through {}", new.request.channel),
    };
    note(conn, &new.tenant, &new.order, &happened)?;
    contacts::look_for_duplicate(conn, new)?;
    flow::step(conn, (&new.tenant, &new.order), (None, OrderState::Placed), &[], new.now)?;
    let step = Step { was: None, is: OrderState::Placed };
    publish(conn, (&new.tenant, &new.order), step, &new.request, &new.trace, &lines, new.now)?;
    Ok(Placed::New)
}

fn place_lines(conn: &Connection, new: &NewOrder) -> Result<Vec<OrderLine>> {
    let mut lines = Vec::with_capacity(new.request.lines.len());
    for ((number, line), amounts) in (1_u32..).zip(&new.request.lines).zip(allotted(new)?) {
        let ordered = OrderLine::ordered(LineNo(number), line.sku.clone(), line.quantity, line.unit_price);
        lines.push(OrderLine { amounts, ..ordered });
        let params = named_params! {
            ":tenant": new.tenant.as_str(),
            ":order": new.order.as_str(),
            ":line": number,
            ":sku": line.sku.as_str(),
            ":quantity": line.quantity,
            ":unit_price": line.unit_price.as_ref().map(to_json).transpose()?,
            ":amounts": amounts.as_ref().map(to_json).transpose()?,
        };
        run(conn, sql!(ORDERS.place_line), params)?;
    }
    Ok(lines)
}
