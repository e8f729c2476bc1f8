//! Behind the decisions that were saved: what the version in shadow, or the other system, says of the
//! same lines. It runs beside routing and is never waited for; when it fails, differences come later.

use super::FlowError;
use super::in_force::PoliciesInForce;
use crate::core::policy::version::PolicyVersion;
use crate::core::routing::decision::{Choice, Decision};
use crate::core::shadow::Compared;
use crate::core::shadow::legacy::{Ours, WAIT_MS, compare, compare_unheard, compare_unknown};
use crate::core::shadow::report::Counted;
use crate::core::shadow::version::{Sides, compare as compare_with};
use crate::core::shadow::words::{Against, Foreign};
use crate::core::steering::Steering;
use crate::ports::fleet::Fleet;
use crate::ports::legacy::{Feed, KnownOrder, LegacyDecisions, LegacyLine, OrderNamed};
use crate::ports::policies::Policies;
use crate::ports::shadow::{Cursor, OpenShadow, Shadows};
use holdfast_shared::ids::{Actor, StoreId, TenantId};
use holdfast_shared::limits::{SHADOW_DECISIONS_MAX, SHADOW_LINES_MAX};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A line of which one side is missing is looked at this often.
const AGAIN_MS: i64 = 20 * 1000;
/// A system that said nothing for so long has fallen silent: then no single line of it is missing.
const SILENT_MS: i64 = 24 * 60 * 60 * 1000;

/// What one look did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Lines by side and what they were counted as.
    pub lines: BTreeMap<(Against, Counted), u32>,
    /// Shadows whose time was over, or that cannot be read.
    pub ended: u32,
    /// More may wait: look again at once.
    pub more: bool,
}

impl Looked {
    fn count(&mut self, against: Against, compared: &[Compared]) {
        for line in compared {
            let count = self.lines.entry((against, Counted::of(line))).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// Versions of one tenant, each read once in a look; none for one that cannot be read.
struct Versions<'a> {
    tenant: &'a TenantId,
    policies: &'a PoliciesInForce,
    known: BTreeMap<String, Option<Arc<Steering>>>,
}

impl<'a> Versions<'a> {
    const fn of(tenant: &'a TenantId, policies: &'a PoliciesInForce) -> Self {
        Self { tenant, policies, known: BTreeMap::new() }
    }

    async fn learn<S: Policies + ?Sized>(&mut self, store: &S, name: &str) -> Result<(), FlowError> {
        if self.known.contains_key(name) {
            return Ok(());
        }
        let in_force = self.policies.of(self.tenant);
        let found = if in_force.name() == name {
            Some(in_force)
        } else {
            match version_of(name) {
                Some(PolicyVersion::BUILT_IN) => Some(self.policies.built_in()),
                Some(version) => {
                    let stored = store.policy(self.tenant, version).await?;
                    stored.and_then(|stored| Steering::kept(version, &stored.canonical).ok()).map(Arc::new)
                }
                None => None,
            }
        };
        // Another process, with other settings built in, may have decided.
        let found = found.filter(|steering| steering.name() == name);
        self.known.insert(name.to_owned(), found);
        Ok(())
    }

    fn get(&self, decision: &Decision) -> Option<Arc<Steering>> {
        self.known.get(&decision.policy)?.clone()
    }
}

/// Decisions name the version with its hash.
fn version_of(name: &str) -> Option<PolicyVersion> {
    name.split(' ').next()?.parse().ok()
}

/// Asks each version in shadow about a bounded number of decisions.
pub async fn look_at_versions<S: Shadows + Policies + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
    by: &Actor,
    now: UtcMs,
) -> Result<Looked, FlowError> {
    let mut looked = Looked::default();
    for open in store.shadows_open().await? {
        let version = open.shadow.version;
        let candidate = match &open.canonical {
            Some(canonical) => Steering::kept(version, canonical).ok().map(Arc::new),
            None => Some(policies.built_in()),
        };
        let in_force = policies.of(&open.tenant).version == version;
        let over = match &candidate {
            None => Some("this program cannot read the version"),
            Some(_) if in_force => Some("the version is in force"),
            Some(_) => (now >= open.shadow.ends_at).then_some("its time is over"),
        };
        match (over, candidate) {
            (None, Some(candidate)) => {
                look_at_one(store, policies, &open, &candidate, now, &mut looked).await?;
            }
            (reason, _) => {
                let reason = reason.unwrap_or_default();
                store.stop_shadow(&open.tenant, by, reason, now).await?;
                looked.ended = looked.ended.saturating_add(1);
            }
        }
    }
    Ok(looked)
}

async fn look_at_one<S: Shadows + Policies + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
    open: &OpenShadow,
    candidate: &Steering,
    now: UtcMs,
    looked: &mut Looked,
) -> Result<(), FlowError> {
    let decided = store.decided_after(&open.tenant, open.compared_up_to, SHADOW_DECISIONS_MAX).await?;
    if decided.up_to == open.compared_up_to {
        return Ok(());
    }
    let mut versions = Versions::of(&open.tenant, policies);
    let mut compared = Vec::new();
    for row in decided.rows {
        // What it decided itself, on trial, says nothing about it.
        if version_of(&row.decision.policy) == Some(candidate.version) {
            continue;
        }
        versions.learn(store, &row.decision.policy).await?;
        let live = versions.get(&row.decision);
        let sides = Sides { live: live.as_deref(), candidate, tolerance: open.shadow.tolerance };
        let order = Foreign::from(&row.order);
        compared.extend(compare_with(&row.decision, row.inputs.as_ref(), &order, sides));
    }
    if store.note_shadow(open, &compared, decided.up_to, now).await? {
        looked.count(Against::Version(candidate.version), &compared);
        looked.more |= decided.more;
    }
    Ok(())
}

/// Compares what another system told with central's decisions, whichever came first.
pub async fn look_at_legacy<S: LegacyDecisions + Shadows + Policies + Fleet + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
    now: UtcMs,
) -> Result<Looked, FlowError> {
    let mut looked = Looked::default();
    let due = store.legacy_due(now, SHADOW_LINES_MAX).await?;
    let mut stores: BTreeMap<TenantId, BTreeSet<StoreId>> = BTreeMap::new();
    for line in due {
        if !stores.contains_key(&line.tenant) {
            stores.insert(line.tenant.clone(), names_of(store, &line.tenant).await?);
        }
        let Some(stores) = stores.get(&line.tenant) else { continue };
        match look_at_line(store, policies, stores, &line, now).await? {
            None => {
                let until = now.plus(AGAIN_MS).min(line.heard_at.plus(WAIT_MS));
                store.put_off_legacy(&line, until).await?;
            }
            Some(compared) => {
                if store.note_legacy(&line, &compared, now).await? {
                    looked.count(Against::Legacy, &[compared]);
                    looked.more = true;
                }
            }
        }
    }
    for feed in store.legacy_feeds().await? {
        look_for_unheard(store, &feed, now, &mut looked).await?;
    }
    Ok(looked)
}

async fn names_of<S: Fleet + ?Sized>(store: &S, tenant: &TenantId) -> Result<BTreeSet<StoreId>, FlowError> {
    let records = store.stores(tenant).await?;
    Ok(records.into_iter().map(|record| record.store.store).collect())
}

/// None: it waits.
async fn look_at_line<S: LegacyDecisions + Policies + ?Sized>(
    store: &S,
    policies: &PoliciesInForce,
    stores: &BTreeSet<StoreId>,
    line: &LegacyLine,
    now: UtcMs,
) -> Result<Option<Compared>, FlowError> {
    let over = now.since(line.heard_at) >= WAIT_MS;
    match store.order_named(&line.tenant, &line.order).await? {
        OrderNamed::One(known) => {
            let mut versions = Versions::of(&line.tenant, policies);
            for (decision, _) in &known.decisions {
                versions.learn(store, &decision.policy).await?;
            }
            let order = Foreign::from(&known.order);
            let ours = ours(&order, &known, stores);
            Ok(compare(&line.rows, line.line, &ours, &|decision| versions.get(decision), over))
        }
        OrderNamed::Several(orders) => Ok(Some(compare_unknown(&line.rows, &line.order, line.line, orders))),
        OrderNamed::Unknown => Ok(over.then(|| compare_unknown(&line.rows, &line.order, line.line, 0))),
    }
}

fn ours<'a>(order: &'a Foreign, known: &'a KnownOrder, stores: &'a BTreeSet<StoreId>) -> Ours<'a> {
    Ours {
        order,
        kind: known.kind,
        channel: &known.channel,
        promised: known.promised,
        skus: &known.skus,
        decisions: &known.decisions,
        stores,
    }
}

/// Lines that central decided a while ago, and of which the other system, which tells of others, said nothing.
async fn look_for_unheard<S: LegacyDecisions + Shadows + ?Sized>(
    store: &S,
    feed: &Feed,
    now: UtcMs,
    looked: &mut Looked,
) -> Result<(), FlowError> {
    // Of one that says nothing, no more is read than it takes to see that.
    let limit = if now.since(feed.last_at) >= WAIT_MS { 1 } else { SHADOW_DECISIONS_MAX };
    let decided = store.decided_after(&feed.tenant, feed.looked_up_to, limit).await?;
    let no_stores = BTreeSet::new();
    let (mut compared, mut seen) = (Vec::new(), BTreeSet::new());
    let mut up_to = decided.up_to;
    for row in &decided.rows {
        let age_ms = now.since(row.decision.at);
        let silent = feed.last_at <= row.decision.at;
        if age_ms < WAIT_MS || (silent && age_ms < SILENT_MS) {
            up_to = Cursor(row.cursor.0.saturating_sub(1));
            break;
        }
        if silent || matches!(row.decision.choice, Choice::Hold { .. }) {
            continue;
        }
        for wanted in &row.decision.demand {
            let spoken = store.legacy_spoke_of(&feed.tenant, &row.order, wanted.line).await?;
            if spoken || !seen.insert((row.order.clone(), wanted.line)) {
                continue;
            }
            let order = Foreign::from(&row.order);
            if let OrderNamed::One(known) = store.order_named(&feed.tenant, &order).await? {
                compared.extend(compare_unheard(wanted.line, &ours(&order, &known, &no_stores)));
            }
        }
    }
    let moves = up_to > feed.looked_up_to;
    if moves && store.note_unheard(feed, &compared, up_to, now).await? {
        looked.count(Against::Legacy, &compared);
        looked.more |= decided.more && up_to == decided.up_to;
    }
    Ok(())
}
