//! Money: minor units and a currency. Never a float.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// An ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(into = "String")]
#[schema(value_type = String, example = "EUR")]
pub struct Currency([u8; 3]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{0:?} is not a currency: expected three capital letters, like EUR")]
    BadCurrency(String),
    #[error("{0} and {1} cannot be added: convert one first")]
    OtherCurrency(Currency, Currency),
    #[error("the sum is too large")]
    TooLarge,
}

impl Currency {
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Capital letters, as it was checked when it was read.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits behind the point; none of a code that no list has.
    #[must_use]
    pub fn places(&self) -> Option<usize> {
        let known = iso_currency::Currency::from_code(self.as_str())?;
        known.exponent().map(usize::from)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let refused = || MoneyError::BadCurrency(text.chars().take(20).collect());
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| refused())?;
        if bytes.iter().all(u8::is_ascii_uppercase) { Ok(Self(bytes)) } else { Err(refused()) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units (cents) of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    #[schema(example = 1999)]
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::OtherCurrency(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(quantity).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }
}

/// For people: `19.99 EUR`. Of a code that no list has, nobody knows how many minor units make one.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { minor, currency } = self;
        let Some(places) = currency.places() else {
            return write!(f, "{minor} minor units of {currency}");
        };
        let digits = format!("{:0width$}", minor.unsigned_abs(), width = places + 1);
        let (whole, rest) = digits.split_at(digits.len() - places);
        let (sign, point) = (if *minor < 0 { "-" } else { "" }, if places == 0 { "" } else { "." });
        write!(f, "{sign}{whole}{point}{rest} {currency}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_an_amount_as_they_write_it() {
        let told = |minor, currency: &str| Money { minor, currency: currency.parse().unwrap() }.to_string();
        assert_eq!(told(1_999, "EUR"), "19.99 EUR");
        assert_eq!(told(-5, "GBP"), "-0.05 GBP");
        assert_eq!(told(1_999, "JPY"), "1999 JPY");
        assert_eq!(told(1_999, "KWD"), "1.999 KWD");
        assert_eq!(told(i64::MIN, "EUR"), "-92233720368547758.08 EUR");
        assert_eq!(told(7, "ABC"), "7 minor units of ABC");
    }

    #[test]
    fn amounts_of_two_currencies_do_not_add() {
        let eur = Money { minor: 5, currency: "EUR".parse().unwrap() };
        let usd = Money { minor: 5, currency: "USD".parse().unwrap() };
        assert_eq!(eur.plus(eur).unwrap().minor, 10);
        assert!(matches!(eur.plus(usd), Err(MoneyError::OtherCurrency(..))));
        assert_eq!(eur.times(i64::MAX), Err(MoneyError::TooLarge));
        assert!("eur".parse::<Currency>().is_err());
    }
}
