//! What a line costs beside its price, and each unit's share of it. Pure, in minor units, checked. What is
//! allotted to a line stands in `totals`.

use holdfast_shared::money::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was said of a line beside its price, its part of what was said of the order among it. In minor
/// units, of all its units together; none is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Amounts {
    pub currency: Currency,
    pub discounts: i64,
    /// That are added.
    pub taxes: i64,
    /// That are in the prices already.
    pub taxes_included: i64,
    pub shipping: i64,
}

impl Amounts {
    #[must_use]
    pub const fn none(currency: Currency) -> Self {
        Self { currency, discounts: 0, taxes: 0, taxes_included: 0, shipping: 0 }
    }

    /// None when nothing was said.
    #[must_use]
    pub fn if_any(self) -> Option<Self> {
        (self != Self::none(self.currency)).then_some(self)
    }
}

/// Sums of money: of an order, or of some of its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    pub currency: Currency,
    #[schema(example = 2000)]
    pub goods: i64,
    #[schema(example = 200)]
    pub discounts: i64,
    #[schema(example = 360)]
    pub taxes: i64,
    /// In the prices already, and not part of `total` a second time.
    #[schema(example = 0)]
    pub taxes_included: i64,
    #[schema(example = 495)]
    pub shipping: i64,
    /// Goods less discounts, with taxes and shipping.
    #[schema(example = 2655)]
    pub total: i64,
}

impl Totals {
    #[must_use]
    pub const fn nothing(currency: Currency) -> Self {
        Self { currency, goods: 0, discounts: 0, taxes: 0, taxes_included: 0, shipping: 0, total: 0 }
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::OtherCurrency(self.currency, other.currency));
        }
        Ok(Self {
            currency: self.currency,
            goods: sum(self.goods, other.goods)?,
            discounts: sum(self.discounts, other.discounts)?,
            taxes: sum(self.taxes, other.taxes)?,
            taxes_included: sum(self.taxes_included, other.taxes_included)?,
            shipping: sum(self.shipping, other.shipping)?,
            total: sum(self.total, other.total)?,
        })
    }

    /// The total as money.
    #[must_use]
    pub const fn money(&self) -> Money {
        Money { minor: self.total, currency: self.currency }
    }
}

fn sum(a: i64, b: i64) -> Result<i64, MoneyError> {
    a.checked_add(b).ok_or(MoneyError::TooLarge)
}

/// What a line costs, unit by unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMoney {
    pub quantity: i64,
    pub unit_price: i64,
    pub amounts: Amounts,
}

impl LineMoney {
    /// The share of `count` units, of which `from` come before. Units that the line does not have cost
    /// nothing.
    pub fn units(&self, from: i64, count: i64) -> Result<Totals, MoneyError> {
        let begin = from.clamp(0, self.quantity);
        let end = from.saturating_add(count.max(0)).clamp(begin, self.quantity);
        let share =
            |amount: i64| part(amount, end, self.quantity).checked_sub(part(amount, begin, self.quantity));
        let share = |amount: i64| share(amount).ok_or(MoneyError::TooLarge);
        let units = end.checked_sub(begin).ok_or(MoneyError::TooLarge)?;
        let goods = self.unit_price.checked_mul(units).ok_or(MoneyError::TooLarge)?;
        let (discounts, taxes) = (share(self.amounts.discounts)?, share(self.amounts.taxes)?);
        let (taxes_included, shipping) = (share(self.amounts.taxes_included)?, share(self.amounts.shipping)?);
        let less = goods.checked_sub(discounts).ok_or(MoneyError::TooLarge)?;
        let total = sum(sum(less, taxes)?, shipping)?;
        Ok(Totals {
            currency: self.amounts.currency,
            goods,
            discounts,
            taxes,
            taxes_included,
            shipping,
            total,
        })
    }

    /// The same beside the price, for goods that stand in for these units at a price of their own.
    pub fn amounts_of(&self, from: i64, count: i64) -> Result<Amounts, MoneyError> {
        let Totals { currency, discounts, taxes, taxes_included, shipping, .. } = self.units(from, count)?;
        Ok(Amounts { currency, discounts, taxes, taxes_included, shipping })
    }
}

/// What of an amount belongs to the first `k` of `n`: rounded down, so that differences add up to all of it.
fn part(amount: i64, k: i64, n: i64) -> i64 {
    if n <= 0 {
        return 0;
    }
    let exact = i128::from(amount).saturating_mul(i128::from(k)).div_euclid(i128::from(n));
    i64::try_from(exact).unwrap_or(amount)
}
