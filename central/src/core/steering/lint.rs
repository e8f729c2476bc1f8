//! What is allowed in a policy and yet hardly meant, seen against the stores and articles that there
//! are. Advice, never a refusal.

mod health;
mod regions;

use super::Steering;
use crate::core::fleet::{Store, StoreKind};
use crate::core::health::policy::HealthPolicy;
use crate::core::policy::layers::{Layer, Layers, Target};
use crate::core::policy::section::Section;
use crate::core::routing::policy::{Cover, RoutingPolicy, Rung};
use crate::core::stock::class::SkuClass as Class;
use crate::core::stock::policy::StockPolicy;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{RegionId, SkuClass, StoreId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Nodes below which one outage leaves nobody.
const NODES_MIN: usize = 2;
/// A store's word about its stock comes this often, as agents are set when nobody says otherwise.
const SYNC_EVERY_MS: i64 = 5_000;

/// A store with what it may serve now.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub store: Store,
    pub serves_now: BTreeSet<FulfilmentKind>,
}

/// What there is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Landscape {
    pub places: Vec<Place>,
    pub classes: BTreeSet<SkuClass>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Something that the policy says has no effect, or not the one that it names.
    Wrong,
    /// It works, and leaves no margin.
    Risk,
    /// It works; the record would be better with it.
    Note,
}

impl Weight {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Risk => "risk",
            Self::Note => "note",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Advice {
    pub weight: Weight,
    /// The path in the document, or what is meant beside it.
    #[schema(example = "routing.ladder[split]")]
    pub at: String,
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

fn advice(
    weight: Weight,
    at: impl Into<String>,
    what: impl Into<String>,
    remedy: impl Into<String>,
) -> Advice {
    Advice { weight, at: at.into(), what: what.into(), remedy: remedy.into() }
}

type Lint = fn(&Steering, &Landscape, &mut Vec<Advice>);

/// Adding one is one function and one line here.
const LINTS: &[Lint] = &[
    on_record,
    rungs_without_a_node,
    regions::regions_of_nobody,
    splits_that_cannot_be,
    layers_for_nobody,
    layers_that_say_nothing,
    layers_that_clash,
    few_nodes,
    stock_of_nothing,
    stock_too_young,
    kinds_without_a_service,
    handling_of_nobody,
    health::feed_of_nothing,
    health::feed_too_young,
];

/// All advice, the weightiest first.
#[must_use]
pub fn lint(steering: &Steering, land: &Landscape) -> Vec<Advice> {
    let mut found = Vec::new();
    for lint in LINTS {
        lint(steering, land, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

fn on_record(steering: &Steering, _: &Landscape, found: &mut Vec<Advice>) {
    for (key, said) in [("about", &steering.document.about), ("owner", &steering.document.owner)] {
        if said.as_ref().is_none_or(|said| said.trim().is_empty()) {
            let what = format!("nothing says the {key} of this policy");
            found.push(advice(Weight::Note, key, what, format!("begin the document with {key} = \"...\"")));
        }
    }
}

/// The tenant's own routing, and that of each brand whose orders are given away otherwise, by where it stands.
fn ladders(steering: &Steering) -> impl Iterator<Item = (String, &RoutingPolicy)> {
    let whole = &*steering.routing;
    let differs = |of: &RoutingPolicy| {
        (&of.ladder, &of.ladder_of, of.splits_max) != (&whole.ladder, &whole.ladder_of, whole.splits_max)
    };
    steering.routings().filter(move |(_, of)| std::ptr::eq(*of, whole) || differs(of))
}

/// Every rung of them, by where its ladder stands.
fn rungs(steering: &Steering) -> impl Iterator<Item = (String, &Rung)> {
    ladders(steering).flat_map(|(under, routing)| {
        let rungs =
            routing.ladders().flat_map(|(at, _, rungs)| rungs.iter().map(move |rung| (at.clone(), rung)));
        rungs.map(move |(at, rung)| (format!("{under}.{at}"), rung)).collect::<Vec<_>>()
    })
}

fn rungs_without_a_node(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    for (at, rung) in rungs(steering) {
        if !land.places.iter().any(|place| rung.kinds.contains(&place.store.kind)) {
            found.push(advice(
                Weight::Wrong,
                format!("{at}[{}]", rung.name),
                "there is no node of its kinds, so this rung never serves an order",
                "take the rung out, or create the nodes first",
            ));
        }
    }
}

fn splits_that_cannot_be(steering: &Steering, _: &Landscape, found: &mut Vec<Advice>) {
    let tight = ladders(steering).filter(|(_, routing)| routing.splits_max < 2);
    let rungs = tight.flat_map(|(under, routing)| {
        let rungs =
            routing.ladders().flat_map(|(at, _, rungs)| rungs.iter().map(move |rung| (at.clone(), rung)));
        rungs.map(move |(at, rung)| (format!("{under}.{at}"), routing, rung)).collect::<Vec<_>>()
    });
    for (at, routing, rung) in rungs.filter(|(_, _, rung)| rung.cover == Cover::Part) {
        found.push(advice(
            Weight::Wrong,
            format!("{at}[{}]", rung.name),
            format!(
                "it takes parts of orders, and splits_max = {} lets no second node share one",
                routing.splits_max
            ),
            "raise splits_max to 2, or take the rung out",
        ));
    }
}

fn layers_for_nobody(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    let layers = steering.document.layers();
    let peopled: BTreeSet<RegionId> = land
        .places
        .iter()
        .filter_map(|place| place.store.region.as_ref())
        .flat_map(|of| layers.lineage(of))
        .collect();
    let stores: BTreeSet<&StoreId> = land.places.iter().map(|place| &place.store.store).collect();
    let regions = layers.regions.keys().filter(|region| !peopled.contains(*region));
    let regions = regions.map(|region| (format!("region.{region}"), "no store lies in this region"));
    let unknown = layers.stores.keys().filter(|store| !stores.contains(store));
    let unknown = unknown.map(|store| (format!("store.{store}"), "there is no such store"));
    let classes = layers.classes.keys().filter(|class| !land.classes.contains(*class));
    let classes =
        classes.map(|class| (format!("class.{class}"), "no article of the catalogue has this class"));
    for (at, what) in regions.chain(unknown).chain(classes) {
        found.push(advice(
            Weight::Wrong,
            at,
            format!("{what}: nothing follows it"),
            "check its name, or take it out",
        ));
    }
}

fn layers_that_say_nothing(steering: &Steering, _: &Landscape, found: &mut Vec<Advice>) {
    for target in one_of_each(steering.document.layers()) {
        for told in steering.document.explain(&target) {
            let covered = told.covers.last().is_some_and(|below| below.value == told.value);
            if covered && innermost(&target).is_some_and(|layer| layer.to_string() == told.layer) {
                let at = format!("{}.{}", told.layer.replacen(' ', ".", 1), told.path);
                let what = format!("it says {}, which holds without it", told.value);
                found.push(advice(
                    Weight::Note,
                    at,
                    what,
                    "take the line out, so that the wider value steers it",
                ));
            }
        }
    }
}

fn one_of_each(layers: &Layers) -> Vec<Target> {
    let regions =
        layers.regions.keys().map(|region| Target { region: Some(region.clone()), ..Target::default() });
    let brands = layers.brands.keys().map(|brand| Target { brand: Some(brand.clone()), ..Target::default() });
    let stores = layers.stores.keys().map(|store| Target { store: Some(store.clone()), ..Target::default() });
    let classes =
        layers.classes.keys().map(|class| Target { class: Some(class.clone()), ..Target::default() });
    brands.chain(regions).chain(stores).chain(classes).collect()
}

fn innermost(target: &Target) -> Option<Layer> {
    let class = target.class.clone().map(Layer::Class);
    let store = target.store.clone().map(Layer::Store);
    let region = target.region.clone().map(Layer::Region);
    class.or(store).or(region).or_else(|| target.brand.clone().map(Layer::Brand))
}

fn layers_that_clash(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    for place in &land.places {
        let target = Target {
            region: place.store.region.clone(),
            store: Some(place.store.store.clone()),
            ..Target::default()
        };
        let document = &steering.document;
        let sections = [
            (RoutingPolicy::NAME, document.section::<RoutingPolicy>(&target).is_none()),
            (StockPolicy::NAME, document.section::<StockPolicy>(&target).is_none()),
            (HealthPolicy::NAME, document.section::<HealthPolicy>(&target).is_none()),
        ];
        for (section, _) in sections.iter().filter(|(_, clashes)| *clashes) {
            found.push(advice(
                Weight::Wrong,
                format!("store.{}.{section}", place.store.store),
                "what region and store say together cannot be meant; the tenant's own values hold there",
                "set in the store's layer what the region's layer makes impossible",
            ));
        }
    }
}

/// Fewer than two nodes for a kind of order in a region. Distribution centres ship everywhere.
fn few_nodes(_: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    let mut regions: BTreeMap<Option<&RegionId>, Vec<&Place>> = BTreeMap::new();
    for place in land.places.iter().filter(|place| place.store.kind == StoreKind::Store) {
        regions.entry(place.store.region.as_ref()).or_default().push(place);
    }
    let centres: Vec<&Place> =
        land.places.iter().filter(|place| place.store.kind == StoreKind::DistributionCentre).collect();
    for (region, stores) in &regions {
        for kind in [FulfilmentKind::Ship, FulfilmentKind::Pickup, FulfilmentKind::Delivery] {
            let helpers: &[&Place] = if kind == FulfilmentKind::Ship { &centres } else { &[] };
            let can = || stores.iter().chain(helpers).filter(|place| place.store.fulfils.contains(&kind));
            let now = can().filter(|place| place.serves_now.contains(&kind)).count();
            if can().count() == 0 || now >= NODES_MIN {
                continue;
            }
            let at = region.map_or_else(|| "stores without a region".to_owned(), |of| format!("region {of}"));
            let names: Vec<&str> = can().map(|place| place.store.store.as_str()).take(3).collect();
            let (what, remedy) = if can().count() < NODES_MIN {
                let what = format!(
                    "only {} serves {} there: one outage leaves nobody",
                    names.join(", "),
                    kind.as_str()
                );
                (what, "let a second node serve it, or accept that such orders wait")
            } else {
                let what = format!("{now} of {} nodes may serve {} there now", can().count(), kind.as_str());
                (what, "see why the others are not eligible before this begins")
            };
            found.push(advice(Weight::Risk, at, what, remedy));
        }
    }
}

fn stock_of_nothing(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    let named = steering.stock.classes.keys().map(|class| class.as_str());
    for class in named.filter(|class| *class != Class::DEFAULT) {
        if !land.classes.iter().any(|known| known.as_str() == class) {
            found.push(advice(
                Weight::Wrong,
                format!("stock.classes.{class}"),
                "no article of the catalogue has this class: nothing is sold by it",
                "check its name, or take it out",
            ));
        }
    }
}

/// Between two words of a store nothing of such a class is sold, although the store is well.
fn stock_too_young(steering: &Steering, _: &Landscape, found: &mut Vec<Advice>) {
    for (class, policy) in &steering.stock.classes {
        let ages = policy.max_age_ms_of.iter();
        let ages = ages.map(|(kind, age)| (format!("max_age_ms_of.{}", kind.as_str()), *age));
        let ages = ages.chain(policy.max_age_ms.map(|age| ("max_age_ms".to_owned(), age)));
        for (at, age) in ages.filter(|(_, age)| *age < SYNC_EVERY_MS) {
            found.push(advice(
                Weight::Risk,
                format!("stock.classes.{class}.{at}"),
                format!(
                    "{age} ms: a store tells of its stock every {SYNC_EVERY_MS} ms, and is too old in between"
                ),
                format!("allow at least two of its words, {} ms", SYNC_EVERY_MS.saturating_mul(2)),
            ));
        }
    }
}

fn kinds_without_a_service(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    for kind in [FulfilmentKind::Ship, FulfilmentKind::Delivery] {
        let wanted = land.places.iter().any(|place| place.store.fulfils.contains(&kind));
        if wanted && steering.carriers.services_for(kind).next().is_none() {
            found.push(advice(
                Weight::Wrong,
                "carriers.services",
                format!(
                    "none is for {}, which stores fulfil: nobody can be told when it comes",
                    kind.as_str()
                ),
                "add a service of this kind, or take the kind from the stores",
            ));
        }
    }
}

fn handling_of_nobody(steering: &Steering, land: &Landscape, found: &mut Vec<Advice>) {
    for (index, of) in steering.carriers.handling_of.iter().enumerate() {
        let known = |store: &StoreId| land.places.iter().any(|place| place.store.store == *store);
        if let Some(store) = of.store.as_ref().filter(|store| !known(store)) {
            found.push(advice(
                Weight::Wrong,
                format!("carriers.handling_of[{index}]"),
                format!("there is no store {store}: nothing follows it"),
                "check its name, or take it out",
            ));
        }
    }
}
