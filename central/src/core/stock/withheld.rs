//! What caution cost: units that were kept back at one node while their order went farther away, or
//! nowhere. Without it a rule that keeps back too much looks like one that is safe.

use super::sellable::{Kept, Sellable};
use holdfast_shared::ids::{LineNo, Sku, StoreId};
use holdfast_shared::limits::WITHHELD_NODES_MAX;

/// One order line, and how far away what was taken for it is; none: nobody took it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub line: LineNo,
    pub sku: &'a Sku,
    pub quantity: i64,
    pub taken_km: Option<f64>,
}

/// A node that would have been asked, but for its stock.
#[derive(Debug, Clone, Copy)]
pub struct KeptBack<'a> {
    pub store: &'a StoreId,
    pub distance_km: f64,
    pub sellable: &'a Sellable,
}

/// Units of one node that an order went without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    pub line: LineNo,
    pub sku: Sku,
    pub store: StoreId,
    pub why: Kept,
    pub units: i64,
}

/// The nearest nodes that had the units and kept them back. What was kept last is let go first: a
/// line that lacks one unit is owed to the rule that kept that one.
#[must_use]
pub fn withheld(wanted: Wanted<'_>, shelves: &[KeptBack<'_>]) -> Vec<Withheld> {
    let mut nearer: Vec<&KeptBack<'_>> = shelves
        .iter()
        .filter(|shelf| wanted.taken_km.is_none_or(|taken_km| shelf.distance_km < taken_km))
        .filter(|shelf| {
            let kept = shelf.sellable.kept.iter().fold(0_i64, |sum, (_, units)| sum.saturating_add(*units));
            let units = shelf.sellable.units;
            units < wanted.quantity && units.saturating_add(kept) >= wanted.quantity
        })
        .collect();
    nearer.sort_by(|one, other| {
        one.distance_km.total_cmp(&other.distance_km).then_with(|| one.store.cmp(other.store))
    });
    nearer.truncate(WITHHELD_NODES_MAX);
    let mut found = Vec::new();
    for shelf in nearer {
        let mut lacks = wanted.quantity.saturating_sub(shelf.sellable.units);
        for (why, kept) in shelf.sellable.kept.iter().rev() {
            let units = lacks.min(*kept);
            lacks = lacks.saturating_sub(units);
            if units > 0 {
                let (sku, store) = (wanted.sku.clone(), shelf.store.clone());
                found.push(Withheld { line: wanted.line, sku, store, why: *why, units });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(taken_km: Option<f64>, quantity: i64, shelves: &[(&str, f64, Sellable)]) -> Vec<String> {
        let stores: Vec<StoreId> = shelves.iter().map(|(store, ..)| StoreId::new(*store).unwrap()).collect();
        let shelves: Vec<KeptBack<'_>> = shelves
            .iter()
            .zip(&stores)
            .map(|((_, distance_km, sellable), store)| KeptBack {
                store,
                distance_km: *distance_km,
                sellable,
            })
            .collect();
        let sku = Sku::new("A").unwrap();
        withheld(Wanted { line: LineNo(1), sku: &sku, quantity, taken_km }, &shelves)
            .into_iter()
            .map(|found| format!("{} {} {}", found.store, found.units, found.why.as_str()))
            .collect()
    }

    fn kept(units: i64, kept: &[(Kept, i64)]) -> Sellable {
        Sellable { units, kept: kept.to_vec() }
    }

    #[test]
    fn only_nodes_that_are_nearer_and_had_enough_went_without() {
        let shelves = [
            ("leeds", 5.0, kept(1, &[(Kept::Buffer, 2)])),
            ("york", 30.0, kept(0, &[(Kept::Buffer, 9)])),
            ("hull", 1.0, kept(0, &[(Kept::Buffer, 1)])),
            ("ripon", 2.0, kept(3, &[])),
        ];
        assert_eq!(told(Some(20.0), 2, &shelves), ["leeds 1 buffer"]);
        assert_eq!(told(None, 2, &shelves), ["leeds 1 buffer", "york 2 buffer"]);
        assert_eq!(told(Some(5.0), 2, &shelves), Vec::<String>::new(), "it was taken at this very node");
    }

    #[test]
    fn what_was_kept_last_is_what_the_line_lacks_first() {
        let shelf =
            [("leeds", 5.0, kept(0, &[(Kept::Buffer, 2), (Kept::LastUnit, 1), (Kept::Confidence, 1)]))];
        assert_eq!(told(None, 1, &shelf), ["leeds 1 confidence"]);
        assert_eq!(told(None, 3, &shelf), ["leeds 1 confidence", "leeds 1 last_unit", "leeds 1 buffer"]);
    }

    #[test]
    fn only_the_nearest_few_are_told() {
        let shelves: Vec<_> = ["a", "b", "c", "d", "e", "f"]
            .iter()
            .zip([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
            .map(|(store, distance_km)| (*store, distance_km, kept(0, &[(Kept::Stale, 1)])))
            .collect();
        let told = told(None, 1, &shelves);
        assert_eq!((told.len(), told[0].as_str()), (WITHHELD_NODES_MAX, "f 1 stale"));
    }
}
