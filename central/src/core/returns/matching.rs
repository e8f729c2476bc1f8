//! To which return units belong that a store took in. The store says an order, or a return, and a SKU.

use super::state::Return;
use super::tally::{left, tally};
use crate::core::order::OrderLine;
use holdfast_shared::domain::bring_back::ReturnRef;
use holdfast_shared::ids::{LineNo, Sku};

/// Where some of the units go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The return's number; none begins a new one.
    pub number: Option<u32>,
    pub line: LineNo,
    pub units: i64,
    /// Nobody announced them.
    pub unexpected: bool,
}

/// All units are placed, as long as the order has the SKU; else none are.
#[must_use]
pub fn place(
    of: &ReturnRef,
    (sku, units): (&Sku, i64),
    lines: &[OrderLine],
    returns: &[Return],
) -> Vec<Placed> {
    let named = |known: &&Return| match of {
        ReturnRef::Order(_) => true,
        ReturnRef::Return(id) => known.id == *id,
    };
    let open: Vec<&Return> = returns.iter().filter(named).filter(|known| known.state.is_open()).collect();
    let mut placed = Vec::new();
    let mut rest = units;
    for known in &open {
        for line in known.lines.iter().filter(|line| line.sku == *sku) {
            let awaited = known.coming_back().get(&line.line).copied().unwrap_or(0).min(rest);
            if awaited > 0 {
                rest = rest.saturating_sub(awaited);
                let number = Some(known.number);
                placed.push(Placed { number, line: line.line, units: awaited, unexpected: false });
            }
        }
    }
    let number = match of {
        ReturnRef::Return(_) => open.first().map(|known| known.number),
        ReturnRef::Order(_) => None,
    };
    place_rest(&mut placed, number, (sku, rest), lines, returns);
    placed
}

fn place_rest(
    placed: &mut Vec<Placed>,
    number: Option<u32>,
    (sku, mut rest): (&Sku, i64),
    lines: &[OrderLine],
    returns: &[Return],
) {
    let tally = tally(lines, returns);
    let of_sku: Vec<&OrderLine> = lines.iter().filter(|line| line.sku == *sku).collect();
    for line in &of_sku {
        let units = left(line, &tally).min(rest);
        if units > 0 {
            rest = rest.saturating_sub(units);
            placed.push(Placed { number, line: line.line, units, unexpected: true });
        }
    }
    // More than left, as far as is known: they are here all the same.
    if let Some(line) = of_sku.first().filter(|_| rest > 0) {
        match placed.iter_mut().find(|known| known.unexpected && known.line == line.line) {
            Some(known) => known.units = known.units.saturating_add(rest),
            None => placed.push(Placed { number, line: line.line, units: rest, unexpected: true }),
        }
    }
}

#[cfg(test)]
mod tests;
