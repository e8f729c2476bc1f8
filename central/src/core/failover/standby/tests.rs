use super::*;
use crate::core::eligibility::{Eligibility, Reason};
use crate::core::fleet::Place;
use crate::core::routing::decision::{Plan, Shelf};
use crate::core::routing::policy::RoutingPolicy;
use crate::core::routing::route;
use crate::core::test_support::{LONDON, store, tenant};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{LineNo, Sku};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: UtcMs = UtcMs(1_790_000_000_000);

fn judged(standing: Standing) -> Eligibility {
    let reasons = match standing {
        Standing::Eligible => vec![],
        Standing::Suspect | Standing::Ineligible => {
            vec![Reason::new("uplink", standing, "silent")]
        }
    };
    let kinds = match standing {
        Standing::Eligible | Standing::Suspect => FulfilmentKind::ALL.into_iter().collect(),
        Standing::Ineligible => BTreeSet::new(),
    };
    Eligibility { standing, kinds, reasons, physically_open: true, fail_over: false }
}

fn sku(n: usize) -> Sku {
    format!("S{n}").parse().unwrap()
}

fn shelf(units: i64) -> Shelf {
    Shelf { units, ..Shelf::default() }
}

fn node(name: &str, km: f64, standing: Standing, units: &[i64]) -> Node {
    let mut node = Node {
        store: store(name),
        eligibility: judged(standing),
        open_tasks: 0,
        recovering: false,
        shelves: units.iter().enumerate().map(|(n, units)| (sku(n), shelf(*units))).collect(),
    };
    node.store.place = Place { latitude: LONDON.latitude + km / 111.195, longitude: LONDON.longitude };
    node
}

fn demand(units: &[i64]) -> Demand {
    let line = |(n, units): (usize, &i64)| DemandLine {
        line: LineNo(u32::try_from(n).unwrap() + 1),
        sku: sku(n),
        quantity: *units,
    };
    Demand {
        channel: crate::core::stock::class::Channel::new("web"),
        brand: None,
        tenant: tenant(),
        order: "o1".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        destination: LONDON,
        pickup_store: None,
        lines: units.iter().enumerate().map(line).collect(),
        prices: BTreeMap::new(),
        needs: BTreeMap::new(),
        placed_at: NOW,
        promise_by: None,
        note: None,
        tried: BTreeSet::new(),
        declined: BTreeSet::new(),
        assignments: 0,
        parts: None,
        consolidate: false,
        feeds: None,
    }
}

fn decided(demand: &Demand, nodes: &[Node]) -> Decision {
    route(demand, nodes, &RoutingPolicy::default(), "d1".parse().unwrap(), NOW)
}

fn holds(demand: &Demand, nodes: &[Node]) -> Result<Decision, String> {
    let stores: Vec<StoreId> = nodes.iter().map(|node| node.store.store.clone()).collect();
    still_holds(demand, (&stores, nodes), &Guide::of(&RoutingPolicy::default()), "d2".parse().unwrap(), NOW)
}

#[test]
fn who_could_have_taken_it_too_stands_second() {
    let nodes = [
        node("near", 1.0, Standing::Eligible, &[5]),
        node("next", 9.0, Standing::Eligible, &[5]),
        node("far", 20.0, Standing::Eligible, &[5]),
        node("empty", 2.0, Standing::Eligible, &[0]),
    ];
    let decision = decided(&demand(&[2]), &nodes);
    let id = |n: usize| nodes[n].store.store.clone();
    assert_eq!(standby(std::slice::from_ref(&decision), &id(0)), [id(1)]);
    assert!(
        standby(std::slice::from_ref(&decision), &id(1)).is_empty(),
        "it never gave the work to that one"
    );
    let alone = decided(&demand(&[2]), &nodes[..1]);
    assert!(standby(&[decision, alone], &id(0)).is_empty(), "the newest decision counts");
}

#[test]
fn several_may_stand_second_together() {
    let nodes = [
        node("all", 1.0, Standing::Eligible, &[2, 2]),
        node("one", 5.0, Standing::Eligible, &[2, 0]),
        node("two", 9.0, Standing::Eligible, &[0, 2]),
    ];
    let wanted = demand(&[2, 2]);
    let second = standby(&[decided(&wanted, &nodes)], &nodes[0].store.store);
    assert_eq!(names(&second), "one and two");
    let kept = holds(
        &Demand { tried: BTreeSet::from([nodes[0].store.store.clone()]), ..wanted.clone() },
        &nodes[1..],
    );
    let Choice::Assign(plan) = kept.unwrap().choice else { panic!("it holds and takes nothing") };
    assert_eq!(plan.parcels.len(), 2);
    assert!(plan.parcels.iter().all(|parcel| parcel.words.starts_with("Plan B")), "{plan:?}");
    let part = holds(&wanted, &nodes[1..2]).unwrap_err();
    assert_eq!(part, "one can take a part of it only");
}

#[test]
fn it_holds_while_nothing_speaks_against_it_and_says_why_not() {
    let wanted = demand(&[2]);
    let good = holds(&wanted, &[node("york", 9.0, Standing::Eligible, &[2])]).unwrap();
    assert!(
        good.words.starts_with("Plan B, as decided with the first assignment: york takes"),
        "{}",
        good.words
    );
    let table = [
        (node("york", 9.0, Standing::Suspect, &[2]), "york is suspect: silent"),
        (node("york", 9.0, Standing::Ineligible, &[2]), "york is ineligible: silent"),
        (
            node("york", 9.0, Standing::Eligible, &[0]),
            "york cannot take it any more: 0 of S0 to sell, 2 wanted",
        ),
        (node("york", 900.0, Standing::Eligible, &[2]), "no rung of the ladder takes it"),
    ];
    for (node, why) in table {
        let refused = holds(&wanted, &[node]).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let stores = ["york".parse().unwrap()];
    let gone = still_holds(
        &wanted,
        (&stores, &[]),
        &Guide::of(&RoutingPolicy::default()),
        "d2".parse().unwrap(),
        NOW,
    );
    assert_eq!(gone.unwrap_err(), "york is not known any more");
}

#[test]
fn a_promise_that_is_over_binds_nobody_to_plan_b() {
    let york = || node("york", 9.0, Standing::Eligible, &[2]);
    let late = Demand { promise_by: Some(NOW), ..demand(&[2]) };
    assert!(holds(&late, &[york()]).unwrap_err().contains("is over"));
    let soon = Demand { promise_by: Some(NOW.plus(1)), ..demand(&[2]) };
    assert!(holds(&soon, &[york()]).is_ok());
}

fn standings() -> impl Strategy<Value = Standing> {
    prop::sample::select(vec![Standing::Eligible, Standing::Suspect, Standing::Ineligible])
}

proptest! {
    /// Between the first assignment and the move anything may have changed. What plan B takes, no
    /// rule of routing refuses to that node in a look at the whole fleet, and it has all units.
    #[test]
    fn plan_b_never_chooses_what_routing_would_refuse(
        before in prop::collection::vec((0.0..400.0_f64, 0_i64..4, 0_i64..4), 1..6),
        after in prop::collection::vec((standings(), 0_i64..4, 0_i64..4, 0_u32..45, any::<bool>()), 6),
        wanted in (1_i64..3, 0_i64..3),
        tried in prop::collection::btree_set(0_usize..6, 0..3),
    ) {
        let units: Vec<i64> = [wanted.0, wanted.1].into_iter().filter(|units| *units > 0).collect();
        let first: Vec<Node> = before.iter().enumerate()
            .map(|(n, (km, one, two))| node(&format!("s{n}"), *km, Standing::Eligible, &[*one, *two]))
            .collect();
        let decision = decided(&demand(&units), &first);
        let Choice::Assign(plan) = &decision.choice else { return Ok(()) };
        let chosen = plan.parcels[0].store.clone();
        let second = standby(std::slice::from_ref(&decision), &chosen);
        prop_assert!(!second.contains(&chosen));
        if second.is_empty() {
            return Ok(());
        }
        let mut later = demand(&units);
        later.tried = tried.iter().map(|n| format!("s{n}").parse().unwrap()).collect();
        later.tried.insert(chosen);
        let fleet: Vec<Node> = before.iter().zip(&after).enumerate().map(|(n, ((km, _, _), now))| {
            let (standing, one, two, open_tasks, recovering) = now;
            let node = node(&format!("s{n}"), *km, *standing, &[*one, *two]);
            Node { open_tasks: *open_tasks, recovering: *recovering, ..node }
        }).collect();
        let nodes: Vec<Node> =
            fleet.iter().filter(|node| second.contains(&node.store.store)).cloned().collect();
        let kept = still_holds(&later, (&second, &nodes), &Guide::of(&RoutingPolicy::default()), "d2".parse().unwrap(), NOW);
        let Ok(kept) = kept else { return Ok(()) };
        let Choice::Assign(kept) = kept.choice else { panic!("it holds and takes nothing") };
        prop_assert!(kept.parcels.iter().all(|parcel| second.contains(&parcel.store)));
        let taken = by_line(kept.parcels.iter().flat_map(|parcel| &parcel.lines));
        prop_assert_eq!(taken, by_line(&later.lines), "all of it, and no unit more");
        for parcel in &kept.parcels {
            let node = fleet.iter().find(|node| node.store.store == parcel.store).unwrap();
            prop_assert!(!later.tried.contains(&parcel.store) && !node.recovering);
            prop_assert_eq!(node.eligibility.standing, Standing::Eligible);
            for line in &parcel.lines {
                prop_assert!(line.quantity <= node.shelves[&line.sku].units);
            }
        }
        // With all others out of the way, routing over the whole fleet decides the same.
        let whole: Vec<Node> = fleet.iter().map(|node| match second.contains(&node.store.store) {
            true => node.clone(),
            false => Node { eligibility: judged(Standing::Ineligible), ..node.clone() },
        }).collect();
        let routed = decided(&later, &whole);
        let Choice::Assign(routed) = &routed.choice else { panic!("routing refuses it: {}", routed.words) };
        let parcels = |plan: &Plan| -> Vec<(StoreId, Vec<DemandLine>)> {
            plan.parcels.iter().map(|parcel| (parcel.store.clone(), parcel.lines.clone())).collect()
        };
        prop_assert_eq!(parcels(&kept), parcels(routed));
    }
}
