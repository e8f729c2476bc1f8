//! Lines that wait for goods: their queues, the dates that are told, and what is expected at nodes.

use super::outbox::{NewEvent, append};
use super::row::{fetch, from_json, list, one, parsed, parsed_or_none, run, unsigned, word};
use super::sql::sql;
use super::timeline::{Happened, central, note};
use super::{Result, SqliteStore, error};
use crate::core::backorder::{Awaited, Dated, Expected, Queue, Standing, Waiting, day};
use crate::core::events::key::Key;
use crate::core::events::kinds::backorders::BACKORDER_DATED;
use crate::core::order::OrderRequest;
use crate::core::order_terms::Priority;
use crate::ports::backorders::{Backorder, Backorders, TenantQueue};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, LineNo, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::limits::{DATED_LINES_MAX, DATED_SKUS_MAX, PAGE_ROWS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use serde_json::json;

#[async_trait]
impl Backorders for SqliteStore {
    async fn put_expected(
        &self,
        tenant: &TenantId,
        sku: &Sku,
        expected: &[Expected],
        by: &Actor,
        now: UtcMs,
    ) -> Result<()> {
        let (tenant, sku, expected, by) = (tenant.clone(), sku.clone(), expected.to_vec(), by.clone());
        self.write(move |conn, _| put(conn, (&tenant, &sku), &expected, &by, now)).await
    }

    async fn expected(&self, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<Vec<Expected>> {
        let (tenant, sku) = (tenant.clone(), sku.clone());
        self.read(move |conn| expected(conn, &tenant, &sku, now)).await
    }

    async fn queue_of(&self, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<TenantQueue> {
        let (tenant, sku) = (tenant.clone(), sku.clone());
        self.read(move |conn| queue(conn, tenant, sku, now)).await
    }

    async fn queues(&self, after: Option<&(TenantId, Sku)>, now: UtcMs) -> Result<Vec<TenantQueue>> {
        let after = after.cloned();
        self.read(move |conn| {
            let rows = i64::try_from(DATED_SKUS_MAX).map_err(error::unreadable)?;
            let (tenant, sku) = after.unzip();
            let params = named_params! {
                ":tenant": tenant.as_ref().map(TenantId::as_str),
                ":sku": sku.as_ref().map(Sku::as_str),
                ":rows": rows,
            };
            let skus: Vec<(TenantId, Sku)> = list(conn, sql!(BACKORDERS.skus_to_date), params, |row| {
                Ok((parsed(row, "tenant")?, parsed(row, "sku")?))
            })?;
            skus.into_iter().map(|(tenant, sku)| queue(conn, tenant, sku, now)).collect()
        })
        .await
    }

    async fn tell_dates(&self, tenant: &TenantId, sku: &Sku, dated: &[Dated], now: UtcMs) -> Result<u32> {
        let (tenant, sku, dated) = (tenant.clone(), sku.clone(), dated.to_vec());
        self.write(move |conn, _| tell(conn, (&tenant, &sku), &dated, now)).await
    }

    async fn awaited(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Awaited>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            list(conn, sql!(BACKORDERS.awaited), [tenant.as_str(), order.as_str()], |row| {
                Ok(Awaited {
                    line: LineNo(row.get("line")?),
                    sku: parsed(row, "sku")?,
                    units: row.get("open")?,
                    expected_at: time(row)?,
                })
            })
        })
        .await
    }

    async fn standings(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Standing>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            list(conn, sql!(BACKORDERS.standings), [tenant.as_str(), order.as_str()], |row| {
                Ok(Standing {
                    line: LineNo(row.get("line")?),
                    place: unsigned(row, "place")?,
                    units_ahead: row.get("units_ahead")?,
                })
            })
        })
        .await
    }

    async fn backorders(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Backorder>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        self.read(move |conn| backorders(conn, &tenant, &page)).await
    }
}

fn time(row: &Row<'_>) -> rusqlite::Result<Option<UtcMs>> {
    Ok(row.get::<_, Option<i64>>("expected_at")?.map(UtcMs))
}

fn put(
    conn: &Connection,
    (tenant, sku): (&TenantId, &Sku),
    expected: &[Expected],
    by: &Actor,
    now: UtcMs,
) -> Result<()> {
    run(conn, sql!(BACKORDERS.drop_expected), [tenant.as_str(), sku.as_str()])?;
    for receipt in expected {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":sku": sku.as_str(),
            ":store": receipt.store.as_str(),
            ":expected_at": receipt.expected_at.0,
            ":units": receipt.quantity,
            ":now": now.0,
            ":by": by.as_str(),
        };
        run(conn, sql!(BACKORDERS.add_expected), params)?;
    }
    Ok(())
}

fn expected(conn: &Connection, tenant: &TenantId, sku: &Sku, now: UtcMs) -> Result<Vec<Expected>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":now": now.0 };
    list(conn, sql!(BACKORDERS.expected), params, |row| {
        Ok(Expected {
            store: parsed(row, "store")?,
            quantity: row.get("units")?,
            expected_at: UtcMs(row.get("expected_at")?),
        })
    })
}

/// Goods came in: so many are expected no more, the earliest first.
pub(super) fn came(conn: &Connection, tenant: &TenantId, store: &StoreId, fact: &StockFact) -> Result<()> {
    let comes = matches!(fact.movement, Movement::Receipt | Movement::TransferIn { .. });
    if !comes || fact.delta <= 0 {
        return Ok(());
    }
    let key = named_params! {
        ":tenant": tenant.as_str(), ":sku": fact.sku.as_str(), ":store": store.as_str(),
    };
    let receipts: Vec<(i64, i64)> = list(conn, sql!(BACKORDERS.expected_at_store), key, |row| {
        Ok((row.get("expected_at")?, row.get("units")?))
    })?;
    let mut left = fact.delta;
    for (expected_at, units) in receipts {
        let of_it = units.clamp(0, left);
        left = left.saturating_sub(of_it);
        if of_it > 0 {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":sku": fact.sku.as_str(),
                ":store": store.as_str(),
                ":expected_at": expected_at,
                ":units": of_it,
            };
            run(conn, sql!(BACKORDERS.came), params)?;
        }
    }
    Ok(())
}

fn queue(conn: &Connection, tenant: TenantId, sku: Sku, now: UtcMs) -> Result<TenantQueue> {
    let rows = i64::try_from(DATED_LINES_MAX).map_err(error::unreadable)?;
    let params = named_params! { ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":rows": rows };
    let waiting = list(conn, sql!(BACKORDERS.queue), params, |row| {
        Ok(Waiting {
            order: parsed(row, "order_id")?,
            line: LineNo(row.get("line")?),
            units: row.get("open")?,
            bound_to: parsed_or_none(row, "bound_to")?,
            told: time(row)?,
        })
    })?;
    let key = [tenant.as_str(), sku.as_str()];
    let stale = one(conn, sql!(BACKORDERS.dated_in_vain), key, |_| Ok(()))?.is_some();
    let expected = expected(conn, &tenant, &sku, now)?;
    Ok(TenantQueue { queue: Queue { sku, waiting, expected }, tenant, stale })
}

fn tell(conn: &Connection, (tenant, sku): (&TenantId, &Sku), dated: &[Dated], now: UtcMs) -> Result<u32> {
    run(conn, sql!(BACKORDERS.forget_dates), [tenant.as_str(), sku.as_str()])?;
    let mut told: u32 = 0;
    for Dated { order, line, expected_at } in dated {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": order.as_str(),
            ":line": line.0,
            ":sku": sku.as_str(),
            ":expected_at": expected_at.map(|at| at.0),
        };
        // Who was told the same already, or waits no more, is told nothing.
        let units: Option<i64> = one(conn, sql!(BACKORDERS.date_line), params, |row| row.get("open"))?;
        let Some(units) = units else { continue };
        told = told.saturating_add(1);
        let words = match expected_at {
            Some(at) => format!("{units} of {sku} (line {line}) may come by {}", day(*at)),
            None => format!("no date is known any more for {units} of {sku} (line {line})"),
        };
        let happened = Happened {
            kind: "backorder_dated",
            at: now,
            actor: &central()?,
            store: None,
            task: None,
            words: &words,
        };
        note(conn, tenant, order, &happened)?;
        let body = json!({
            "order": order, "line": line, "sku": sku, "quantity": units, "expected_at": expected_at,
        });
        let (kind, key) = (&BACKORDER_DATED, &Key::Order(order.clone()));
        append(conn, tenant, &NewEvent { kind, key, at: now, body: &body })?;
    }
    Ok(told)
}

/// Behind which line a page begins: the priority of its order, when that was placed, its number, and the
/// line's own.
fn behind(page: &PageRequest) -> Result<[i64; 4]> {
    let Some(cursor) = &page.cursor else {
        return Ok([Priority::High.rank(), i64::MIN, i64::MIN, i64::MIN]);
    };
    let numbers: Option<Vec<i64>> =
        cursor.split('.').map(|part| i64::from_str_radix(part, 16).ok()).collect();
    match numbers.map(<[i64; 4]>::try_from) {
        Some(Ok(behind)) => Ok(behind),
        Some(Err(_)) | None => Err(StoreError {
            code: Code::InvalidRequest,
            what: "the cursor is not one that was given out".to_owned(),
            source: None,
        }),
    }
}

fn backorders(conn: &Connection, tenant: &TenantId, page: &PageRequest) -> Result<Page<Backorder>> {
    let [priority, placed_at, sequence, line] = behind(page)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":priority": priority,
        ":placed_at": placed_at,
        ":sequence": sequence,
        ":line": line,
        ":rows": fetch(page),
    };
    let mut rows = list(conn, sql!(BACKORDERS.backorders_page), params, |row| {
        let request: OrderRequest = from_json(row, "request")?;
        let backorder = Backorder {
            order: parsed(row, "order_id")?,
            line: LineNo(row.get("line")?),
            sku: parsed(row, "sku")?,
            units: row.get("open")?,
            place: unsigned(row, "place")?,
            units_ahead: row.get("units_ahead")?,
            priority: Priority::of_rank(row.get("priority")?),
            placed_at: UtcMs(row.get("placed_at")?),
            expected_at: time(row)?,
            reference: request.reference,
            channel: request.channel,
            kind: word(row, "kind")?,
        };
        Ok((row.get::<_, i64>("sequence")?, backorder))
    })?;
    let wanted = usize::try_from(page.limit.clamp(1, PAGE_ROWS_MAX)).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let cursor = |(sequence, last): &(i64, Backorder)| {
        format!("{}.{:x}.{sequence:x}.{:x}", last.priority.rank(), last.placed_at.0, last.line.0)
    };
    let next = rows.last().filter(|_| more).map(cursor);
    Ok(Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}
