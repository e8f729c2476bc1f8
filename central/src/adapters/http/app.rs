//! What the handlers stand on.

use super::key_uses::KeyUses;
use super::sessions::Sessions;
use crate::core::eligibility::{Eligibility, Standing};
use crate::core::events::cloud::Naming;
use crate::core::health::StoreKey;
use crate::core::health::doubts::doubts;
use crate::core::launch::systems::LaunchTerms;
use crate::core::stock::doubts::Doubts;
use crate::flows::Watch;
use crate::flows::gateways::{CarrierGateways, Gateways};
use crate::flows::in_force::PoliciesInForce;
use crate::flows::reconcile::runs::Runs;
use crate::flows::replay::ReplayJobs;
use crate::ports::Storage;
use crate::ports::demo::DemoControls;
use crate::ports::outbox::OutboxEvent;
use crate::ports::poke::Poke;
use crate::ports::sinks::Sinks;
use crate::ports::surroundings::Surroundings;
use holdfast_platform::clock::Clock;
use holdfast_platform::http::Admission;
use holdfast_platform::sse::Hub;
use holdfast_shared::ids::{CarrierAccount, DecisionId, PaymentProvider, StoreId, TenantId};
use holdfast_shared::limits::{SYNC_BACKLOGS_MAX, SYNC_EXCHANGES_MAX};
use holdfast_shared::wire::signal::Vitals;
use metrics_exporter_prometheus::PrometheusHandle;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};

/// One at a time would let one slow disk lock everybody out; many would make guessing fast.
const ENROLMENTS_MAX: usize = 4;

/// Wake the reactions now, rather than at their next tick. A bell that rings while its reaction
/// runs makes it run once more.
#[derive(Debug, Default)]
pub struct Bells {
    /// An order, stock or a node may make a difference to routing.
    pub route: Notify,
    /// A store or a closure changed.
    pub evaluate: Notify,
    /// There are events to publish.
    pub publish: Notify,
    /// A replay was asked for.
    pub replay: Notify,
    /// Of each payment provider: an order's money may have to move.
    pub payments: BTreeMap<PaymentProvider, Notify>,
    /// A payment provider told something.
    pub notices: Notify,
    /// Of each carrier account: a parcel may need a label, or one less.
    pub carriers: BTreeMap<CarrierAccount, Notify>,
    /// A carrier told something.
    pub tracking: Notify,
    /// Somebody asked whether the books agree.
    pub reconcile: Notify,
    /// A consumer of events was registered, changed, or goes on.
    pub consumers: Notify,
}

pub(crate) struct App {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) policies: Arc<PoliciesInForce>,
    pub(crate) poke: Arc<dyn Poke>,
    pub(crate) payments: Gateways,
    pub(crate) carriers: CarrierGateways,
    pub(crate) bells: Arc<Bells>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What agents are told when they enrol.
    pub(crate) mqtt_address: String,
    pub(crate) events: Hub<Arc<OutboxEvent>>,
    pub(crate) sinks: Arc<dyn Sinks>,
    pub(crate) naming: Arc<Naming>,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) demo: Option<Arc<dyn DemoControls>>,
    pub(crate) rooms: Rooms,
    /// Ids for decisions that are only shown.
    pub(crate) decision_id: fn() -> DecisionId,
    /// What people said of a launch, and what lies around central.
    pub(crate) launch: LaunchTerms,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    /// Whose word counts about where a request came from.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// What the handlers keep among themselves.
pub(crate) struct Rooms {
    pub(super) sessions: Sessions,
    pub(super) key_uses: KeyUses,
    /// Permits of enrolments that are answered at once.
    pub(super) enrolments: Semaphore,
    /// Small messages of sync, and backlogs: these do not hold up those.
    pub(crate) exchanges: Arc<Admission>,
    pub(crate) backlogs: Arc<Admission>,
    /// What was asked to be replayed.
    pub(crate) replays: ReplayJobs,
    /// Whether the books agree, asked by people.
    pub(crate) runs: Runs,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            sessions: Sessions::default(),
            key_uses: KeyUses::default(),
            enrolments: Semaphore::new(ENROLMENTS_MAX),
            exchanges: Admission::new(SYNC_EXCHANGES_MAX),
            backlogs: Admission::new(SYNC_BACKLOGS_MAX),
            replays: ReplayJobs::default(),
            runs: Runs::default(),
        }
    }
}

pub(crate) type Shared = Arc<App>;

/// A store as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sight {
    /// None until it was evaluated for the first time.
    pub(super) eligibility: Option<Eligibility>,
    /// Since its last heartbeat or sync.
    pub(super) heard_ms_ago: Option<i64>,
    pub(super) vitals: Option<Vitals>,
}

impl App {
    pub(super) fn sight(&self, tenant: &TenantId, store: &StoreId) -> Sight {
        let key = StoreKey::new(tenant.clone(), store.clone());
        let now = self.clock.now();
        self.watch.with(|observatory| {
            let health = observatory.book.store(&key);
            Sight {
                eligibility: observatory.judged_now(&key, now),
                heard_ms_ago: health.and_then(|h| h.last_word()).map(|word| now.mono.since(word).max(0)),
                vitals: health.and_then(|h| h.vitals()).cloned(),
            }
        })
    }

    /// What speaks against some of its stock, as routing goes by it.
    pub(super) fn doubts(&self, tenant: &TenantId, store: &StoreId) -> Doubts {
        let key = StoreKey::new(tenant.clone(), store.clone());
        self.watch.with(|observatory| observatory.eligibility(&key).map(doubts).unwrap_or_default())
    }

    /// How many stores of a tenant stand so.
    pub(crate) fn count(&self, tenant: &TenantId, standing: Standing) -> usize {
        self.watch.with(|observatory| {
            let known = observatory.eligibilities().iter();
            known.filter(|(key, known)| key.tenant == *tenant && known.standing == standing).count()
        })
    }

    /// A store or a closure changed: judge the fleet now. What that opens is routed after it.
    pub(super) fn fleet_changed(&self) {
        self.bells.evaluate.notify_one();
    }

    /// Another version is in force: it steers the next run, and judges the stores now.
    pub(super) fn policy_changed(&self) {
        self.policies.steer_health(&self.watch);
        self.fleet_changed();
        self.work_changed();
    }

    /// What waits for a consumer is due now: its worker is begun anew, and looks.
    pub(super) fn woken(&self) {
        self.bells.consumers.notify_one();
    }

    /// Something was written that orders wait for, and that others want to hear of.
    pub(super) fn work_changed(&self) {
        self.bells.route.notify_one();
        self.bells.publish.notify_one();
        self.bells.payments.values().for_each(Notify::notify_one);
        self.bells.carriers.values().for_each(Notify::notify_one);
    }
}
