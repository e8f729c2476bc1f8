//! Versions on trial: one at a time, measured by their own decisions, over when another begins.

use super::world::{assigned, assignment, at, demand, new_order, order_id, placed, request, stocked, tenant};
use holdfast_central::core::exception::{Category, NewException, Severity};
use holdfast_central::core::fleet::Handling;
use holdfast_central::core::policy::document::PolicyHash;
use holdfast_central::core::policy::version::{PolicyAct, PolicyRecord, PolicyState, PolicyVersion, Step};
use holdfast_central::core::rollout::cohort::Cohort;
use holdfast_central::core::rollout::guardrails::{Guardrails, Reading, Verdict};
use holdfast_central::core::rollout::phase::Phase;
use holdfast_central::core::rollout::{Plan, Refusal, Rollout, RolloutAct, RolloutState, Wish};
use holdfast_central::core::shadow::gate::ShadowGate;
use holdfast_central::core::steering::policy_name;
use holdfast_central::ports::policies::{NewPolicy, Stepped};
use holdfast_central::ports::rollouts::Tried;
use holdfast_central::ports::work::{AssignOutcome, Assignment};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, TenantId};

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn gate() -> ShadowGate {
    ShadowGate {
        lines_min: 4,
        mismatch_permille_max: 250,
        classified_permille_min: 900,
        override_reason: None,
    }
}

fn plan() -> Plan {
    Plan {
        owner: actor("ann"),
        may_pause: [actor("bob")].into(),
        dashboard: "https://grafana.example".to_owned(),
        go: vec!["no complaints".to_owned()],
        phases: vec![Phase {
            percent: 50,
            go: vec!["the stores were told".to_owned()],
            roll_back_when: vec!["a store complains".to_owned()],
        }],
        blockers_cleared: vec!["stores were told".to_owned()],
        cohort: Cohort { channels: ["web".to_owned()].into(), ..Cohort::default() },
        percent_max: 50,
        guardrails: Guardrails {
            errors_permille_max: 0,
            latency_ms_max: 60_000,
            exceptions_max: 0,
            mismatch_permille_max: 0,
            orders_min: 2,
        },
        shadow: ShadowGate { override_reason: Some("nothing to compare yet".to_owned()), ..gate() },
    }
}

fn wish(act: RolloutAct, percent: Option<u8>) -> Wish {
    Wish { act, actor: actor("ann"), reason: "because".to_owned(), percent, by_itself: false }
}

fn step(act: PolicyAct, who: &str) -> Step {
    let reason = "because".to_owned();
    Step { act, actor: actor(who), reason, effective_at: None, big_bang: false }
}

async fn approved(storage: &dyn Storage, text: &str) -> PolicyRecord {
    let hash = PolicyHash(super::world::hash(text));
    let (author, reason) = (actor("ann"), "a trial".to_owned());
    let policy = NewPolicy { text: text.to_owned(), canonical: text.to_owned(), hash, author, reason };
    let version = storage.draft_policy(&tenant(), &policy, at(0).utc).await.unwrap().version;
    let done =
        storage.step_policy(&tenant(), version, &step(PolicyAct::Approve, "bob"), at(1).utc).await.unwrap();
    let Stepped::Done(Some(record)) = done else { panic!("{done:?}") };
    record
}

async fn start(storage: &dyn Storage, version: PolicyVersion) -> Tried {
    let wish = wish(RolloutAct::Start, Some(10));
    storage.start_rollout(&tenant(), version, &plan(), &wish, at(2).utc).await.unwrap()
}

async fn took(storage: &dyn Storage, act: RolloutAct, percent: Option<u8>) -> Tried {
    storage.step_rollout(&tenant(), &wish(act, percent), at(30).utc).await.unwrap()
}

async fn newest(storage: &dyn Storage) -> (Rollout, Reading) {
    storage.rollout(&tenant()).await.unwrap().unwrap()
}

/// To Leeds, by a decision of this version.
async fn decided_by(storage: &dyn Storage, order: &str, policy: &PolicyRecord) {
    placed(storage, order, &[("A", 1)]).await;
    let wanted = demand(storage, order).await.unwrap();
    let mut assignment: Assignment = assignment(&wanted, "leeds", at(20));
    assignment.decision.policy = policy_name(policy.version, &policy.hash);
    let outcome = storage.assign(&assignment, at(20)).await.unwrap();
    assert!(matches!(outcome, AssignOutcome::Assigned { .. }), "{outcome:?}");
}

pub async fn one_trial_runs_at_a_time_and_only_of_what_is_approved(storage: &dyn Storage) {
    let (first, second) = (approved(storage, "a = 1").await, approved(storage, "a = 2").await);
    assert_eq!(start(storage, PolicyVersion(9)).await, Tried::Unknown);
    assert!(matches!(start(storage, first.version).await, Tried::Done(_)));
    assert_eq!(start(storage, second.version).await, Tried::Another(first.version));
    let running = storage.rollouts_running().await.unwrap();
    assert_eq!((running.len(), running[0].canonical.as_str(), running[0].rollout.percent), (1, "a = 1", 10));
    assert!(matches!(took(storage, RolloutAct::Pause, None).await, Tried::Done(_)));
    assert!(storage.rollouts_running().await.unwrap().is_empty());
    assert_eq!(start(storage, second.version).await, Tried::Another(first.version));
    assert!(matches!(took(storage, RolloutAct::RollBack, None).await, Tried::Done(_)));
    assert!(matches!(start(storage, second.version).await, Tried::Done(_)));
    storage
        .step_policy(&tenant(), second.version, &step(PolicyAct::Withdraw, "bob"), at(3).utc)
        .await
        .unwrap();
    assert_eq!(newest(storage).await.0.state, RolloutState::RolledBack, "what is given up is not tried on");
    assert_eq!(start(storage, second.version).await, Tried::NotApproved(PolicyState::Withdrawn));
}

pub async fn a_trial_that_went_well_lets_its_version_begin(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 9).await;
    let policy = approved(storage, "a = 1").await;
    placed(storage, "before", &[("A", 1)]).await;
    assigned(storage, "before", "leeds").await;
    start(storage, policy.version).await;
    decided_by(storage, "o1", &policy).await;
    let few = took(storage, RolloutAct::Finish, None).await;
    assert!(matches!(few, Tried::Refused(Refusal::Guardrails(_))), "{few:?}");
    decided_by(storage, "o2", &policy).await;
    placed(storage, "other", &[("A", 1)]).await;
    assigned(storage, "other", "leeds").await;
    let reading = Reading {
        orders: 2,
        errors: 0,
        latency_ms: 10,
        open_exceptions: 0,
        mismatched: 0,
        ..Reading::default()
    };
    assert_eq!(newest(storage).await.1, reading);
    assert!(matches!(took(storage, RolloutAct::Advance, Some(20)).await, Tried::Done(_)));
    let untried =
        storage.step_policy(&tenant(), policy.version, &step(PolicyAct::Activate, "ann"), at(31).utc).await;
    assert!(matches!(untried.unwrap(), Stepped::Refused(_)), "it is not over yet");
    assert!(matches!(took(storage, RolloutAct::Finish, None).await, Tried::Done(_)));
    let begun =
        storage.step_policy(&tenant(), policy.version, &step(PolicyAct::Activate, "ann"), at(32).utc).await;
    assert!(matches!(begun.unwrap(), Stepped::Done(Some(PolicyRecord { state: PolicyState::Active, .. }))));
}

pub async fn a_trial_does_not_grow_over_open_exceptions_or_work_that_was_lost(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 9).await;
    let policy = approved(storage, "a = 1").await;
    start(storage, policy.version).await;
    decided_by(storage, "o1", &policy).await;
    decided_by(storage, "o2", &policy).await;
    let exception = NewException {
        key: "stuck:o1".to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: Some(order_id("o1")),
        task: None,
        store: None,
        detail: "o1 does not end".to_owned(),
        suggestion: "Look at it.".to_owned(),
    };
    storage.raise(&tenant(), &exception, at(21).utc).await.unwrap();
    assert_eq!(took(storage, RolloutAct::Advance, Some(20)).await, Tried::Refused(Refusal::Unresolved(1)));
    storage.settle(&tenant(), "stuck:o1", "it ended", at(22).utc).await.unwrap();
    let task = storage.open_tasks(Some(&tenant()), None, 10).await.unwrap().remove(0).state;
    storage.recall(&tenant(), &task.task, task.fence, "dark", at(25)).await.unwrap();
    assert_eq!(newest(storage).await.1.mismatched, 1);
    let lost = took(storage, RolloutAct::Advance, Some(20)).await;
    assert!(matches!(lost, Tried::Refused(Refusal::Guardrails(_))), "{lost:?}");
}

pub async fn open_orders_tell_their_channel_and_classes(storage: &dyn Storage) {
    let mut items = [super::world::item("A"), super::world::item("B"), super::world::item("C")];
    items[0].class = Some("hot".to_owned());
    items[1].class = Some("no name".to_owned());
    storage.put_catalogue(&tenant(), &items).await.unwrap();
    placed(storage, "o1", &[("A", 1)]).await;
    placed(storage, "o2", &[("A", 1), ("B", 1)]).await;
    placed(storage, "o3", &[("C", 1)]).await;
    let open = storage.open_orders(&tenant()).await.unwrap();
    let told: Vec<(String, usize, bool)> =
        open.iter().map(|open| (open.order.to_string(), open.classes.len(), open.unclassed)).collect();
    let expected = [("o1", 1, false), ("o2", 1, true), ("o3", 0, true)];
    assert_eq!(told, expected.map(|(order, classes, unclassed)| (order.to_owned(), classes, unclassed)));
    assert_eq!(open[0].request.channel, "web");
    assert_eq!(storage.sku_classes(&tenant()).await.unwrap().len(), 1, "only what a policy can name");
}

pub async fn open_orders_tell_whether_they_are_easy(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 5).await;
    let _york = stocked(storage, "york", 2).await;
    let mut items = [super::world::item("A"), super::world::item("C")];
    items[1].needs = [Handling::Cold].into();
    storage.put_catalogue(&tenant(), &items).await.unwrap();
    placed(storage, "enough", &[("A", 5)]).await;
    placed(storage, "split", &[("A", 6)]).await;
    placed(storage, "cold", &[("C", 1)]).await;
    let pickup = new_order("pickup", "pickup", request(FulfilmentKind::Pickup, &[("A", 1)]));
    storage.place(pickup).await.unwrap();
    let open = storage.open_orders(&tenant()).await.unwrap();
    let told: Vec<(&str, bool, bool)> =
        open.iter().map(|open| (open.order.as_str(), open.in_stock, open.simple_shipping)).collect();
    let expected =
        [("enough", true, true), ("split", false, true), ("cold", false, false), ("pickup", true, false)];
    assert_eq!(told, expected);
}

pub async fn trials_are_listed_newest_first_and_found_by_number(storage: &dyn Storage) {
    let (first, second) = (approved(storage, "a = 1").await, approved(storage, "a = 2").await);
    start(storage, first.version).await;
    took(storage, RolloutAct::RollBack, None).await;
    start(storage, second.version).await;
    let page = |cursor, limit| PageRequest { cursor, limit };
    let newest = storage.rollouts(&tenant(), &page(None, 1)).await.unwrap();
    assert_eq!((newest.rows.len(), newest.rows[0].1.version), (1, second.version));
    let older = storage.rollouts(&tenant(), &page(newest.next, 1)).await.unwrap();
    assert_eq!((older.rows[0].1.version, older.next), (first.version, None));
    let found = async |number| storage.rollout_by_number(&tenant(), number).await.unwrap();
    let (rollout, _, is_newest) = found(older.rows[0].0).await.unwrap();
    assert_eq!((rollout.state, is_newest), (RolloutState::RolledBack, false));
    assert!(found(newest.rows[0].0).await.unwrap().2);
    assert!(found(99).await.is_none());
    let other = TenantId::new("other").unwrap();
    assert!(storage.rollout_by_number(&other, newest.rows[0].0).await.unwrap().is_none());
    assert!(storage.rollouts(&other, &page(None, 9)).await.unwrap().rows.is_empty());
}

pub async fn a_trial_needs_what_its_shadow_has_shown(storage: &dyn Storage) {
    let policy = approved(storage, "a = 1").await;
    let strict = Plan { shadow: gate(), ..plan() };
    let start = |plan: Plan| async move {
        let wish = wish(RolloutAct::Start, Some(10));
        storage.start_rollout(&tenant(), policy.version, &plan, &wish, at(40).utc).await.unwrap()
    };
    let unseen = start(strict.clone()).await;
    assert!(matches!(unseen, Tried::Refused(Refusal::Shadow(_))), "{unseen:?}");
    super::shadow::seen(storage, policy.version, 4, 1).await;
    assert!(matches!(start(strict).await, Tried::Done(_)));
    assert_eq!(newest(storage).await.1.shadow.mismatched, 1);
    let open = storage.shadows_open().await.unwrap().remove(0);
    super::shadow::differs(storage, &open, 5).await;
    let (rollout, reading) = newest(storage).await;
    assert_eq!((reading.shadow.lines, reading.shadow.mismatched), (5, 2));
    assert!(matches!(rollout.plan.judge(&reading), Verdict::Crossed(_)), "{reading:?}");
    let history = storage.policy_history(&tenant(), &PageRequest { cursor: None, limit: 50 }).await.unwrap();
    assert!(history.rows.iter().all(|event| event.act != "shadow_override"), "nobody had to answer for it");
}

pub async fn who_starts_a_trial_without_its_shadow_is_on_record(storage: &dyn Storage) {
    let policy = approved(storage, "a = 1").await;
    assert!(matches!(start(storage, policy.version).await, Tried::Done(_)));
    let history = storage.policy_history(&tenant(), &PageRequest { cursor: None, limit: 50 }).await.unwrap();
    let told = history.rows.iter().find(|event| event.act == "shadow_override").unwrap();
    assert_eq!((told.actor.as_str(), told.reason.as_str()), ("ann", "nothing to compare yet"));
}
