//! What somebody looks for among orders. All that is said must hold.

use super::order::OrderState;
use super::personal::Personal;
use holdfast_shared::ids::{Sku, StoreId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderSearch {
    /// Whatever people have at hand: the order's id or its reference; for customer service the customer's too.
    pub words: Option<Words>,
    pub reference: Option<String>,
    /// As the channel calls them, or their address of mail.
    pub customer: Option<Personal<String>>,
    pub sku: Option<Sku>,
    /// A store that has, or had, work of it.
    pub store: Option<StoreId>,
    pub channel: Option<String>,
    pub states: Vec<OrderState>,
    /// Placed at that time or later.
    pub from: Option<UtcMs>,
    /// Placed before that time.
    pub before: Option<UtcMs>,
    pub promised_before: Option<UtcMs>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub text: Personal<String>,
    /// Whoever asks may know whose orders are whose.
    pub of_customers: bool,
}

/// By what the orders are found, before the rest of what was said is held against each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// Names of which each has few orders.
    Names,
    States,
    /// Nothing that has few orders: they are looked through, newest first.
    Time,
}

impl OrderSearch {
    #[must_use]
    pub const fn lead(&self) -> Lead {
        let named = self.words.is_some() || self.reference.is_some();
        if named || self.customer.is_some() || self.store.is_some() {
            return Lead::Names;
        }
        if self.states.is_empty() { Lead::Time } else { Lead::States }
    }
}

/// Where a page of what was found ends: newest first, by when they were placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub placed_at: UtcMs,
    pub sequence: i64,
}

impl Mark {
    /// Before all that there is.
    pub const START: Self = Self { placed_at: UtcMs(i64::MAX), sequence: i64::MAX };

    /// Before all that were placed at that time or later.
    #[must_use]
    pub const fn at(placed_at: UtcMs) -> Self {
        Self { placed_at, sequence: 0 }
    }

    #[must_use]
    pub fn written(self) -> String {
        format!("{:x}.{:x}", self.placed_at.0, self.sequence)
    }

    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (placed_at, sequence) = text.split_once('.')?;
        // No sign: what is read is written the same.
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = |text: &str| i64::from_str_radix(text, 16).ok().filter(|_| plain(text));
        Some(Self { placed_at: UtcMs(number(placed_at)?), sequence: number(sequence)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mark_is_read_as_it_was_written(placed_at in 0..i64::MAX, sequence in 0..i64::MAX) {
            let mark = Mark { placed_at: UtcMs(placed_at), sequence };
            prop_assert_eq!(Mark::read(&mark.written()), Some(mark));
        }

        #[test]
        fn what_is_no_mark_is_not_taken_for_one(text in "[^.]{0,40}|[g-z]{1,8}[.][0-9]{1,8}|-[0-9]{1,8}[.][0-9]{1,8}") {
            prop_assert_eq!(Mark::read(&text), None);
        }
    }

    #[test]
    fn names_lead_before_states_and_these_before_time() {
        let mut search = OrderSearch { channel: Some("web".to_owned()), ..OrderSearch::default() };
        assert_eq!(search.lead(), Lead::Time);
        search.states = vec![OrderState::Exception];
        assert_eq!(search.lead(), Lead::States);
        let said = |text: &str| Personal::new(text.to_owned());
        for named in [
            OrderSearch { store: Some("leeds".parse().unwrap()), ..search.clone() },
            OrderSearch { reference: Some("R-1".to_owned()), ..search.clone() },
            OrderSearch { customer: Some(said("c-1")), ..search.clone() },
            OrderSearch { words: Some(Words { text: said("o-1"), of_customers: false }), ..search },
        ] {
            assert_eq!(named.lead(), Lead::Names, "{named:?}");
        }
    }
}
