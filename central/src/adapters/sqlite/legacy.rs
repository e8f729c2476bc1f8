//! What another system decided, kept under its own ids until central's decision of the same line is there.

use super::order_rows;
use super::row::{from_json, list, one, parsed, run, to_json};
use super::sql::sql;
use super::{Result, SqliteStore, decision_rows, shadow_book};
use crate::core::order::OrderRequest;
use crate::core::shadow::Compared;
use crate::core::shadow::legacy::LegacyDecision;
use crate::core::shadow::words::{Against, Foreign};
use crate::ports::legacy::{Feed, KnownOrder, LegacyDecisions, LegacyLine, OrderNamed, Taken, TakenOrFull};
use crate::ports::shadow::Cursor;
use async_trait::async_trait;
use holdfast_shared::ids::{LineNo, OrderId, TenantId};
use holdfast_shared::limits::SHADOW_WAITING_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// Orders with one reference that are counted.
const SEVERAL_MAX: u32 = 10;

fn read_feed(row: &Row<'_>) -> rusqlite::Result<(Feed, u32)> {
    let feed = Feed {
        tenant: parsed(row, "tenant")?,
        first_at: UtcMs(row.get("first_at")?),
        last_at: UtcMs(row.get("last_at")?),
        looked_up_to: Cursor(row.get("up_to")?),
    };
    Ok((feed, row.get("waiting")?))
}

#[async_trait]
impl LegacyDecisions for SqliteStore {
    async fn take_legacy(
        &self,
        tenant: &TenantId,
        batch: &[LegacyDecision],
        now: UtcMs,
    ) -> Result<TakenOrFull> {
        let (tenant, batch) = (tenant.clone(), batch.to_vec());
        self.write(move |conn, _| take(conn, &tenant, &batch, now)).await
    }

    async fn legacy_due(&self, now: UtcMs, limit: u32) -> Result<Vec<LegacyLine>> {
        self.read(move |conn| due(conn, now, limit)).await
    }

    async fn order_named(&self, tenant: &TenantId, name: &Foreign) -> Result<OrderNamed> {
        let (tenant, name) = (tenant.clone(), name.clone());
        self.read(move |conn| order_named(conn, &tenant, &name)).await
    }

    async fn put_off_legacy(&self, line: &LegacyLine, until: UtcMs) -> Result<()> {
        let line = line.clone();
        self.write(move |conn, _| {
            let key = (line.tenant.as_str(), line.order.as_str(), line.line.0, until.0);
            run(conn, sql!(LEGACY.put_off_legacy), key)?;
            Ok(())
        })
        .await
    }

    async fn note_legacy(&self, line: &LegacyLine, compared: &Compared, now: UtcMs) -> Result<bool> {
        let (line, compared) = (line.clone(), compared.clone());
        self.write(move |conn, _| {
            let key = (line.tenant.as_str(), line.order.as_str(), line.line.0);
            let lines = run(conn, sql!(LEGACY.legacy_compared), key)?;
            if lines == 0 {
                return Ok(false);
            }
            let less = i64::try_from(lines).unwrap_or(i64::MAX);
            let params = named_params! { ":tenant": line.tenant.as_str(), ":lines": less };
            run(conn, sql!(LEGACY.feed_waits_less), params)?;
            shadow_book::note(conn, &line.tenant, Against::Legacy, &[compared], now)?;
            Ok(true)
        })
        .await
    }

    async fn legacy_feeds(&self) -> Result<Vec<Feed>> {
        self.read(move |conn| {
            let feeds = list(conn, sql!(LEGACY.feeds), [], read_feed)?;
            Ok(feeds.into_iter().map(|(feed, _)| feed).collect())
        })
        .await
    }

    async fn legacy_spoke_of(&self, tenant: &TenantId, order: &OrderId, line: LineNo) -> Result<bool> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": line.0,
            };
            Ok(one(conn, sql!(LEGACY.legacy_spoke_of), params, |_| Ok(()))?.is_some())
        })
        .await
    }

    async fn note_unheard(
        &self,
        feed: &Feed,
        compared: &[Compared],
        up_to: Cursor,
        now: UtcMs,
    ) -> Result<bool> {
        let (feed, compared) = (feed.clone(), compared.to_vec());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": feed.tenant.as_str(), ":up_to": up_to.0, ":was": feed.looked_up_to.0,
            };
            if run(conn, sql!(LEGACY.feed_moves), params)? == 0 {
                return Ok(false);
            }
            shadow_book::note(conn, &feed.tenant, Against::Legacy, &compared, now)?;
            Ok(true)
        })
        .await
    }
}

fn take(conn: &Connection, tenant: &TenantId, batch: &[LegacyDecision], now: UtcMs) -> Result<TakenOrFull> {
    let feed = one(conn, sql!(LEGACY.feed_of), [tenant.as_str()], read_feed)?;
    let waiting = feed.map_or(0, |(_, waiting)| waiting);
    let wanted = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    if waiting.saturating_add(wanted) > SHADOW_WAITING_MAX {
        return Ok(TakenOrFull::Full);
    }
    let mut taken = Taken::default();
    let mut waits: u32 = 0;
    for one_of in batch {
        let body = to_json(one_of)?;
        let key = [tenant.as_str(), one_of.id.as_str()];
        let before: Option<String> = one(conn, sql!(LEGACY.legacy_by_id), key, |row| row.get("body"))?;
        if let Some(before) = before {
            if before == body {
                taken.repeated = taken.repeated.saturating_add(1);
            } else {
                taken.conflicting.push(one_of.id.clone());
            }
            continue;
        }
        // A line is compared once; what is said of it afterwards is kept for the record.
        let key = (tenant.as_str(), one_of.order.as_str(), one_of.line.0);
        let over = one(conn, sql!(LEGACY.legacy_was_compared), key, |_| Ok(()))?.is_some();
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":id": one_of.id.as_str(),
            ":order": one_of.order.as_str(),
            ":line": one_of.line.0,
            ":body": body,
            ":now": now.0,
            ":look_at": (!over).then_some(now.0),
        };
        run(conn, sql!(LEGACY.take_legacy), params)?;
        taken.taken = taken.taken.saturating_add(1);
        waits = waits.saturating_add(u32::from(!over));
    }
    let params = named_params! { ":tenant": tenant.as_str(), ":now": now.0, ":waiting": waits };
    run(conn, sql!(LEGACY.feed_heard), params)?;
    Ok(TakenOrFull::Taken(taken))
}

fn due(conn: &Connection, now: UtcMs, limit: u32) -> Result<Vec<LegacyLine>> {
    let lines: Vec<(TenantId, Foreign, LineNo)> =
        list(conn, sql!(LEGACY.legacy_due), (now.0, limit), |row| {
            Ok((parsed(row, "tenant")?, parsed(row, "order_name")?, LineNo(row.get("line")?)))
        })?;
    let mut found = Vec::new();
    for (tenant, order, line) in lines {
        let key = (tenant.as_str(), order.as_str(), line.0);
        let rows: Vec<(LegacyDecision, i64)> = list(conn, sql!(LEGACY.legacy_line), key, |row| {
            Ok((from_json(row, "body")?, row.get("heard_at")?))
        })?;
        let heard_at = UtcMs(rows.iter().map(|(_, at)| *at).min().unwrap_or(now.0));
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        found.push(LegacyLine { tenant, order, line, rows, heard_at });
    }
    Ok(found)
}

fn order_named(conn: &Connection, tenant: &TenantId, name: &Foreign) -> Result<OrderNamed> {
    if let Ok(order) = name.as_str().parse::<OrderId>()
        && let Some(known) = known(conn, tenant, order)?
    {
        return Ok(OrderNamed::One(Box::new(known)));
    }
    let key = (tenant.as_str(), name.as_str(), SEVERAL_MAX);
    let mut named: Vec<OrderId> =
        list(conn, sql!(LEGACY.orders_by_reference), key, |row| parsed(row, "order_id"))?;
    if named.len() > 1 {
        return Ok(OrderNamed::Several(named.len()));
    }
    let Some(order) = named.pop() else { return Ok(OrderNamed::Unknown) };
    Ok(known(conn, tenant, order)?.map_or(OrderNamed::Unknown, |known| OrderNamed::One(Box::new(known))))
}

fn known(conn: &Connection, tenant: &TenantId, order: OrderId) -> Result<Option<KnownOrder>> {
    let key = [tenant.as_str(), order.as_str()];
    let request: Option<OrderRequest> = one(conn, sql!(ORDERS.order), key, |row| from_json(row, "request"))?;
    let Some(request) = request else { return Ok(None) };
    let decisions = decision_rows::recorded(conn, tenant, &order)?;
    let lines = order_rows::lines(conn, tenant, &order)?;
    Ok(Some(KnownOrder {
        order,
        kind: request.kind,
        channel: request.channel,
        promised: request.promise_by,
        skus: lines.into_iter().map(|line| (line.line, line.sku)).collect(),
        decisions,
    }))
}
