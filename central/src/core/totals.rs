//! What an order comes to, and each unit's share of it. Pure, in minor units of one currency, checked.
//!
//! Captures and refunds go by line and quantity, so each unit has its share of everything: of its line's
//! price, discounts and taxes, and of what was said of the whole order. What is said of the whole order is
//! allotted to its lines when it is placed ([`allot`]), in proportion to what their goods cost, and never
//! again: a line that is added, taken off or replaced later changes the share of no other. Within a line the
//! units are counted from the first; what leaves is counted from the front, what is cancelled from the back.
//! The shares of all units are exactly the total, whatever the rounding.

use super::order::{OrderLine, OrderLineRequest, OrderRequest};
use super::order_terms::{Discount, Tax};
pub use super::shares::{Amounts, LineMoney, Totals};
use holdfast_shared::limits::{ORDER_AMOUNTS_MAX, PRICE_MINOR_MAX};
use holdfast_shared::money::{Currency, Money, MoneyError};

/// Why amounts cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMoney {
    #[error("{field} is in {found}, and the rest of the order in {expected}: one order, one currency")]
    Currencies { field: String, found: Currency, expected: Currency },
    #[error("{field} is {minor}: expected 0 to {PRICE_MINOR_MAX} minor units")]
    Amount { field: String, minor: i64 },
    #[error("{field} has more than {ORDER_AMOUNTS_MAX} entries")]
    TooMany { field: String },
    #[error("{field} takes off more than the goods cost")]
    Discount { field: String },
    #[error("an order that is paid for says what each line costs: {field} is missing")]
    Unpriced { field: String },
    #[error("the amounts are too large to add up")]
    TooLarge,
}

impl From<MoneyError> for BadMoney {
    fn from(_: MoneyError) -> Self {
        Self::TooLarge
    }
}

/// What each line is allotted of everything that was said, in the order of the lines. None where a price is
/// missing: then nobody can say what the order comes to.
pub fn allot(request: &OrderRequest) -> Result<Option<Vec<Amounts>>, BadMoney> {
    let currency = one_currency(request)?;
    let Some(currency) = currency else { return Ok(None) };
    let prices: Option<Vec<i64>> =
        request.lines.iter().map(|line| line.unit_price.map(|price| price.minor)).collect();
    let Some(prices) = prices else { return Ok(None) };
    let mut allotted = Vec::with_capacity(request.lines.len());
    let mut weights = Vec::with_capacity(request.lines.len());
    for (index, (line, price)) in request.lines.iter().zip(prices).enumerate() {
        let (amounts, net) = of_line(line, price, currency, &format!("lines[{index}]"))?;
        allotted.push(amounts);
        weights.push(net);
    }
    let net = weights.iter().fold(0_i128, |all, net| all.saturating_add(i128::from(*net)));
    let discounts = added(&request.discounts, |discount| discount.amount.minor)?;
    if i128::from(discounts) > net {
        return Err(BadMoney::Discount { field: String::from("discounts") });
    }
    if net == 0 {
        weights = request.lines.iter().map(|line| line.quantity).collect();
    }
    let taxes = |included: bool| {
        added(&request.taxes, |tax| if tax.included == included { tax.amount.minor } else { 0 })
    };
    let shipping = request.shipping.as_ref().and_then(|chosen| chosen.price).map_or(0, |price| price.minor);
    spread(&mut allotted, &weights, discounts, |amounts| &mut amounts.discounts)?;
    spread(&mut allotted, &weights, taxes(false)?, |amounts| &mut amounts.taxes)?;
    spread(&mut allotted, &weights, taxes(true)?, |amounts| &mut amounts.taxes_included)?;
    spread(&mut allotted, &weights, shipping, |amounts| &mut amounts.shipping)?;
    Ok(Some(allotted))
}

/// What a line says of itself, and what its goods cost less its own discounts.
fn of_line(
    line: &OrderLineRequest,
    price: i64,
    currency: Currency,
    field: &str,
) -> Result<(Amounts, i64), BadMoney> {
    let goods = price.checked_mul(line.quantity).ok_or(BadMoney::TooLarge)?;
    let discounts = added(&line.discounts, |discount| discount.amount.minor)?;
    let net = goods.checked_sub(discounts).filter(|net| *net >= 0);
    let net = net.ok_or_else(|| BadMoney::Discount { field: format!("{field}.discounts") })?;
    let taxes = |included: bool| {
        added(&line.taxes, |tax| if tax.included == included { tax.amount.minor } else { 0 })
    };
    let amounts =
        Amounts { currency, discounts, taxes: taxes(false)?, taxes_included: taxes(true)?, shipping: 0 };
    Ok((amounts, net))
}

/// A line that joins an order later: what it says of itself, and nothing of what was said of the order.
pub fn allot_added(line: &OrderLineRequest, field: &str) -> Result<Option<Amounts>, BadMoney> {
    check_line_amounts(line, field)?;
    let Some(price) = line.unit_price else { return Ok(None) };
    Ok(Some(of_line(line, price.minor, price.currency, field)?.0))
}

fn added<T>(all: &[T], amount: impl Fn(&T) -> i64) -> Result<i64, BadMoney> {
    all.iter().try_fold(0_i64, |so_far, each| so_far.checked_add(amount(each))).ok_or(BadMoney::TooLarge)
}

fn spread(
    allotted: &mut [Amounts],
    weights: &[i64],
    amount: i64,
    of: impl Fn(&mut Amounts) -> &mut i64,
) -> Result<(), BadMoney> {
    let all = weights.iter().fold(0_i128, |all, weight| all.saturating_add(i128::from(*weight)));
    let until = |weight: i128| match all {
        0 => 0,
        _ => i128::from(amount).saturating_mul(weight).div_euclid(all),
    };
    let mut before = 0_i128;
    for (amounts, weight) in allotted.iter_mut().zip(weights) {
        let after = before.saturating_add(i128::from(*weight));
        let share =
            i64::try_from(until(after).saturating_sub(until(before))).map_err(|_| BadMoney::TooLarge)?;
        let field = of(amounts);
        *field = field.checked_add(share).ok_or(BadMoney::TooLarge)?;
        before = after;
    }
    Ok(())
}

/// Every amount of the order, with where it stands.
fn amounts_of(request: &OrderRequest) -> impl Iterator<Item = (String, Money)> {
    let of_order = (request.discounts.iter().enumerate())
        .map(|(n, discount)| (format!("discounts[{n}].amount"), discount.amount))
        .chain(request.taxes.iter().enumerate().map(|(n, tax)| (format!("taxes[{n}].amount"), tax.amount)))
        .chain(
            (request.shipping.iter().filter_map(|chosen| chosen.price))
                .map(|price| (String::from("shipping.price"), price)),
        );
    let of_lines = request.lines.iter().enumerate();
    of_order.chain(of_lines.flat_map(|(n, line)| line_amounts(line, &format!("lines[{n}]"))))
}

fn line_amounts(line: &OrderLineRequest, field: &str) -> Vec<(String, Money)> {
    let mut found: Vec<(String, Money)> = Vec::new();
    found.extend(line.unit_price.map(|price| (format!("{field}.unit_price"), price)));
    let named = |what: &str, n: usize| format!("{field}.{what}[{n}].amount");
    found.extend(line.discounts.iter().enumerate().map(|(n, each)| (named("discounts", n), each.amount)));
    found.extend(line.taxes.iter().enumerate().map(|(n, each)| (named("taxes", n), each.amount)));
    found
}

fn one_currency(request: &OrderRequest) -> Result<Option<Currency>, BadMoney> {
    let mut known: Option<Currency> = None;
    for (field, amount) in amounts_of(request) {
        let expected = *known.get_or_insert(amount.currency);
        if amount.currency != expected {
            return Err(BadMoney::Currencies { field, found: amount.currency, expected });
        }
    }
    Ok(known)
}

/// Whether all amounts of a request can be meant.
pub fn check(request: &OrderRequest) -> Result<(), BadMoney> {
    bounded(&request.discounts, &request.taxes, "order")?;
    for (index, line) in request.lines.iter().enumerate() {
        bounded(&line.discounts, &line.taxes, &format!("lines[{index}]"))?;
    }
    // A negative price of a line has an error of its own.
    let wrong = |(field, money): &(String, Money)| {
        !(0..=PRICE_MINOR_MAX).contains(&money.minor) && !field.ends_with("unit_price")
    };
    if let Some((field, money)) = amounts_of(request).find(wrong) {
        return Err(BadMoney::Amount { field, minor: money.minor });
    }
    if request.payment.is_some()
        && let Some(index) = request.lines.iter().position(|line| line.unit_price.is_none())
    {
        return Err(BadMoney::Unpriced { field: format!("lines[{index}].unit_price") });
    }
    let Some(allotted) = allot(request)? else { return Ok(()) };
    let priced = request.lines.iter().zip(allotted).filter_map(|(line, amounts)| {
        let unit_price = line.unit_price?.minor;
        Some(LineMoney { quantity: line.quantity, unit_price, amounts })
    });
    let mut all: Option<Totals> = None;
    for line in priced {
        let sums = line.units(0, line.quantity)?;
        all = Some(all.map_or(Ok(sums), |so_far| so_far.plus(sums))?);
    }
    Ok(())
}

fn check_line_amounts(line: &OrderLineRequest, field: &str) -> Result<(), BadMoney> {
    bounded(&line.discounts, &line.taxes, field)?;
    let amounts = line_amounts(line, field);
    let Some((_, first)) = amounts.first() else { return Ok(()) };
    for (field, money) in &amounts {
        if !(0..=PRICE_MINOR_MAX).contains(&money.minor) {
            return Err(BadMoney::Amount { field: field.clone(), minor: money.minor });
        }
        if money.currency != first.currency {
            let (found, expected) = (money.currency, first.currency);
            return Err(BadMoney::Currencies { field: field.clone(), found, expected });
        }
    }
    Ok(())
}

fn bounded(discounts: &[Discount], taxes: &[Tax], field: &str) -> Result<(), BadMoney> {
    if discounts.len().max(taxes.len()) > ORDER_AMOUNTS_MAX {
        return Err(BadMoney::TooMany { field: format!("the discounts or taxes of {field}") });
    }
    Ok(())
}

/// What these lines come to, without what was cancelled. None when a price is missing, or when there is no
/// line.
pub fn due(lines: &[OrderLine]) -> Result<Option<Totals>, MoneyError> {
    over(lines, |line| line.quantity.saturating_sub(line.cancelled))
}

/// What has left of these lines.
pub fn finished(lines: &[OrderLine]) -> Result<Option<Totals>, MoneyError> {
    over(lines, |line| line.finished)
}

fn over(lines: &[OrderLine], units: impl Fn(&OrderLine) -> i64) -> Result<Option<Totals>, MoneyError> {
    let mut all: Option<Totals> = None;
    for line in lines {
        let Some(money) = line.money() else { return Ok(None) };
        let sums = money.units(0, units(line))?;
        all = Some(all.map_or(Ok(sums), |so_far| so_far.plus(sums))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
