//! The policy at work: its sections by name, and the version that is in force as the code asks it.
//!
//! A section joins by one line in [`KINDS`], and one field of [`Steering`] for whoever asks for it.

mod by_place;
mod carriers;
mod exceptions;
mod failover;
mod health;
mod intake;
pub mod lint;
mod reconciliation;
mod returns;
mod routing;
mod stock;

use self::by_place::ByPlace;
use super::carriers::CarrierPolicy;
use super::exception::policy::ExceptionPolicy;
use super::failover::policy::FailoverPolicy;
use super::fleet::Store;
use super::health::policy::HealthPolicy;
use super::intake::IntakePolicy;
use super::policy::document::{Document, PolicyHash};
use super::policy::layers::Target;
use super::policy::section::{Kind, Section};
use super::policy::version::PolicyVersion;
use super::policy::{Found, Placed, Read, read, read_over};
use super::reconcile::policy::ReconcilePolicy;
use super::returns::policy::{ReturnPolicy, ReturnRules};
use super::routing::policy::{Regions, RoutingPolicy};
use super::stock::policy::StockPolicy;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{BrandId, RegionId, SkuClass};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every section of a policy.
pub const KINDS: &[Kind] = &[
    Kind::of::<RoutingPolicy>(),
    Kind::of::<StockPolicy>(),
    Kind::of::<CarrierPolicy>(),
    Kind::of::<FailoverPolicy>(),
    Kind::of::<HealthPolicy>(),
    Kind::of::<IntakePolicy>(),
    Kind::of::<ExceptionPolicy>(),
    Kind::of::<ReconcilePolicy>(),
    Kind::of::<ReturnPolicy>(),
];

/// Where a policy says which kinds of orders go by which ladder.
const LADDER_OF: &str = "ladder_of";
/// Characters of a hash that tell versions apart where a person reads them.
const HASH_CHARS: usize = 12;

/// Reads a policy of this product.
pub fn read_policy(text: &str) -> Read {
    read(text, KINDS)
}

/// Reads what a person wrote for one tenant. A section that it does not name is that of whoever has no
/// policy: central's own settings, and not what the program was built with. What a region and one of its
/// stores say together is checked, too.
pub fn read_policy_over(text: &str, usual: &Steering, placed: &Placed) -> Read {
    read_over(text, &usual.document, KINDS, placed)
}

/// Reads a version as it was kept. Before kinds of orders had ladders of their own, all went by the one
/// that stands there, and of that version they still do.
pub fn read_kept(canonical: &str) -> Read {
    let Ok(mut table) = canonical.parse::<toml::Table>() else { return read_policy(canonical) };
    let routing = table.get_mut(RoutingPolicy::NAME).and_then(toml::Value::as_table_mut);
    let Some(routing) = routing.filter(|routing| !routing.contains_key(LADDER_OF)) else {
        return read_policy(canonical);
    };
    let Some(ladder) = routing.get("ladder").cloned() else { return read_policy(canonical) };
    let all = FulfilmentKind::ALL.map(|kind| (kind.as_str().to_owned(), ladder.clone()));
    routing.insert(LADDER_OF.to_owned(), toml::Table::from_iter(all).into());
    read_policy(&toml::to_string(&table).map_err(|error| unwritable(RoutingPolicy::NAME, &error))?)
}

/// What steers those who have no policy of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sections {
    pub routing: RoutingPolicy,
    pub stock: StockPolicy,
    pub carriers: CarrierPolicy,
    pub failover: FailoverPolicy,
    pub health: HealthPolicy,
    pub intake: IntakePolicy,
}

/// A version of a policy, taken apart for those who ask it.
#[derive(Debug, Clone, PartialEq)]
pub struct Steering {
    pub version: PolicyVersion,
    pub hash: PolicyHash,
    pub document: Document,
    pub routing: Arc<RoutingPolicy>,
    pub stock: Arc<StockPolicy>,
    pub carriers: Arc<CarrierPolicy>,
    pub failover: Arc<FailoverPolicy>,
    pub intake: IntakePolicy,
    /// Orders of these brands are given away in a way of their own.
    brands: BTreeMap<BrandId, Arc<RoutingPolicy>>,
    pub exceptions: Arc<ExceptionPolicy>,
    pub reconciliation: Arc<ReconcilePolicy>,
    pub returns: Arc<ReturnRules>,
    stock_by_place: ByPlace<StockPolicy>,
    health: ByPlace<HealthPolicy>,
}

impl Steering {
    #[must_use]
    pub fn new(version: PolicyVersion, document: Document) -> Self {
        let hash = document.hash();
        Self::named(version, hash, document)
    }

    /// A version as it was kept. It goes by the hash that it had then: a section that joined since is
    /// as by default, and does not make it another version.
    pub fn kept(version: PolicyVersion, canonical: &str) -> Result<Self, Vec<Found>> {
        Ok(Self::named(version, PolicyHash::of(canonical), read_kept(canonical)?))
    }

    fn named(version: PolicyVersion, hash: PolicyHash, document: Document) -> Self {
        let whole = Target::default();
        let routing = Arc::new(routing_for(version, hash, &document, &whole));
        let carriers = Arc::new(section_for(&document, &whole));
        let failover = Arc::new(section_for(&document, &whole));
        let intake = section_for(&document, &whole);
        let exceptions = Arc::new(section_for(&document, &whole));
        let reconciliation = Arc::new(section_for(&document, &whole));
        let returns = Arc::new(returns_for(&document));
        let stock_by_place = ByPlace::of(&document);
        let stock = Arc::clone(stock_by_place.whole());
        let health = ByPlace::of(&document);
        let of_brand = |brand: &BrandId| {
            let target = Target { brand: Some(brand.clone()), ..Target::default() };
            (brand.clone(), Arc::new(routing_for(version, hash, &document, &target)))
        };
        let brands = document.layers().brands.keys().map(of_brand).collect();
        Self {
            version,
            hash,
            document,
            routing,
            stock,
            carriers,
            failover,
            intake,
            exceptions,
            reconciliation,
            returns,
            brands,
            stock_by_place,
            health,
        }
    }

    /// What was built in, with the settings of this process: in force while a tenant has nothing else.
    pub fn built_in(sections: &Sections) -> Result<Self, Vec<Found>> {
        let mut table = toml::Table::new();
        put(&mut table, &sections.routing)?;
        put(&mut table, &sections.stock)?;
        put(&mut table, &sections.carriers)?;
        put(&mut table, &sections.failover)?;
        put(&mut table, &sections.health)?;
        put(&mut table, &sections.intake)?;
        let text = toml::to_string(&table).map_err(|error| unwritable("", &error))?;
        let document = read_policy(&text)?;
        Ok(Self::new(PolicyVersion::BUILT_IN, document))
    }

    /// Version and hash, as each decision records them.
    #[must_use]
    pub fn name(&self) -> String {
        name(self.version, self.hash)
    }

    /// The longest time that an offer stands at any store.
    #[must_use]
    pub fn longest_accept_ms(&self) -> i64 {
        let layers = self.document.layers();
        let of_regions = layers.regions.values().map(|region| &region.overrides);
        let said = of_regions.chain(layers.stores.values()).filter_map(|overrides| {
            overrides.get(RoutingPolicy::NAME)?.get("accept_within_ms")?.as_integer()
        });
        said.fold(self.routing.accept_within_ms, i64::max)
    }

    /// What steers orders that were sold under this brand.
    #[must_use]
    pub fn routing_of(&self, brand: Option<&BrandId>) -> &Arc<RoutingPolicy> {
        brand.and_then(|brand| self.brands.get(brand)).unwrap_or(&self.routing)
    }

    /// The tenant's own routing and that of each brand that differs, by where it stands in the document.
    pub fn routings(&self) -> impl Iterator<Item = (String, &RoutingPolicy)> {
        let whole = std::iter::once((RoutingPolicy::NAME.to_owned(), &*self.routing));
        let brands = self.brands.iter();
        whole.chain(brands.map(|(brand, of)| (format!("brand.{brand}.{}", RoutingPolicy::NAME), &**of)))
    }

    /// What steers the work of one store.
    #[must_use]
    pub fn routing_at(&self, store: &Store) -> Arc<RoutingPolicy> {
        let (region, store) = (store.region.clone(), Some(store.store.clone()));
        let target = Target { region, store, ..Target::default() };
        if self.document.layers().over(&target).is_empty() {
            return Arc::clone(&self.routing);
        }
        Arc::new(routing_for(self.version, self.hash, &self.document, &target))
    }

    /// How the stock of one store is sold.
    #[must_use]
    pub fn stock_at(&self, store: &Store) -> Arc<StockPolicy> {
        self.stock_by_place.at(&self.document, store)
    }

    /// Whether stock is sold otherwise in some region or store.
    #[must_use]
    pub fn stock_differs(&self) -> bool {
        self.stock_by_place.differs(&self.document)
    }
}

fn put<S: Section>(table: &mut toml::Table, section: &S) -> Result<(), Vec<Found>> {
    let values = toml::Table::try_from(section).map_err(|error| unwritable(S::NAME, &error))?;
    table.insert(S::NAME.to_owned(), values.into());
    Ok(())
}

fn unwritable(at: &str, error: &toml::ser::Error) -> Vec<Found> {
    vec![Found { line: 1, column: 1, at: at.to_owned(), what: error.to_string() }]
}

fn name(version: PolicyVersion, hash: PolicyHash) -> String {
    policy_name(version, &hash.to_hex())
}

/// The name under which decisions record a version; the hash in hexadecimal.
#[must_use]
pub fn policy_name(version: PolicyVersion, hash: &str) -> String {
    let short: String = hash.chars().take(HASH_CHARS).collect();
    format!("v{version} {short}")
}

fn routing_for(
    version: PolicyVersion,
    hash: PolicyHash,
    document: &Document,
    target: &Target,
) -> RoutingPolicy {
    let mut routing = RoutingPolicy { name: name(version, hash), ..section_for(document, target) };
    for rung in routing.rungs_mut() {
        if let Regions::Named(names) = &mut rung.region {
            let layers = document.layers();
            let within =
                |region: &&RegionId| layers.lineage(region).iter().any(|wider| names.contains(wider));
            let inner: Vec<RegionId> = layers.regions.keys().filter(within).cloned().collect();
            names.extend(inner);
        }
    }
    routing
}

/// Layers that cannot be meant together count for nothing; the linter tells of them.
fn returns_for(document: &Document) -> ReturnRules {
    let of_class = |class: &SkuClass| {
        let target = Target { class: Some(class.clone()), ..Target::default() };
        (class.clone(), section_for(document, &target))
    };
    let classes = document.layers().classes.keys().map(of_class).collect();
    ReturnRules { whole: section_for(document, &Target::default()), classes }
}

fn section_for<S: Section>(document: &Document, target: &Target) -> S {
    document.section(target).or_else(|| document.section(&Target::default())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
