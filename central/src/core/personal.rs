//! What is personal of a customer. It is kept apart from the order, is never part of what an order becomes
//! (facts, events, decisions), and can be erased while the order stays.
//!
//! [`Personal`] has no `Serialize` and prints nothing of what it holds: whoever wants to see it calls
//! [`Personal::reveal`], and can be found by that word.

use super::cards::holds_card_number;
use holdfast_shared::limits::{
    ADDRESS_LINES_MAX, CUSTOMER_ID_CHARS_MAX, PERSONAL_CHARS_MAX, PHONE_DIGITS_MAX,
};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Shows nothing of what it holds, unless it is revealed on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    pub const fn new(held: T) -> Self {
        Self(held)
    }

    pub const fn reveal(&self) -> &T {
        &self.0
    }

    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        serde_json::from_value(value).map(Self).map_err(|error| D::Error::custom(unsaid(&error.to_string())))
    }
}

/// The parser's words repeat the value that they are about, and errors are logged. Those about names of
/// fields are safe.
fn unsaid(error: &str) -> &str {
    let about_names = error.starts_with("unknown field") || error.starts_with("missing field");
    if about_names { error } else { "a value is not as documented; it is personal, and not repeated here" }
}

/// What a channel calls a customer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "c-20417")]
pub struct CustomerId(String);

/// The text is not part of it: it may name a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a customer id is 1 to {CUSTOMER_ID_CHARS_MAX} visible ASCII characters without '/'")]
pub struct BadCustomerId;

impl CustomerId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

impl FromStr for CustomerId {
    type Err = BadCustomerId;

    fn from_str(text: &str) -> Result<Self, BadCustomerId> {
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
        let formed = !text.is_empty() && text.len() <= CUSTOMER_ID_CHARS_MAX && text.bytes().all(visible);
        if formed && !holds_card_number(text) { Ok(Self(text.to_owned())) } else { Err(BadCustomerId) }
    }
}

impl<'de> Deserialize<'de> for CustomerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Who ordered, and how they are reached. All of it is personal.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The channel's own id. By it orders of one customer are exported and erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada Lovelace")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ada@example.org")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "+44 20 7946 0958")]
    pub phone: Option<String>,
    /// As it is written on a parcel, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// In which language to speak to them (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "en-GB")]
    pub locale: Option<String>,
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

/// What is kept of one order apart from it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    #[serde(default)]
    pub customer: Customer,
    #[serde(default)]
    pub gift_message: Option<String>,
}

impl Contact {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

/// What is wrong with it, without a word of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPersonal {
    #[error("{0} has 1 to {PERSONAL_CHARS_MAX} characters and no control characters")]
    Text(&'static str),
    #[error("customer.address has at most {ADDRESS_LINES_MAX} lines")]
    AddressLines,
    #[error("customer.email is not an address: something, one '@', something")]
    Email,
    #[error(
        "customer.phone is at most {PHONE_DIGITS_MAX} digits, with '+', spaces, dots, dashes and brackets"
    )]
    Phone,
    #[error("customer.locale is a language tag like en-GB")]
    Locale,
    #[error("{0} holds what looks like a card number; send a payment token instead, nothing was stored")]
    CardNumber(&'static str),
}

pub fn check_customer(customer: &Customer) -> Result<(), BadPersonal> {
    let texts = [
        ("customer.name", customer.name.as_deref()),
        ("customer.email", customer.email.as_deref()),
        ("customer.locale", customer.locale.as_deref()),
    ];
    let lines = customer.address.iter().map(|line| ("customer.address", Some(line.as_str())));
    for (field, text) in texts.into_iter().chain(lines) {
        check_personal_text(field, text)?;
    }
    if customer.address.len() > ADDRESS_LINES_MAX {
        return Err(BadPersonal::AddressLines);
    }
    if customer.email.as_deref().is_some_and(|email| !is_address(email)) {
        return Err(BadPersonal::Email);
    }
    check_phone(customer.phone.as_deref())?;
    let tag = |tag: &str| tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if customer.locale.as_deref().is_some_and(|locale| !tag(locale)) {
        return Err(BadPersonal::Locale);
    }
    Ok(())
}

pub fn check_personal_text(field: &'static str, text: Option<&str>) -> Result<(), BadPersonal> {
    let Some(text) = text else { return Ok(()) };
    if holds_card_number(text) {
        return Err(BadPersonal::CardNumber(field));
    }
    let control = text.chars().any(|letter| letter.is_control() && letter != '\n');
    if text.trim().is_empty() || text.chars().count() > PERSONAL_CHARS_MAX || control {
        return Err(BadPersonal::Text(field));
    }
    Ok(())
}

fn is_address(email: &str) -> bool {
    let parts: Vec<&str> = email.split('@').collect();
    matches!(parts.as_slice(), [who, at] if !who.is_empty() && !at.is_empty())
        && !email.contains(char::is_whitespace)
}

/// A number with its country's code is no card number, whatever its digits add up to: one in ten would be.
fn check_phone(phone: Option<&str>) -> Result<(), BadPersonal> {
    let Some(phone) = phone else { return Ok(()) };
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let written =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | ' ' | '.' | '-' | '(' | ')' | '/');
    if !phone.starts_with('+') && holds_card_number(phone) {
        return Err(BadPersonal::CardNumber("customer.phone"));
    }
    let formed = (1..=PHONE_DIGITS_MAX).contains(&digits) && phone.chars().all(written);
    if formed && phone.chars().count() <= PERSONAL_CHARS_MAX { Ok(()) } else { Err(BadPersonal::Phone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Customer {
        Customer {
            id: Some("c-1".parse().unwrap()),
            name: Some(String::from("Ada Lovelace")),
            email: Some(String::from("ada@example.org")),
            phone: Some(String::from("+44 20 7946 0958")),
            address: vec![String::from("12 St James's Square"), String::from("London")],
            locale: Some(String::from("en-GB")),
        }
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let held = Personal::new(ada());
        let printed = format!("{held:?} {:?} {:?}", held.reveal(), ada().id);
        assert_eq!(printed, "(personal) (personal) Some((personal))");
    }

    #[test]
    fn what_is_wrong_with_it_is_told_without_it() {
        let read = |json: &str| serde_json::from_str::<Personal<Customer>>(json).unwrap_err().to_string();
        assert!(read(r#"{"nick": "ada"}"#).starts_with("unknown field `nick`"));
        for json in [r#""Ada Lovelace""#, r#"{"name": ["Ada"]}"#, r#"{"id": "Ada/Lovelace"}"#] {
            let told = read(json);
            assert!(!told.contains("Ada") && told.contains("not repeated"), "{told}");
        }
        assert_eq!(
            serde_json::from_str::<Personal<Customer>>(r#"{"name": "Ada"}"#)
                .unwrap()
                .reveal()
                .name
                .as_deref(),
            Some("Ada")
        );
    }

    #[test]
    fn each_field_is_checked_and_a_card_number_is_refused_in_any() {
        assert_eq!(check_customer(&ada()), Ok(()));
        let with = |change: fn(&mut Customer)| {
            let mut customer = ada();
            change(&mut customer);
            check_customer(&customer).unwrap_err()
        };
        assert_eq!(with(|c| c.email = Some(String::from("ada"))), BadPersonal::Email);
        assert_eq!(with(|c| c.phone = Some(String::from("call me"))), BadPersonal::Phone);
        assert_eq!(with(|c| c.locale = Some(String::from("en_GB!"))), BadPersonal::Locale);
        assert_eq!(with(|c| c.name = Some(String::from(" "))), BadPersonal::Text("customer.name"));
        assert_eq!(
            with(|c| c.address = vec![String::from("x"); ADDRESS_LINES_MAX + 1]),
            BadPersonal::AddressLines
        );
        let card = "4111 1111 1111 1111";
        assert_eq!(
            with(|c| c.name = Some(String::from("4111111111111111"))),
            BadPersonal::CardNumber("customer.name")
        );
        assert_eq!(
            with(|c| c.phone = Some(String::from("4111111111111111"))),
            BadPersonal::CardNumber("customer.phone")
        );
        assert_eq!(
            with(|c| c.address = vec![String::from("4111-1111-1111-1111")]),
            BadPersonal::CardNumber("customer.address")
        );
        assert!(card.replace(' ', "").parse::<CustomerId>().is_err());
    }
}
