//! What a setting can be, and how it is read from TOML or from text of the environment.

use holdfast_shared::ids::{DeviceId, ReplicaId, Sku, StoreId, TenantId};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A value as found.
#[derive(Debug, Clone, Copy)]
pub enum Raw<'a> {
    Toml(&'a toml::Value),
    Env(&'a str),
}

/// A type that a setting can have.
pub trait Setting: Sized {
    /// Reads it, or says what was expected.
    fn read(raw: Raw<'_>) -> Result<Self, String>;
}

impl Raw<'_> {
    /// Names what stands there, for an error.
    pub(super) fn found(self) -> String {
        match self {
            Self::Env(text) => format!("{text:?}"),
            Self::Toml(toml::Value::String(text)) => format!("{text:?}"),
            Self::Toml(value) => format!("the {} {value}", value.type_str()),
        }
    }

    pub(super) fn parse<T: FromStr>(self, expected: &str) -> Result<T, String> {
        let text = match self {
            Self::Env(text) => Some(text),
            Self::Toml(value) => value.as_str(),
        };
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("expected {expected}, found {}", self.found()))
    }
}

macro_rules! from_text {
    ($($type:ty = $expected:literal;)*) => {
        $(impl Setting for $type {
            fn read(raw: Raw<'_>) -> Result<Self, String> {
                raw.parse($expected)
            }
        })*
    };
}

from_text! {
    String = "a text";
    PathBuf = "a path";
    SocketAddr = "an address and port like \"127.0.0.1:8080\"";
    IpAddr = "an address like \"127.0.0.1\"";
    TenantId = "a tenant id (1 to 64 of a-z, 0-9, '-' and '_')";
    StoreId = "a store id (1 to 64 of a-z, 0-9, '-' and '_')";
    ReplicaId = "a replica id (1 to 64 of a-z, 0-9, '-' and '_')";
    DeviceId = "a device id (1 to 64 of a-z, 0-9, '-' and '_')";
    Sku = "a SKU (1 to 64 of letters, digits, '.', '_', '-' and ':')";
}

macro_rules! whole_number {
    ($($type:ty),*) => {
        $(impl Setting for $type {
            fn read(raw: Raw<'_>) -> Result<Self, String> {
                let number = match raw {
                    Raw::Toml(value) => value.as_integer().and_then(|number| Self::try_from(number).ok()),
                    Raw::Env(text) => text.parse().ok(),
                };
                number.ok_or_else(|| {
                    format!("expected a whole number from {} to {}, found {}", Self::MIN, Self::MAX, raw.found())
                })
            }
        })*
    };
}

whole_number!(u8, u16, u32, u64, usize, i64);

impl Setting for bool {
    fn read(raw: Raw<'_>) -> Result<Self, String> {
        let value = match raw {
            Raw::Toml(value) => value.as_bool(),
            Raw::Env(text) => text.parse().ok(),
        };
        value.ok_or_else(|| format!("expected true or false, found {}", raw.found()))
    }
}

impl Setting for f64 {
    fn read(raw: Raw<'_>) -> Result<Self, String> {
        let value = match raw {
            Raw::Toml(value) => {
                value.as_float().or_else(|| i32::try_from(value.as_integer()?).ok().map(Self::from))
            }
            Raw::Env(text) => text.parse().ok(),
        };
        value
            .filter(|number| number.is_finite())
            .ok_or_else(|| format!("expected a number, found {}", raw.found()))
    }
}

/// A number with a unit: digits, then one of `units`.
fn with_unit(raw: Raw<'_>, expected: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let refused = || format!("expected {expected}, found {}", raw.found());
    let text: String = raw.parse(expected)?;
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(refused)?;
    let number: u64 = number.parse().map_err(|_| refused())?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(refused)?;
    number.checked_mul(*factor).ok_or_else(refused)
}

impl Setting for Duration {
    fn read(raw: Raw<'_>) -> Result<Self, String> {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        with_unit(raw, "a duration like \"500ms\", \"5s\", \"10m\", \"2h\" or \"30d\"", &units)
            .map(Self::from_millis)
    }
}

/// A number of bytes, written like `64KiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl Setting for ByteSize {
    fn read(raw: Raw<'_>) -> Result<Self, String> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        with_unit(raw, "a size like \"512B\", \"64KiB\", \"2MiB\" or \"1GiB\"", &units).map(ByteSize)
    }
}

impl Setting for crate::secret::Secret {
    fn read(raw: Raw<'_>) -> Result<Self, String> {
        // The value is not repeated in the error.
        raw.parse("a text").map(|text: String| Self::new(text)).map_err(|_| "expected a text".to_owned())
    }
}

impl<T: Setting> Setting for Vec<T> {
    /// From the environment: values between commas.
    fn read(raw: Raw<'_>) -> Result<Self, String> {
        match raw {
            Raw::Env("") => Ok(Self::new()),
            Raw::Env(text) => text.split(',').map(|part| T::read(Raw::Env(part.trim()))).collect(),
            Raw::Toml(toml::Value::Array(values)) => {
                values.iter().map(|value| T::read(Raw::Toml(value))).collect()
            }
            Raw::Toml(_) => Err(format!("expected an array, found {}", raw.found())),
        }
    }
}
