//! Nodes, closures, catalogue, positions and the history of eligibility.

use super::row::{below, fetch, from_json, list, one, paged, parsed, run, to_json};
use super::sql::sql;
use super::store_row::{read_store, record};
use super::{Result, SqliteStore, arranging, escrow_classes, exceptions};
use crate::core::arranged::{Arrangement, Unfit};
use crate::core::eligibility::Standing;
use crate::core::exception::{Exception, NewException};
use crate::core::fleet::{Arranged, Closure, Store, StoreRecord};
use crate::ports::exceptions::QueueFilter;
use crate::ports::fleet::{CatalogueItem, ChangedStores, EligibilityChange, Fleet, StorePosition};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::ESCROW_SINCE;
use rusqlite::{Connection, Row, named_params};

fn read_position(row: &Row<'_>) -> rusqlite::Result<StorePosition> {
    let on_hand: i64 = row.get("on_hand")?;
    let reserved: i64 = row.get("reserved")?;
    let buffer: i64 = row.get("buffer_units")?;
    let unheld: Option<i64> = row.get("unheld")?;
    let there = on_hand.saturating_sub(reserved);
    Ok(StorePosition {
        store: parsed(row, "store")?,
        sku: parsed(row, "sku")?,
        on_hand,
        reserved,
        buffer,
        available: unheld.map_or(there.saturating_sub(buffer), |unheld| unheld.min(there)),
        as_of: UtcMs(row.get("as_of")?),
    })
}

fn read_change(row: &Row<'_>) -> rusqlite::Result<(i64, EligibilityChange)> {
    let change = EligibilityChange {
        at: UtcMs(row.get("at")?),
        store: parsed(row, "store")?,
        eligibility: from_json(row, "eligibility")?,
    };
    Ok((row.get("sequence")?, change))
}

#[async_trait]
impl Fleet for SqliteStore {
    async fn changed_stores(&self, since: u64) -> Result<ChangedStores> {
        self.read(move |conn| arranging::changed(conn, since)).await
    }

    async fn arrange(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        change: &Arrangement,
        now: UtcMs,
    ) -> Result<Option<std::result::Result<Arranged, Unfit>>> {
        let (tenant, store, change) = (tenant.clone(), store.clone(), change.clone());
        self.write(move |conn, _| arranging::arrange(conn, &tenant, &store, change, now)).await
    }

    async fn put_store(&self, tenant: &TenantId, store: &Store, now: UtcMs) -> Result<()> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.write(move |conn, _| put_store(conn, &tenant, &store, now)).await
    }

    async fn store(&self, tenant: &TenantId, store: &StoreId) -> Result<Option<StoreRecord>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| record(conn, &tenant, &store)).await
    }

    async fn stores(&self, tenant: &TenantId) -> Result<Vec<StoreRecord>> {
        let tenant = tenant.clone();
        self.read(move |conn| list(conn, sql!(FLEET.stores), [tenant.as_str()], read_store)).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>> {
        self.read(|conn| list(conn, sql!(FLEET.tenants_with_stores), [], |row| parsed(row, "tenant"))).await
    }

    async fn close(&self, tenant: &TenantId, store: &StoreId, closure: &Closure) -> Result<bool> {
        let (tenant, store, closure) = (tenant.clone(), store.clone(), closure.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":store": store.as_str(),
                ":from_store": closure.from_store,
                ":closure": to_json(&closure)?,
            };
            Ok(run(conn, sql!(FLEET.close), params)? > 0)
        })
        .await
    }

    async fn reopen(&self, tenant: &TenantId, store: &StoreId, from_store: bool) -> Result<bool> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":store": store.as_str(), ":from_store": from_store,
            };
            Ok(run(conn, sql!(FLEET.reopen), params)? > 0)
        })
        .await
    }

    async fn put_catalogue(&self, tenant: &TenantId, items: &[CatalogueItem]) -> Result<u64> {
        let (tenant, items) = (tenant.clone(), items.to_vec());
        self.write(move |conn, _| put_catalogue(conn, &tenant, &items)).await
    }

    async fn unknown_skus(&self, tenant: &TenantId, skus: &[Sku]) -> Result<Vec<Sku>> {
        let (tenant, skus) = (tenant.clone(), skus.to_vec());
        self.read(move |conn| {
            let mut unknown = Vec::new();
            for sku in skus {
                let params = [tenant.as_str(), sku.as_str()];
                if one(conn, sql!(FLEET.catalogue_has), params, |_| Ok(()))?.is_none() {
                    unknown.push(sku);
                }
            }
            Ok(unknown)
        })
        .await
    }

    async fn positions(&self, tenant: &TenantId, skus: &[Sku]) -> Result<Vec<StorePosition>> {
        let (tenant, skus) = (tenant.clone(), skus.to_vec());
        self.read(move |conn| {
            let mut positions = Vec::new();
            for sku in skus {
                let params = rusqlite::params![tenant.as_str(), sku.as_str(), ESCROW_SINCE];
                positions.extend(list(conn, sql!(FLEET.positions_of_sku), params, read_position)?);
            }
            Ok(positions)
        })
        .await
    }

    async fn record_eligibility(&self, tenant: &TenantId, change: &EligibilityChange) -> Result<()> {
        let (tenant, change) = (tenant.clone(), change.clone());
        self.write(move |conn, _| record_eligibility(conn, &tenant, &change)).await
    }

    async fn eligibility_history(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        page: &PageRequest,
    ) -> Result<Page<EligibilityChange>> {
        let (tenant, store, page) = (tenant.clone(), store.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":store": store.as_str(),
                ":below": below(&page)?,
                ":rows": fetch(&page),
            };
            Ok(paged(list(conn, sql!(FLEET.eligibility_history), params, read_change)?, &page))
        })
        .await
    }

    async fn raise(&self, tenant: &TenantId, exception: &NewException, now: UtcMs) -> Result<()> {
        let (tenant, exception) = (tenant.clone(), exception.clone());
        self.write(move |conn, _| exceptions::raise(conn, &tenant, &exception, now)).await
    }

    async fn settle(&self, tenant: &TenantId, key: &str, resolution: &str, now: UtcMs) -> Result<bool> {
        let (tenant, key, resolution) = (tenant.clone(), key.to_owned(), resolution.to_owned());
        self.write(move |conn, _| exceptions::settle(conn, &tenant, &key, &resolution, now)).await
    }

    async fn settle_all(
        &self,
        tenant: &TenantId,
        keys: Vec<String>,
        resolution: &str,
        now: UtcMs,
    ) -> Result<()> {
        let (tenant, resolution) = (tenant.clone(), resolution.to_owned());
        self.write(move |conn, _| {
            for key in &keys {
                exceptions::settle(conn, &tenant, key, &resolution, now)?;
            }
            Ok(())
        })
        .await
    }

    async fn exceptions(
        &self,
        tenant: &TenantId,
        open_only: bool,
        page: &PageRequest,
    ) -> Result<Page<Exception>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        let filter = if open_only { exceptions::open() } else { QueueFilter::default() };
        self.read(move |conn| exceptions::page(conn, &tenant, &filter, &page)).await
    }
}

fn put_store(conn: &Connection, tenant: &TenantId, store: &Store, now: UtcMs) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.store.as_str(),
        ":description": to_json(store)?,
        ":buffer_units": store.buffer_units,
        ":changed_at": now.0,
    };
    run(conn, sql!(FLEET.put_store), params)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.store.as_str(),
        ":nothing": SetHash::EMPTY.to_bytes(),
    };
    run(conn, sql!(FLEET.begin_replication), params)?;
    Ok(())
}

fn put_catalogue(conn: &Connection, tenant: &TenantId, items: &[CatalogueItem]) -> Result<u64> {
    let mut changed: u64 = 0;
    let in_escrow = escrow_classes::any(conn, tenant)?;
    for item in items {
        let params = named_params! {
            ":tenant": tenant.as_str(),
            ":sku": item.sku.as_str(),
            ":name": item.name,
            ":class": item.class,
            ":needs": to_json(&item.needs)?,
        };
        let rows = run(conn, sql!(FLEET.put_catalogue_item), params)?;
        if in_escrow && rows > 0 {
            escrow_classes::follow(conn, tenant, &item.sku, item.class.as_deref())?;
        }
        changed = changed.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
    }
    Ok(changed)
}

fn record_eligibility(conn: &Connection, tenant: &TenantId, change: &EligibilityChange) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": change.store.as_str(),
        ":at": change.at.0,
        ":eligibility": to_json(&change.eligibility)?,
    };
    run(conn, sql!(FLEET.record_eligibility), params)?;
    if change.eligibility.standing == Standing::Eligible {
        let params = named_params! { ":tenant": tenant.as_str(), ":at": change.at.0 };
        run(conn, sql!(FLEET.node_grew), params)?;
    }
    Ok(())
}
