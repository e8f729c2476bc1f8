//! Whether units that are called nine in ten sure are there nine times in ten: the model against
//! simulated stores that sell, lose, miscount, and are cut off.

mod plot;
mod shops;

use shops::{Forecast, Keeping, simulate};

/// By how much the observed share of a band may miss what was said: what is left of chance with
/// thousands of forecasts that are not independent, and of what the model does not know.
const TOLERANCE: f64 = 0.04;
/// Fewer forecasts in a band say nothing.
const FORECASTS_MIN: u32 = 300;
const BANDS: [(f64, f64); 6] = [(0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.000_1)];

/// What came of all forecasts of one band at one kind of store.
#[derive(Debug, Clone, Copy)]
struct Observed {
    keeping: Keeping,
    forecasts: u32,
    said: f64,
    there: f64,
}

impl Observed {
    fn missed_by(&self) -> f64 {
        (self.said - self.there).abs()
    }
}

fn observe(forecasts: &[Forecast], said: impl Fn(&Forecast) -> f64) -> Vec<Observed> {
    let mut all = Vec::new();
    for keeping in Keeping::ALL {
        for (from, to) in BANDS {
            let band: Vec<(f64, bool)> = forecasts
                .iter()
                .filter(|forecast| forecast.keeping == keeping)
                .map(|forecast| (said(forecast), forecast.there))
                .filter(|(said, _)| (from..to).contains(said))
                .collect();
            let count = u32::try_from(band.len()).unwrap();
            if count >= FORECASTS_MIN {
                let there = u32::try_from(band.iter().filter(|(_, there)| *there).count()).unwrap();
                all.push(Observed {
                    keeping,
                    forecasts: count,
                    said: band.iter().map(|(said, _)| said).sum::<f64>() / f64::from(count),
                    there: f64::from(there) / f64::from(count),
                });
            }
        }
    }
    all
}

fn worst(observed: &[Observed]) -> f64 {
    observed.iter().map(Observed::missed_by).fold(0.0, f64::max)
}

fn simulated() -> Vec<Forecast> {
    [1, 2, 3].into_iter().flat_map(simulate).collect()
}

#[test]
fn units_are_there_as_often_as_is_said() {
    let observed = observe(&simulated(), |forecast| forecast.said);
    assert_eq!(observed.len(), BANDS.len() * Keeping::ALL.len(), "too few forecasts: {observed:#?}");
    assert!(worst(&observed) <= TOLERANCE, "{observed:#?}");
}

#[test]
fn without_the_age_of_the_last_word_it_would_be_wrong() {
    let observed = observe(&simulated(), |forecast| forecast.said_whatever_the_age);
    assert!(worst(&observed) > 2.0 * TOLERANCE, "{observed:#?}");
}

#[test]
fn without_the_stores_record_it_would_be_wrong() {
    let observed = observe(&simulated(), |forecast| forecast.said_whatever_the_record);
    assert!(worst(&observed) > 2.0 * TOLERANCE, "{observed:#?}");
}

#[test]
fn the_plot_in_the_documents_is_that_of_this_model() {
    let drawn = plot::draw(&observe(&simulated(), |forecast| forecast.said));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/confidence.svg");
    if std::env::var_os("HOLDFAST_REWRITE_GOLDEN").is_some() {
        std::fs::write(file, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(kept == drawn, "{file} is not what the model gives; HOLDFAST_REWRITE_GOLDEN=1 writes it anew");
}
