//! Units over all returns of an order: never do more count as back than left.

use super::state::Return;
use crate::core::order::OrderLine;
use holdfast_shared::ids::LineNo;
use std::collections::BTreeMap;

/// Of one line of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineTally {
    pub line: LineNo,
    /// Announced, and not here.
    pub coming_back: i64,
    /// Here, and known to have left.
    pub came_back: i64,
    /// Here beyond what is known to have left: a hand-over that nobody has told of yet, or goods of something else.
    pub surplus: i64,
}

#[must_use]
pub fn tally(lines: &[OrderLine], returns: &[Return]) -> Vec<LineTally> {
    let of_line = |line: &OrderLine| {
        let of_it = returns.iter().flat_map(|of| &of.lines).filter(|known| known.line == line.line);
        let here = of_it.map(super::state::ReturnLine::here).fold(0, i64::saturating_add);
        let coming = returns.iter().filter_map(|of| of.coming_back().get(&line.line).copied());
        let came_back = here.min(line.finished).max(0);
        LineTally {
            line: line.line,
            coming_back: coming.fold(0, i64::saturating_add),
            came_back,
            surplus: here.saturating_sub(came_back),
        }
    };
    lines.iter().map(of_line).collect()
}

/// Units of a line that left and are neither back nor announced.
#[must_use]
pub fn left(line: &OrderLine, tally: &[LineTally]) -> i64 {
    let known = tally.iter().find(|known| known.line == line.line);
    let gone = known.map_or(0, |known| known.coming_back.saturating_add(known.came_back));
    line.finished.saturating_sub(gone).max(0)
}

/// Of the units that are here for one return, those that count: the first return has the first claim on what left.
#[must_use]
pub fn counting(of: &Return, lines: &[OrderLine], returns: &[Return]) -> BTreeMap<LineNo, i64> {
    let counts = |line: &OrderLine| {
        let here = |known: &Return| -> i64 {
            let lines = known.lines.iter().filter(|known| known.line == line.line);
            lines.map(super::state::ReturnLine::here).fold(0, i64::saturating_add)
        };
        let before = returns.iter().filter(|other| other.number < of.number).map(here);
        let room = line.finished.saturating_sub(before.fold(0, i64::saturating_add)).max(0);
        (line.line, here(of).min(room))
    };
    lines.iter().map(counts).filter(|(_, units)| *units > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{approved, asked, facts, folded, received, sku};
    use super::*;
    use crate::core::returns::fact::Said;
    use holdfast_shared::domain::bring_back::Condition;

    fn line(number: u32, finished: i64) -> OrderLine {
        OrderLine { finished, ..OrderLine::ordered(LineNo(number), sku(number), 9, None) }
    }

    fn of(number: u32, said: impl IntoIterator<Item = Said>) -> Return {
        folded(number, &facts(said))
    }

    #[test]
    fn what_is_announced_or_back_cannot_be_announced_again() {
        let lines = [line(1, 5), line(2, 5)];
        let known =
            [of(1, [asked(1, 3), approved(), received(1, 1, 2, Condition::Sellable)]), of(2, [asked(1, 1)])];
        let counted = tally(&lines, &known);
        let first = counted.first().unwrap();
        assert_eq!((first.coming_back, first.came_back, first.surplus), (2, 2, 0));
        assert_eq!((left(&lines[0], &counted), left(&lines[1], &counted)), (1, 5));
    }

    #[test]
    fn what_came_beyond_what_left_is_told_and_does_not_count() {
        let known = [of(1, [asked(1, 1), approved(), received(1, 1, 4, Condition::Damaged)])];
        let counted = tally(&[line(1, 3)], &known);
        assert_eq!((counted[0].came_back, counted[0].surplus), (3, 1));
        assert_eq!(left(&line(1, 3), &counted), 0);
    }

    #[test]
    fn the_first_return_has_the_first_claim_on_what_left() {
        let back =
            |number| of(number, [asked(1, 2), approved(), received(number, 1, 2, Condition::Sellable)]);
        let known = [back(1), back(2)];
        let counts =
            |of: &Return, finished| counting(of, &[line(1, finished)], &known).get(&LineNo(1)).copied();
        assert_eq!((counts(&known[0], 3), counts(&known[1], 3)), (Some(2), Some(1)));
        assert_eq!((counts(&known[0], 1), counts(&known[1], 1)), (Some(1), None));
    }
}
