//! The nodes of a tenant, kept so that a rung looks only at those in its reach. Made once and asked by
//! many demands.

use super::beside::Seen;
use super::circle::{BANDS, Circle, band};
use super::decision::{Demand, Node, Shelf};
use super::geo::Spot;
use super::glance::{Glance, Trade};
use super::journey::Sender;
use super::policy::{Regions, Rung};
use super::seen::seen;
use super::shelved::{OnShelf, Shelved};
use crate::core::fleet::StoreKind;
use holdfast_shared::ids::{RegionId, Sku, StoreId};
use holdfast_shared::set_hash::SetHash;
use serde::Serialize;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A node by its place in the index.
pub type NodeNo = usize;

/// Nodes of a kind stand together, band by band from south to north, and within a band from west to
/// east. The order in which they were passed in is gone, so it decides nothing.
#[derive(Debug, Default)]
pub struct FleetIndex {
    nodes: Vec<Node>,
    glances: Vec<Glance>,
    trades: Vec<Trade>,
    /// Copied in the order of the nodes, so that the names of neighbours lie together in memory.
    ids: Vec<StoreId>,
    /// Apart, because they are searched.
    longitudes: Vec<f64>,
    numbers: HashMap<StoreId, NodeNo>,
    kinds: Vec<KindIndex>,
    regions: HashMap<RegionId, Vec<NodeNo>>,
    shelves: HashMap<Sku, Shelved>,
    digest: SetHash,
    /// Said when a decision first looks at the node. It holds as long as the index: how many tasks are open there
    /// is no part of it.
    seen: Vec<OnceLock<Option<Arc<Seen>>>>,
}

#[derive(Debug)]
struct KindIndex {
    kind: StoreKind,
    nodes: Range<NodeNo>,
    /// Where each band begins; the last one ends with the kind.
    bands: Vec<NodeNo>,
}

impl FleetIndex {
    #[must_use]
    pub fn of(mut nodes: Vec<Node>) -> Self {
        nodes.sort_by(|one, other| {
            let (a, b) = (&one.store, &other.store);
            (a.kind, band(a.place.latitude))
                .cmp(&(b.kind, band(b.place.latitude)))
                .then(a.place.longitude.total_cmp(&b.place.longitude))
                .then(a.place.latitude.total_cmp(&b.place.latitude))
                .then(a.store.cmp(&b.store))
        });
        let mut index = Self { kinds: kinds(&nodes), ..Self::default() };
        let mut shelves: HashMap<Sku, Vec<(NodeNo, Shelf)>> = HashMap::new();
        for (number, node) in nodes.iter_mut().enumerate() {
            for (sku, shelf) in std::mem::take(&mut node.shelves) {
                shelves.entry(sku).or_default().push((number, shelf));
            }
        }
        let shelved = shelves.into_iter().map(|(sku, known)| (sku, Shelved::of_numbered(known)));
        index.shelves = shelved.collect();
        index.longitudes = nodes.iter().map(|node| node.store.place.longitude).collect();
        index.glances = nodes.iter().map(Glance::of).collect();
        index.trades = nodes.iter().map(Trade::of).collect();
        index.ids = nodes.iter().map(|node| node.store.store.clone()).collect();
        index.numbers =
            nodes.iter().zip(0..).map(|(node, number)| (node.store.store.clone(), number)).collect();
        for (number, node) in nodes.iter().enumerate() {
            index.digest.insert(&seen_bytes(node));
            if let Some(region) = &node.store.region {
                index.regions.entry(region.clone()).or_default().push(number);
            }
        }
        index.seen = nodes.iter().map(|_| OnceLock::new()).collect();
        index.nodes = nodes;
        index
    }

    /// Replaces what is known of these SKUs. Shelves of stores that are not here are left out.
    pub fn stock(&mut self, sku: Sku, shelves: impl IntoIterator<Item = (StoreId, Shelf)>) {
        let shelved = self.shelved(shelves.into_iter());
        self.shelves.insert(sku, shelved);
    }

    /// Shelves made ready for [`Self::show`]. Those of stores that are not here are left out.
    #[must_use]
    pub fn shelved(&self, shelves: impl Iterator<Item = (StoreId, Shelf)>) -> Shelved {
        let known = shelves.filter_map(|(store, shelf)| Some((*self.numbers.get(&store)?, shelf)));
        Shelved::of_numbered(known.collect())
    }

    /// These are known of the SKU from now on, and not those that come back.
    pub fn show(&mut self, sku: &Sku, shelved: Shelved) -> Option<Shelved> {
        self.shelves.insert(sku.clone(), shelved)
    }

    /// One shelf is another now, where there was one.
    pub fn reshelve(&mut self, sku: &Sku, store: &StoreId, shelf: &Shelf) {
        if let (Some(number), Some(shelved)) = (self.numbers.get(store), self.shelves.get_mut(sku)) {
            shelved.replace(*number, shelf);
        }
    }

    /// The same in shelves that are not shown.
    pub fn reshelve_in(&self, shelved: &mut Shelved, store: &StoreId, shelf: &Shelf) {
        if let Some(number) = self.numbers.get(store) {
            shelved.replace(*number, shelf);
        }
    }

    #[must_use]
    pub fn shelf(&self, store: &StoreId, sku: &Sku) -> Option<Shelf> {
        self.shelves.get(sku)?.of(*self.numbers.get(store)?).map(OnShelf::whole)
    }

    /// One more task is open there.
    pub fn took_one(&mut self, store: &StoreId) {
        self.has_tasks(store, |open| open.saturating_add(1));
    }

    /// It did not get the task after all.
    pub fn lost_one(&mut self, store: &StoreId) {
        self.has_tasks(store, |open| open.saturating_sub(1));
    }

    fn has_tasks(&mut self, store: &StoreId, changed: impl Fn(u32) -> u32) {
        let number = self.numbers.get(store);
        if let Some(node) = number.and_then(|number| self.nodes.get_mut(*number)) {
            self.digest.remove(&seen_bytes(node));
            node.open_tasks = changed(node.open_tasks);
            self.digest.insert(&seen_bytes(node));
            if let Some(glance) = number.and_then(|number| self.glances.get_mut(*number)) {
                *glance = Glance::of(node);
            }
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    #[must_use]
    pub fn find(&self, store: &StoreId) -> Option<&Node> {
        self.nodes.get(*self.numbers.get(store)?)
    }

    /// The node, and what is kept of it.
    pub(super) fn seen(&self, store: &StoreId) -> Option<(&Node, &Arc<Seen>)> {
        let number = *self.numbers.get(store)?;
        let node = self.nodes.get(number)?;
        let said = self.seen.get(number)?.get_or_init(|| seen(node).map(Arc::new));
        Some((node, said.as_ref()?))
    }

    /// The node with what it has of what is asked for. Nobody decides by its name.
    pub(super) fn node_for(&self, store: &StoreId, demand: &Demand) -> Option<Node> {
        let number = *self.numbers.get(store)?;
        let mut node = self.node(number)?.clone();
        node.store.name.clear();
        for line in &demand.lines {
            let shelf = self.holders(&line.sku).of(number).map(OnShelf::whole);
            node.shelves.extend(shelf.map(|shelf| (line.sku.clone(), shelf)));
        }
        Some(node)
    }

    pub(super) fn node(&self, number: NodeNo) -> Option<&Node> {
        self.nodes.get(number)
    }

    pub(super) fn glance(&self, number: NodeNo) -> Option<&Glance> {
        self.glances.get(number)
    }

    pub(super) fn trade(&self, number: NodeNo) -> Option<&Trade> {
        self.trades.get(number)
    }

    pub(super) fn sender(&self, number: NodeNo) -> Option<Sender<'_>> {
        Some((self.node(number)?, self.glance(number)?.open_tasks, self.trade(number)?.wall))
    }

    pub(super) fn id(&self, number: NodeNo) -> Option<&StoreId> {
        self.ids.get(number)
    }

    /// The node whose region a customer there lives in, as trials of policies see it too.
    pub(super) fn nearest(&self, spot: Spot) -> Option<NodeNo> {
        let far = self.glances.iter().map(|glance| glance.spot.km_to(spot)).enumerate();
        far.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(number, _)| number)
    }

    pub(super) fn any(&self, like: impl FnMut(&Glance) -> bool) -> bool {
        self.glances.iter().any(like)
    }

    /// Who has the SKU, to be asked once per demand and not once per node.
    pub(super) fn holders(&self, sku: &Sku) -> Holders<'_> {
        Holders(self.shelves.get(sku))
    }

    /// What the nodes are, but for their stock.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest.to_bytes()
    }

    /// How many nodes there are of the rung's kinds.
    pub(super) fn of_kinds(&self, rung: &Rung) -> usize {
        self.kinds.iter().filter(|kind| rung.kinds.contains(&kind.kind)).map(|kind| kind.nodes.len()).sum()
    }

    /// Runs of nodes among which all are that the rung asks. A few beyond its reach may be there too.
    pub(super) fn reach(&self, demand: &Demand, rung: &Rung, home: Option<&RegionId>) -> Vec<Range<NodeNo>> {
        let one = |number: NodeNo| number..number.saturating_add(1);
        if let Some(chosen) = &demand.pickup_store {
            return self.numbers.get(chosen).copied().map(one).into_iter().collect();
        }
        let lies_in = |region: &RegionId| self.regions.get(region).map(Vec::as_slice).unwrap_or_default();
        let of_kind = |number: &NodeNo| {
            self.nodes.get(*number).is_some_and(|node| rung.kinds.contains(&node.store.kind))
        };
        let all = |numbers: &[NodeNo]| numbers.iter().copied().filter(of_kind).map(one).collect::<Vec<_>>();
        match &rung.region {
            Regions::Any => {}
            Regions::Same => return home.map(|home| all(lies_in(home))).unwrap_or_default(),
            Regions::Named(names) => return names.iter().flat_map(|name| all(lies_in(name))).collect(),
        }
        let mut reach = Vec::new();
        for kind in self.kinds.iter().filter(|kind| rung.kinds.contains(&kind.kind)) {
            match rung.radius_km {
                Some(radius_km) if !kind.kind.reaches_everywhere(demand.kind) => {
                    let circle = Circle::of(demand.destination, radius_km);
                    self.around(kind, &circle, &mut reach);
                }
                Some(_) | None => reach.push(kind.nodes.clone()),
            }
        }
        reach
    }

    /// The runs of each band between the west and the east end of the circle.
    fn around(&self, kind: &KindIndex, circle: &Circle, reach: &mut Vec<Range<NodeNo>>) {
        for (number, spans) in circle.bands() {
            let from = kind.bands.get(usize::from(number)).copied().unwrap_or(kind.nodes.end);
            let to = kind.bands.get(usize::from(number).saturating_add(1)).copied().unwrap_or(kind.nodes.end);
            for (west, east) in spans.into_iter().flatten() {
                let run = self.longitudes.get(from..to).unwrap_or_default();
                let begin = run.partition_point(|longitude| *longitude < west);
                let end = run.partition_point(|longitude| *longitude <= east);
                if begin < end {
                    reach.push(from.saturating_add(begin)..from.saturating_add(end));
                }
            }
        }
    }
}

/// The shelves of one SKU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holders<'a>(Option<&'a Shelved>);

impl<'a> Holders<'a> {
    pub(super) fn of(self, node: NodeNo) -> Option<OnShelf<'a>> {
        self.0.and_then(|shelved| shelved.of(node))
    }

    /// Of those among these nodes that have it.
    pub(super) fn each(self, nodes: Range<NodeNo>, found: impl FnMut(NodeNo, OnShelf<'a>)) {
        if let Some(shelved) = self.0 {
            shelved.each(nodes, found);
        }
    }

    /// What is known of the SKU anywhere.
    pub(super) fn digest(self) -> [u8; 32] {
        self.0.map_or([0; 32], Shelved::digest)
    }
}

/// All of a node that a rule may look at, its stock apart.
fn seen_bytes(node: &Node) -> Vec<u8> {
    #[derive(Serialize)]
    struct Bytes<'a>(&'a crate::core::fleet::Store, &'a crate::core::eligibility::Eligibility, u32, bool);
    let Node { store, eligibility, open_tasks, recovering, shelves: _ } = node;
    serde_json::to_vec(&Bytes(store, eligibility, *open_tasks, *recovering)).unwrap_or_default()
}

/// Nodes are sorted already.
fn kinds(nodes: &[Node]) -> Vec<KindIndex> {
    let of_kind = |kind: StoreKind| {
        let begin = nodes.partition_point(|node| node.store.kind < kind);
        let end = nodes.partition_point(|node| node.store.kind <= kind);
        let within = nodes.get(begin..end).unwrap_or_default();
        let first = |edge: u16| within.partition_point(|node| band(node.store.place.latitude) < edge);
        let bands = (0..=BANDS).map(|edge| begin.saturating_add(first(edge))).collect();
        KindIndex { kind, nodes: begin..end, bands }
    };
    StoreKind::ALL.into_iter().map(of_kind).collect()
}

#[cfg(test)]
mod tests;
