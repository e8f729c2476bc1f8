//! Reads what is known of stock, and keeps what caution cost.

use super::lessons::{read_class, read_learned, read_record};
use super::row::{fetch, list, one, parsed, run, word};
use super::sql::sql;
use super::{Result, SqliteStore, kpis};
use crate::core::stock::class::{Channel, SkuClass};
use crate::core::stock::report::{Day, MissRow};
use crate::core::stock::{Known, Records};
use crate::ports::stock::{OrderWithout, Stock, StockRow};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::domain::rights::Ceded;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::limits::STOCK_REPORT_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::ESCROW_SINCE;
use rusqlite::{Connection, Row, named_params};
use std::collections::{BTreeMap, HashMap};

/// After every id that there can be.
const LAST_ID: &str = "\u{10ffff}";

fn read_row(row: &Row<'_>) -> rusqlite::Result<StockRow> {
    let (store, sku, class): (StoreId, Sku, SkuClass) =
        (parsed(row, "store")?, parsed(row, "sku")?, read_class(row)?);
    let Some(on_hand) = row.get::<_, Option<i64>>("on_hand")? else {
        return Ok(StockRow { store, sku, class, known: None });
    };
    let known = Known {
        store: store.clone(),
        sku: sku.clone(),
        class: class.clone(),
        on_hand,
        reserved: row.get("reserved")?,
        ceded: read_ceded(row)?,
        store_buffer: row.get("buffer_units")?,
        as_of: UtcMs(row.get("as_of")?),
        level_at: row.get::<_, Option<i64>>("level_at")?.map(UtcMs),
        recovering: row.get("recovering")?,
        learned: read_learned(row, "learned_as_of")?,
    };
    Ok(StockRow { store, sku, class, known: Some(known) })
}

/// Rights count as none while `reserve` refuses to promise out of them.
fn read_ceded(row: &Row<'_>) -> rusqlite::Result<Option<Ceded>> {
    let Some(stand) = row.get::<_, Option<bool>>("rights_stand")? else { return Ok(None) };
    let ceded = Ceded { rights: row.get("rights")?, held: row.get("rights_held")? };
    Ok(Some(if stand { ceded } else { Ceded::default() }))
}

/// What is said of a store, whatever the SKU.
struct Stands {
    buffer: i64,
    level_at: Option<i64>,
    rights_stand: bool,
    recovering: bool,
}

fn how_stores_stand(conn: &Connection, tenant: &TenantId) -> Result<HashMap<String, Stands>> {
    let params = named_params! { ":tenant": tenant.as_str(), ":escrow_since": ESCROW_SINCE };
    let rows = list(conn, sql!(LESSONS.how_stores_stand), params, |row| {
        let stands = Stands {
            buffer: row.get("buffer_units")?,
            level_at: row.get("level_at")?,
            rights_stand: row.get("rights_stand")?,
            recovering: row.get("recovering")?,
        };
        Ok((row.get("store")?, stands))
    })?;
    Ok(rows.into_iter().collect())
}

fn read_known(
    row: &Row<'_>,
    (sku, class): (&Sku, &SkuClass),
    stands: &HashMap<String, Stands>,
) -> rusqlite::Result<Option<Known>> {
    let Some(of_store) = stands.get(row.get_ref("store")?.as_str()?) else { return Ok(None) };
    let ceded = if row.get("in_escrow")? {
        let ceded = Ceded { rights: row.get("rights")?, held: row.get("rights_held")? };
        Some(if of_store.rights_stand { ceded } else { Ceded::default() })
    } else {
        None
    };
    Ok(Some(Known {
        store: parsed(row, "store")?,
        sku: sku.clone(),
        class: class.clone(),
        on_hand: row.get("on_hand")?,
        reserved: row.get("reserved")?,
        ceded,
        store_buffer: of_store.buffer,
        as_of: UtcMs(row.get("as_of")?),
        level_at: of_store.level_at.map(UtcMs),
        recovering: of_store.recovering,
        learned: read_learned(row, "learned_as_of")?,
    }))
}

fn read_miss(row: &Row<'_>) -> rusqlite::Result<MissRow> {
    let channel: String = row.get("channel")?;
    Ok(MissRow {
        store: parsed(row, "store")?,
        class: read_class(row)?,
        channel: (!channel.is_empty()).then(|| Channel::new(channel)),
        cause: word(row, "cause")?,
        units: row.get("units")?,
    })
}

/// By id, going on after the last one of the page before.
fn paged(mut rows: Vec<StockRow>, page: &PageRequest, id: fn(&StockRow) -> String) -> Page<StockRow> {
    let wanted = usize::try_from(fetch(page).saturating_sub(1)).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| more).map(id);
    Page { rows, next }
}

#[async_trait]
impl Stock for SqliteStore {
    async fn known_stock(&self, tenant: &TenantId, skus: &[Sku]) -> Result<Vec<Known>> {
        let (tenant, skus) = (tenant.clone(), skus.to_vec());
        self.read(move |conn| {
            let stands = how_stores_stand(conn, &tenant)?;
            let mut known = Vec::new();
            for sku in skus {
                let key = [tenant.as_str(), sku.as_str()];
                let class = one(conn, sql!(LESSONS.class_of), key, read_class)?.unwrap_or_default();
                let params = named_params! { ":tenant": tenant.as_str(), ":sku": sku.as_str() };
                let rows = list(conn, sql!(LESSONS.known_of_sku), params, |row| {
                    read_known(row, (&sku, &class), &stands)
                })?;
                known.extend(rows.into_iter().flatten());
            }
            Ok(known)
        })
        .await
    }

    async fn stock_of_sku(&self, tenant: &TenantId, sku: &Sku, page: &PageRequest) -> Result<Page<StockRow>> {
        let (tenant, sku, page) = (tenant.clone(), sku.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":sku": sku.as_str(),
                ":after": page.cursor.as_deref().unwrap_or_default(),
                ":rows": fetch(&page),
                ":escrow_since": ESCROW_SINCE,
            };
            let rows = list(conn, sql!(LESSONS.sku_at_nodes), params, read_row)?;
            Ok(paged(rows, &page, |row| row.store.to_string()))
        })
        .await
    }

    async fn stock_of_store(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        page: &PageRequest,
    ) -> Result<Page<StockRow>> {
        let (tenant, store, page) = (tenant.clone(), store.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":store": store.as_str(),
                ":after": page.cursor.as_deref().unwrap_or_default(),
                ":rows": fetch(&page),
                ":escrow_since": ESCROW_SINCE,
            };
            let rows = list(conn, sql!(LESSONS.known_of_store), params, read_row)?;
            Ok(paged(rows, &page, |row| row.sku.to_string()))
        })
        .await
    }

    async fn check_records(
        &self,
        tenant: &TenantId,
        store: Option<&StoreId>,
    ) -> Result<BTreeMap<StoreId, Records>> {
        let (tenant, store) = (tenant.clone(), store.cloned());
        self.read(move |conn| {
            let only = store.as_ref().map(StoreId::as_str);
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":first": only.unwrap_or_default(),
                ":last": only.unwrap_or(LAST_ID),
            };
            let rows = list(conn, sql!(LESSONS.check_records), params, |row| {
                Ok((parsed::<StoreId>(row, "store")?, read_class(row)?, read_record(row)?))
            })?;
            let mut records: BTreeMap<StoreId, Records> = BTreeMap::new();
            for (store, class, record) in rows {
                records.entry(store).or_default().put(class, record);
            }
            Ok(records)
        })
        .await
    }

    async fn note_withheld(&self, tenant: &TenantId, without: &OrderWithout, now: UtcMs) -> Result<u64> {
        let (tenant, without) = (tenant.clone(), without.clone());
        self.write(move |conn, _| note_withheld(conn, &tenant, &without, now)).await
    }

    async fn stock_report(&self, tenant: &TenantId, first: Day, last: Day) -> Result<Vec<MissRow>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":first": first.0,
                ":last": last.0,
                ":rows": STOCK_REPORT_ROWS_MAX,
            };
            list(conn, sql!(LESSONS.stock_report), params, read_miss)
        })
        .await
    }
}

fn note_withheld(conn: &Connection, tenant: &TenantId, without: &OrderWithout, now: UtcMs) -> Result<u64> {
    let mut units: u64 = 0;
    for withheld in &without.withheld {
        let key = [tenant.as_str(), withheld.sku.as_str()];
        let class = one(conn, sql!(LESSONS.class_of), key, read_class)?.unwrap_or_default();
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":order": without.order.as_str(),
            ":line": withheld.line.0,
            ":store": withheld.store.as_str(),
            ":cause": withheld.why.as_str(),
            ":day": Day::of(now).0,
            ":sku": withheld.sku.as_str(),
            ":class": class.as_str(),
            ":channel": without.channel.as_str(),
            ":units": withheld.units,
        };
        if run(conn, sql!(LESSONS.withhold), params)? > 0 {
            units = units.saturating_add(u64::try_from(withheld.units).unwrap_or_default());
            kpis::withheld(conn, (tenant, &without.order), &withheld.store, withheld.units, now)?;
        }
    }
    Ok(units)
}
