//! How an order's payment stands, in one word: what its state and its routing go by.

use super::account::Account;
use super::worth::Worth;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentStanding)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is not paid for through here.
    #[default]
    None,
    /// What it comes to is not set aside, or not any more.
    Awaited,
    Authorized,
    Rejected,
    /// Its money cannot be had.
    Owed,
}

impl Standing {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Awaited => "awaited",
            Self::Authorized => "authorized",
            Self::Rejected => "rejected",
            Self::Owed => "owed",
        }
    }

    #[must_use]
    pub fn of(account: &Account, worth: Worth) -> Self {
        if account.rejected {
            Self::Rejected
        } else if account.owed.is_some() {
            Self::Owed
        } else if is_covered(account, worth) {
            Self::Authorized
        } else {
            Self::Awaited
        }
    }
}

/// Whether all that is wanted is set aside or taken: only then may stores work for it.
#[must_use]
pub fn is_covered(account: &Account, worth: Worth) -> bool {
    let taken = account.sums().captured.saturating_sub(account.given_back());
    taken.saturating_add(account.available()) >= worth.live && !account.rejected
}

#[cfg(test)]
mod tests {
    use super::super::fact::{Call, Said};
    use super::super::test_scene::{Facts, worth};
    use super::*;

    #[test]
    fn an_order_that_grew_or_whose_authorization_lapsed_is_not_covered() {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None);
        assert_eq!(Standing::of(&facts.account(), worth(100, 0)), Standing::Awaited);
        facts.done(Call::Authorize, 0, 100);
        assert_eq!(Standing::of(&facts.account(), worth(100, 0)), Standing::Authorized);
        assert!(!is_covered(&facts.account(), worth(101, 0)), "it grew");
        facts.asked(Call::Capture, 0, 40, Some(0)).done(Call::Capture, 0, 40);
        assert!(is_covered(&facts.account(), worth(100, 40)), "what is taken counts");
        facts.say(Call::Authorize, 0, Said::Lapsed { words: "over".into() });
        assert!(!is_covered(&facts.account(), worth(100, 40)));
        assert!(is_covered(&facts.account(), worth(40, 40)), "nothing more is wanted");
    }

    #[test]
    fn what_is_owed_is_owed_until_some_of_it_is_had() {
        let mut facts = Facts::new();
        facts.asked(Call::Authorize, 0, 100, None).done(Call::Authorize, 0, 100);
        facts.say(Call::Capture, 0, Said::Owed { words: "no money".into() });
        assert_eq!(Standing::of(&facts.account(), worth(100, 100)), Standing::Owed);
        facts.asked(Call::Capture, 1, 100, Some(0)).done(Call::Capture, 1, 100);
        assert_eq!(Standing::of(&facts.account(), worth(100, 100)), Standing::Authorized);
    }
}
