//! Substitutions as they lie in storage: what may stand in for what, what was proposed, and what a customer
//! agreed to.

use super::Result;
use super::order_rows::lines;
use super::row::{count, from_json, list, one, parsed, parsed_or_none, run, to_json, word};
use super::sql::sql;
use crate::core::order::OrderRequest;
use crate::core::substitution::{Replaceable, Substitute, Substitution, Terms, agreed, may_be_replaced};
use holdfast_shared::ids::{LineNo, OrderId, PromiseId, Sku, StoreId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeSet;

pub(super) fn put(conn: &Connection, tenant: &TenantId, sku: &Sku, substitutes: &[Substitute]) -> Result<()> {
    run(conn, sql!(SUBSTITUTIONS.drop_substitutes), [tenant.as_str(), sku.as_str()])?;
    for (place, substitute) in (1_u32..).zip(substitutes) {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":sku": sku.as_str(),
            ":place": place,
            ":instead": substitute.sku.as_str(),
            ":unit_price": substitute.unit_price.as_ref().map(to_json).transpose()?,
        };
        run(conn, sql!(SUBSTITUTIONS.add_substitute), params)?;
    }
    Ok(())
}

pub(super) fn substitutes_of(conn: &Connection, tenant: &TenantId, sku: &Sku) -> Result<Vec<Substitute>> {
    list(conn, sql!(SUBSTITUTIONS.substitutes), [tenant.as_str(), sku.as_str()], |row| {
        Ok(Substitute { sku: parsed(row, "instead")?, unit_price: or_none(row, "unit_price")? })
    })
}

fn or_none<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    row.get_ref(column)?.as_str_or_null()?.map(|_| from_json(row, column)).transpose()
}

/// A substitution, and what its units are held under.
fn read(row: &Row<'_>) -> rusqlite::Result<(Substitution, PromiseId)> {
    let time = |column: &str| row.get::<_, Option<i64>>(column).map(|at| at.map(UtcMs));
    let substitution = Substitution {
        number: count(row, "number")?,
        line: LineNo(row.get("line")?),
        sku: parsed(row, "sku")?,
        instead: parsed(row, "instead")?,
        quantity: row.get("quantity")?,
        unit_price: or_none(row, "unit_price")?,
        state: word(row, "state")?,
        proposed_at: UtcMs(row.get("proposed_at")?),
        answer_by: time("answer_by")?,
        ended_at: time("ended_at")?,
        ended_by: parsed_or_none(row, "ended_by")?,
        new_line: row.get::<_, Option<u32>>("new_line")?.map(LineNo),
        words: row.get("words")?,
        passed: from_json(row, "passed")?,
    };
    Ok((substitution, parsed(row, "promise")?))
}

pub(super) fn of_order(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Vec<(Substitution, PromiseId)>> {
    list(conn, sql!(SUBSTITUTIONS.of_order), [tenant.as_str(), order.as_str()], read)
}

pub(super) fn find(conn: &Connection, of: Of<'_>) -> Result<Option<(Substitution, PromiseId)>> {
    let (tenant, order, number) = of;
    let params = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str(), ":number": number };
    one(conn, sql!(SUBSTITUTIONS.substitution), params, read)
}

/// Whose it is, and its number there.
pub(super) type Of<'a> = (&'a TenantId, &'a OrderId, u32);

/// Lines about which the customer is asked: they are not routed until the answer, or its time is up.
pub(super) fn waiting(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<BTreeSet<LineNo>> {
    let key = [tenant.as_str(), order.as_str()];
    let lines = list(conn, sql!(SUBSTITUTIONS.lines_that_wait), key, |row| row.get("line").map(LineNo))?;
    Ok(lines.into_iter().collect())
}

pub(super) fn terms(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Terms> {
    let key = [tenant.as_str(), order.as_str()];
    let request: Option<OrderRequest> =
        one(conn, sql!(SUBSTITUTIONS.request_of), key, |row| from_json(row, "request"))?;
    let Some(request) = request else { return Ok(Terms::default()) };
    let asked: BTreeSet<LineNo> =
        list(conn, sql!(SUBSTITUTIONS.lines_asked_about), key, |row| row.get("line").map(LineNo))?
            .into_iter()
            .collect();
    let mut terms = Terms::default();
    for line in lines(conn, tenant, order)? {
        let (consent, price_up_max) = agreed(&request, line.line);
        if asked.contains(&line.line) || !may_be_replaced(&line, consent) {
            continue;
        }
        let substitutes = substitutes_of(conn, tenant, &line.sku)?;
        for substitute in &substitutes {
            let of_sku = [tenant.as_str(), substitute.sku.as_str()];
            let needs = one(conn, sql!(PROMISES.needs_of), of_sku, |row| from_json(row, "needs"))?;
            terms.needs.extend(needs.map(|needs| (substitute.sku.clone(), needs)));
        }
        if !substitutes.is_empty() {
            let (line, unit_price) = (line.line, line.unit_price);
            terms.lines.push(Replaceable { line, consent, price_up_max, unit_price, substitutes });
        }
    }
    if !terms.lines.is_empty() {
        let short = list(conn, sql!(SUBSTITUTIONS.short_of), key, |row| {
            Ok((parsed::<StoreId>(row, "store")?, LineNo(row.get("line")?)))
        })?;
        for (store, line) in short {
            terms.short_of.entry(store).or_default().insert(line);
        }
    }
    Ok(terms)
}
