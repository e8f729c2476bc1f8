//! The first key: at its first start central makes a tenant's admin key and writes it to a file
//! that only its own user reads. Every other key is made with that one.

use super::CentralError;
use crate::flows::enrol::token_hash;
use crate::ports::access::{Access, ApiKey, Scope};
use holdfast_platform::data_dir::DataDir;
use holdfast_platform::random;
use holdfast_shared::ids::{ApiKeyId, TenantId};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;

pub(crate) const ADMIN_KEY_FILE: &str = "admin.key";
const TENANT: &str = "default";

/// The admin key of this directory. The file is written first: a key that is stored and told to
/// nobody would be lost, a file without its row is stored at the next start.
pub(super) async fn admin_key(
    data_dir: &DataDir,
    access: &impl Access,
    writable: bool,
    now: UtcMs,
) -> Result<String, CentralError> {
    let written = data_dir.read_secret(ADMIN_KEY_FILE)?;
    let written = written.and_then(|bytes| String::from_utf8(bytes).ok()).map(|text| text.trim().to_owned());
    let token = match written.filter(|text| !text.is_empty()) {
        Some(token) => token,
        None => {
            let token = random::token()?;
            data_dir.write_secret(ADMIN_KEY_FILE, format!("{token}\n").as_bytes())?;
            token
        }
    };
    let hash = token_hash(&token);
    let known = access.api_key(hash).await.map_err(CentralError::FirstStart)?.is_some();
    if writable && !known && !was_revoked(access).await? {
        let key = ApiKey {
            key: ApiKeyId::new("admin")?,
            tenant: TenantId::new(TENANT)?,
            name: "first admin key".to_owned(),
            scopes: BTreeSet::from([Scope::Admin]),
            store: None,
            created_at: now,
            revoked_at: None,
        };
        access.create_api_key(key, hash).await.map_err(CentralError::FirstStart)?;
    }
    Ok(token)
}

/// Who revoked the first key meant it: it does not come back at the next start.
async fn was_revoked(access: &impl Access) -> Result<bool, CentralError> {
    let keys = access.api_keys(&TenantId::new(TENANT)?).await.map_err(CentralError::FirstStart)?;
    Ok(keys.iter().any(|key| key.key.as_str() == "admin"))
}
