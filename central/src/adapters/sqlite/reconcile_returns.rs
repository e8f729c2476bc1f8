//! Returns and money of an order as rows, for the comparators.

use super::Result;
use super::row::{list, one, parsed, word};
use super::sagas::{facts_of, refund_rows};
use super::sql::sql;
use crate::core::reconcile::book::{MoneyBook, ReceiptRow, ReturnRow, ReturnsBook};
use crate::ports::sagas::SagaKey;
use holdfast_shared::ids::{LineNo, OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};

pub(super) fn returns(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<ReturnsBook> {
    let returns = list(conn, sql!(RETURNS.states_of_order), [tenant.as_str(), order.as_str()], |row| {
        Ok(ReturnRow {
            id: parsed(row, "return_id")?,
            number: row.get("number")?,
            state: word(row, "state")?,
        })
    })?;
    if returns.is_empty() {
        return Ok(ReturnsBook::default());
    }
    let key = named_params! { ":tenant": tenant.as_str(), ":order": order.as_str() };
    let receipts = list(conn, sql!(RETURNS.books), key, |row| {
        let told: (Option<i64>, Option<i64>) = (row.get("delta")?, row.get("told")?);
        Ok(ReceiptRow {
            number: row.get("number")?,
            line: LineNo(row.get("line")?),
            sku: parsed(row, "sku")?,
            store: parsed(row, "store")?,
            fact: row.get("fact")?,
            units: row.get("units")?,
            condition: word(row, "condition")?,
            at: UtcMs(row.get("at")?),
            told: told.0.zip(told.1),
        })
    })?;
    Ok(ReturnsBook { returns, receipts })
}

pub(super) fn money(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<MoneyBook>> {
    let sums = one(conn, sql!(RETURNS.paid), [tenant.as_str(), order.as_str()], |row| {
        Ok((row.get("captured")?, row.get("refunded")?))
    })?;
    let Some((captured, refunded)) = sums else { return Ok(None) };
    let key = SagaKey { tenant: tenant.clone(), order: order.clone() };
    let (facts, refunds) = (facts_of(conn, &key)?, refund_rows(conn, &key)?);
    Ok(Some(MoneyBook { captured, refunded, facts, refunds }))
}
