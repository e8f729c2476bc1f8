//! The demo's chain: where its stores are, what it sells, what lies on the shelves.

use anyhow::Result;
use holdfast_central::core::fleet::{Place, Store, StoreKind};
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::Sku;
use holdfast_shared::money::Money;

/// Name, id, latitude, longitude.
const STORES: [(&str, &str, f64, f64); 8] = [
    ("Leeds", "leeds", 53.7997, -1.5492),
    ("Manchester", "manchester", 53.4808, -2.2426),
    ("Sheffield", "sheffield", 53.3811, -1.4701),
    ("York", "york", 53.9590, -1.0815),
    ("Liverpool", "liverpool", 53.4084, -2.9916),
    ("Hull", "hull", 53.7457, -0.3367),
    ("Bradford", "bradford", 53.7960, -1.7594),
    ("Lincoln", "lincoln", 53.2307, -0.5406),
];

const DISTRIBUTION_CENTRE: (&str, &str, f64, f64) = ("Daventry centre", "daventry-dc", 52.2579, -1.1607);

pub const STORES_MIN: usize = 6;
pub const STORES_MAX: usize = STORES.len();

const ARTICLES: [&str; 24] = [
    "Rain jacket, navy, S",
    "Rain jacket, navy, M",
    "Rain jacket, navy, L",
    "Wool jumper, grey, M",
    "Wool jumper, grey, L",
    "Hiking socks, 2 pairs",
    "Trail shoes, 41",
    "Trail shoes, 42",
    "Trail shoes, 43",
    "Day pack, 20 l",
    "Water bottle, 0.75 l",
    "Head torch",
    "Camping stove",
    "Gas cartridge, 230 g",
    "Sleeping mat",
    "Sleeping bag, -5",
    "Two-person tent",
    "Map of the Dales",
    "Compass",
    "First aid kit",
    "Walking poles, pair",
    "Sun hat",
    "Merino gloves",
    "Dry bag, 10 l",
];

/// Units of each article on a store's shelf. Low on purpose: shelves run empty while one watches.
const SHELF_UNITS: [i64; 4] = [2, 6, 12, 25];
const CENTRE_UNITS: i64 = 60;

#[must_use]
pub(super) fn stores(count: usize) -> Vec<Store> {
    STORES
        .iter()
        .take(count)
        .map(|place| node(*place, StoreKind::Store))
        .chain([node(DISTRIBUTION_CENTRE, StoreKind::DistributionCentre)])
        .collect::<Result<_>>()
        .unwrap_or_default()
}

fn node((name, id, latitude, longitude): (&str, &str, f64, f64), kind: StoreKind) -> Result<Store> {
    let is_store = kind == StoreKind::Store;
    let mut fulfils = std::collections::BTreeSet::from([FulfilmentKind::Ship]);
    if is_store {
        fulfils.insert(FulfilmentKind::Pickup);
    }
    Ok(Store {
        store: id.parse()?,
        name: name.to_owned(),
        kind,
        place: Place { latitude, longitude },
        zone: "Europe/London".to_owned(),
        hours: Vec::new(),
        fulfils,
        capacity_tasks: if is_store { 12 } else { 60 },
        buffer_units: 0,
        release_point: ReleasePoint::Packed,
        region: None,
        handles: [].into(),
        handling_cost: None,
        margin_permille: None,
        delivers_km: None,
    })
}

pub(super) fn catalogue() -> Result<Vec<CatalogueItem>> {
    let items = ARTICLES.iter().enumerate().map(|(n, name)| {
        Ok(CatalogueItem {
            sku: Sku::new(format!("HF-{n:03}"))?,
            name: (*name).to_owned(),
            class: None,
            needs: [].into(),
        })
    });
    items.collect()
}

/// Of one unit; each article has its own.
#[must_use]
pub(super) fn price(skus: &[Sku], sku: &Sku) -> Option<Money> {
    let place = i64::try_from(skus.iter().position(|other| other == sku)?).ok()?;
    Some(Money { minor: 1_295 + 500 * place, currency: "GBP".parse().ok()? })
}

/// What lies on the shelves of the `n`-th node: each store runs short of other articles.
#[must_use]
pub(super) fn shelves(catalogue: &[CatalogueItem], n: usize, kind: StoreKind) -> Vec<(Sku, String, i64)> {
    let units = |article: usize| match kind {
        StoreKind::Store => SHELF_UNITS.iter().cycle().nth(article.wrapping_add(n)).copied().unwrap_or(1),
        StoreKind::DistributionCentre => CENTRE_UNITS,
    };
    catalogue.iter().enumerate().map(|(i, item)| (item.sku.clone(), item.name.clone(), units(i))).collect()
}
