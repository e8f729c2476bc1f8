//! Versions of policies: numbered, stepped, raced, remembered.

use super::world::{at, tenant};
use holdfast_central::core::policy::document::PolicyHash;
use holdfast_central::core::policy::version::{
    PolicyAct, PolicyFreeze, PolicyRecord, PolicyState, PolicyVersion, Refusal, Step,
};
use holdfast_central::ports::policies::{NewPolicy, Stepped};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::ids::{Actor, TenantId};
use holdfast_shared::time::UtcMs;

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn policy(text: &str) -> NewPolicy {
    NewPolicy {
        text: format!("# as written\n{text}"),
        canonical: text.to_owned(),
        hash: PolicyHash(super::world::hash(text)),
        author: actor("ann"),
        reason: "a trial".to_owned(),
    }
}

fn step(act: PolicyAct, who: &str) -> Step {
    Step { act, actor: actor(who), reason: "because".to_owned(), effective_at: None, big_bang: true }
}

async fn took(storage: &dyn Storage, version: PolicyVersion, step: Step, ms: i64) -> Stepped {
    storage.step_policy(&tenant(), version, &step, at(ms).utc).await.unwrap()
}

async fn approved(storage: &dyn Storage, text: &str) -> PolicyVersion {
    let version = storage.draft_policy(&tenant(), &policy(text), at(0).utc).await.unwrap().version;
    let done = took(storage, version, step(PolicyAct::Approve, "bob"), 1).await;
    assert!(matches!(done, Stepped::Done(Some(_))), "{done:?}");
    version
}

async fn state(storage: &dyn Storage, version: PolicyVersion) -> PolicyState {
    storage.policy(&tenant(), version).await.unwrap().unwrap().record.state
}

fn page(limit: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { cursor, limit }
}

pub async fn versions_are_numbered_by_tenant_and_listed_newest_first(storage: &dyn Storage) {
    let other = TenantId::new("rival").unwrap();
    let first = storage.draft_policy(&tenant(), &policy("a = 1"), at(0).utc).await.unwrap();
    let second = storage.draft_policy(&tenant(), &policy("a = 2"), at(1).utc).await.unwrap();
    let theirs = storage.draft_policy(&other, &policy("a = 3"), at(1).utc).await.unwrap();
    let numbers = [first.version, second.version, theirs.version].map(|version| version.0);
    assert_eq!(numbers, [1, 2, 1]);
    let stored = storage.policy(&tenant(), first.version).await.unwrap().unwrap();
    assert_eq!((stored.text.as_str(), stored.canonical.as_str()), ("# as written\na = 1", "a = 1"));
    assert_eq!(stored.record, first);
    let listed = storage.policies(&tenant(), &page(1, None)).await.unwrap();
    assert_eq!(listed.rows, [second]);
    assert_eq!(storage.policies(&tenant(), &page(1, listed.next)).await.unwrap().rows, [first]);
    assert!(storage.policy(&other, PolicyVersion(2)).await.unwrap().is_none());
}

pub async fn one_version_is_in_force_and_the_other_retires_with_it(storage: &dyn Storage) {
    let (first, second) = (approved(storage, "a = 1").await, approved(storage, "a = 2").await);
    took(storage, first, step(PolicyAct::Activate, "ann"), 2).await;
    took(storage, second, step(PolicyAct::Activate, "ann"), 3).await;
    assert_eq!(state(storage, first).await, PolicyState::Retired);
    let in_force = storage.policies_in_force().await.unwrap();
    assert_eq!(in_force.len(), 1);
    assert_eq!((in_force[0].version, in_force[0].canonical.as_str()), (second, "a = 2"));
    took(storage, first, step(PolicyAct::RollBack, "bob"), 4).await;
    assert_eq!(
        (state(storage, first).await, state(storage, second).await),
        (PolicyState::Active, PolicyState::Retired)
    );
    let built_in = took(storage, PolicyVersion::BUILT_IN, step(PolicyAct::RollBack, "bob"), 5).await;
    assert_eq!(built_in, Stepped::Done(None));
    assert!(storage.policies_in_force().await.unwrap().is_empty());
}

pub async fn of_two_activations_at_once_each_leaves_one_in_force(storage: &dyn Storage) {
    let mut versions = Vec::new();
    for text in ["a = 1", "a = 2", "a = 3", "a = 4"] {
        versions.push(approved(storage, text).await);
    }
    let all = versions.iter().map(|version| took(storage, *version, step(PolicyAct::Activate, "ann"), 2));
    let done = futures::future::join_all(all).await;
    assert!(done.iter().all(|done| matches!(done, Stepped::Done(Some(_)))), "{done:?}");
    assert_eq!(storage.policies_in_force().await.unwrap().len(), 1);
    let mut states = Vec::new();
    for version in versions {
        states.push(state(storage, version).await);
    }
    assert_eq!(states.iter().filter(|state| **state == PolicyState::Retired).count(), 3);
}

pub async fn a_step_is_decided_where_it_is_written(storage: &dyn Storage) {
    let draft = storage.draft_policy(&tenant(), &policy("a = 1"), at(0).utc).await.unwrap().version;
    let own = took(storage, draft, step(PolicyAct::Approve, "ann"), 1).await;
    assert_eq!(own, Stepped::Refused(Refusal::OwnWork(actor("ann"))));
    let early = took(storage, draft, step(PolicyAct::Activate, "bob"), 1).await;
    assert!(matches!(early, Stepped::Refused(Refusal::State { .. })), "{early:?}");
    took(storage, draft, step(PolicyAct::Approve, "bob"), 1).await;
    let untried = took(storage, draft, Step { big_bang: false, ..step(PolicyAct::Activate, "ann") }, 2).await;
    assert_eq!(untried, Stepped::Refused(Refusal::BigBang(draft)));
    let unknown = took(storage, PolicyVersion(99), step(PolicyAct::Approve, "bob"), 1).await;
    assert_eq!(unknown, Stepped::Unknown);
}

pub async fn a_freeze_is_heeded_until_it_ends(storage: &dyn Storage) {
    let version = approved(storage, "a = 1").await;
    let freeze =
        PolicyFreeze { by: actor("cy"), reason: "peak".to_owned(), since: at(0).utc, until: at(10).utc };
    assert!(storage.freeze_policies(&tenant(), &freeze).await.unwrap());
    let shorter = PolicyFreeze { until: at(5).utc, ..freeze.clone() };
    assert!(!storage.freeze_policies(&tenant(), &shorter).await.unwrap(), "a freeze is not shortened");
    assert_eq!(storage.policy_freeze(&tenant()).await.unwrap(), Some(freeze.clone()));
    let frozen = took(storage, version, step(PolicyAct::Activate, "ann"), 9).await;
    assert_eq!(frozen, Stepped::Refused(Refusal::Frozen(freeze)));
    assert!(storage.thaw_policies(&tenant(), &actor("cy"), "over", at(9).utc).await.unwrap());
    assert!(!storage.thaw_policies(&tenant(), &actor("cy"), "over", at(9).utc).await.unwrap());
    let done = took(storage, version, step(PolicyAct::Activate, "ann"), 9).await;
    assert!(matches!(done, Stepped::Done(Some(PolicyRecord { state: PolicyState::Active, .. }))));
}

pub async fn what_is_to_begin_later_is_due_then_and_once(storage: &dyn Storage) {
    let version = approved(storage, "a = 1").await;
    let later = Step { effective_at: Some(at(50).utc), ..step(PolicyAct::Schedule, "ann") };
    took(storage, version, later, 2).await;
    assert!(storage.due_policies(at(49).utc, 10).await.unwrap().is_empty());
    let due = storage.due_policies(at(50).utc, 10).await.unwrap();
    let (whose, which, asked) = &due[0];
    assert_eq!((whose, *which, &asked.actor), (&tenant(), version, &actor("ann")));
    took(storage, version, asked.clone(), 50).await;
    assert!(storage.due_policies(UtcMs(i64::MAX), 10).await.unwrap().is_empty());
}

pub async fn the_history_of_policies_tells_every_step(storage: &dyn Storage) {
    let (first, second) = (approved(storage, "a = 1").await, approved(storage, "a = 2").await);
    took(storage, first, step(PolicyAct::Activate, "ann"), 2).await;
    took(storage, second, step(PolicyAct::Activate, "ann"), 3).await;
    let page = storage.policy_history(&tenant(), &page(3, None)).await.unwrap();
    let told: Vec<(u32, &str)> =
        page.rows.iter().map(|event| (event.version.unwrap().0, event.act.as_str())).collect();
    assert_eq!(told, [(2, "activate"), (1, "retire"), (1, "activate")]);
    assert!(page.next.is_some());
    let other = TenantId::new("rival").unwrap();
    assert!(storage.policy_history(&other, &self::page(9, None)).await.unwrap().rows.is_empty());
}
