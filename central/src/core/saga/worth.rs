//! What an order is worth now: what of it is still wanted, and what of it has left. Shares of units add up to the total to
//! the cent, so captures and refunds do too.

use crate::core::order::OrderLine;
use crate::core::totals;
use holdfast_shared::money::{Currency, MoneyError};

/// In minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    pub currency: Currency,
    /// What is not cancelled: it waits, is at work, or has left.
    pub live: i64,
    /// Of it, what has left.
    pub finished: i64,
    /// Nothing of it waits or is at work any more.
    pub settled: bool,
}

impl Worth {
    /// None when a line has no price: such an order is not paid for through here.
    pub fn of(lines: &[OrderLine]) -> Result<Option<Self>, MoneyError> {
        let (Some(live), Some(finished)) = (totals::due(lines)?, totals::finished(lines)?) else {
            return Ok(None);
        };
        let is_settled = |line: &OrderLine| line.finished.saturating_add(line.cancelled) >= line.quantity;
        Ok(Some(Self {
            currency: live.currency,
            live: live.total,
            finished: finished.total,
            settled: lines.iter().all(is_settled),
        }))
    }
}
