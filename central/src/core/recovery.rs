//! What is told of the window after a restore: ranges of numbers that nobody brought back, and what
//! a person must look at.

use super::exception::{Category, NewException, Severity};
use holdfast_shared::ids::{Actor, OrderId, StoreId, TaskId};

/// Ranges that are told; more than these are counted.
const RANGES_TOLD_MAX: usize = 100;

pub const WINDOW_KEY: &str = "restored";
pub const LOST_KEY: &str = "restored/lost";

/// What no number tells: it left no trace outside the lost database.
pub const UNKNOWABLE: &str = "Orders, cancellations, closures, keys, stores and catalogue entries that only \
    central knew between the backup and the restore cannot be listed. Storefronts that repeat a request under \
    its Idempotency-Key place its order anew; compare with the storefront, the payment provider and your \
    colleagues for the rest.";

/// The numbers above `above`, up to `up_to`, that are not among `seen`, which ascends; in words.
#[must_use]
pub fn gaps(incarnation: u32, above: u64, up_to: u64, seen: &[u64]) -> Vec<String> {
    let mut ranges = Vec::new();
    let mut from = above.saturating_add(1);
    for number in seen.iter().copied().filter(|number| *number > above).chain([up_to.saturating_add(1)]) {
        if from < number.min(up_to.saturating_add(1)) {
            let last = number.min(up_to.saturating_add(1)).saturating_sub(1);
            ranges.push(range(incarnation, from, last));
        }
        from = from.max(number.saturating_add(1));
    }
    let more = ranges.len().saturating_sub(RANGES_TOLD_MAX);
    ranges.truncate(RANGES_TOLD_MAX);
    if more > 0 {
        ranges.push(format!("and {more} more ranges"));
    }
    ranges
}

fn range(incarnation: u32, from: u64, last: u64) -> String {
    if from == last {
        format!("{incarnation}.{from}")
    } else {
        format!("{incarnation}.{from} to {incarnation}.{last}")
    }
}

fn exception(key: String, severity: Severity, detail: String, suggestion: &str) -> NewException {
    NewException {
        key,
        category: Category::Restored,
        severity,
        order: None,
        task: None,
        store: None,
        detail,
        suggestion: suggestion.to_owned(),
    }
}

/// One for the whole window.
#[must_use]
pub fn window_begun(incarnation: u32, cause: &str) -> NewException {
    exception(
        WINDOW_KEY.to_owned(),
        Severity::High,
        format!("central was restored from a backup ({cause}); it works on as incarnation {incarnation}"),
        "Open orders of before the restore wait until every store has told what it did meanwhile. GET \
         /v1/recovery lists whom central waits for. Bring those stores online; override a store only when \
         you know what it did.",
    )
}

#[must_use]
pub fn lost(detail: String) -> NewException {
    exception(LOST_KEY.to_owned(), Severity::High, detail, UNKNOWABLE)
}

#[must_use]
pub fn overridden(store: &StoreId, actor: &Actor, reason: &str) -> NewException {
    NewException {
        store: Some(store.clone()),
        ..exception(
            format!("restored/overridden/{store}"),
            Severity::High,
            format!("{actor} took it on themselves that central does not wait for {store}: {reason}"),
            "Its work of before the restore may be done twice. Ask the store what it handed over; what it \
             reports later is compared.",
        )
    }
}

#[must_use]
pub fn adopted_key(order: &OrderId) -> String {
    format!("restored/adopted/{order}")
}

#[must_use]
pub fn adopted(order: &OrderId, task: &TaskId, store: &StoreId) -> NewException {
    NewException {
        order: Some(order.clone()),
        task: Some(task.clone()),
        store: Some(store.clone()),
        ..exception(
            adopted_key(order),
            Severity::Medium,
            format!(
                "order {order} is known from {store} alone: customer, prices and payment are lost, and so are \
                 lines that no store had"
            ),
            "Find it at the storefront or the payment provider. When the storefront repeats its request under \
             the same Idempotency-Key, the order is complete again.",
        )
    }
}

/// The request of an adopted order came again, and asks for less than what left.
#[must_use]
pub fn left_beyond(order: &OrderId, units: i64) -> NewException {
    NewException {
        order: Some(order.clone()),
        ..exception(
            format!("restored/beyond/{order}"),
            Severity::High,
            format!("{units} units more than order {order} asks for have left the stores"),
            "Ask the stores what left, stop the second parcel if it can be stopped, and arrange its return \
             otherwise.",
        )
    }
}

#[must_use]
pub fn rivals(order: &OrderId, told: &TaskId, store: &StoreId, detail: String) -> NewException {
    NewException {
        order: Some(order.clone()),
        task: Some(told.clone()),
        store: Some(store.clone()),
        ..exception(
            format!("restored/rivals/{order}"),
            Severity::High,
            detail,
            "Both stores have the same units of this order since the restore. Call them, and see that one \
             parcel leaves.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_was_given_and_not_seen() {
        assert_eq!(gaps(1, 6, 12, &[8, 9, 12]), ["1.7", "1.10 to 1.11"]);
        assert_eq!(gaps(1, 6, 12, &[]), ["1.7 to 1.12"]);
        assert_eq!(gaps(1, 6, 6, &[]), Vec::<String>::new());
        assert_eq!(gaps(1, 6, 8, &[2, 7, 8, 20]), Vec::<String>::new());
    }

    #[test]
    fn many_gaps_are_counted_and_not_all_told() {
        let even: Vec<u64> = (1..=500).map(|number| number * 2).collect();
        let told = gaps(2, 0, 1_000, &even);
        assert_eq!(told.len(), RANGES_TOLD_MAX + 1);
        assert_eq!(told.last().map(String::as_str), Some("and 400 more ranges"));
    }
}
