//! Identifiers. Each is a checked string of its own type, so that none stands in for another.
//!
//! Checked once, where it enters: a value of one of these types is well formed.

use crate::limits::{FACT_ID_CHARS_MAX, ID_CHARS_MAX, IDEMPOTENCY_KEY_CHARS_MAX, SKU_CHARS_MAX};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an identifier of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: expected {expected}")]
pub struct BadId {
    pub what: &'static str,
    pub expected: &'static str,
    pub text: String,
}

fn bad(what: &'static str, expected: &'static str, text: &str) -> BadId {
    BadId { what, expected, text: text.chars().take(80).collect() }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                let allowed: fn(u8) -> bool = $allowed;
                if !text.is_empty() && text.len() <= $max && text.bytes().all(allowed) {
                    Ok(Self(text))
                } else {
                    Err(bad($what, $expected, &text))
                }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

const fn name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        text_id!($(#[$doc])* $name, $what, ID_CHARS_MAX,
            "1 to 64 of a-z, 0-9, '-' and '_'", name_byte);
    };
}

name_id!(
    /// One customer of the whole system; everything belongs to exactly one.
    TenantId, "tenant id");
name_id!(
    /// A node that fulfils: a store or a distribution centre.
    StoreId, "store id");
name_id!(
    /// One enrolled agent installation, or central.
    ReplicaId, "replica id");
name_id!(
    /// New at each start of a process.
    BootId, "boot id");
name_id!(
    /// A paired POS, handheld or browser; or an agent that acts by itself.
    DeviceId, "device id");
name_id!(OrderId, "order id");
name_id!(
    /// The store's part of an order: `{order}-{assignment number}`.
    TaskId, "task id");
name_id!(DecisionId, "decision id");
name_id!(ExceptionId, "exception id");
name_id!(ApiKeyId, "API key id");
name_id!(
    /// What a checkout was promised, with the units that are set aside for it.
    PromiseId, "promise id");
name_id!(
    /// A part of a chain whose stores share what a policy says of it.
    RegionId, "region id");
name_id!(
    /// Stores declared dark on purpose, for a while.
    DrillId, "drill id");
name_id!(
    /// One who is sent events.
    ConsumerId, "consumer id");
name_id!(
    /// A brand under which a chain sells.
    BrandId, "brand id");
name_id!(
    /// Who moves the money of an order.
    PaymentProvider, "payment provider");
name_id!(
    /// Goods of an order that come back: `{order}-r{number}`.
    ReturnId, "return id");
name_id!(
    /// How a customer pays, in the provider's word: card, invoice, ...
    PaymentMethod, "payment method");
name_id!(
    /// An account at a carrier, or at one who speaks with many of them.
    CarrierAccount, "carrier account");
name_id!(
    /// An option that a checkout offers for sending an order.
    ShippingService, "shipping service");

text_id!(
    /// What a chain calls an article. Case matters; it never names a topic or a path.
    Sku, "SKU", SKU_CHARS_MAX, "1 to 64 of letters, digits, '.', '_', '-' and ':'",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':'));
text_id!(
    /// A kind of article that a policy treats alike, as the catalogue names it.
    SkuClass, "SKU class", ID_CHARS_MAX, "1 to 64 of letters, digits, '.', '_', '-' and ':'",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':'));
text_id!(
    /// Chosen by a client for one intent; the same key means the same intent.
    IdempotencyKey, "idempotency key", IDEMPOTENCY_KEY_CHARS_MAX,
    "1 to 128 visible ASCII characters without spaces",
    |byte| byte.is_ascii_graphic());
text_id!(
    /// Who acted: a person's short name, a device, or a part of the system.
    Actor, "actor", ID_CHARS_MAX, "1 to 64 of letters, digits, '.', '_', '-', '@' and ':'",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@' | b':'));
text_id!(
    /// The trace of one intent through every process (W3C trace id).
    TraceId, "trace id", 32, "32 lower-case hexadecimal digits",
    |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));

/// The number of a line within its order, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct LineNo(pub u32);

impl fmt::Display for LineNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a fact, given where the intent arose: `{device}.{generation}.{n}`, and `.{k}` when
/// one intent makes several facts. Short, and compressible where a random one is not.
///
/// ```
/// use holdfast_shared::ids::FactId;
/// let intent: FactId = "hh-3.1.42".parse().unwrap();
/// assert_eq!(intent.part(2).unwrap().as_str(), "hh-3.1.42.2");
/// assert!("hh-3.1".parse::<FactId>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct FactId(String);

const FACT_ID_EXPECTED: &str = "device.generation.number, or device.generation.number.part";

impl FactId {
    pub fn new(device: &DeviceId, generation: u32, number: u64) -> Result<Self, BadId> {
        format!("{device}.{generation}.{number}").parse()
    }

    /// The id of the `k`-th of several facts of one intent.
    pub fn part(&self, k: u32) -> Result<Self, BadId> {
        format!("{}.{k}", self.0).parse()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The device whose intent this is.
    #[must_use]
    pub fn device(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

impl FromStr for FactId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let refused = || bad("fact id", FACT_ID_EXPECTED, text);
        let number = |part: &str| {
            let plain = part.len() == 1 || !part.starts_with('0');
            plain && part.len() <= 18 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
        };
        let mut parts = text.split('.');
        let device = parts.next().is_some_and(|device| DeviceId::new(device).is_ok());
        let numbers = parts.clone().count();
        if text.len() <= FACT_ID_CHARS_MAX && device && (2..=3).contains(&numbers) && parts.all(number) {
            Ok(Self(text.to_owned()))
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FactId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Names a document: `stock/{store}/{replica}/{boot}/{n}` or `task/{task}`.
///
/// ```
/// use holdfast_shared::ids::DocumentId;
/// let text = "stock/leeds/leeds-a/b1/1";
/// let id: DocumentId = text.parse().unwrap();
/// assert!(matches!(&id, DocumentId::Stock { n: 1, .. }));
/// assert_eq!(id.to_string(), text);
/// assert!("task/../etc".parse::<DocumentId>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentId {
    Stock { store: StoreId, replica: ReplicaId, boot: BootId, n: u32 },
    Task(TaskId),
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stock { store, replica, boot, n } => write!(f, "stock/{store}/{replica}/{boot}/{n}"),
            Self::Task(task) => write!(f, "task/{task}"),
        }
    }
}

impl FromStr for DocumentId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let parts: Vec<&str> = text.splitn(6, '/').collect();
        let refused = || bad("document id", "stock/{store}/{replica}/{boot}/{n} or task/{task}", text);
        match parts.as_slice() {
            ["task", task] => Ok(Self::Task(TaskId::new(*task)?)),
            ["stock", store, replica, boot, n] => {
                let number: u32 = n.parse().map_err(|_| refused())?;
                if number.to_string() != *n {
                    return Err(refused());
                }
                Ok(Self::Stock {
                    store: StoreId::new(*store)?,
                    replica: ReplicaId::new(*replica)?,
                    boot: BootId::new(*boot)?,
                    n: number,
                })
            }
            _ => Err(refused()),
        }
    }
}

impl Serialize for DocumentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_refuses_what_could_name_something_else() {
        for wrong in ["", "a/b", "a b", "A", "a#", "+", "ä", "a\n"] {
            assert!(StoreId::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(StoreId::new("x".repeat(65)).is_err());
        assert_eq!(StoreId::new("leeds-01").unwrap().as_str(), "leeds-01");
    }

    #[test]
    fn a_fact_id_has_one_spelling() {
        for wrong in ["d", "d.1", "d.01.2", "d.1.2.3.4", "D.1.2", "d.1.-2", "d.1.", ".1.2", "d.+1.2"] {
            assert!(wrong.parse::<FactId>().is_err(), "{wrong:?}");
        }
        assert_eq!("pos-1.0.10".parse::<FactId>().unwrap().device(), "pos-1");
    }

    #[test]
    fn a_document_id_has_one_spelling() {
        for wrong in ["task/", "task/a/b", "stock/s/r/b/01", "stock/s/r/b/1/2", "stock/s/r/b", "x/y"] {
            assert!(wrong.parse::<DocumentId>().is_err(), "{wrong:?}");
        }
    }
}
