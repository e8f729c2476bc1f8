//! What reconciliation asks of storage: what has changed, a sweep through all, and the book of a day.

use super::exceptions::read as read_exception;
use super::reconcile_books::{order_book, position_book, read_position, store_book};
use super::row::{below, fetch, from_json, list, one, paged, parsed, run, to_json, unsigned, word};
use super::sql::sql;
use super::{Result, SqliteStore, findings};
use crate::core::exception::Exception;
use crate::core::exception::kinds::kind;
use crate::core::reconcile::book::{OrderBook, PositionBook, StoreBook};
use crate::core::reconcile::finding::{Finding, FindingId, FindingKind, Scope};
use crate::core::reconcile::life::Step;
use crate::core::reconcile::report::{AtRisk, DayBook, Unresolved};
use crate::ports::reconcile::{
    Changed, FindingCount, FindingFilter, Followed, Marks, Reconciling, SweepPace, SweepPage, SweepPlace,
};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, OrderId, Sku, StoreId, TenantId};
use holdfast_shared::limits::{HOUSEKEEPING_ROWS_MAX, RECONCILE_REPORT_ROWS_MAX};
use holdfast_shared::money::{Currency, Money};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Reconciling for SqliteStore {
    async fn changed(&self, limit: u32) -> Result<Changed> {
        self.read(move |conn| changed(conn, limit)).await
    }

    async fn pass(&self, marks: Marks) -> Result<()> {
        self.write(move |conn, _| {
            for (name, mark) in
                [("orders", marks.orders), ("positions", marks.positions), ("stores", marks.stores)]
            {
                run(conn, sql!(RECONCILE.pass), named_params! { ":name": name, ":mark": mark })?;
            }
            Ok(())
        })
        .await
    }

    async fn sweep_page(
        &self,
        tenant: Option<&TenantId>,
        from: &SweepPlace,
        pace: SweepPace,
    ) -> Result<SweepPage> {
        let (tenant, from) = (tenant.cloned(), from.clone());
        self.read(move |conn| sweep(conn, tenant.as_ref(), from, pace)).await
    }

    async fn orders_at(&self, tenant: &TenantId, store: &StoreId, limit: u32) -> Result<Vec<OrderId>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| {
            let params =
                named_params! { ":tenant": tenant.as_str(), ":store": store.as_str(), ":rows": limit };
            list(conn, sql!(RECONCILE.orders_at), params, |row| parsed(row, "order_id"))
        })
        .await
    }

    async fn order_book(
        &self,
        tenant: &TenantId,
        order: &OrderId,
    ) -> Result<Option<(OrderBook, Vec<Finding>)>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            let Some(book) = order_book(conn, &tenant, &order)? else { return Ok(None) };
            Ok(Some((book, findings::known(conn, &tenant, &Scope::Order(order))?)))
        })
        .await
    }

    async fn position_book(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        sku: &Sku,
    ) -> Result<Option<(PositionBook, Vec<Finding>)>> {
        let (tenant, store, sku) = (tenant.clone(), store.clone(), sku.clone());
        self.read(move |conn| {
            let Some(book) = position_book(conn, &tenant, &store, &sku)? else { return Ok(None) };
            Ok(Some((book, findings::known(conn, &tenant, &Scope::Position(store, sku))?)))
        })
        .await
    }

    async fn store_book(
        &self,
        tenant: &TenantId,
        store: &StoreId,
    ) -> Result<Option<(StoreBook, Vec<Finding>)>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| {
            let Some(book) = store_book(conn, &tenant, &store)? else { return Ok(None) };
            Ok(Some((book, findings::known(conn, &tenant, &Scope::Store(store))?)))
        })
        .await
    }

    async fn follow(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        steps: Vec<Step>,
        now: UtcMs,
    ) -> Result<Followed> {
        let (tenant, scope) = (tenant.clone(), scope.clone());
        self.write(move |conn, _| findings::follow(conn, &tenant, &scope, steps, now)).await
    }

    async fn due_scopes(&self, seen_before: UtcMs, limit: u32) -> Result<Vec<(TenantId, Scope)>> {
        self.read(move |conn| findings::due(conn, seen_before, limit)).await
    }

    async fn findings(
        &self,
        tenant: &TenantId,
        filter: &FindingFilter,
        page: &PageRequest,
    ) -> Result<Page<Finding>> {
        let (tenant, filter, page) = (tenant.clone(), filter.clone(), page.clone());
        self.read(move |conn| {
            let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":below": below(&page)?,
                ":rows": fetch(&page),
                ":all": filter.all,
                ":states": to_json(&states)?,
                ":kind": filter.kind.map(FindingKind::as_str),
                ":order": filter.order.as_ref().map(OrderId::as_str),
                ":store": filter.store.as_ref().map(StoreId::as_str),
            };
            let rows = list(conn, sql!(RECONCILE.page), params, |row| {
                let finding = findings::read(row)?;
                Ok((finding.finding.0, finding))
            })?;
            Ok(paged(rows, &page))
        })
        .await
    }

    async fn accept_finding(
        &self,
        tenant: &TenantId,
        finding: FindingId,
        reason: &str,
        actor: &Actor,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, reason, actor) = (tenant.clone(), reason.to_owned(), actor.clone());
        self.write(move |conn, _| findings::accept(conn, &tenant, finding, (&reason, &actor), now)).await
    }

    async fn count_findings(&self) -> Result<Vec<FindingCount>> {
        self.read(|conn| {
            list(conn, sql!(RECONCILE.count_findings), [], |row| {
                let from: Option<String> = row.get("from_state")?;
                let to: Option<String> = row.get("to_state")?;
                Ok(FindingCount {
                    tenant: parsed(row, "tenant")?,
                    kind: word(row, "kind")?,
                    state: word(row, "state")?,
                    open: unsigned(row, "open")?,
                    between: from.zip(to),
                })
            })
        })
        .await
    }

    async fn day_book(&self, tenant: &TenantId, begins: UtcMs, ends: UtcMs) -> Result<DayBook> {
        let tenant = tenant.clone();
        self.read(move |conn| day_book(conn, &tenant, begins, ends)).await
    }

    async fn drop_findings(&self, ended_before: UtcMs) -> Result<usize> {
        let rows = i64::try_from(HOUSEKEEPING_ROWS_MAX).unwrap_or(i64::MAX);
        self.write(move |conn, _| {
            let params = named_params! { ":before": ended_before.0, ":rows": rows };
            run(conn, sql!(RECONCILE.drop_findings), params)
        })
        .await
    }
}

fn marks(conn: &Connection) -> Result<Marks> {
    let marks = one(conn, sql!(RECONCILE.marks), [], |row| {
        Ok(Marks { orders: row.get("orders")?, positions: row.get("positions")?, stores: row.get("stores")? })
    })?;
    Ok(marks.unwrap_or_default())
}

fn changed(conn: &Connection, limit: u32) -> Result<Changed> {
    let mut marks = marks(conn)?;
    let mut scopes: BTreeSet<(TenantId, Scope)> = BTreeSet::new();
    let full = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX) >= limit;
    let after = |mark: i64| (mark, limit);
    let mut more = false;
    let (mark, rows) = after(marks.orders);
    let of_orders: Vec<(i64, TenantId, OrderId)> =
        list(conn, sql!(RECONCILE.changed_orders), named_params! { ":after": mark, ":rows": rows }, |row| {
            Ok((row.get("entry")?, parsed(row, "tenant")?, parsed(row, "order_id")?))
        })?;
    more |= full(of_orders.len());
    for (entry, tenant, order) in of_orders {
        marks.orders = marks.orders.max(entry);
        scopes.insert((tenant, Scope::Order(order)));
    }
    let (mark, rows) = after(marks.positions);
    let params = named_params! { ":after": mark, ":rows": rows };
    let of_positions: Vec<(i64, TenantId, String)> =
        list(conn, sql!(RECONCILE.changed_positions), params, |row| {
            Ok((row.get("sequence")?, parsed(row, "tenant")?, row.get("key")?))
        })?;
    more |= full(of_positions.len());
    for (sequence, tenant, key) in of_positions {
        marks.positions = marks.positions.max(sequence);
        scopes.extend(format!("position/{key}").parse().ok().map(|scope| (tenant, scope)));
    }
    let (mark, rows) = after(marks.stores);
    let of_stores: Vec<(i64, TenantId, StoreId)> =
        list(conn, sql!(RECONCILE.back_again), named_params! { ":after": mark, ":rows": rows }, |row| {
            Ok((row.get("sequence")?, parsed(row, "tenant")?, parsed(row, "store")?))
        })?;
    more |= full(of_stores.len());
    for (sequence, tenant, store) in of_stores {
        marks.stores = marks.stores.max(sequence);
        scopes.insert((tenant, Scope::Store(store)));
    }
    Ok(Changed { scopes: scopes.into_iter().collect(), marks, more })
}

fn sweep(
    conn: &Connection,
    tenant: Option<&TenantId>,
    from: SweepPlace,
    pace: SweepPace,
) -> Result<SweepPage> {
    let of = tenant.map(TenantId::as_str);
    let mut place = from;
    let params = named_params! { ":after": place.order, ":tenant": of, ":rows": pace.orders };
    let orders: Vec<(i64, TenantId, OrderId)> = list(conn, sql!(RECONCILE.sweep_orders), params, |row| {
        Ok((row.get("sequence")?, parsed(row, "tenant")?, parsed(row, "order_id")?))
    })?;
    let (at, sku, store) = place
        .position
        .as_ref()
        .map_or(("", "", ""), |(tenant, sku, store)| (tenant.as_str(), sku.as_str(), store.as_str()));
    let params = named_params! {
        ":tenant_after": at, ":sku_after": sku, ":store_after": store, ":tenant": of, ":rows": pace.positions,
    };
    let positions = list(conn, sql!(RECONCILE.sweep_positions), params, read_position)?;
    let (at, store) =
        place.store.as_ref().map_or(("", ""), |(tenant, store)| (tenant.as_str(), store.as_str()));
    let params = named_params! {
        ":tenant_after": at, ":store_after": store, ":tenant": of, ":rows": pace.stores,
    };
    let stores: Vec<(TenantId, StoreId)> = list(conn, sql!(RECONCILE.sweep_stores), params, |row| {
        Ok((parsed(row, "tenant")?, parsed(row, "store")?))
    })?;
    let over = orders.is_empty() && positions.is_empty() && stores.is_empty();
    place.order = orders.last().map_or(place.order, |(sequence, ..)| *sequence);
    if let Some(last) = positions.last() {
        place.position = Some((last.tenant.clone(), last.sku.clone(), last.store.clone()));
    }
    place.store = stores.last().cloned().or(place.store);
    let orders = orders.into_iter().map(|(_, tenant, order)| (tenant, order)).collect();
    Ok(SweepPage { orders, positions, stores, place, over })
}

fn unresolved(exception: Exception, ends: UtcMs) -> Unresolved {
    let hours = ends.since(exception.raised_at).max(0).div_euclid(3_600_000);
    Unresolved {
        owner: kind(exception.category).owner,
        exception: exception.exception,
        category: exception.category,
        severity: exception.severity,
        order: exception.order,
        store: exception.store,
        detail: exception.detail,
        times: exception.times,
        raised_at: exception.raised_at,
        hours,
    }
}

fn day_book(conn: &Connection, tenant: &TenantId, begins: UtcMs, ends: UtcMs) -> Result<DayBook> {
    let most = usize::try_from(RECONCILE_REPORT_ROWS_MAX).unwrap_or(usize::MAX);
    // Those beyond are counted up to as many again.
    let rows = RECONCILE_REPORT_ROWS_MAX.saturating_mul(2);
    let params = named_params! { ":tenant": tenant.as_str(), ":ends": ends.0, ":rows": rows };
    let mut open: Vec<Unresolved> = list(conn, sql!(RECONCILE.unresolved), params, read_exception)?
        .into_iter()
        .map(|(_, exception)| unresolved(exception, ends))
        .collect();
    let params = named_params! {
        ":tenant": tenant.as_str(), ":begins": begins.0, ":ends": ends.0, ":rows": rows,
    };
    let mut found = list(conn, sql!(RECONCILE.of_day), params, findings::read)?;
    let still = |finding: &&Finding| finding.ended_at.is_none_or(|at| at >= ends);
    let orders: BTreeSet<OrderId> = open
        .iter()
        .filter_map(|one| one.order.clone())
        .chain(found.iter().filter(still).filter_map(|finding| finding.order.clone()))
        .collect();
    let beyond = |len: usize| u64::try_from(len.saturating_sub(most)).unwrap_or(u64::MAX);
    let (unresolved_left_out, findings_left_out) = (beyond(open.len()), beyond(found.len()));
    open.truncate(most);
    found.truncate(most);
    let at_risk = at_risk(conn, tenant, &orders)?;
    Ok(DayBook { unresolved: open, unresolved_left_out, findings: found, findings_left_out, at_risk })
}

fn at_risk(conn: &Connection, tenant: &TenantId, orders: &BTreeSet<OrderId>) -> Result<AtRisk> {
    let named = to_json(&orders)?;
    let params = named_params! { ":tenant": tenant.as_str(), ":orders": named };
    let lines: Vec<(OrderId, i64, Option<Money>)> = list(conn, sql!(RECONCILE.at_risk), params, |row| {
        let priced: Option<String> = row.get("unit_price")?;
        let price = priced.map(|_| from_json(row, "unit_price")).transpose()?;
        Ok((parsed(row, "order_id")?, row.get("units")?, price))
    })?;
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    let (mut concerned, mut unpriced_lines) = (BTreeSet::new(), 0_u64);
    for (order, units, price) in lines {
        concerned.insert(order);
        match price {
            Some(price) => {
                let sum = sums.entry(price.currency).or_default();
                *sum = sum.saturating_add(price.minor.saturating_mul(units));
            }
            None => unpriced_lines = unpriced_lines.saturating_add(1),
        }
    }
    Ok(AtRisk {
        orders: u64::try_from(concerned.len()).unwrap_or(u64::MAX),
        revenue: sums.into_iter().map(|(currency, minor)| Money { minor, currency }).collect(),
        unpriced_lines,
    })
}
