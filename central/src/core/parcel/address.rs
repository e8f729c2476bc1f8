//! Where a parcel goes, as carriers want it: read off the lines that a checkout gave. All of it is personal.

use crate::core::personal::Customer;
use std::fmt;

/// Lines that a label has for street and house.
const STREET_LINES_MAX: usize = 3;

#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub street: Vec<String>,
    pub town: String,
    pub postcode: String,
    /// ISO 3166, two capital letters.
    pub country: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

/// What a carrier would miss, without a word of what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("the order says nobody's name")]
    Name,
    #[error(
        "the order's address is not one for a label: expected one to three lines of street, then town, postcode and the \
         country's two letters, each on a line of its own"
    )]
    Lines,
    #[error("the last line of the order's address is not a country in two letters, like GB")]
    Country,
}

impl Address {
    pub fn of(customer: &Customer) -> Result<Self, BadAddress> {
        let name = customer.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.ok_or(BadAddress::Name)?.to_owned();
        let lines: Vec<&str> =
            customer.address.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        let [street @ .., town, postcode, country] = lines.as_slice() else { return Err(BadAddress::Lines) };
        if street.is_empty() || street.len() > STREET_LINES_MAX {
            return Err(BadAddress::Lines);
        }
        let letters = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !letters {
            return Err(BadAddress::Country);
        }
        Ok(Self {
            name,
            phone: customer.phone.clone(),
            email: customer.email.clone(),
            street: street.iter().map(|line| (*line).to_owned()).collect(),
            town: (*town).to_owned(),
            postcode: (*postcode).to_owned(),
            country: country.to_ascii_uppercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(name: Option<&str>, lines: &[&str]) -> Customer {
        Customer {
            name: name.map(str::to_owned),
            address: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..Customer::default()
        }
    }

    #[test]
    fn an_address_is_read_from_its_end() {
        let lines = ["Flat 2", "12 King Street", "Leeds", "LS1 4AP", "gb"];
        let read = Address::of(&customer(Some("Ada"), &lines)).unwrap();
        assert_eq!(
            (read.town.as_str(), read.postcode.as_str(), read.country.as_str()),
            ("Leeds", "LS1 4AP", "GB")
        );
        assert_eq!(read.street, ["Flat 2", "12 King Street"]);
        assert_eq!(format!("{read:?}"), "(personal)");
    }

    #[test]
    fn a_label_can_be_made_for_the_example_of_the_contract() {
        let contract = include_str!("../../../../docs/order.md");
        let (_, after) = contract.split_once("```json\n").unwrap();
        let mut order: serde_json::Value = serde_json::from_str(after.split_once("```").unwrap().0).unwrap();
        let read = Address::of(&serde_json::from_value(order["customer"].take()).unwrap()).unwrap();
        assert_eq!((read.town.as_str(), read.country.as_str()), ("London", "GB"));
    }

    #[test]
    fn what_a_label_would_miss_is_told_without_a_word_of_it() {
        let of = |name, lines: &[&str]| Address::of(&customer(name, lines)).unwrap_err();
        assert_eq!(of(None, &["a", "b", "c", "GB"]), BadAddress::Name);
        assert_eq!(of(Some("Ada"), &[]), BadAddress::Lines);
        assert_eq!(of(Some("Ada"), &["Leeds", "LS1 4AP", "GB"]), BadAddress::Lines);
        assert_eq!(of(Some("Ada"), &["1", "2", "3", "4", "Leeds", "LS1 4AP", "GB"]), BadAddress::Lines);
        assert_eq!(of(Some("Ada"), &["12 King Street", "Leeds", "LS1 4AP", "England"]), BadAddress::Country);
    }

    #[test]
    fn blank_lines_and_blanks_are_no_part_of_an_address() {
        let lines = [" 12 King Street ", "", "  ", "Leeds", " LS1 4AP", "gb "];
        let read = Address::of(&customer(Some(" Ada "), &lines)).unwrap();
        assert_eq!((read.name.as_str(), read.town.as_str(), read.country.as_str()), ("Ada", "Leeds", "GB"));
        assert_eq!((read.street, read.postcode.as_str()), (vec!["12 King Street".to_owned()], "LS1 4AP"));
        assert_eq!(Address::of(&customer(Some("  "), &lines)).unwrap_err(), BadAddress::Name);
    }

    #[test]
    fn a_country_has_two_letters_and_no_digits() {
        for country in ["G1", "G", "GBR", "ÄÖ"] {
            let lines = ["12 King Street", "Leeds", "LS1 4AP", country];
            assert_eq!(Address::of(&customer(Some("Ada"), &lines)), Err(BadAddress::Country), "{country}");
        }
    }

    #[test]
    fn a_carrier_is_told_how_to_reach_whoever_waits_for_it() {
        let (phone, email) = (Some("+441130000000".to_owned()), Some("ada@example.com".to_owned()));
        let lines = ["12 King Street", "Leeds", "LS1 4AP", "GB"];
        let known = Customer { phone: phone.clone(), email: email.clone(), ..customer(Some("Ada"), &lines) };
        let read = Address::of(&known).unwrap();
        assert_eq!((read.phone, read.email), (phone, email));
    }
}
