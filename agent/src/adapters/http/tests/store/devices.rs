//! Its paired devices.

use super::{Inside, Store};
use crate::ports::ledger::{Device, Devices, LedgerError, Role};
use async_trait::async_trait;
use holdfast_shared::ids::DeviceId;
use holdfast_shared::time::{Now, UtcMs};

#[async_trait]
impl Devices for Store {
    async fn offer_pairing(&self, code_hash: [u8; 32], role: Role, until: Now) -> Result<(), LedgerError> {
        self.with(|inside| inside.offers.insert(code_hash, (role, until.utc)));
        Ok(())
    }

    async fn pair(
        &self,
        code_hash: [u8; 32],
        name: &str,
        token_hash: [u8; 32],
        now: Now,
    ) -> Result<Option<Device>, LedgerError> {
        Ok(self.with(|inside| {
            let (role, _) = inside.offers.remove(&code_hash).filter(|(_, until)| *until > now.utc)?;
            let device = Device {
                device: format!("hh-{}", inside.devices.len() + 1).parse().unwrap(),
                name: name.to_owned(),
                role,
                generation: 1,
                paired_at: now.utc,
                seen_at: None,
            };
            inside.devices.push((token_hash, device.clone()));
            Some(device)
        }))
    }

    async fn by_token(&self, token_hash: [u8; 32]) -> Result<Option<Device>, LedgerError> {
        let find = |inside: &mut Inside| {
            inside.devices.iter().find(|(hash, _)| *hash == token_hash).map(|(_, device)| device.clone())
        };
        Ok(self.with(find))
    }

    async fn devices(&self) -> Result<Vec<Device>, LedgerError> {
        Ok(self.with(|inside| inside.devices.iter().map(|(_, device)| device.clone()).collect()))
    }

    async fn unpair(&self, device: &DeviceId) -> Result<bool, LedgerError> {
        Ok(self.with(|inside| {
            let before = inside.devices.len();
            inside.devices.retain(|(_, known)| known.device != *device);
            inside.devices.len() < before
        }))
    }

    async fn seen(&self, _seen: &[(DeviceId, UtcMs)]) -> Result<(), LedgerError> {
        Ok(())
    }
}
