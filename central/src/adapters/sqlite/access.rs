//! API keys, enrolment codes and replicas.

use super::row::{from_json, list, one, parsed, parsed_or_none, run, to_json};
use super::sql::sql;
use super::{Result, SqliteStore, error};
use crate::flows::enrol::CODE_TTL_MS;
use crate::ports::access::{Access, ApiKey, ReplicaIdentity};
use async_trait::async_trait;
use holdfast_shared::ids::{ApiKeyId, ReplicaId, StoreId, TenantId};
use holdfast_shared::limits::LOST_REPLICAS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

fn read_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        key: parsed(row, "key")?,
        tenant: parsed(row, "tenant")?,
        name: row.get("name")?,
        scopes: from_json(row, "scopes")?,
        store: parsed_or_none(row, "store")?,
        created_at: UtcMs(row.get("created_at")?),
        revoked_at: row.get::<_, Option<i64>>("revoked_at")?.map(UtcMs),
    })
}

fn read_replica(row: &Row<'_>) -> rusqlite::Result<ReplicaIdentity> {
    Ok(ReplicaIdentity {
        tenant: parsed(row, "tenant")?,
        store: parsed(row, "store")?,
        replica: parsed(row, "replica")?,
    })
}

#[async_trait]
impl Access for SqliteStore {
    async fn create_api_key(&self, key: ApiKey, token_hash: [u8; 32]) -> Result<()> {
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": key.tenant.as_str(),
                ":key": key.key.as_str(),
                ":name": key.name,
                ":scopes": to_json(&key.scopes)?,
                ":store": key.store.as_ref().map(StoreId::as_str),
                ":token_hash": token_hash,
                ":created_at": key.created_at.0,
                ":revoked_at": key.revoked_at.map(|at| at.0),
            };
            run(conn, sql!(ACCESS.create_api_key), params)?;
            Ok(())
        })
        .await
    }

    async fn api_key(&self, token_hash: [u8; 32]) -> Result<Option<ApiKey>> {
        self.read(move |conn| one(conn, sql!(ACCESS.api_key), [token_hash], read_key)).await
    }

    async fn api_keys(&self, tenant: &TenantId) -> Result<Vec<ApiKey>> {
        let tenant = tenant.clone();
        self.read(move |conn| list(conn, sql!(ACCESS.api_keys), [tenant.as_str()], read_key)).await
    }

    async fn order_token_key(&self, tenant: &TenantId) -> Result<Option<[u8; 32]>> {
        let tenant = tenant.clone();
        self.read(move |conn| token_key(conn, &tenant)).await
    }

    async fn make_order_token_key(&self, tenant: &TenantId, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let tenant = tenant.clone();
        self.write(move |conn, _| {
            let params = named_params! { ":tenant": tenant.as_str(), ":secret": fresh };
            run(conn, sql!(ACCESS.make_order_token_key), params)?;
            token_key(conn, &tenant)?.ok_or_else(|| error::missing("order token key"))
        })
        .await
    }

    async fn revoke_api_key(&self, tenant: &TenantId, key: &ApiKeyId, now: UtcMs) -> Result<bool> {
        let (tenant, key) = (tenant.clone(), key.clone());
        self.write(move |conn, _| {
            let params =
                named_params! { ":tenant": tenant.as_str(), ":key": key.as_str(), ":revoked_at": now.0 };
            Ok(run(conn, sql!(ACCESS.revoke_api_key), params)? > 0)
        })
        .await
    }

    async fn offer_enrolment(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        code_hash: [u8; 32],
        until: UtcMs,
    ) -> Result<()> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":code_hash": code_hash,
                ":tenant": tenant.as_str(),
                ":store": store.as_str(),
                ":until": until.0,
            };
            run(conn, sql!(ACCESS.offer_enrolment), params)?;
            Ok(())
        })
        .await
    }

    async fn enrol(
        &self,
        code_hash: [u8; 32],
        secret_hash: [u8; 32],
        box_name: Option<&str>,
        now: UtcMs,
    ) -> Result<Option<ReplicaIdentity>> {
        let box_name = box_name.map(str::to_owned);
        self.write(move |conn, _| enrol(conn, code_hash, secret_hash, box_name.as_deref(), now)).await
    }

    async fn replica_by_secret(&self, secret_hash: [u8; 32]) -> Result<Option<ReplicaIdentity>> {
        self.read(move |conn| one(conn, sql!(ACCESS.replica_by_secret), [secret_hash], read_replica)).await
    }
}

fn token_key(conn: &Connection, tenant: &TenantId) -> Result<Option<[u8; 32]>> {
    one(conn, sql!(ACCESS.order_token_key), [tenant.as_str()], |row| row.get("secret"))
}

fn enrol(
    conn: &Connection,
    code_hash: [u8; 32],
    secret_hash: [u8; 32],
    box_name: Option<&str>,
    now: UtcMs,
) -> Result<Option<ReplicaIdentity>> {
    let params = named_params! {
        ":code_hash": code_hash,
        ":now": now.0,
        // One that is good for longer was given by a clock that was put back since.
        ":at_most": now.plus(CODE_TTL_MS).0,
    };
    let used = one(conn, sql!(ACCESS.use_code), params, |row| {
        Ok((parsed::<TenantId>(row, "tenant")?, parsed::<StoreId>(row, "store")?))
    })?;
    let Some((tenant, store)) = used else { return Ok(None) };
    let before = replicas(conn, &tenant, &store)?.len();
    let replica = named(&store, before)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":replica": replica.as_str(),
        ":secret_hash": secret_hash,
        ":box_name": box_name,
        ":enrolled_at": now.0,
    };
    run(conn, sql!(ACCESS.add_replica), params)?;
    Ok(Some(ReplicaIdentity { tenant, store, replica }))
}

/// The replicas of a store, oldest first.
pub(super) fn replicas(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Vec<ReplicaId>> {
    let params = [tenant.as_str(), store.as_str()];
    list(conn, sql!(ACCESS.replicas_of_store), params, |row| parsed(row, "replica"))
}

/// Those, and the boxes that may have been enrolled after the backup that central was restored from: it
/// would give the next boxes the same names.
pub(super) fn replicas_and_lost(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
) -> Result<Vec<ReplicaId>> {
    let mut all = replicas(conn, tenant, store)?;
    for n in all.len()..all.len().saturating_add(LOST_REPLICAS_MAX) {
        all.push(named(store, n)?);
    }
    Ok(all)
}

fn named(store: &StoreId, number: usize) -> Result<ReplicaId> {
    Ok(ReplicaId::new(format!("{store}-{}", letters(number)))?)
}

/// a, b, ... z, aa, ab, ...
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        let digit = u8::try_from(number % 26).unwrap_or_default();
        text.insert(0, char::from(b'a'.saturating_add(digit)));
        match (number / 26).checked_sub(1) {
            Some(rest) => number = rest,
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn replicas_are_lettered_without_an_end() {
        assert_eq!([0, 1, 25, 26, 27, 702].map(letters), ["a", "b", "z", "aa", "ab", "aaa"]);
    }
}
