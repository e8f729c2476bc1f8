//! Whether the date that an order was promised can be kept at all, whoever had the goods.

use super::Dates;
use super::decision::Demand;
use super::fleet_index::{FleetIndex, NodeNo};
use super::geo::Spot;
use crate::core::carriers::{CarrierPolicy, Timetable};
use holdfast_shared::limits::DATE_NODES_MAX;
use holdfast_shared::time::UtcMs;

/// By the nearest nodes that do such work and have not lost the order: farther ones bring it no sooner.
/// Their stock and how they stand does not matter, because both may change before the date. None when
/// nothing was promised, or when nobody can tell dates.
#[must_use]
pub fn can_be_kept(
    demand: &Demand,
    fleet: &FleetIndex,
    carriers: &CarrierPolicy,
    now: UtcMs,
) -> Option<bool> {
    let promised_by = demand.promise_by?;
    let spot = Spot::of(demand.destination);
    let could = |number: NodeNo| {
        let store = &fleet.node(number)?.store;
        let may = match &demand.pickup_store {
            Some(chosen) => *chosen == store.store,
            None => !demand.tried.contains(&store.store),
        };
        let distance_km = fleet.glance(number)?.spot.km_to(spot);
        (may && store.fulfils.contains(&demand.kind)).then_some((distance_km, number))
    };
    let mut near: Vec<(f64, NodeNo)> = (0..fleet.len()).filter_map(could).collect();
    if near.len() > DATE_NODES_MAX {
        near.select_nth_unstable_by(DATE_NODES_MAX, |one, other| one.0.total_cmp(&other.0));
        near.truncate(DATE_NODES_MAX);
    }
    let timetable = Timetable::of(carriers);
    let dates = Dates { timetable: &timetable, now };
    let units = demand.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add);
    let mut known = None;
    for (distance_km, number) in near {
        let of = fleet.sender(number)?;
        match dates.way(demand, of, distance_km, units) {
            Some(Ok(way)) if way.arrives_by <= promised_by => return Some(true),
            Some(_) => known = Some(false),
            None => {}
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::routing::test_scene::{Scene, node};

    const HOUR_MS: i64 = 3_600_000;
    /// A Monday at eight.
    const NOW: UtcMs = UtcMs(1_774_252_800_000);

    fn kept(promised_in_ms: i64, nodes: &[&[&str]], change: impl FnOnce(&mut Demand)) -> Option<bool> {
        let Scene { mut demand, .. } = Scene::parse("line TEA 1\n");
        demand.promise_by = Some(NOW.plus(promised_in_ms));
        change(&mut demand);
        let fleet = FleetIndex::of(nodes.iter().map(|words| node(words)).collect());
        can_be_kept(&demand, &fleet, &CarrierPolicy::default(), NOW)
    }

    #[test]
    fn a_date_can_be_kept_while_any_node_could_bring_it_by_then() {
        let near: &[&str] = &["near", "10"];
        let far: &[&str] = &["far", "2000"];
        assert_eq!(kept(48 * HOUR_MS, &[near, far], |_| ()), Some(true), "tomorrow, without a unit of it");
        assert_eq!(kept(48 * HOUR_MS, &[far], |_| ()), Some(false), "four days on the way");
        assert_eq!(kept(HOUR_MS, &[near, far], |_| ()), Some(false));
        let lost = |demand: &mut Demand| demand.tried.extend(["near".parse().unwrap()]);
        assert_eq!(kept(48 * HOUR_MS, &[near, far], lost), Some(false), "it is not asked again");
    }

    #[test]
    fn nothing_is_said_where_nothing_was_promised_or_nobody_sends_it() {
        let near: &[&str] = &["near", "10"];
        assert_eq!(kept(HOUR_MS, &[near], |demand| demand.promise_by = None), None);
        assert_eq!(kept(HOUR_MS, &[], |_| ()), None);
        assert_eq!(kept(HOUR_MS, &[&["near", "10", "noship"]], |_| ()), None);
    }
}
