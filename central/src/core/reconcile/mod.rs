//! Whether what is written down agrees with what it rests on. Comparators look at one thing from two sides and
//! share no code with what writes either of them: else they would repeat its mistakes. What they find is looked
//! at again after a while before anybody hears of it, so that two writes that cross are no finding.
//!
//! One file a comparator or detector; each takes rows and gives [`Difference`]s. `kinds` says what becomes of
//! each kind of finding, `life` how a finding goes through its states, `report` what a day amounts to.

pub mod book;
pub mod finding;
mod hold;
pub mod kinds;
pub mod life;
mod order;
mod payment;
pub mod policy;
mod position;
pub mod report;
mod returns;
mod shipment;
mod store;
mod stuck;
mod task;
mod unanswered;

use self::book::{OrderBook, PositionBook, StoreBook};
use self::finding::{Difference, FindingKind};
use self::policy::ReconcilePolicy;
use holdfast_shared::time::UtcMs;

/// All that does not agree about an order.
#[must_use]
pub fn of_order(book: &OrderBook, policy: &ReconcilePolicy, now: UtcMs) -> Vec<Difference> {
    // What was open before a restore waits for what the stores did meanwhile: nothing of it is known yet.
    if book.held {
        return Vec::new();
    }
    let mut all = order::differences(book);
    all.extend(task::differences(book));
    all.extend(hold::differences(book));
    all.extend(unanswered::differences(book, policy, now));
    all.extend(shipment::differences(book, now));
    all.extend(stuck::differences(book, policy, now));
    let mut back = returns::differences(book, policy, now);
    back.extend(payment::differences(book));
    // A state that follows from what is wrong is not another finding.
    all.retain(|known| back.is_empty() || known.kind != FindingKind::OrderState);
    all.extend(back);
    sorted(all)
}

#[must_use]
pub fn of_position(book: &PositionBook) -> Vec<Difference> {
    position::differences(book)
}

#[must_use]
pub fn of_store(book: &StoreBook, policy: &ReconcilePolicy, now: UtcMs) -> Vec<Difference> {
    sorted(store::differences(book, policy, now))
}

/// The same differences in the same order, whatever the order of the rows.
fn sorted(mut all: Vec<Difference>) -> Vec<Difference> {
    all.sort_by(|one, other| (one.kind, &one.subject).cmp(&(other.kind, &other.subject)));
    all
}

#[cfg(test)]
pub(crate) mod test_support;
#[cfg(test)]
mod tests;
