//! Ceding units of scarce SKUs to central, by this box's own word and for no length of time. What is
//! ceded comes back only when central says so.

use super::command::Position;
use super::outcome::Said;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};

/// What is ceded now of a SKU of which central wants `target` units: as many of them as are free.
#[must_use]
pub fn cede(position: &Position, target: i64) -> Option<Said> {
    let units = position.shelf().to_cede(target);
    let movement = Movement::Ceded { units };
    let fact = StockFact { sku: position.sku.clone(), delta: 0, movement, note: None };
    (units > 0).then_some(Said { after: None, body: Body::Stock(fact) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::Rights;

    fn position(on_hand: i64, reserved: i64, rights: Option<Rights>) -> Position {
        let position = Position {
            sku: "A".parse().unwrap(),
            name: "Lamp".to_owned(),
            barcode: None,
            on_hand,
            reserved,
            available: on_hand - reserved,
            as_of: None,
            counted_at: None,
            rights: None,
        };
        match rights {
            Some(rights) => position.with_rights(rights),
            None => position,
        }
    }

    fn ceded(position: &Position, target: i64) -> i64 {
        let said = cede(position, target);
        said.map_or(0, |said| match said.body {
            Body::Stock(stock) => {
                stock.check().unwrap();
                stock.rights()
            }
            Body::Task(_) | Body::Epoch(_) => 0,
        })
    }

    #[test]
    fn as_much_is_ceded_as_is_wanted_and_free() {
        assert_eq!(ceded(&position(5, 0, None), 3), 3);
        assert_eq!(ceded(&position(5, 4, None), 3), 1, "orders of before keep theirs");
        assert_eq!(ceded(&position(0, 0, None), 3), 0);
        assert_eq!(ceded(&position(9, 2, Some(Rights { ceded: 3, promised: 2, in_doubt: false })), 3), 0);
        assert_eq!(ceded(&position(9, 2, Some(Rights { ceded: 3, promised: 2, in_doubt: false })), 5), 2);
    }

    #[test]
    fn what_is_ceded_is_not_for_the_till() {
        let after = position(9, 2, Some(Rights { ceded: 3, promised: 2, in_doubt: false }));
        assert_eq!(after.available, 6, "the two that are set aside are among the three");
        let over = position(2, 0, Some(Rights { ceded: 3, promised: 0, in_doubt: false }));
        assert_eq!((over.available, ceded(&over, 9)), (-1, 0));
    }
}
