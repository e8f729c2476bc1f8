//! What an order says beside its goods: how it is paid for and sent, what is taken off and what is added.

use super::personal::Personal;
use holdfast_shared::ids::{PaymentMethod, PaymentProvider, ShippingService};
use holdfast_shared::limits::PAYMENT_TOKEN_CHARS_MAX;
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::ops::Not;
use utoipa::ToSchema;

/// How it is paid for. Never a card number: the provider's token for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    #[schema(example = "simulator")]
    pub provider: PaymentProvider,
    pub token: PaymentToken,
    /// For people: card, invoice, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "card")]
    pub method: Option<PaymentMethod>,
}

/// What a provider gave the checkout for a means of payment. Opaque, and not printed.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "tok_1PmZ7c")]
pub struct PaymentToken(String);

/// The text is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a payment token is 1 to {PAYMENT_TOKEN_CHARS_MAX} visible ASCII characters; what was sent is not repeated here"
)]
pub struct BadToken;

impl PaymentToken {
    pub fn new(text: impl Into<String>) -> Result<Self, BadToken> {
        let text = text.into();
        let formed = (1..=PAYMENT_TOKEN_CHARS_MAX).contains(&text.len());
        if formed && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(BadToken)
        }
    }

    /// For the provider, and nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PaymentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(token)")
    }
}

impl<'de> Deserialize<'de> for PaymentToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer).map_err(|_| serde::de::Error::custom(BadToken))?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}

/// The option that the customer chose at the checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipping {
    #[schema(example = "standard")]
    pub service: ShippingService,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// When the customer wants it, where that is later than as soon as can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_for: Option<UtcMs>,
}

/// What is taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    #[schema(example = "WELCOME10")]
    pub name: String,
    /// Of all units together; not negative.
    pub amount: Money,
}

/// What the state gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    #[schema(example = "VAT 20%")]
    pub name: String,
    /// Of all units together; not negative.
    pub amount: Money,
    /// It is part of the prices already: told, and not added to the total.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub included: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gift {
    /// From one person to another: personal, and kept apart from the order.
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<String>, example = "Happy birthday!")]
    pub message: Option<Personal<String>>,
    #[serde(default, skip_serializing_if = "Not::not")]
    pub wrap: bool,
}

/// Who goes first where orders wait for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    #[default]
    Standard,
    High,
}

impl Priority {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Standard => "standard",
            Self::High => "high",
        }
    }

    /// Greater goes first.
    #[must_use]
    pub const fn rank(self) -> i64 {
        match self {
            Self::Low => -1,
            Self::Standard => 0,
            Self::High => 1,
        }
    }

    /// As it was kept.
    #[must_use]
    pub const fn of_rank(rank: i64) -> Self {
        match rank {
            ..0 => Self::Low,
            0 => Self::Standard,
            1.. => Self::High,
        }
    }

    #[must_use]
    pub fn is_standard(&self) -> bool {
        *self == Self::Standard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_printed_and_a_bad_one_is_not_repeated() {
        let payment = r#"{"provider": "simulator", "token": "tok_secret", "method": "card"}"#;
        let payment: Payment = serde_json::from_str(payment).unwrap();
        assert!(!format!("{payment:?}").contains("secret"));
        assert_eq!(payment.token.reveal(), "tok_secret");
        for bad in [r#""se cret""#, r#"["secret"]"#, r#""""#] {
            let told = serde_json::from_str::<PaymentToken>(bad).unwrap_err().to_string();
            assert!(!told.contains("cret"), "{told}");
        }
    }

    #[test]
    fn a_gift_message_is_read_and_never_written() {
        let gift: Gift = serde_json::from_str(r#"{"message": "from Ada", "wrap": true}"#).unwrap();
        assert_eq!(gift.message.as_ref().map(|said| said.reveal().as_str()), Some("from Ada"));
        assert_eq!(serde_json::to_string(&gift).unwrap(), r#"{"wrap":true}"#);
    }
}
