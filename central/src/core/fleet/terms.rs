//! The terms of a store that routing weighs, and what they may be.

use super::{HandlingCost, Store};

/// How far anybody delivers with their own people.
const DELIVERS_KM_MAX: f64 = 2_000.0;

impl Store {
    /// What is wrong with the terms that routing weighs, before they are taken over.
    pub fn check_terms(&self) -> Result<(), String> {
        if let Some(margin) = self.margin_permille.filter(|margin| *margin > 1_000) {
            return Err(format!("margin_permille is {margin}: expected 0 to 1000, thousandths of the price"));
        }
        if let Some(km) = self.delivers_km.filter(|km| !(*km > 0.0 && *km <= DELIVERS_KM_MAX)) {
            return Err(format!(
                "delivers_km is {km}: expected more than 0 and at most {DELIVERS_KM_MAX}; a store that does not \
                 deliver leaves delivery out of fulfils"
            ));
        }
        let Some(HandlingCost { per_parcel, per_unit }) = self.handling_cost else { return Ok(()) };
        if per_parcel.minor < 0 || per_unit.minor < 0 {
            return Err(String::from("handling_cost must not be negative"));
        }
        if per_parcel.currency != per_unit.currency {
            let (one, other) = (per_parcel.currency, per_unit.currency);
            return Err(format!("handling_cost is in {one} and {other}: name both amounts in one currency"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::store;
    use holdfast_shared::money::Money;

    #[test]
    fn terms_that_cannot_be_meant_are_refused_before_they_are_stored() {
        let with = |change: fn(&mut Store)| {
            let mut store = store("leeds");
            change(&mut store);
            store.check_terms().err().unwrap_or_default()
        };
        let euros = |minor| Money { minor, currency: "EUR".parse().unwrap() };
        let mut dear = store("leeds");
        dear.handling_cost = Some(HandlingCost { per_parcel: euros(250), per_unit: euros(-1) });
        assert!(dear.check_terms().unwrap_err().contains("negative"));
        let pence = Money { minor: 5, currency: "GBP".parse().unwrap() };
        dear.handling_cost = Some(HandlingCost { per_parcel: euros(250), per_unit: pence });
        assert!(dear.check_terms().unwrap_err().contains("EUR and GBP"));
        dear.handling_cost = Some(HandlingCost { per_parcel: euros(250), per_unit: euros(0) });
        assert_eq!(dear.check_terms(), Ok(()));
        assert!(with(|store| store.margin_permille = Some(1_001)).contains("margin_permille is 1001"));
        for km in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            dear.delivers_km = Some(km);
            assert!(dear.check_terms().unwrap_err().contains("delivers_km"), "{km}");
        }
        assert_eq!(with(|store| store.delivers_km = Some(8.5)), "");
    }
}
