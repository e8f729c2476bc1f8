//! A position's reserved units against all that is set aside of it.

use super::book::PositionBook;
use super::finding::{Difference, FindingKind};

pub(super) fn differences(book: &PositionBook) -> Vec<Difference> {
    let PositionBook { store, sku, reserved, rights_held, held, held_of_rights, .. } = book;
    if (reserved, rights_held) == (held, held_of_rights) {
        return Vec::new();
    }
    let both = |units: i64, of_rights: i64| {
        if *rights_held == 0 && *held_of_rights == 0 {
            units.to_string()
        } else {
            format!("{units}, {of_rights} of them ceded")
        }
    };
    let (expected, found) = (both(*held, *held_of_rights), both(*reserved, *rights_held));
    let effect =
        if reserved < held { "more may be promised than is there" } else { "less is sold than could be" };
    vec![Difference {
        kind: FindingKind::ReservedUnits,
        subject: format!("position/{store}/{sku}"),
        order: None,
        task: None,
        store: Some(store.clone()),
        sku: Some(sku.clone()),
        field: "position.reserved",
        words: format!(
            "orders and checkouts hold {expected} units of {sku} at {store}, and {found} are reserved: {effect}"
        ),
        expected,
        found,
        decide_by: None,
        harm: reserved < held,
    }]
}
