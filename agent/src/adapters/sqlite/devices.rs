//! Paired devices. Tokens and codes arrive hashed.

use super::record::installation;
use super::value::id;
use super::{SqliteLedger, sql};
use crate::ports::ledger::{Device, Devices, LedgerError, Role};
use async_trait::async_trait;
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::ids::DeviceId;
use holdfast_shared::limits::PAIRING_CODE_MS;
use holdfast_shared::time::{Now, UtcMs};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

/// Characters of a device's name that go into its id.
const NAME_CHARS_MAX: usize = 40;

#[async_trait]
impl Devices for SqliteLedger {
    async fn offer_pairing(&self, code_hash: [u8; 32], role: Role, until: Now) -> Result<(), LedgerError> {
        self.write(move |connection, hand| {
            let row = params![code_hash, word(role), until.utc.0, until.mono.0, hand.boot.as_str()];
            connection.execute(sql::PAIRING_OFFER, row)?;
            Ok(())
        })
        .await
    }

    async fn pair(
        &self,
        code_hash: [u8; 32],
        name: &str,
        token_hash: [u8; 32],
        now: Now,
    ) -> Result<Option<Device>, LedgerError> {
        let name = name.to_owned();
        self.write(move |connection, hand| {
            let (utc, mono, boot) = (now.utc.0, now.mono.0, hand.boot.as_str());
            let at_most = now.utc.plus(PAIRING_CODE_MS).0;
            let role: Option<String> = connection
                .query_row(sql::PAIRING_TAKE, params![utc, at_most, mono, boot, code_hash], |row| row.get(0))
                .optional()?;
            connection.execute(sql::PAIRINGS_OVER, params![utc, at_most, mono, boot])?;
            let Some(role) = role else { return Ok(None) };
            let device = named(&name, &installation(connection)?)?;
            let generation = hand.generation(&token_hash);
            let row = params![device.as_str(), name, role, token_hash, now.utc.0, generation];
            connection.execute(sql::DEVICE_PAIR, row)?;
            one(connection, sql::DEVICE_BY_NAME, [device.as_str()])
        })
        .await
    }

    async fn by_token(&self, token_hash: [u8; 32]) -> Result<Option<Device>, LedgerError> {
        self.read(move |connection| one(connection, sql::DEVICE_BY_TOKEN, [token_hash])).await
    }

    async fn devices(&self) -> Result<Vec<Device>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql::DEVICES)?;
            let mut rows = statement.query([])?;
            let mut devices = Vec::new();
            while let Some(row) = rows.next()? {
                devices.push(device(row)?);
            }
            Ok(devices)
        })
        .await
    }

    async fn unpair(&self, device: &DeviceId) -> Result<bool, LedgerError> {
        let device = device.clone();
        self.write(move |connection, _| Ok(connection.execute(sql::DEVICE_UNPAIR, [device.as_str()])? == 1))
            .await
    }

    async fn seen(&self, seen: &[(DeviceId, UtcMs)]) -> Result<(), LedgerError> {
        let seen = seen.to_vec();
        self.write(move |connection, _| {
            for (device, at) in &seen {
                connection.prepare_cached(sql::DEVICE_SEEN)?.execute(params![device.as_str(), at.0])?;
            }
            Ok(())
        })
        .await
    }
}

fn one(connection: &Connection, statement: &str, params: impl Params) -> Result<Option<Device>, LedgerError> {
    let mut statement = connection.prepare_cached(statement)?;
    let found = statement.query_row(params, |row| Ok(device(row))).optional()?;
    Ok(found.transpose()?)
}

fn device(row: &Row<'_>) -> Result<Device, StorageError> {
    Ok(Device {
        device: id(&row.get::<_, String>(0)?)?,
        name: row.get(1)?,
        role: role(&row.get::<_, String>(2)?)?,
        generation: row.get(3)?,
        paired_at: UtcMs(row.get(4)?),
        seen_at: row.get::<_, Option<i64>>(5)?.map(UtcMs),
    })
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Pos => "pos",
        Role::Picker => "picker",
        Role::Manager => "manager",
        Role::Tech => "tech",
    }
}

fn role(word: &str) -> Result<Role, StorageError> {
    match word {
        "pos" => Ok(Role::Pos),
        "picker" => Ok(Role::Picker),
        "manager" => Ok(Role::Manager),
        "tech" => Ok(Role::Tech),
        other => Err(StorageError::unreadable(format!("{other} is not a role"))),
    }
}

/// The id of a device: its name in plain letters, and this installation, so that the tills of two
/// stores do not give the same fact ids.
fn named(name: &str, installation: &DeviceId) -> Result<DeviceId, LedgerError> {
    let letters: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .take(NAME_CHARS_MAX)
        .collect();
    let plain = letters.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let plain = if plain.is_empty() { "device" } else { &plain };
    let own = installation.as_str().rsplit('-').next().unwrap_or_default();
    Ok(DeviceId::new(format!("{plain}-{own}")).map_err(StorageError::unreadable)?)
}
