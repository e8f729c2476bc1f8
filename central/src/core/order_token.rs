//! A token with which a customer reads one order, until a time. It is signed and kept nowhere: whose order it is, and
//! until when, stands in it. Nothing personal does.

use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;

/// By it a token is told from an API key.
const MARK: &str = "hfo_";
const DOMAIN: &[u8] = b"holdfast order token v1";
const MAC_CHARS: usize = 64;

pub type Key = [u8; 32];

/// What a token says, before its signature is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub tenant: TenantId,
    pub order: OrderId,
    pub expires_at: UtcMs,
    mac: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("this order token is none of ours")]
    Forged,
    #[error("this order token has expired: ask the shop for a new one")]
    Expired,
}

#[must_use]
pub fn is_order_token(text: &str) -> bool {
    text.starts_with(MARK)
}

#[must_use]
pub fn mint(key: &Key, tenant: &TenantId, order: &OrderId, expires_at: UtcMs) -> String {
    let mac = sign(key, tenant, order, expires_at).to_hex();
    format!("{MARK}{tenant}.{order}.{:x}.{mac}", expires_at.0)
}

/// No id has a dot.
#[must_use]
pub fn read(text: &str) -> Option<Claim> {
    let said = text.strip_prefix(MARK)?;
    let (said, mac) = said.rsplit_once('.')?;
    let (said, expires_at) = said.rsplit_once('.')?;
    let (tenant, order) = said.split_once('.')?;
    let expires_at = i64::from_str_radix(expires_at, 16).ok().filter(|at| *at >= 0)?;
    let mac = blake3::Hash::from_hex(mac).ok().filter(|_| mac.len() == MAC_CHARS)?;
    Some(Claim {
        tenant: tenant.parse().ok()?,
        order: order.parse().ok()?,
        expires_at: UtcMs(expires_at),
        mac: *mac.as_bytes(),
    })
}

impl Claim {
    pub fn check(&self, key: &Key, now: UtcMs) -> Result<(), BadToken> {
        // Hashes are compared in constant time.
        if sign(key, &self.tenant, &self.order, self.expires_at) != blake3::Hash::from_bytes(self.mac) {
            return Err(BadToken::Forged);
        }
        if now >= self.expires_at { Err(BadToken::Expired) } else { Ok(()) }
    }
}

fn sign(key: &Key, tenant: &TenantId, order: &OrderId, expires_at: UtcMs) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in [DOMAIN, tenant.as_str().as_bytes(), order.as_str().as_bytes()] {
        hasher.update(part).update(&[0]);
    }
    hasher.update(&expires_at.0.to_be_bytes()).finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: Key = [7; 32];

    fn minted() -> String {
        mint(&KEY, &"acme".parse().unwrap(), &"o-1".parse().unwrap(), UtcMs(1_000))
    }

    #[test]
    fn a_token_opens_its_order_until_its_time() {
        let claim = read(&minted()).unwrap();
        assert_eq!((claim.tenant.as_str(), claim.order.as_str()), ("acme", "o-1"));
        assert_eq!(claim.check(&KEY, UtcMs(999)), Ok(()));
        assert_eq!(claim.check(&KEY, UtcMs(1_000)), Err(BadToken::Expired));
        assert_eq!(claim.check(&[8; 32], UtcMs(0)), Err(BadToken::Forged));
    }

    #[test]
    fn whoever_alters_it_has_forged_it() {
        for (from, to) in [("acme", "rival"), ("o-1", "o-2"), (".3e8.", ".fffff.")] {
            let altered = minted().replacen(from, to, 1);
            assert_ne!(altered, minted());
            assert_eq!(read(&altered).unwrap().check(&KEY, UtcMs(0)), Err(BadToken::Forged), "{altered}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader_and_none_is_taken_for_a_token(text in ".{0,200}") {
            for text in [text.clone(), format!("{MARK}{text}")] {
                let opens = read(&text).is_some_and(|claim| claim.check(&KEY, UtcMs(0)).is_ok());
                prop_assert!(!opens);
            }
        }
    }
}
