//! What the linter says of a policy, against the stores as they stand; and the nightly look at the
//! policies in force, because stores change and policies do not.

use super::in_force::{PoliciesInForce, Unreadable};
use super::standing::{Causes, keep};
use super::{FlowError, Watch};
use crate::core::eligibility::Standing;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::health::observatory::key_of;
use crate::core::steering::Steering;
use crate::core::steering::lint::{Advice, Landscape, Place, Weight, lint};
use crate::ports::fleet::Fleet;
use crate::ports::policies::Policies;
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;

const TOPIC: &str = "policy";
/// Words of advice that one exception tells; the console lists all.
const TOLD_MAX: usize = 5;

pub async fn advise<S: Policies + Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    tenant: &TenantId,
    steering: &Steering,
) -> Result<Vec<Advice>, FlowError> {
    let records = store.stores(tenant).await?;
    let classes = store.sku_classes(tenant).await?;
    let places = watch.with(|observatory| {
        let place = |record: crate::core::fleet::StoreRecord| {
            let known = observatory.eligibility(&key_of(&record));
            let serving = known.filter(|known| known.standing != Standing::Ineligible);
            let serves_now = serving.map(|known| known.kinds.clone()).unwrap_or_default();
            Place { store: record.store, serves_now }
        };
        records.into_iter().map(place).collect()
    });
    Ok(lint(steering, &Landscape { places, classes }))
}

/// Looks at what is in force for every tenant. How many tenants have something to see to.
pub async fn lint_all<S: Policies + Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    policies: &PoliciesInForce,
    unreadable: &[Unreadable],
    now: UtcMs,
) -> Result<u32, FlowError> {
    let mut causes = Causes::new();
    for tenant in store.tenants().await? {
        let steering = policies.of(&tenant);
        let found = advise(store, watch, &tenant, &steering).await?;
        let wrong: Vec<&Advice> = found.iter().filter(|advice| advice.weight == Weight::Wrong).collect();
        if !wrong.is_empty() {
            let words = wrong.iter().take(TOLD_MAX).map(|advice| format!("{}: {}", advice.at, advice.what));
            let words = words.collect::<Vec<_>>().join("; ");
            let detail = format!("policy version {} in force: {words}", steering.version);
            add(&mut causes, tenant, Severity::Medium, "policy:lint", detail);
        }
    }
    for one in unreadable {
        let detail = format!("{}. Until it can be, this tenant follows what was built in", one.what);
        add(&mut causes, one.tenant.clone(), Severity::High, "policy:unreadable", detail);
    }
    keep(store, watch, TOPIC, causes, "nothing of it is found any more", now).await
}

fn add(causes: &mut Causes, tenant: TenantId, severity: Severity, key: &str, detail: String) {
    let exception = NewException {
        key: key.to_owned(),
        category: Category::Policy,
        severity,
        order: None,
        task: None,
        store: None,
        detail,
        suggestion: String::from("Look at /console/policies, and draft a version that says what is meant."),
    };
    causes.insert((tenant, key.to_owned()), exception);
}
