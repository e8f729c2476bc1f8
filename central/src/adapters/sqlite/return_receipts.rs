//! Goods that stores take back: which return they belong to is found in the transaction that takes the facts in.

use super::Result;
use super::exceptions::raise;
use super::order_rows::lines;
use super::return_book::{begin, say};
use super::return_news::{beyond, stray};
use super::return_rows::{facts, of_order, order_of};
use super::row::{list, parsed, run};
use super::sql::sql;
use super::timeline::fold_state;
use crate::core::returns::fact::{Receipt, Said};
use crate::core::returns::matching::{Placed, place};
use crate::core::returns::state::Return;
use crate::core::returns::tally::tally;
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::ids::{Actor, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

/// What one fact of a store says.
struct Brought<'a> {
    fact: &'a Fact,
    of: &'a ReturnRef,
    sku: &'a Sku,
    units: i64,
    condition: Condition,
}

fn read<'a>(fact: &'a Fact) -> Option<Brought<'a>> {
    let Body::Stock(stock) = &fact.body else { return None };
    let Movement::BroughtBack { of, condition, units } = &stock.movement else { return None };
    Some(Brought { fact, of, sku: &stock.sku, units: *units, condition: *condition })
}

/// New facts of a store, and those that count no more.
pub(super) fn heed(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    (undone, facts): (&[Fact], &[Fact]),
    now: UtcMs,
) -> Result<()> {
    unheed(conn, (tenant, store), undone, now)?;
    for brought in facts.iter().filter_map(read) {
        let order = match brought.of {
            ReturnRef::Order(order) => Some(order.clone()),
            ReturnRef::Return(id) => order_of(conn, tenant, id)?,
        };
        let known = match &order {
            Some(order) => !lines(conn, tenant, order)?.is_empty(),
            None => false,
        };
        match order.filter(|_| known) {
            Some(order) => came(conn, (tenant, store), &order, &brought, now)?,
            None => raise(conn, tenant, &stray(store, brought.fact, brought.of, brought.sku), now)?,
        }
    }
    Ok(())
}

fn came(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    order: &OrderId,
    brought: &Brought<'_>,
    now: UtcMs,
) -> Result<()> {
    let ordered = lines(conn, tenant, order)?;
    let returns = of_order(conn, (tenant, order))?;
    let placed = place(brought.of, (brought.sku, brought.units), &ordered, &returns);
    if placed.is_empty() {
        return raise(conn, tenant, &stray(store, brought.fact, brought.of, brought.sku), now);
    }
    let mut adopted: Option<u32> = None;
    for at in placed {
        let number = at.number.or(adopted);
        let of = match number {
            Some(number) => of_order(conn, (tenant, order))?.into_iter().find(|known| known.number == number),
            None => None,
        };
        let of = match of {
            Some(of) => of,
            None => adopt(conn, (tenant, store), order, &brought.fact.actor, now)?,
        };
        if at.number.is_none() {
            adopted = Some(of.number);
        }
        receive(conn, (tenant, store), &of, (brought, at), now)?;
    }
    let returns = of_order(conn, (tenant, order))?;
    let over: i64 = tally(&lines(conn, tenant, order)?, &returns).iter().map(|line| line.surplus).sum();
    if over > 0 {
        raise(conn, tenant, &beyond(store, order, over), now)?;
    }
    fold_state(conn, tenant, order, now)
}

/// Nobody had asked: it is a return all the same, and a person says what becomes of it.
fn adopt(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    order: &OrderId,
    by: &Actor,
    now: UtcMs,
) -> Result<Return> {
    let known = of_order(conn, (tenant, order))?;
    // One that a store began and nobody has decided upon goes on: two facts of one basket are one return.
    let open = known.iter().find(|known| known.adopted_from.as_ref() == Some(store) && known.state.is_open());
    if let Some(open) = open {
        return Ok(open.clone());
    }
    let row = begin(conn, (tenant, order), &known, None, now)?;
    say(conn, tenant, &row, (Said::Adopted { store: store.clone() }, by), now)
}

fn receive(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    of: &Return,
    (brought, at): (&Brought<'_>, Placed),
    now: UtcMs,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":fact": brought.fact.id.as_str(),
        ":order": of.order.as_str(),
        ":number": of.number,
        ":line": at.line.0,
        ":sku": brought.sku.as_str(),
        ":units": at.units,
        ":condition": brought.condition.as_str(),
        ":at": now.0,
    };
    if run(conn, sql!(RETURNS.receive), params)? == 0 {
        return Ok(());
    }
    let receipt = Receipt {
        fact: brought.fact.id.clone(),
        store: store.clone(),
        line: at.line,
        sku: brought.sku.clone(),
        units: at.units,
        condition: brought.condition,
    };
    say(conn, tenant, of, (Said::Received(receipt), &brought.fact.actor), now)?;
    Ok(())
}

/// Another body stands under their ids.
fn unheed(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    undone: &[Fact],
    now: UtcMs,
) -> Result<()> {
    for Brought { fact, .. } in undone.iter().filter_map(read) {
        let key = [tenant.as_str(), store.as_str(), fact.id.as_str()];
        let of = list(conn, sql!(RETURNS.receipts_of_fact), key, |row| {
            Ok((parsed::<OrderId>(row, "order_id")?, row.get::<_, u32>("number")?))
        })?;
        run(conn, sql!(RETURNS.drop_receipts), key)?;
        for (order, number) in of {
            let all = facts(conn, (tenant, &order), number)?;
            let unsaid = |known: &crate::core::returns::fact::ReturnFact| matches!(&known.said, Said::Unsaid { fact: of } if *of == fact.id);
            let known = of_order(conn, (tenant, &order))?.into_iter().find(|known| known.number == number);
            if let Some(known) = known.filter(|_| !all.iter().any(unsaid)) {
                let said = Said::Unsaid { fact: fact.id.clone() };
                say(conn, tenant, &known, (said, &fact.actor), now)?;
                fold_state(conn, tenant, &order, now)?;
            }
        }
    }
    Ok(())
}
