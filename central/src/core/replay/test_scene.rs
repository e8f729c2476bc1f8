//! A day of orders before a few stores, lived under one policy and replayed under another, written as lines
//! that a merchandiser can read.

use super::record::{Past, Pick, Picks};
use super::run::{Guides, Report, Run};
use crate::core::carriers::CarrierPolicy;
use crate::core::routing::Guide;
use crate::core::routing::again::once_more;
use crate::core::routing::decision::{Choice, Decision, Demand, DemandLine, Node, Plan, Recorded};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::policy::RoutingPolicy;
use crate::core::routing::test_scene::{Scene, clock, km_east};
use holdfast_shared::ids::{LineNo, OrderId, StoreId};
use holdfast_shared::time::UtcMs;

#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    pub(super) nodes: Vec<Node>,
    pub(super) orders: Vec<Demand>,
    pub(super) reference: RoutingPolicy,
    pub(super) candidate: RoutingPolicy,
    /// Who declines which order, once.
    declines: Vec<(OrderId, StoreId)>,
    shorts: Vec<(OrderId, StoreId, i64)>,
    /// Decisions of which nothing is kept.
    forgotten: Vec<OrderId>,
}

impl Day {
    pub(super) fn parse(text: &str) -> Self {
        let mut day = Self::default();
        let (mut reference, mut candidate) = (String::new(), String::new());
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["order", name, at, rest @ ..] => day.orders.push(order(name, at, rest)),
                ["declines", order, store] => {
                    day.declines.push((order.parse().unwrap(), store.parse().unwrap()));
                }
                ["short", order, store, units] => {
                    let units = units.parse().unwrap();
                    day.shorts.push((order.parse().unwrap(), store.parse().unwrap(), units));
                }
                ["forgotten", order] => day.forgotten.push(order.parse().unwrap()),
                ["candidate", rest @ ..] => candidate.push_str(&format!("{}\n", rest.join(" "))),
                _ => reference.push_str(&format!("{line}\n")),
            }
        }
        let scene = Scene::parse(&reference);
        (day.nodes, day.reference) =
            (scene.nodes, RoutingPolicy { name: "reference".into(), ..scene.policy });
        day.candidate = RoutingPolicy { name: "candidate".into(), ..Scene::parse(&candidate).policy };
        day
    }

    /// As it went under the reference, and what was found at the shelves.
    pub(super) fn lived(&self) -> (Vec<Past>, Vec<Pick>) {
        let (mut nodes, mut pasts, mut picks) = (self.nodes.clone(), Vec::new(), Vec::new());
        for order in &self.orders {
            let (mut demand, mut at) = (order.clone(), order.placed_at);
            while !demand.lines.is_empty() {
                let past = self.decide(&nodes, &demand, at, pasts.len());
                let choice = past.decision.choice.clone();
                pasts.push(past);
                let Choice::Assign(plan) = choice else { break };
                self.carry_out(&plan, &mut nodes, &mut demand, &mut picks, at);
                at = at.plus(60_000);
            }
        }
        (pasts, picks)
    }

    fn decide(&self, nodes: &[Node], demand: &Demand, at: UtcMs, number: usize) -> Past {
        let fleet = FleetIndex::of(nodes.to_vec());
        let carriers = CarrierPolicy::default();
        let guide = Guide::of(&self.reference).with_carriers(&carriers);
        let id = format!("d{number:04}").parse().unwrap();
        let decision =
            once_more(&guide, demand, &fleet, &Decision { at, ..guide.route(demand, &fleet, id, at) });
        let inputs =
            (!self.forgotten.contains(&demand.order)).then(|| Recorded::of(demand, &fleet, &decision));
        Past { decision, inputs }
    }

    fn carry_out(
        &self,
        plan: &Plan,
        nodes: &mut [Node],
        demand: &mut Demand,
        picks: &mut Vec<Pick>,
        at: UtcMs,
    ) {
        for parcel in &plan.parcels {
            let (order, store) = (&demand.order, &parcel.store);
            demand.assignments += 1;
            if self.declines.contains(&(order.clone(), store.clone())) && !demand.tried.contains(store) {
                demand.tried.insert(store.clone());
                demand.declined.insert(store.clone());
                continue;
            }
            let node = nodes.iter_mut().find(|node| node.store.store == *store).unwrap();
            for line in &parcel.lines {
                node.shelves.get_mut(&line.sku).unwrap().units -= line.quantity;
                let told = self.shorts.iter().find(|(of, at, _)| of == order && at == store);
                let short = told.map_or(0, |(_, _, units)| *units);
                let (order, store, sku) = (order.clone(), store.clone(), line.sku.clone());
                picks.push(Pick { at, order, store, sku, short });
            }
            demand.take(&parcel.lines);
        }
    }

    pub(super) fn replayed(&self, candidate: &RoutingPolicy) -> Report {
        let (pasts, picks) = self.lived();
        replay(&pasts, picks, candidate, &self.reference)
    }
}

pub(super) fn replay(
    pasts: &[Past],
    picks: Vec<Pick>,
    candidate: &RoutingPolicy,
    reference: &RoutingPolicy,
) -> Report {
    let carriers = CarrierPolicy::default();
    let guides = Guides {
        candidate: Guide::of(candidate).with_carriers(&carriers),
        reference: Guide::of(reference).with_carriers(&carriers),
    };
    let mut run = Run::new(Picks::of(picks));
    for past in pasts {
        run.play(past, &guides);
    }
    run.report(candidate.name.clone(), reference.name.clone(), 20)
}

/// `order NAME HH:MM SKU=UNITS ... [at=KM] [promised=DAYS]`
fn order(name: &str, at: &str, rest: &[&str]) -> Demand {
    let mut demand = Demand { order: name.parse().unwrap(), placed_at: clock(at), ..Scene::default().demand };
    for word in rest {
        match word.split_once('=').unwrap() {
            ("at", km) => demand.destination = km_east(km.parse().unwrap()),
            ("promised", days) => {
                let days: i64 = days.parse().unwrap();
                demand.promise_by = Some(demand.placed_at.plus(days * 86_400_000));
            }
            (sku, units) => {
                let line = LineNo(u32::try_from(demand.lines.len()).unwrap() + 1);
                let (sku, quantity) = (sku.parse().unwrap(), units.parse().unwrap());
                demand.lines.push(DemandLine { line, sku, quantity });
            }
        }
    }
    demand
}
