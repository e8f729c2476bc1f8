//! Which policy steers what, now. Kept in memory and made again from storage before each run, so that
//! the next decision follows a version that has just begun.

use super::trials::{Trial, load_trials};
use super::{FlowError, Watch};
use crate::core::carriers::CarrierPolicy;
use crate::core::failover::policy::FailoverPolicy;
use crate::core::fleet::Store;
use crate::core::health::by_store::{ByStore, OfTenants};
use crate::core::policy::document::PolicyHash;
use crate::core::routing::decision::Demand;
use crate::core::routing::policy::RoutingPolicy;
use crate::core::steering::{Sections, Steering};
use crate::core::stock::policy::StockPolicy;
use crate::ports::fleet::Fleet;
use crate::ports::policies::{InForce, Policies};
use crate::ports::rollouts::Rollouts;
use holdfast_shared::ids::TenantId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What routing, promises and failover ask.
pub trait Steers: std::fmt::Debug + Send + Sync {
    /// The policy by which this demand is decided.
    fn routing(&self, demand: &Demand) -> Arc<RoutingPolicy>;

    /// The same as it stands at one store.
    fn routing_at(&self, demand: &Demand, _store: &Store) -> Arc<RoutingPolicy> {
        self.routing(demand)
    }

    /// A trial does not reach this, nor the two below: stock, carriers and moves are those of a whole
    /// chain, not of one order.
    fn stock(&self, tenant: &TenantId) -> Arc<StockPolicy>;

    /// The same as it stands at one store.
    fn stock_at(&self, tenant: &TenantId, _store: &Store) -> Arc<StockPolicy> {
        self.stock(tenant)
    }

    fn carriers(&self, tenant: &TenantId) -> Arc<CarrierPolicy>;

    fn failover(&self, tenant: &TenantId) -> Arc<FailoverPolicy>;
}

/// One policy for everybody.
impl Steers for Sections {
    fn routing(&self, _: &Demand) -> Arc<RoutingPolicy> {
        Arc::new(self.routing.clone())
    }

    fn stock(&self, _: &TenantId) -> Arc<StockPolicy> {
        Arc::new(self.stock.clone())
    }

    fn carriers(&self, _: &TenantId) -> Arc<CarrierPolicy> {
        Arc::new(self.carriers.clone())
    }

    fn failover(&self, _: &TenantId) -> Arc<FailoverPolicy> {
        Arc::new(self.failover.clone())
    }
}

/// The versions in force of all tenants.
#[derive(Debug)]
pub struct PoliciesInForce {
    built_in: Arc<Steering>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    tenants: BTreeMap<TenantId, Arc<Steering>>,
    trials: BTreeMap<TenantId, Trial>,
    /// The longest time for an offer that any of them ever gave: one that ends later is none of ours.
    accept_within_ms: i64,
    cancel_answer_within_ms: i64,
}

/// A version in force that this process cannot read: it was written by a newer one, or is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub tenant: TenantId,
    pub what: String,
}

impl PoliciesInForce {
    #[must_use]
    pub fn new(built_in: Steering) -> Self {
        let routing = &built_in.routing;
        let known = Known {
            tenants: BTreeMap::new(),
            trials: BTreeMap::new(),
            accept_within_ms: routing.accept_within_ms,
            cancel_answer_within_ms: routing.cancel_answer_within_ms,
        };
        Self { built_in: Arc::new(built_in), known: Mutex::new(known) }
    }

    #[must_use]
    pub fn built_in(&self) -> Arc<Steering> {
        Arc::clone(&self.built_in)
    }

    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Arc<Steering> {
        self.with(|known| known.tenants.get(tenant).map_or_else(|| self.built_in(), Arc::clone))
    }

    /// What decides this order: the version on trial when the order is in its part, else the one in force.
    fn deciding(&self, demand: &Demand) -> Arc<Steering> {
        let trial = self.with(|known| {
            let trial = known.trials.get(&demand.tenant)?;
            trial.inside.contains(&demand.order).then(|| Arc::clone(&trial.steering))
        });
        trial.unwrap_or_else(|| self.of(&demand.tenant))
    }

    /// From the next look on the stores of each tenant are judged by what is in force for it. Whether any
    /// has other thresholds than before.
    pub fn steer_health(&self, watch: &Watch) -> bool {
        let health = self.health();
        watch.with(|observatory| observatory.follow(health))
    }

    fn health(&self) -> OfTenants {
        let by_store = |(tenant, steering): (&TenantId, &Arc<Steering>)| {
            let by_store: Arc<dyn ByStore> = Arc::<Steering>::clone(steering);
            (tenant.clone(), by_store)
        };
        self.with(|known| known.tenants.iter().map(by_store).collect())
    }

    #[must_use]
    pub fn accept_within_ms(&self) -> i64 {
        self.with(|known| known.accept_within_ms)
    }

    /// The shortest of those in force: a person is told once, and rather early.
    #[must_use]
    pub fn cancel_answer_within_ms(&self) -> i64 {
        self.with(|known| known.cancel_answer_within_ms)
    }

    fn with<R>(&self, look: impl FnOnce(&mut Known) -> R) -> R {
        // What a panic left behind is made again before the next run.
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn know(&self, rows: Vec<InForce>) -> Vec<Unreadable> {
        let mut unreadable = Vec::new();
        self.with(|known| {
            let before = std::mem::take(&mut known.tenants);
            for InForce { tenant, version, canonical } in rows {
                let hash = PolicyHash::of(&canonical);
                let as_before = before
                    .get(&tenant)
                    .filter(|steering| steering.version == version && steering.hash == hash);
                let read = || Steering::kept(version, &canonical).map(Arc::new);
                let steering = match as_before.map_or_else(read, |same| Ok(Arc::clone(same))) {
                    Ok(steering) => steering,
                    Err(found) => {
                        let first = found.first().map(ToString::to_string).unwrap_or_default();
                        let what = format!("version {version} cannot be read by this program: {first}");
                        unreadable.push(Unreadable { tenant, what });
                        continue;
                    }
                };
                known.accept_within_ms = known.accept_within_ms.max(steering.longest_accept_ms());
                known.tenants.insert(tenant, steering);
            }
            let all = known.tenants.values().chain([&self.built_in]);
            let shortest = all.map(|steering| steering.routing.cancel_answer_within_ms).min();
            known.cancel_answer_within_ms = shortest.unwrap_or(self.built_in.routing.cancel_answer_within_ms);
        });
        unreadable
    }
}

impl Steers for PoliciesInForce {
    fn routing(&self, demand: &Demand) -> Arc<RoutingPolicy> {
        Arc::clone(self.deciding(demand).routing_of(demand.brand.as_ref()))
    }

    fn routing_at(&self, demand: &Demand, store: &Store) -> Arc<RoutingPolicy> {
        self.deciding(demand).routing_at(store)
    }

    fn stock(&self, tenant: &TenantId) -> Arc<StockPolicy> {
        Arc::clone(&self.of(tenant).stock)
    }

    fn stock_at(&self, tenant: &TenantId, store: &Store) -> Arc<StockPolicy> {
        self.of(tenant).stock_at(store)
    }

    fn carriers(&self, tenant: &TenantId) -> Arc<CarrierPolicy> {
        Arc::clone(&self.of(tenant).carriers)
    }

    fn failover(&self, tenant: &TenantId) -> Arc<FailoverPolicy> {
        Arc::clone(&self.of(tenant).failover)
    }
}

/// Makes what is in memory again from storage. What cannot be read steers nothing: its tenant follows
/// the built-in.
pub async fn know_in_force<S: Policies + Rollouts + Fleet + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
) -> Result<Vec<Unreadable>, FlowError> {
    let rows = store.policies_in_force().await?;
    let trials = load_trials(store).await?;
    let longest = trials.values().map(|trial| trial.steering.longest_accept_ms()).max();
    policies.with(|known| {
        known.accept_within_ms = known.accept_within_ms.max(longest.unwrap_or_default());
        known.trials = trials;
    });
    Ok(policies.know(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::policy::version::PolicyVersion;
    use crate::core::steering::read_policy;
    use crate::core::test_support::{store, tenant};
    use crate::flows::test_support::demand;

    fn in_force(text: &str, version: u32) -> InForce {
        let canonical = read_policy(text).unwrap().canonical().to_owned();
        InForce { tenant: tenant(), version: PolicyVersion(version), canonical }
    }

    fn policies() -> PoliciesInForce {
        PoliciesInForce::new(Steering::built_in(&Sections::default()).unwrap())
    }

    #[test]
    fn the_next_decision_follows_what_is_in_force_and_names_it() {
        let policies = policies();
        let demand = demand("o1", &[("TEA", 1)]);
        assert!(policies.routing(&demand).name.starts_with("v0 "));
        assert_eq!(policies.know(vec![in_force("[routing]\nsplits_max = 7\n", 4)]), []);
        let routing = policies.routing(&demand);
        assert_eq!((routing.splits_max, routing.name.starts_with("v4 ")), (7, true), "{}", routing.name);
        assert_eq!(routing.name, policies.of(&tenant()).name());
        policies.know(Vec::new());
        assert!(policies.routing(&demand).name.starts_with("v0 "));
    }

    #[test]
    fn a_store_has_what_its_layers_say() {
        let policies = policies();
        let text = "[region.north.routing]\naccept_within_ms = 5000\n[store.leeds.routing]\naccept_within_ms = 7000\n";
        policies.know(vec![in_force(text, 1)]);
        let demand = demand("o1", &[("TEA", 1)]);
        let at = |name: &str, region: Option<&str>| {
            let region = region.map(|region| region.parse().unwrap());
            policies.routing_at(&demand, &Store { region, ..store(name) }).accept_within_ms
        };
        assert_eq!((at("york", None), at("york", Some("north"))), (600_000, 5_000));
        assert_eq!((at("leeds", Some("north")), at("leeds", None)), (7_000, 7_000));
    }

    #[test]
    fn the_longest_time_for_an_offer_is_kept_in_mind() {
        let policies = policies();
        policies.know(vec![in_force("[store.leeds.routing]\naccept_within_ms = 900000\n", 1)]);
        assert_eq!(policies.accept_within_ms(), 900_000);
        policies.know(Vec::new());
        assert_eq!(policies.accept_within_ms(), 900_000, "offers of that time may still stand");
    }

    #[test]
    fn what_cannot_be_read_steers_nothing_and_is_told() {
        let policies = policies();
        let row = InForce { tenant: tenant(), version: PolicyVersion(9), canonical: "later = 1\n".into() };
        let told = policies.know(vec![row]);
        assert!(told[0].what.contains("version 9") && told[0].what.contains("later"), "{told:?}");
        assert_eq!(policies.of(&tenant()).version, PolicyVersion::BUILT_IN);
    }

    #[test]
    fn a_tenant_has_its_own_stock_carriers_and_failover_and_others_what_was_built_in() {
        let policies = policies();
        let text = "[stock.classes.default]\nbuffer_units = 1\n[carriers]\nservices = []\n\
                    [failover.pace]\nmoves_per_minute = 700\n\
                    [region.uk.stock.classes.default]\nbuffer_units = 4\n[region.north]\nwithin = 'uk'\n\
                    [store.leeds.stock.classes.default]\nallow_last_unit = true\n";
        policies.know(vec![in_force(text, 1)]);
        let class = |policy: &StockPolicy| {
            let class = policy.of(&Default::default());
            (class.buffer_units, class.allow_last_unit)
        };
        let at = |name: &str, region: Option<&str>| {
            let region = region.map(|region| region.parse().unwrap());
            class(&policies.stock_at(&tenant(), &Store { region, ..store(name) }))
        };
        assert_eq!(class(&policies.stock(&tenant())), (1, false));
        assert_eq!((at("york", None), at("york", Some("north"))), ((1, false), (4, false)));
        assert_eq!((at("leeds", None), at("leeds", Some("north"))), ((1, true), (4, true)));
        assert!(policies.carriers(&tenant()).services.is_empty());
        assert_eq!(policies.failover(&tenant()).pace.moves_per_minute, 700);
        let other: TenantId = "other".parse().unwrap();
        let built_in = Sections::default();
        assert_eq!(*policies.stock(&other), built_in.stock);
        assert_eq!(*policies.carriers(&other), built_in.carriers);
        assert_eq!(*policies.failover(&other), built_in.failover);
    }

    #[test]
    fn a_version_that_knew_fewer_sections_keeps_its_name() {
        let policies = policies();
        let canonical = "[routing]\nsplits_max = 7\n".to_owned();
        let kept = PolicyHash::of(&canonical);
        policies.know(vec![InForce { tenant: tenant(), version: PolicyVersion(2), canonical }]);
        assert_eq!(policies.of(&tenant()).hash, kept);
        assert_eq!(policies.of(&tenant()).routing.splits_max, 7);
    }
}
