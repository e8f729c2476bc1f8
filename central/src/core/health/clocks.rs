//! Whose clock is wrong. Each agent tells how far its own is ahead of central's. One store that is
//! off has a wrong clock; when most are off by the same, it is central's.

use super::observatory::Observatory;
use super::store::StoreHealth;
use super::{StoreKey, spoken};
use crate::core::exception::{Category, NewException, Severity};
use holdfast_shared::ids::TenantId;
use holdfast_shared::stamp::STAMP_OFF_MS_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer stores than this prove nothing about central.
const WITNESSES_MIN: usize = 3;
const CENTRAL: &str = "clock:central";

/// What a person should know of clocks now, by tenant and key.
#[must_use]
pub fn wrong_clocks(observatory: &Observatory) -> BTreeMap<(TenantId, String), NewException> {
    let offset_ms = |health: &StoreHealth| health.vitals()?.clock_offset_ms;
    // The usual case, at each look: nobody's clock is off.
    if !observatory.book.stores().values().filter_map(offset_ms).any(is_large) {
        return BTreeMap::new();
    }
    let stores = observatory.book.stores().iter().filter(|(key, _)| observatory.record(key).is_some());
    let told: Vec<(&StoreKey, i64)> =
        stores.filter_map(|(key, health)| Some((key, offset_ms(health)?))).collect();
    let central = centrals_offset(told.iter().map(|(_, offset_ms)| *offset_ms).collect());
    let mut causes = BTreeMap::new();
    if let Some(ahead_ms) = central {
        let tenants: BTreeSet<&TenantId> = told.iter().map(|(key, _)| &key.tenant).collect();
        for tenant in tenants {
            causes.insert((tenant.clone(), CENTRAL.to_owned()), of_central(ahead_ms));
        }
    }
    // What is left when central's own error is taken away.
    let own = |offset_ms: i64| offset_ms.saturating_add(central.unwrap_or(0));
    for (key, offset_ms) in told {
        let ahead_ms = own(offset_ms);
        if is_large(ahead_ms) {
            let exception = of_store(key, ahead_ms);
            causes.insert((key.tenant.clone(), exception.key.clone()), exception);
        }
    }
    causes
}

const fn is_large(offset_ms: i64) -> bool {
    offset_ms.saturating_abs() > STAMP_OFF_MS_MAX
}

/// How far central's clock is ahead, if most stores agree that it is off.
fn centrals_offset(mut stores: Vec<i64>) -> Option<i64> {
    stores.sort_unstable();
    let median = *stores.get(stores.len() / 2)?;
    let agree = stores.iter().filter(|offset| !is_large(offset.saturating_sub(median))).count();
    let most = agree.saturating_mul(2) > stores.len() && agree >= WITNESSES_MIN;
    (is_large(median) && most).then_some(median.saturating_neg())
}

fn side(ahead_ms: i64) -> &'static str {
    if ahead_ms > 0 { "ahead" } else { "behind" }
}

fn of_store(key: &StoreKey, ahead_ms: i64) -> NewException {
    let off = spoken(ahead_ms.saturating_abs());
    NewException {
        key: format!("clock:{}", key.store),
        category: Category::WrongClock,
        severity: Severity::Medium,
        order: None,
        task: None,
        store: Some(key.store.clone()),
        detail: format!("the clock of {} is {off} {} of central's", key.store, side(ahead_ms)),
        suggestion: String::from(
            "Have the box's clock set, and its time service looked at. Its work goes on; its times are marked.",
        ),
    }
}

fn of_central(ahead_ms: i64) -> NewException {
    let off = spoken(ahead_ms.saturating_abs());
    NewException {
        key: CENTRAL.to_owned(),
        category: Category::WrongClock,
        severity: Severity::High,
        order: None,
        task: None,
        store: None,
        detail: format!("central's own clock is {off} {} of most stores'", side(ahead_ms)),
        suggestion: String::from(
            "Set central's clock, and look at its time service. Deadlines wait one full period after a step.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn one_store_that_is_off_is_not_central() {
        assert_eq!(centrals_offset(vec![0, 5, 6 * HOUR, -900]), None);
        assert_eq!(centrals_offset(vec![6 * HOUR]), None, "nobody else to ask");
        assert_eq!(centrals_offset(vec![]), None);
    }

    #[test]
    fn most_stores_off_by_the_same_is_central() {
        assert_eq!(centrals_offset(vec![6 * HOUR, 6 * HOUR + 900, 6 * HOUR - 20, 40]), Some(-6 * HOUR));
        assert_eq!(centrals_offset(vec![-HOUR; 5]), Some(HOUR));
        assert_eq!(centrals_offset(vec![HOUR, 6 * HOUR, -9 * HOUR, 30 * HOUR]), None, "each by another");
    }
}
