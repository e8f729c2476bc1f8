//! Whether an order may be taken. What looks like a card number is refused, and is not repeated
//! in the refusal, because refusals are logged.

pub use super::cards::holds_card_number;
use super::fleet::Place;
use super::order::{OrderLineRequest, OrderRequest};
use super::order_terms::{Discount, Tax};
use super::personal::{BadPersonal, check_customer, check_personal_text};
use super::totals::{self, BadMoney};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::error::Code;
use holdfast_shared::ids::Sku;
use holdfast_shared::limits::{
    AMOUNT_NAME_CHARS_MAX, ID_CHARS_MAX, NOTE_CHARS_MAX, ORDER_LINES_MAX, PRICE_MINOR_MAX, QUANTITY_MAX,
};
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadOrder {
    #[error("an order has 1 to {ORDER_LINES_MAX} lines; this one has {0}")]
    Lines(usize),
    #[error("lines[{index}].quantity is {quantity}: expected 1 to {QUANTITY_MAX}")]
    Quantity { index: usize, quantity: i64 },
    #[error("lines[{index}]: {sku} is already in an earlier line; add the quantities up in one line")]
    SkuTwice { index: usize, sku: Sku },
    #[error("lines[{index}].unit_price is negative")]
    NegativePrice { index: usize },
    #[error(
        "price_up_max is {0}: expected 0 to {PRICE_MINOR_MAX} minor units, by which a substitute may be dearer"
    )]
    PriceUp(i64),
    #[error("a pickup names its pickup_store")]
    PickupStoreMissing,
    #[error("pickup_store is only for a pickup; this order is a {0}")]
    PickupStoreUnwanted(&'static str),
    #[error("destination is not a place: latitude is -90 to 90, longitude -180 to 180")]
    Place,
    #[error("channel is 1 to {ID_CHARS_MAX} of a-z, 0-9, '-' and '_', like web")]
    Channel,
    #[error("{field} is longer than {max} characters")]
    TooLong { field: &'static str, max: usize },
    #[error("{field} holds control characters")]
    ControlCharacters { field: &'static str },
    #[error("{field} holds what looks like a card number; send a payment token instead, nothing was stored")]
    CardNumber { field: &'static str },
    #[error(transparent)]
    Personal(#[from] BadPersonal),
    #[error(transparent)]
    Money(#[from] BadMoney),
}

impl BadOrder {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Quantity { .. } => Code::InvalidQuantity,
            Self::Lines(_)
            | Self::SkuTwice { .. }
            | Self::NegativePrice { .. }
            | Self::PriceUp(_)
            | Self::PickupStoreMissing
            | Self::PickupStoreUnwanted(_)
            | Self::Place
            | Self::Channel
            | Self::TooLong { .. }
            | Self::ControlCharacters { .. }
            | Self::CardNumber { .. }
            | Self::Personal(_)
            | Self::Money(_) => Code::InvalidRequest,
        }
    }
}

pub fn check(request: &OrderRequest) -> Result<(), BadOrder> {
    check_texts(request)?;
    check_place(request.destination)?;
    match (request.kind, &request.pickup_store) {
        (FulfilmentKind::Pickup, None) => return Err(BadOrder::PickupStoreMissing),
        (FulfilmentKind::Ship | FulfilmentKind::Delivery, Some(_)) => {
            return Err(BadOrder::PickupStoreUnwanted(request.kind.as_str()));
        }
        (FulfilmentKind::Pickup, Some(_)) | (FulfilmentKind::Ship | FulfilmentKind::Delivery, None) => {}
    }
    let limits = request.lines.iter().map(|line| line.price_up_max).chain([request.price_up_max]);
    match limits.flatten().find(|more| !(0..=PRICE_MINOR_MAX).contains(more)) {
        Some(more) => return Err(BadOrder::PriceUp(more)),
        None => check_lines(request)?,
    }
    check_terms(request)?;
    Ok(totals::check(request)?)
}

/// What is said beside the goods.
fn check_terms(request: &OrderRequest) -> Result<(), BadOrder> {
    if let Some(customer) = &request.customer {
        check_customer(customer.reveal())?;
    }
    let message = request.gift.as_ref().and_then(|gift| gift.message.as_ref());
    check_personal_text("gift.message", message.map(|said| said.reveal().as_str()))?;
    if request.payment.as_ref().is_some_and(|payment| holds_card_number(payment.token.reveal())) {
        return Err(BadOrder::CardNumber { field: "payment.token" });
    }
    let words = [
        ("payment.provider", request.payment.as_ref().map(|payment| payment.provider.as_str())),
        (
            "payment.method",
            request.payment.as_ref().and_then(|payment| Some(payment.method.as_ref()?.as_str())),
        ),
        ("shipping.service", request.shipping.as_ref().map(|chosen| chosen.service.as_str())),
    ];
    if let Some((field, _)) = words.into_iter().find(|(_, word)| word.is_some_and(holds_card_number)) {
        return Err(BadOrder::CardNumber { field });
    }
    check_names(&request.discounts, &request.taxes)?;
    request.lines.iter().try_for_each(|line| check_names(&line.discounts, &line.taxes))
}

fn check_names(discounts: &[Discount], taxes: &[Tax]) -> Result<(), BadOrder> {
    let discounts = discounts.iter().map(|discount| ("discounts.name", &discount.name));
    for (field, name) in discounts.chain(taxes.iter().map(|tax| ("taxes.name", &tax.name))) {
        check_text(field, name, AMOUNT_NAME_CHARS_MAX)?;
    }
    Ok(())
}

/// A line that joins an order later. Whether its SKU is known, others find out.
pub fn check_added(index: usize, line: &OrderLineRequest) -> Result<(), BadOrder> {
    check_line(index, line)?;
    check_names(&line.discounts, &line.taxes)?;
    match line.price_up_max.filter(|more| !(0..=PRICE_MINOR_MAX).contains(more)) {
        Some(more) => Err(BadOrder::PriceUp(more)),
        None => Ok(()),
    }
}

/// On the globe. Not a number is nowhere.
pub fn check_place(place: Place) -> Result<(), BadOrder> {
    let on_globe = (-90.0..=90.0).contains(&place.latitude) && (-180.0..=180.0).contains(&place.longitude);
    if on_globe { Ok(()) } else { Err(BadOrder::Place) }
}

fn check_lines(request: &OrderRequest) -> Result<(), BadOrder> {
    let count = request.lines.len();
    if !(1..=ORDER_LINES_MAX).contains(&count) {
        return Err(BadOrder::Lines(count));
    }
    let mut seen = BTreeSet::new();
    for (index, line) in request.lines.iter().enumerate() {
        check_line(index, line)?;
        if !seen.insert(&line.sku) {
            return Err(BadOrder::SkuTwice { index, sku: line.sku.clone() });
        }
    }
    Ok(())
}

fn check_line(index: usize, line: &OrderLineRequest) -> Result<(), BadOrder> {
    if !(1..=QUANTITY_MAX).contains(&line.quantity) {
        return Err(BadOrder::Quantity { index, quantity: line.quantity });
    }
    if holds_card_number(line.sku.as_str()) && line.sku.as_str().len() > GTIN_DIGITS_MAX {
        return Err(BadOrder::CardNumber { field: "lines.sku" });
    }
    if line.unit_price.is_some_and(|price| price.minor < 0) {
        return Err(BadOrder::NegativePrice { index });
    }
    Ok(())
}

/// Article numbers have up to 14 digits, and one in ten of them satisfies the card check.
const GTIN_DIGITS_MAX: usize = 14;

fn check_texts(request: &OrderRequest) -> Result<(), BadOrder> {
    if request.brand.as_ref().is_some_and(|brand| holds_card_number(brand.as_str())) {
        return Err(BadOrder::CardNumber { field: "brand" });
    }
    let texts = [
        ("channel", Some(&request.channel), ID_CHARS_MAX),
        ("reference", request.reference.as_ref(), ID_CHARS_MAX),
        ("note", request.note.as_ref(), NOTE_CHARS_MAX),
    ];
    for (field, text, max) in texts {
        let Some(text) = text else { continue };
        check_text(field, text, max)?;
    }
    check_channel(&request.channel)
}

fn check_text(field: &'static str, text: &str, max: usize) -> Result<(), BadOrder> {
    if holds_card_number(text) {
        return Err(BadOrder::CardNumber { field });
    }
    if text.chars().count() > max {
        return Err(BadOrder::TooLong { field, max });
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err(BadOrder::ControlCharacters { field });
    }
    Ok(())
}

pub fn check_channel(channel: &str) -> Result<(), BadOrder> {
    if holds_card_number(channel) {
        return Err(BadOrder::CardNumber { field: "channel" });
    }
    let channel = channel.as_bytes();
    let word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if channel.is_empty() || channel.len() > ID_CHARS_MAX || !channel.iter().all(word) {
        return Err(BadOrder::Channel);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::order_request;

    fn line(sku: &str, quantity: i64) -> OrderLineRequest {
        OrderLineRequest::of(sku.parse().unwrap(), quantity)
    }

    fn refused(change: impl FnOnce(&mut OrderRequest)) -> BadOrder {
        let mut request = order_request();
        assert_eq!(check(&request), Ok(()));
        change(&mut request);
        check(&request).unwrap_err()
    }

    #[test]
    fn lines_are_one_to_the_limit_each_sku_once_with_a_quantity_that_can_be() {
        assert_eq!(refused(|r| r.lines.clear()), BadOrder::Lines(0));
        let many = |r: &mut OrderRequest| {
            r.lines = (0..=ORDER_LINES_MAX).map(|n| line(&format!("S{n}"), 1)).collect();
        };
        assert_eq!(refused(many), BadOrder::Lines(ORDER_LINES_MAX + 1));
        for quantity in [0, -1, QUANTITY_MAX + 1, i64::MIN] {
            let bad = refused(|r| r.lines = vec![line("TEA", quantity)]);
            assert_eq!(bad, BadOrder::Quantity { index: 0, quantity });
            assert_eq!(bad.code(), Code::InvalidQuantity);
        }
        let twice = refused(|r| r.lines = vec![line("TEA", 1), line("TEA", 2)]);
        assert!(twice.to_string().contains("add the quantities up"), "{twice}");
    }

    #[test]
    fn how_much_dearer_a_substitute_may_be_is_no_less_than_nothing() {
        assert_eq!(refused(|r| r.price_up_max = Some(-1)), BadOrder::PriceUp(-1));
        let most = PRICE_MINOR_MAX + 1;
        assert_eq!(refused(|r| r.lines[0].price_up_max = Some(most)), BadOrder::PriceUp(most));
    }

    #[test]
    fn a_pickup_has_its_store_and_nothing_else_has_one() {
        assert_eq!(refused(|r| r.kind = FulfilmentKind::Pickup), BadOrder::PickupStoreMissing);
        let unwanted = refused(|r| r.pickup_store = Some("leeds".parse().unwrap()));
        assert_eq!(unwanted, BadOrder::PickupStoreUnwanted("ship"));
    }

    #[test]
    fn a_place_off_the_globe_is_refused() {
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            let change = |r: &mut OrderRequest| {
                r.destination.latitude = latitude;
                r.destination.longitude = longitude;
            };
            assert_eq!(refused(change), BadOrder::Place);
        }
    }

    #[test]
    fn texts_have_their_lengths_and_letters() {
        assert_eq!(refused(|r| r.channel = String::from("Web Shop")), BadOrder::Channel);
        assert_eq!(refused(|r| r.channel.clear()), BadOrder::Channel);
        let long = refused(|r| r.note = Some("x".repeat(NOTE_CHARS_MAX + 1)));
        assert_eq!(long, BadOrder::TooLong { field: "note", max: NOTE_CHARS_MAX });
        let bell = refused(|r| r.reference = Some(String::from("a\u{7}b")));
        assert_eq!(bell, BadOrder::ControlCharacters { field: "reference" });
    }

    #[test]
    fn a_card_number_is_refused_in_any_text_and_not_repeated() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "pay 5500-0055-5555-5559!",
            "x378282246310005",
            "no 12 4111111111111111",
        ] {
            let bad = refused(|r| r.note = Some(String::from(card)));
            assert_eq!(bad, BadOrder::CardNumber { field: "note" });
            assert!(!bad.to_string().contains("1111") && !bad.to_string().contains("5559"));
        }
        let brand = refused(|r| r.brand = Some("4111111111111111".parse().unwrap()));
        assert_eq!(brand, BadOrder::CardNumber { field: "brand" });
        let reference = refused(|r| r.reference = Some(String::from("4111111111111111")));
        assert_eq!(reference, BadOrder::CardNumber { field: "reference" });
    }

    #[test]
    fn an_article_number_that_happens_to_satisfy_the_check_is_taken() {
        let mut request = order_request();
        request.lines = vec![line("4006381333931", 1), line("4000000000006", 1)];
        assert_eq!(check(&request), Ok(()));
    }
}
