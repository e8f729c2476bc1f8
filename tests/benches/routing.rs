//! Routing in memory: decisions per second on one core, with every rule and every scorer at work, beside
//! a bare scan for the nearest store that has the goods. `saved/s` is the same with each decision written as it is
//! stored, with all its words: what a decision puts off until it is read must not be paid twice. `digest` is over
//! all that was decided, so that a change that makes it faster can be seen to change nothing else.
//!
//! Run: `cargo bench -p holdfast-tests --bench routing [STORES] [SKUS]`. Without numbers: chains of 100,
//! 1,000 and 10,000 stores with 1,000 SKUs each, which is up to ten million positions.

#![allow(clippy::print_stdout, reason = "a bench tells its figures")]

use anyhow::{Context, Result};
use holdfast_central::core::carriers::CarrierPolicy;
use holdfast_central::core::eligibility::{Eligibility, Reason, Standing};
use holdfast_central::core::fleet::{Handling, HandlingCost, Place, Store, StoreKind};
use holdfast_central::core::routing::Guide;
use holdfast_central::core::routing::decision::{Choice, Demand, DemandLine, Node, Shelf};
use holdfast_central::core::routing::fleet_index::FleetIndex;
use holdfast_central::core::routing::geo::distance_km;
use holdfast_central::core::routing::policy::{RoutingPolicy, Weights};
use holdfast_central::core::stock::class::Channel;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{LineNo, Sku, StoreId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

const DEMANDS: usize = 5_000;
const AT_LEAST: Duration = Duration::from_secs(3);
const SCANS: usize = 500;

fn main() -> Result<()> {
    let numbers: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let skus = numbers.get(1).copied().unwrap_or(1_000);
    let sizes = numbers.first().map_or_else(|| vec![100, 1_000, 10_000], |stores| vec![*stores]);
    println!(
        "stores      positions   decisions/s   us each   saved/s   nearest scans/s   ratio   assigned   index MB   \
         bytes each   digest"
    );
    for stores in sizes {
        measure(stores, skus)?;
    }
    Ok(())
}

/// What chance there is, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }

    fn within(&mut self, least: f64, most: f64) -> f64 {
        let part = f64::from(u32::try_from(self.below(1_000_000)).unwrap_or(0)) / 1_000_000.0;
        least + part * (most - least)
    }
}

fn measure(stores: usize, skus: usize) -> Result<()> {
    let mut dice = Dice(7);
    let before = resident_kb()?;
    let names: Vec<Sku> = (0..skus).map(|n| Ok(Sku::new(format!("SKU-{n}"))?)).collect::<Result<_>>()?;
    let nodes: Vec<Node> = (0..stores).map(|n| node(n, &mut dice)).collect::<Result<_>>()?;
    let places: Vec<(StoreId, Place)> =
        nodes.iter().map(|node| (node.store.store.clone(), node.store.place)).collect();
    let mut fleet = FleetIndex::of(nodes);
    let mut units = Vec::with_capacity(skus);
    for sku in &names {
        let shelves: Vec<Shelf> = (0..stores).map(|_| shelf(&mut dice)).collect();
        units.push(shelves.iter().map(|shelf| shelf.units).collect::<Vec<i64>>());
        fleet.stock(sku.clone(), places.iter().map(|(store, _)| store.clone()).zip(shelves));
    }
    let index_kb = resident_kb()?.saturating_sub(before);
    let policy = policy()?;
    let carriers = CarrierPolicy::default();
    let guide = Guide::of(&policy).with_carriers(&carriers);
    let demands: Vec<(Demand, usize)> =
        (0..DEMANDS).map(|n| demand(n, &names, &mut dice)).collect::<Result<_>>()?;

    let (mut assigned, mut digest) = (0_usize, blake3::Hasher::new());
    // Once through, so that what is kept per SKU is there, as it is in a running central.
    for (demand, _) in &demands {
        let decision = guide.route(demand, &fleet, "d-1".parse()?, UtcMs(0));
        assigned += usize::from(matches!(decision.choice, Choice::Assign(_)));
        digest.update(&serde_json::to_vec(&decision)?);
    }
    let (mut decided, started, busy) = (0_u32, Instant::now(), on_core()?);
    while started.elapsed() < AT_LEAST {
        for (demand, _) in &demands {
            std::hint::black_box(guide.route(demand, &fleet, "d-1".parse()?, UtcMs(0)));
        }
        decided += u32::try_from(demands.len())?;
    }
    let each = (on_core()? - busy).as_secs_f64() / f64::from(decided);

    let saving = on_core()?;
    for (demand, _) in &demands {
        let decision = guide.route(demand, &fleet, "d-1".parse()?, UtcMs(0));
        std::hint::black_box(serde_json::to_vec(&decision)?);
    }
    let saved = (on_core()? - saving).as_secs_f64() / f64::from(u32::try_from(demands.len())?);

    let scanning = on_core()?;
    for (demand, sku) in demands.iter().take(SCANS) {
        let stock = units.get(*sku).context("no such SKU")?;
        let has = places.iter().zip(stock).filter(|(_, units)| **units > 0);
        let nearest = has.min_by(|((_, one), _), ((_, other), _)| {
            let km = |place: &Place| distance_km(demand.destination, *place);
            km(one).total_cmp(&km(other))
        });
        std::hint::black_box(nearest);
    }
    let scan = (on_core()? - scanning).as_secs_f64() / f64::from(u32::try_from(SCANS)?);
    let positions = stores * skus;
    println!(
        "{stores:>6}   {positions:>12}   {:>11.0}   {:>7.1}   {:>7.0}   {:>15.0}   {:>5.2}   {:>7.1}%   {:>8}   {:>10}   {}",
        1.0 / each,
        each * 1e6,
        1.0 / saved,
        1.0 / scan,
        scan / each,
        100.0 * f64::from(u32::try_from(assigned)?) / f64::from(u32::try_from(DEMANDS)?),
        index_kb / 1_024,
        index_kb * 1_024 / u64::try_from(positions)?,
        digest.finalize().to_hex().get(..12).unwrap_or_default(),
    );
    Ok(())
}

/// One in fifty is a distribution centre; some are out, suspect or full.
fn node(n: usize, dice: &mut Dice) -> Result<Node> {
    let kind = if n % 50 == 49 { StoreKind::DistributionCentre } else { StoreKind::Store };
    let currency = "EUR".parse()?;
    let cost = |minor| Money { minor, currency };
    let store = Store {
        region: None,
        store: StoreId::new(format!("store-{n}"))?,
        name: format!("Store {n}"),
        kind,
        place: Place { latitude: dice.within(44.0, 54.0), longitude: dice.within(-2.0, 18.0) },
        zone: String::from("Europe/Berlin"),
        hours: Vec::new(),
        fulfils: FulfilmentKind::ALL.into_iter().collect(),
        capacity_tasks: 40,
        buffer_units: 0,
        release_point: ReleasePoint::Packed,
        handles: if n.is_multiple_of(3) { BTreeSet::from([Handling::Cold]) } else { BTreeSet::new() },
        handling_cost: Some(HandlingCost { per_parcel: cost(250), per_unit: cost(35) }),
        margin_permille: Some(u16::try_from(300 + dice.below(300))?),
        delivers_km: Some(15.0),
    };
    let standing = match dice.below(40) {
        0 => Standing::Ineligible,
        1 => Standing::Suspect,
        _ => Standing::Eligible,
    };
    let reasons = match standing {
        Standing::Eligible => Vec::new(),
        Standing::Suspect | Standing::Ineligible => {
            vec![Reason::new("uplink", standing, "silent for 40 s")]
        }
    };
    let kinds = if standing == Standing::Ineligible { BTreeSet::new() } else { store.fulfils.clone() };
    let eligibility = Eligibility { standing, kinds, reasons, physically_open: true, fail_over: false };
    let open_tasks = u32::try_from(dice.below(42))?;
    Ok(Node { store, eligibility, open_tasks, recovering: false, shelves: BTreeMap::new() })
}

fn shelf(dice: &mut Dice) -> Shelf {
    Shelf {
        units: i64::try_from(dice.below(12)).unwrap_or(0).saturating_sub(2).max(0),
        confidence: Some(dice.within(0.5, 1.0)),
        as_of: Some(UtcMs(0)),
        words: None,
        kept: Vec::new(),
        markdown_permille: None,
    }
}

fn policy() -> Result<RoutingPolicy> {
    let mut policy = RoutingPolicy {
        currency: Some("EUR".parse()?),
        confidence_min: Some(0.6),
        split_min_value: Some(Money { minor: 500, currency: "EUR".parse()? }),
        ..RoutingPolicy::default()
    };
    for rung in &mut policy.ladder {
        rung.weights = Weights {
            distance: 1.0,
            load: 50.0,
            depth: 20.0,
            cost: 5.0,
            margin: 30.0,
            markdown: 10.0,
            confidence: 20.0,
            transit: 5.0,
            slack: 5.0,
            shipping: 2.0,
        };
    }
    anyhow::ensure!(policy.faults().is_empty(), "{:?}", policy.faults());
    Ok(policy)
}

/// One to three lines, one in ten of goods that are kept cold, and the first line's SKU by number.
fn demand(n: usize, names: &[Sku], dice: &mut Dice) -> Result<(Demand, usize)> {
    let count = 1 + dice.below(3);
    let first = usize::try_from(dice.below(u64::try_from(names.len())?))?;
    let lines: Vec<DemandLine> = (0..count)
        .map(|line| {
            let place = (first + usize::try_from(line)? * 7) % names.len();
            let sku = names.get(place).context("no such SKU")?.clone();
            let quantity = i64::try_from(1 + dice.below(3))?;
            Ok(DemandLine { line: LineNo(u32::try_from(line)? + 1), sku, quantity })
        })
        .collect::<Result<_>>()?;
    let price = Money { minor: 1_250, currency: "EUR".parse()? };
    let cold = lines
        .first()
        .filter(|_| n.is_multiple_of(10))
        .map(|line| (line.sku.clone(), [Handling::Cold].into()));
    let demand = Demand {
        tenant: "acme".parse()?,
        order: format!("o-{n}").parse()?,
        kind: FulfilmentKind::Ship,
        channel: Channel::new("web"),
        brand: None,
        destination: Place { latitude: dice.within(44.5, 53.5), longitude: dice.within(-1.0, 17.0) },
        pickup_store: None,
        prices: lines.iter().map(|line| (line.line, price)).collect(),
        lines,
        needs: cold.into_iter().collect(),
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
    Ok((demand, first))
}

/// Time that this process had a core: others may want it too.
fn on_core() -> Result<Duration> {
    let told = std::fs::read_to_string("/proc/self/schedstat")?;
    Ok(Duration::from_nanos(told.split_whitespace().next().context("no schedstat")?.parse()?))
}

fn resident_kb() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
