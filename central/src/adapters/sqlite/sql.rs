//! The statements: one `.sql` file per area, each statement under its name. Looked up while
//! compiling, so that a missing name does not build.

pub(super) const ACCESS: &str = include_str!("sql/access.sql");
pub(super) const CONSUMERS: &str = include_str!("sql/consumers.sql");
pub(super) const COVERAGE: &str = include_str!("sql/coverage.sql");
pub(super) const BACKORDERS: &str = include_str!("sql/backorders.sql");
pub(super) const CHANGES: &str = include_str!("sql/changes.sql");
pub(super) const CONTACTS: &str = include_str!("sql/contacts.sql");
pub(super) const DECISIONS: &str = include_str!("sql/decisions.sql");
pub(super) const DOCUMENTS: &str = include_str!("sql/documents.sql");
pub(super) const DRILLS: &str = include_str!("sql/drills.sql");
pub(super) const ESCROW: &str = include_str!("sql/escrow.sql");
pub(super) const ESCROW_CLASSES: &str = include_str!("sql/escrow_classes.sql");
pub(super) const EXCEPTIONS: &str = include_str!("sql/exceptions.sql");
pub(super) const FLEET: &str = include_str!("sql/fleet.sql");
pub(super) const FLOW: &str = include_str!("sql/flow.sql");
pub(super) const GATHERINGS: &str = include_str!("sql/gatherings.sql");
pub(super) const HEALTH: &str = include_str!("sql/health.sql");
pub(super) const IDENTITY: &str = include_str!("sql/identity.sql");
pub(super) const KPIS: &str = include_str!("sql/kpis.sql");
pub(super) const LAUNCH: &str = include_str!("sql/launch.sql");
pub(super) const LEGACY: &str = include_str!("sql/legacy.sql");
pub(super) const LESSONS: &str = include_str!("sql/lessons.sql");
pub(super) const MOVES: &str = include_str!("sql/moves.sql");
pub(super) const OLDER: &str = include_str!("sql/older.sql");
pub(super) const ORDER_KPIS: &str = include_str!("sql/order_kpis.sql");
pub(super) const ORDERS: &str = include_str!("sql/orders.sql");
pub(super) const OUTBOX: &str = include_str!("sql/outbox.sql");
pub(super) const POLICIES: &str = include_str!("sql/policies.sql");
pub(super) const LABELS: &str = include_str!("sql/labels.sql");
pub(super) const PARCELS: &str = include_str!("sql/parcels.sql");
pub(super) const PROMISE_CHANGES: &str = include_str!("sql/promise_changes.sql");
pub(super) const PROMISES: &str = include_str!("sql/promises.sql");
pub(super) const RECONCILE: &str = include_str!("sql/reconcile.sql");
pub(super) const REPLAYS: &str = include_str!("sql/replays.sql");
pub(super) const RETURNS: &str = include_str!("sql/returns.sql");
pub(super) const ROLLOUTS: &str = include_str!("sql/rollouts.sql");
pub(super) const SAGAS: &str = include_str!("sql/sagas.sql");
pub(super) const SEARCH: &str = include_str!("sql/search.sql");
pub(super) const SEALS: &str = include_str!("sql/seals.sql");
pub(super) const SHIPMENTS: &str = include_str!("sql/shipments.sql");
pub(super) const SHADOW: &str = include_str!("sql/shadow.sql");
pub(super) const RECOVERY: &str = include_str!("sql/recovery.sql");
pub(super) const STOCK: &str = include_str!("sql/stock.sql");
pub(super) const SUBSTITUTIONS: &str = include_str!("sql/substitutions.sql");
pub(super) const TRACES: &str = include_str!("sql/traces.sql");
pub(super) const WORK: &str = include_str!("sql/work.sql");

#[cfg(test)]
pub(super) const FILES: &[&str] = &[
    ACCESS,
    COVERAGE,
    DOCUMENTS,
    DRILLS,
    ESCROW,
    ESCROW_CLASSES,
    EXCEPTIONS,
    FLEET,
    FLOW,
    GATHERINGS,
    HEALTH,
    IDENTITY,
    KPIS,
    LAUNCH,
    LEGACY,
    LESSONS,
    MOVES,
    OLDER,
    ORDERS,
    ORDER_KPIS,
    OUTBOX,
    POLICIES,
    PROMISES,
    RECONCILE,
    REPLAYS,
    ROLLOUTS,
    SEALS,
    SEARCH,
    SHADOW,
    RECOVERY,
    STOCK,
    TRACES,
    WORK,
    LABELS,
    PARCELS,
    PROMISE_CHANGES,
    BACKORDERS,
    CHANGES,
    CONTACTS,
    SUBSTITUTIONS,
    SAGAS,
    DECISIONS,
    CONSUMERS,
    RETURNS,
    SHIPMENTS,
];

const MARK: &[u8] = b"-- name: ";

/// The text between `-- name: {name}` and the next mark.
#[expect(clippy::panic, reason = "only ever evaluated by the compiler")]
pub(super) const fn statement(file: &'static str, name: &str) -> &'static str {
    let bytes = file.as_bytes();
    let mut from = 0;
    while from < bytes.len() {
        if at(bytes, from, MARK) && named(bytes, from + MARK.len(), name.as_bytes()) {
            let begin = from + MARK.len() + name.len() + 1;
            let mut end = begin;
            while end < bytes.len() && !at(bytes, end, MARK) {
                end += 1;
            }
            let (head, _) = file.split_at(end);
            let (_, text) = head.split_at(begin);
            return text;
        }
        from += 1;
    }
    panic!("no statement of that name")
}

#[expect(clippy::indexing_slicing, reason = "only ever evaluated by the compiler")]
const fn at(bytes: &[u8], from: usize, wanted: &[u8]) -> bool {
    let mut n = 0;
    while n < wanted.len() {
        if from + n >= bytes.len() || bytes[from + n] != wanted[n] {
            return false;
        }
        n += 1;
    }
    true
}

/// The whole name, up to the end of its line.
#[expect(clippy::indexing_slicing, reason = "only ever evaluated by the compiler")]
const fn named(bytes: &[u8], from: usize, name: &[u8]) -> bool {
    at(bytes, from, name) && from + name.len() < bytes.len() && bytes[from + name.len()] == b'\n'
}

/// `sql!(ORDERS.place)` is the statement `place` of `sql/orders.sql`.
macro_rules! sql {
    ($file:ident . $name:ident) => {
        const { $crate::adapters::sqlite::sql::statement($crate::adapters::sqlite::sql::$file, stringify!($name)) }
    };
}
pub(super) use sql;

#[cfg(test)]
mod tests {
    use super::FILES;
    use crate::core::order::OrderState;
    use std::collections::BTreeSet;

    /// Of an order state, the lists that name `cancelled` as one in which an order is over.
    fn lists_of_ends(file: &str) -> impl Iterator<Item = BTreeSet<&str>> {
        let lists = file.match_indices("state ").filter_map(|(at, _)| file.get(at..));
        lists.filter_map(|text| {
            let list = text.strip_prefix("state ")?;
            let list = list.strip_prefix("NOT ").unwrap_or(list).strip_prefix("IN (")?;
            let named: BTreeSet<&str> =
                list.split_once(')')?.0.split(", ").map(|name| name.trim_matches('\'')).collect();
            (named.contains("cancelled") && named.contains("collected")).then_some(named)
        })
    }

    #[test]
    fn where_a_statement_lists_how_orders_end_it_lists_all_ends() {
        let ends: BTreeSet<&str> =
            OrderState::ALL.iter().filter(|state| state.is_final()).map(|state| state.as_str()).collect();
        let lists: Vec<_> = FILES.iter().flat_map(|file| lists_of_ends(file)).collect();
        assert!(lists.len() >= 6, "{lists:?}");
        for list in lists {
            assert_eq!(list, ends);
        }
    }
}
