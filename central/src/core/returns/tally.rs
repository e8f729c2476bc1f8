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
