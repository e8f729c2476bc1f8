//! A fleet, an order and what of the policy differs, written as lines that a merchandiser can read.

use super::decision::{Decision, Demand, DemandLine, Node, Shelf};
use super::policy::{HoldFor, Regions, RoutingPolicy, Rung, Weights};
use super::route;
use crate::core::eligibility::{Eligibility, Reason, Standing};
use crate::core::fleet::{Handling, HandlingCost, OpeningHours, Place, StoreKind, Weekday};
use crate::core::health::doubts::doubts;
use crate::core::health::signals::{FEED_OF_CLASS, POS};
use crate::core::stock::class::{Channel, SkuClass};
use crate::core::stock::policy::ClassPolicy;
use crate::core::stock::sellable::{Asked, sellable};
use crate::core::stock::{Known, Records};
use crate::core::test_support::{store, tenant};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, Sku};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
pub(in crate::core) struct Scene {
    pub(in crate::core) demand: Demand,
    pub(in crate::core) nodes: Vec<Node>,
    pub(in crate::core) policy: RoutingPolicy,
    pub(in crate::core) now: UtcMs,
    /// How stock is sold, and the classes of SKUs that have one.
    pub(super) sold_by: ClassPolicy,
    pub(super) classes: BTreeMap<Sku, SkuClass>,
}

impl Default for Scene {
    fn default() -> Self {
        let demand = Demand {
            tenant: tenant(),
            order: "o1".parse().unwrap(),
            kind: FulfilmentKind::Ship,
            channel: Channel::new("web"),
            brand: None,
            destination: Place { latitude: 0.0, longitude: 0.0 },
            pickup_store: None,
            lines: Vec::new(),
            prices: BTreeMap::new(),
            needs: BTreeMap::new(),
            placed_at: UtcMs(0),
            promise_by: None,
            note: None,
            tried: BTreeSet::new(),
            declined: BTreeSet::new(),
            assignments: 0,
            parts: None,
            consolidate: false,
            feeds: None,
        };
        Self {
            demand,
            nodes: Vec::new(),
            policy: RoutingPolicy::default(),
            now: UtcMs(0),
            sold_by: ClassPolicy::open(),
            classes: BTreeMap::new(),
        }
    }
}

pub(super) fn decide(scene: &Scene) -> Decision {
    route(&scene.demand, &scene.nodes, &scene.policy, "d1".parse().unwrap(), scene.now)
}

pub(super) fn judged(standing: Standing) -> Eligibility {
    against(standing, "uplink", "silent")
}

fn against(standing: Standing, signal: &str, words: &str) -> Eligibility {
    let reason = Reason::new(signal, standing, words);
    let (reasons, kinds) = match standing {
        Standing::Eligible => (vec![], FulfilmentKind::ALL.into_iter().collect()),
        Standing::Suspect => (vec![reason], FulfilmentKind::ALL.into_iter().collect()),
        Standing::Ineligible => (vec![reason], BTreeSet::new()),
    };
    Eligibility { standing, kinds, reasons, physically_open: true, fail_over: false }
}

/// East of the origin, where a degree is 111.195 km.
pub(in crate::core) fn km_east(km: f64) -> Place {
    Place { latitude: 0.0, longitude: km / 111.195 }
}

/// `9.50EUR`
fn money(text: &str) -> Money {
    let (amount, currency) = text.split_at(text.len() - 3);
    let (major, minor) = amount.split_once('.').unwrap_or((amount, "00"));
    let minor = major.parse::<i64>().unwrap() * 100 + minor.parse::<i64>().unwrap();
    Money { minor, currency: currency.parse().unwrap() }
}

/// `14:30` on the Monday of 2026-03-23, in UTC.
pub(in crate::core) fn clock(text: &str) -> UtcMs {
    let at: jiff::Timestamp = format!("2026-03-23T{text}:00Z").parse().unwrap();
    UtcMs(at.as_millisecond())
}

fn minutes(text: &str) -> i64 {
    text.parse::<i64>().unwrap() * 60_000
}

fn handlings(text: &str) -> BTreeSet<Handling> {
    let known = |name: &str| Handling::ALL.into_iter().find(|handling| handling.as_str() == name).unwrap();
    text.split(',').map(known).collect()
}

/// `store NAME KM WORD...`
pub(super) fn node(words: &[&str]) -> Node {
    let [name, km, rest @ ..] = words else { panic!("store NAME KM ...") };
    let mut node = Node {
        store: store(name),
        eligibility: judged(Standing::Eligible),
        open_tasks: 0,
        recovering: false,
        shelves: BTreeMap::new(),
    };
    node.store.place = km_east(km.parse().unwrap());
    for word in rest {
        match word.split_once('=') {
            None => stand(&mut node, word),
            Some((key, value)) => set(&mut node, key, value),
        }
    }
    node
}

fn stand(node: &mut Node, word: &str) {
    match word {
        "eligible" => {}
        "recovering" => node.recovering = true,
        "suspect" => node.eligibility = judged(Standing::Suspect),
        "ineligible" => node.eligibility = judged(Standing::Ineligible),
        "dc" => node.store.kind = StoreKind::DistributionCentre,
        "noship" => node.store.fulfils = BTreeSet::from([FulfilmentKind::Pickup]),
        "tills_unseen" => {
            node.eligibility = against(Standing::Suspect, POS, "1 POS paired, not seen for 20 min");
        }
        "nodelivery" => {
            node.eligibility.kinds = BTreeSet::from([FulfilmentKind::Ship, FulfilmentKind::Pickup]);
        }
        other => panic!("unknown word {other}"),
    }
}

fn set(node: &mut Node, key: &str, value: &str) {
    match key {
        "load" => {
            let (open, capacity) = value.split_once('/').unwrap();
            node.open_tasks = open.parse().unwrap();
            node.store.capacity_tasks = capacity.parse().unwrap();
        }
        // Closed now, and open from then on.
        "opens" => {
            let (hour, minute) = value.split_once(':').unwrap();
            let opens_minute = hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap();
            let span = OpeningHours { day: Weekday::Monday, opens_minute, closes_minute: 24 * 60 };
            node.store.hours = vec![span];
            node.store.zone = String::from("UTC");
            node.eligibility = against(Standing::Ineligible, "hours", "closed at this hour");
        }
        "region" => node.store.region = Some(value.parse().unwrap()),
        // What it did with SKUs of this class is known too late.
        "behind" => {
            let reason = Reason::new(FEED_OF_CLASS, Standing::Ineligible, "known too late");
            node.eligibility.reasons.push(reason.about_classes([SkuClass::new(value)].into()));
        }
        "handles" => node.store.handles = handlings(value),
        "delivers" => node.store.delivers_km = Some(value.parse().unwrap()),
        "margin" => node.store.margin_permille = Some(value.parse().unwrap()),
        "cost" => {
            let (per_parcel, per_unit) = value.split_once('+').unwrap();
            let (per_parcel, per_unit) = (money(per_parcel), money(per_unit));
            node.store.handling_cost = Some(HandlingCost { per_parcel, per_unit });
        }
        sku => {
            node.shelves.insert(sku.parse().unwrap(), shelf(value));
        }
    }
}

/// `UNITS`, then `~CONFIDENCE`, `-MARKDOWN%`, `(why_fewer)` and `|CAUSE:UNITS` kept back as far as they are known.
fn shelf(text: &str) -> Shelf {
    let (text, kept) = match text.split_once('|') {
        Some((text, kept)) => {
            let (why, units) = kept.split_once(':').unwrap();
            (text, vec![(serde_json::from_value(why.into()).unwrap(), units.parse().unwrap())])
        }
        None => (text, Vec::new()),
    };
    let (text, words) = match text.split_once('(') {
        Some((text, words)) => (text, Some(words.trim_end_matches(')').replace('_', " "))),
        None => (text, None),
    };
    let (text, markdown_permille) = match text.trim_end_matches('%').split_once('-') {
        Some((text, percent)) => (text, Some(percent.parse::<u16>().unwrap() * 10)),
        None => (text, None),
    };
    let (units, confidence) = match text.split_once('~') {
        Some((units, confidence)) => (units, Some(confidence.parse().unwrap())),
        None => (text, None),
    };
    Shelf { units: units.parse().unwrap(), confidence, as_of: None, words, kept, markdown_permille }
}

impl Scene {
    pub(in crate::core) fn parse(text: &str) -> Self {
        let mut scene = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["store", rest @ ..] => scene.nodes.push(node(rest)),
                ["class", sku, class] => {
                    scene.classes.insert(sku.parse().unwrap(), SkuClass::new(*class));
                }
                ["policy", rest @ ..] => rest.iter().for_each(|word| scene.steer(word)),
                ["rung", name, rest @ ..] => {
                    let rung = scene.policy.rungs_mut().find(|rung| rung.name == *name).unwrap();
                    rest.iter().for_each(|word| weigh(rung, word));
                }
                order => scene.ask(order),
            }
        }
        scene.doubt();
        let faults = scene.policy.faults();
        assert!(faults.is_empty(), "{faults:?}");
        scene
    }

    /// Of a store that is in doubt, what lies there is cut to what is sold of it.
    fn doubt(&mut self) {
        let Self { demand, nodes, now, sold_by, classes, .. } = self;
        let asked = Asked { channel: &demand.channel, kind: Some(demand.kind) };
        for node in nodes {
            let doubts = doubts(&node.eligibility);
            for (sku, shelf) in node.shelves.iter_mut().filter(|_| doubts != Default::default()) {
                let known = Known {
                    store: node.store.store.clone(),
                    sku: sku.clone(),
                    class: classes.get(sku).cloned().unwrap_or_default(),
                    on_hand: shelf.units,
                    reserved: 0,
                    ceded: None,
                    store_buffer: 0,
                    as_of: *now,
                    level_at: None,
                    recovering: false,
                    learned: None,
                };
                let sold = sellable(&known, &Records::default(), sold_by, &doubts, asked, *now);
                (shelf.units, shelf.words) = (sold.units, sold.words());
            }
        }
    }

    fn ask(&mut self, words: &[&str]) {
        let demand = &mut self.demand;
        match words {
            ["line", sku, quantity, rest @ ..] => {
                let line = LineNo(u32::try_from(demand.lines.len()).unwrap() + 1);
                let (sku, quantity) = (sku.parse().unwrap(), quantity.parse().unwrap());
                for word in rest {
                    match word.split_once('=') {
                        Some(("price", price)) => _ = demand.prices.insert(line, money(price)),
                        Some(("needs", names)) => {
                            demand.needs.insert(Sku::clone(&sku), handlings(names));
                        }
                        _ => panic!("unknown word {word}"),
                    }
                }
                demand.lines.push(DemandLine { line, sku, quantity });
            }
            ["pickup", chosen] => {
                demand.kind = FulfilmentKind::Pickup;
                demand.pickup_store = Some(chosen.parse().unwrap());
            }
            ["delivery"] => demand.kind = FulfilmentKind::Delivery,
            ["tried", rest @ ..] => demand.tried.extend(rest.iter().map(|name| name.parse().unwrap())),
            ["declined", rest @ ..] => {
                let names: Vec<_> = rest.iter().map(|name| name.parse().unwrap()).collect();
                demand.tried.extend(names.iter().cloned());
                demand.declined.extend(names);
            }
            ["parts", rest @ ..] => {
                demand.parts = Some(rest.iter().map(|name| name.parse().unwrap()).collect());
            }
            ["assignments", count] => demand.assignments = count.parse().unwrap(),
            ["now", at] => self.now = clock(at),
            ["placed", at] => demand.placed_at = clock(at),
            ["promised", at] => demand.promise_by = Some(clock(at)),
            other => panic!("unknown line {other:?}"),
        }
    }

    fn steer(&mut self, word: &str) {
        let policy = &mut self.policy;
        match word.split_once('=').unwrap() {
            ("splits_max", count) => policy.splits_max = count.parse().unwrap(),
            ("split_min_value", least) => policy.split_min_value = Some(money(least)),
            ("split_penalty", km) => policy.split_penalty = Some(km.parse().unwrap()),
            ("told", count) => policy.candidates_told_max = count.parse().unwrap(),
            ("currency", name) => policy.currency = Some(name.parse().unwrap()),
            ("confidence_min", least) => policy.confidence_min = Some(least.parse().unwrap()),
            ("unseen_pos_keeps", units) => self.sold_by.unseen_pos_keeps = units.parse().unwrap(),
            other => panic!("unknown setting {other:?}"),
        }
    }
}

fn weigh(rung: &mut Rung, word: &str) {
    let (name, value) = word.split_once('=').unwrap();
    let Weights { distance, load, depth, cost, margin, markdown, confidence, transit, slack, shipping } =
        &mut rung.weights;
    let weight = match name {
        "distance" => distance,
        "load" => load,
        "depth" => depth,
        "cost" => cost,
        "margin" => margin,
        "markdown" => markdown,
        "confidence" => confidence,
        "transit" => transit,
        "slack" => slack,
        "shipping" => shipping,
        "confidence_min" => return rung.confidence_min = Some(value.parse().unwrap()),
        "region" => {
            rung.region = match value {
                "any" => Regions::Any,
                "same" => Regions::Same,
                names => Regions::Named(names.split(',').map(|name| name.parse().unwrap()).collect()),
            };
            return;
        }
        "radius_km" => return rung.radius_km = Some(value.parse().unwrap()),
        // `hold=MINUTES/KM`
        "hold" => {
            let (within, saves) = value.split_once('/').unwrap();
            rung.hold = Some(HoldFor { within_ms: minutes(within), saves: saves.parse().unwrap() });
            return;
        }
        other => panic!("unknown setting of a rung {other}"),
    };
    *weight = value.parse().unwrap();
}
