//! Orders that are looked for. Names that have few orders lead to them; else orders are looked through by when they
//! were placed, so many for a page.

use super::orders::{complete, read_head};
use super::row::{fetch, list, one, to_json, unsigned};
use super::sql::sql;
use super::{Result, SqliteStore, exceptions};
use crate::core::exception::Exception;
use crate::core::order::Order;
use crate::core::personal::Personal;
use crate::core::search::{Lead, Mark, OrderSearch};
use crate::ports::search::{Found, OrderSearching};
use crate::ports::{PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{OrderId, Sku, StoreId, TenantId};
use holdfast_shared::limits::{PAGE_ROWS_MAX, SEARCH_LOOKED_MAX, SEARCH_NAMED_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, ToSql, named_params};

type Named<'a> = Vec<(&'static str, &'a dyn ToSql)>;

/// What was asked for, as statements take it.
struct Asked<'a> {
    tenant: &'a str,
    from: i64,
    mark: Mark,
    states: String,
    channel: Option<&'a str>,
    promised_before: Option<i64>,
    sku: Option<&'a str>,
    rows: u32,
}

impl<'a> Asked<'a> {
    fn of(tenant: &'a TenantId, search: &'a OrderSearch, page: &PageRequest) -> Result<Self> {
        let begin = search.before.map_or(Mark::START, Mark::at);
        let mark = page.cursor.as_deref().map_or(Ok(begin), |cursor| {
            let went_on = Mark::read(cursor).ok_or_else(|| StoreError {
                code: Code::InvalidRequest,
                what: "the cursor is not one that was given out".to_owned(),
                source: None,
            });
            went_on.map(|mark| mark.min(begin))
        })?;
        let states: Vec<&str> = search.states.iter().map(|state| state.as_str()).collect();
        Ok(Self {
            tenant: tenant.as_str(),
            from: search.from.map_or(i64::MIN, |from| from.0),
            mark,
            states: to_json(&states)?,
            channel: search.channel.as_deref(),
            promised_before: search.promised_before.map(|by| by.0),
            sku: search.sku.as_ref().map(Sku::as_str),
            rows: fetch(page),
        })
    }

    /// Those that every statement about them has.
    fn named(&self) -> Named<'_> {
        vec![
            (":tenant", &self.tenant),
            (":from", &self.from),
            (":at", &self.mark.placed_at.0),
            (":below", &self.mark.sequence),
            (":states", &self.states),
            (":channel", &self.channel),
            (":promised_before", &self.promised_before),
            (":sku", &self.sku),
            (":rows", &self.rows),
        ]
    }
}

fn read_marked(row: &Row<'_>) -> rusqlite::Result<(Mark, Order)> {
    let (sequence, order) = read_head(row)?;
    Ok((Mark { placed_at: order.placed_at, sequence }, order))
}

type Marked = Vec<(Mark, Order)>;

fn by_names(conn: &Connection, asked: &Asked<'_>, search: &OrderSearch) -> Result<Marked> {
    let words = search.words.as_ref();
    let word = words.map(|words| words.text.reveal().as_str());
    let customer = search.customer.as_ref().map(|text| Personal::reveal(text).as_str());
    let reference = search.reference.as_deref();
    let store = search.store.as_ref().map(StoreId::as_str);
    // One of them leads; what else was said is held against what it leads to.
    let name = word.or(reference);
    let person = match words {
        Some(words) => word.filter(|_| words.of_customers),
        None => customer.filter(|_| reference.is_none()),
    };
    let place = store.filter(|_| name.is_none() && person.is_none());
    let mut params = asked.named();
    params.extend([
        (":word", &word as &dyn ToSql),
        (":name", &name),
        (":person", &person),
        (":place", &place),
        (":reference", &reference),
        (":customer", &customer),
        (":store", &store),
        (":most", &SEARCH_NAMED_MAX),
    ]);
    list(conn, sql!(SEARCH.named), params.as_slice(), read_marked)
}

fn few(conn: &Connection, asked: &Asked<'_>) -> Result<bool> {
    let params = named_params! { ":tenant": asked.tenant, ":states": asked.states, ":few": SEARCH_NAMED_MAX };
    let counted = one(conn, sql!(SEARCH.few_in_states), params, |row| unsigned(row, "orders"))?;
    Ok(counted.is_some_and(|orders| orders < u64::from(SEARCH_NAMED_MAX)))
}

/// The orders, and where it stopped looking; none: at the end.
fn by_time(conn: &Connection, asked: &Asked<'_>) -> Result<(Marked, Option<Mark>)> {
    let params = named_params! {
        ":tenant": asked.tenant,
        ":from": asked.from,
        ":at": asked.mark.placed_at.0,
        ":below": asked.mark.sequence,
        ":looked": SEARCH_LOOKED_MAX.saturating_sub(1),
    };
    let edge = one(conn, sql!(SEARCH.edge), params, |row| {
        Ok(Mark { placed_at: UtcMs(row.get("placed_at")?), sequence: row.get("sequence")? })
    })?;
    let (edge_at, edge_sequence) = edge.map_or((i64::MIN, 0), |edge| (edge.placed_at.0, edge.sequence));
    let mut params = asked.named();
    params.extend([(":edge_at", &edge_at as &dyn ToSql), (":edge", &edge_sequence)]);
    Ok((list(conn, sql!(SEARCH.walked), params.as_slice(), read_marked)?, edge))
}

fn find(conn: &Connection, tenant: &TenantId, search: &OrderSearch, page: &PageRequest) -> Result<Found> {
    let asked = Asked::of(tenant, search, page)?;
    let (mut rows, edge) = match search.lead() {
        Lead::Names => (by_names(conn, &asked, search)?, None),
        Lead::States if few(conn, &asked)? => {
            (list(conn, sql!(SEARCH.in_states), asked.named().as_slice(), read_marked)?, None)
        }
        Lead::States | Lead::Time => by_time(conn, &asked)?,
    };
    let wanted = usize::try_from(page.limit.clamp(1, PAGE_ROWS_MAX)).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let full = rows.last().filter(|_| more).map(|(mark, _)| *mark);
    let orders = rows.into_iter().map(|(_, order)| complete(conn, order)).collect::<Result<_>>()?;
    Ok(Found {
        orders,
        next: full.or(edge).map(Mark::written),
        looked_back_to: edge.filter(|_| full.is_none()).map(|edge| edge.placed_at),
    })
}

#[async_trait]
impl OrderSearching for SqliteStore {
    async fn find_orders(
        &self,
        tenant: &TenantId,
        search: &OrderSearch,
        page: &PageRequest,
    ) -> Result<Found> {
        let (tenant, search, page) = (tenant.clone(), search.clone(), page.clone());
        self.read(move |conn| find(conn, &tenant, &search, &page)).await
    }

    async fn exceptions_of_order(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        limit: u32,
    ) -> Result<Vec<Exception>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":order": order.as_str(), ":rows": limit,
            };
            let found = list(conn, sql!(SEARCH.exceptions_of_order), params, exceptions::read)?;
            Ok(found.into_iter().map(|(_, exception)| exception).collect())
        })
        .await
    }

    async fn works_on(&self, tenant: &TenantId, store: &StoreId, order: &OrderId) -> Result<bool> {
        let (tenant, store, order) = (tenant.clone(), store.clone(), order.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":order": order.as_str(), ":store": store.as_str(),
            };
            Ok(one(conn, sql!(SEARCH.works_on), params, |_| Ok(()))?.is_some())
        })
        .await
    }
}
