//! How long a lease each store was last granted.

use super::row::{list, parsed, run};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::health::StoreKey;
use crate::ports::leases::Leases;
use async_trait::async_trait;
use rusqlite::named_params;

#[async_trait]
impl Leases for SqliteStore {
    async fn grant(&self, store: &StoreKey, granted_ms: i64) -> Result<()> {
        let store = store.clone();
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": store.tenant.as_str(),
                ":store": store.store.as_str(),
                ":granted_ms": granted_ms,
            };
            run(conn, sql!(FLEET.grant_lease), params)?;
            Ok(())
        })
        .await
    }

    async fn granted(&self) -> Result<Vec<(StoreKey, i64)>> {
        self.read(|conn| {
            list(conn, sql!(FLEET.leases), [], |row| {
                let key = StoreKey::new(parsed(row, "tenant")?, parsed(row, "store")?);
                Ok((key, row.get("granted_ms")?))
            })
        })
        .await
    }
}
