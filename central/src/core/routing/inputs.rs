//! One number for all that a decision was made from. Equal inputs have it equal, in whatever order they
//! came, so that a decision can be made again and compared.

use super::decision::Demand;
use super::fleet_index::{FleetIndex, Holders};
use super::policy::RoutingPolicy;
use crate::core::carriers::CarrierPolicy;
use holdfast_shared::time::UtcMs;

/// Of a policy: made once, and part of each decision under it.
pub(super) fn of_policy(policy: &RoutingPolicy) -> [u8; 32] {
    // A number that is none has no text in JSON, and no policy that passed its check has one.
    blake3::hash(&serde_json::to_vec(policy).unwrap_or_default()).into()
}

/// Of both together.
pub(super) fn with_carriers(policy: &[u8; 32], carriers: &CarrierPolicy) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(policy).update(&serde_json::to_vec(carriers).unwrap_or_default());
    hasher.finalize().into()
}

pub(super) fn hash(
    demand: &Demand,
    fleet: &FleetIndex,
    holders: &[Holders<'_>],
    policy: &[u8; 32],
    now: UtcMs,
) -> String {
    let mut sum = Sum(Vec::with_capacity(1_024));
    sum.put(policy).put(&fleet.digest()).number(now.0);
    for holders in holders {
        sum.put(&holders.digest());
    }
    sum.text(demand.tenant.as_str()).text(demand.order.as_str()).text(demand.kind.as_str());
    sum.put(&demand.destination.latitude.to_le_bytes()).put(&demand.destination.longitude.to_le_bytes());
    sum.text(demand.pickup_store.as_ref().map_or("", |store| store.as_str()));
    sum.number(demand.placed_at.0).number(demand.promise_by.map_or(i64::MAX, |by| by.0));
    sum.number(i64::from(demand.assignments));
    // Only where there is one: what was decided before there were brands keeps its number.
    if let Some(brand) = &demand.brand {
        sum.text("brand").text(brand.as_str());
    }
    let mut lines: Vec<_> = demand.lines.iter().collect();
    lines.sort_by_key(|line| line.line);
    for line in lines {
        sum.number(i64::from(line.line.0)).text(line.sku.as_str()).number(line.quantity);
    }
    for (line, price) in &demand.prices {
        sum.number(i64::from(line.0)).number(price.minor).text(price.currency.as_str());
    }
    for (sku, needs) in &demand.needs {
        sum.text(sku.as_str());
        needs.iter().for_each(|need| _ = sum.text(need.as_str()));
    }
    for stores in [&demand.tried, &demand.declined] {
        sum.text("-");
        stores.iter().for_each(|store| _ = sum.text(store.as_str()));
    }
    if let Some(parts) = &demand.parts {
        sum.text("-");
        parts.iter().for_each(|store| _ = sum.text(store.as_str()));
    }
    if let Some(store) = &demand.feeds {
        sum.text("feeds").text(store.as_str());
    }
    blake3::hash(&sum.0).to_hex().to_string()
}

/// Each part with its length, so that no two lists of parts read the same.
struct Sum(Vec<u8>);

impl Sum {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(&bytes.len().to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.put(text.as_bytes())
    }

    fn number(&mut self, number: i64) -> &mut Self {
        self.put(&number.to_le_bytes())
    }
}
