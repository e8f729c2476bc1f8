//! What a launch looks at: orders in flight, books that agree, who sends, what mattered, who signed.

use super::world::{
    assigned, assignment, at, demand, described, hash, item, new_order, order_id, placed, request, state,
    stocked, store_id, tenant,
};
use holdfast_central::core::exception::Category;
use holdfast_central::core::launch::coverage::{Part, Used};
use holdfast_central::core::launch::preflight::StoreSeen;
use holdfast_central::core::launch::reconcile::Reconciliation;
use holdfast_central::core::launch::rollback::Flight;
use holdfast_central::core::launch::sign_off::{Refusal, Role, SignOff};
use holdfast_central::core::order::OrderState;
use holdfast_central::core::policy::version::PolicyVersion;
use holdfast_central::core::routing::decision::{Candidate, Choice, RungRecord, Verdict, Why};
use holdfast_central::core::stock::report::Day;
use holdfast_central::ports::Storage;
use holdfast_central::ports::access::{ApiKey, Scope};
use holdfast_central::ports::launch::RollbackRecord;
use holdfast_central::ports::work::AssignOutcome;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, ApiKeyId, TenantId};
use holdfast_shared::wire::sync::SYNC_VERSION;
use std::collections::BTreeMap;

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn flight(state: OrderState, policy: Option<&str>, released: u64, open: u64) -> Flight {
    Flight { state, policy: policy.map(str::to_owned), orders: 1, released, open }
}

pub async fn orders_in_flight_are_counted_by_state_and_policy(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 9).await;
    for order in ["waits", "given", "packed", "gone"] {
        placed(storage, order, &[("A", 1)]).await;
    }
    assigned(storage, "given", "leeds").await;
    let (packed, _) = assigned(storage, "packed", "leeds").await;
    let (gone, _) = assigned(storage, "gone", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&packed);
    leeds.pack(&gone);
    leeds.sync(storage, at(30)).await;
    leeds.hand_over(&gone);
    leeds.sync(storage, at(40)).await;
    let expected = [
        flight(OrderState::Allocated, Some("default"), 0, 0),
        flight(OrderState::Placed, None, 0, 1),
        flight(OrderState::Ready, Some("default"), 1, 0),
    ];
    assert_eq!(storage.in_flight(&tenant()).await.unwrap(), expected, "what has left is not in flight");
    let other = TenantId::new("other").unwrap();
    assert!(storage.in_flight(&other).await.unwrap().is_empty());
    let decided = storage.decided_by(&tenant(), "default").await.unwrap();
    assert_eq!((decided.orders, decided.left, decided.facts.len()), (3, 1, 3));
    let told = Reconciliation::of(&decided.facts, decided.orders, at(50).utc);
    assert!(told.agrees() && told.mismatches.is_empty(), "{told:?}");
    assert_eq!(told.by_state[&OrderState::Shipped], 1);
    assert_eq!(storage.decided_by(&tenant(), "v7").await.unwrap().orders, 0);
    assert_eq!(storage.decided_by(&other, "default").await.unwrap().orders, 0);
}

pub async fn a_way_back_is_on_record_with_the_decisions_after_it(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 9).await;
    assert_eq!(storage.newest_rollback(&tenant()).await.unwrap(), None);
    placed(storage, "before", &[("A", 1)]).await;
    assigned(storage, "before", "leeds").await;
    let taken = RollbackRecord {
        from: PolicyVersion(2),
        from_policy: "v2 abc".to_owned(),
        to: PolicyVersion(1),
        to_policy: "v1 xyz".to_owned(),
        actor: actor("ann"),
        reason: "wrong city".to_owned(),
        at: at(30).utc,
        decisions_from: 0,
    };
    storage.record_rollback(&tenant(), &taken).await.unwrap();
    let kept = storage.newest_rollback(&tenant()).await.unwrap().unwrap();
    assert_eq!(RollbackRecord { decisions_from: 0, ..kept.clone() }, taken);
    assert!(storage.decisions_since(&tenant(), kept.decisions_from).await.unwrap().is_empty());
    placed(storage, "after", &[("A", 1)]).await;
    assigned(storage, "after", "leeds").await;
    let since = storage.decisions_since(&tenant(), kept.decisions_from).await.unwrap();
    assert_eq!(since, BTreeMap::from([("default".to_owned(), 1)]), "only what came after it");
}

pub async fn channels_and_keys_tell_who_sends(storage: &dyn Storage) {
    placed(storage, "o1", &[("A", 1)]).await;
    let mut from_app = new_order("o2", "o2", request(FulfilmentKind::Ship, &[("A", 1)]));
    from_app.request.channel = "app".to_owned();
    from_app.actor = actor("key:app");
    storage.place(from_app).await.unwrap();
    let seen = storage.channels_seen(&tenant()).await.unwrap();
    let told: Vec<(&str, &str, u64)> =
        seen.iter().map(|seen| (seen.channel.as_str(), seen.actor.as_str(), seen.orders)).collect();
    assert_eq!(told, [("app", "key:app", 1), ("web", "storefront", 1)]);

    let id = ApiKeyId::new("k1").unwrap();
    storage.note_key_use(&tenant(), &id, at(1).utc).await.unwrap();
    assert!(storage.key_uses(&tenant()).await.unwrap().is_empty(), "there is no such key");
    let key = ApiKey {
        key: id.clone(),
        tenant: tenant(),
        name: "shop".to_owned(),
        scopes: [Scope::OrdersWrite].into(),
        store: None,
        created_at: at(0).utc,
        revoked_at: None,
    };
    storage.create_api_key(key, hash("token")).await.unwrap();
    for ms in [5, 9, 7] {
        storage.note_key_use(&tenant(), &id, at(ms).utc).await.unwrap();
    }
    assert_eq!(storage.key_uses(&tenant()).await.unwrap(), BTreeMap::from([(id, at(9).utc)]));
}

pub async fn stores_tell_of_their_boxes(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 3).await;
    storage.put_store(&tenant(), &described("york"), at(0).utc).await.unwrap();
    let seen = |store: &str, boxes, level, sync_version| StoreSeen {
        store: store_id(store),
        boxes,
        level,
        sync_version,
    };
    let expected = [seen("leeds", 1, true, SYNC_VERSION.into()), seen("york", 0, false, 0)];
    assert_eq!(storage.store_boxes(&tenant()).await.unwrap(), expected);
    let _second = super::world::enrolled(storage, "leeds", "second").await;
    let boxes = storage.store_boxes(&tenant()).await.unwrap();
    assert_eq!((boxes[0].boxes, boxes[0].sync_version), (2, 0), "the second has never spoken");
}

pub async fn the_newest_orders_are_counted_against_work_and_events(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 9).await;
    for order in ["open", "cancelled", "left", "asked"] {
        placed(storage, order, &[("A", 1)]).await;
    }
    let (left, _) = assigned(storage, "left", "leeds").await;
    assigned(storage, "asked", "leeds").await;
    leeds.sync(storage, at(25)).await;
    leeds.pack(&left);
    leeds.sync(storage, at(30)).await;
    for order in ["cancelled", "left", "asked"] {
        storage.cancel(&tenant(), &order_id(order), "no", &actor("ann"), at(31).utc).await.unwrap();
    }
    leeds.hand_over(&left);
    leeds.sync(storage, at(40)).await;
    assert_eq!(state(storage, "left").await, OrderState::Shipped);
    let found = storage.orders_since(&tenant(), at(0).utc).await.unwrap();
    let counts = found.counts;
    assert_eq!((counts.orders, counts.told_placed, counts.told_state), (4, 4, 4));
    assert_eq!((counts.worked, counts.with_task), (2, 2));
    assert_eq!((counts.asked_to_cancel, counts.cancelled, counts.unanswered), (3, 1, 1));
    assert_eq!((counts.left_anyway, counts.returns), (1, 1), "a return is due");
    assert!(Reconciliation::of(&found.facts, counts.orders, at(50).utc).agrees());
    assert_eq!(storage.orders_since(&tenant(), at(11).utc).await.unwrap().counts.orders, 0, "placed before");
    let raised = storage.raised_since(&tenant(), at(0).utc).await.unwrap();
    let due = raised.iter().find(|raised| raised.category == Category::ReturnDue).unwrap();
    assert_eq!((due.raised, due.open, due.open_since.is_some()), (1, 1, true));
    assert_eq!(storage.open_exceptions(&tenant(), Some(Category::ReturnDue)).await.unwrap(), 1);
    assert_eq!(storage.open_exceptions(&tenant(), Some(Category::Drift)).await.unwrap(), 0);
}

pub async fn each_decision_counts_once_for_what_mattered(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 9).await;
    let mut article = item("A");
    article.class = Some("hot".to_owned());
    storage.put_catalogue(&tenant(), &[article]).await.unwrap();
    for (order, ms) in [("o1", 20), ("o2", 20), ("o3", 86_400_020)] {
        placed(storage, order, &[("A", 1)]).await;
        let wanted = demand(storage, order).await.unwrap();
        let mut given = assignment(&wanted, "leeds", at(ms));
        let verdict = Verdict::Refused { rule: "stock".into(), words: Why::Told("none".to_owned()) };
        let york = Candidate { store: store_id("york"), distance_km: 1.0, verdict };
        given.decision.rungs = vec![RungRecord {
            rung: "closest".to_owned(),
            candidates: vec![york],
            left_out: BTreeMap::new(),
        }];
        assert!(matches!(given.decision.choice, Choice::Assign(_)));
        let outcome = storage.assign(&given, at(ms)).await.unwrap();
        assert!(matches!(outcome, AssignOutcome::Assigned { .. }), "{outcome:?}");
    }
    let (today, tomorrow) = (Day::of(at(20).utc), Day::of(at(86_400_020).utc));
    let used = |part, name: &str, decided, refused, last_day| Used {
        part,
        name: name.to_owned(),
        decided,
        refused,
        last_day,
    };
    let all = [
        used(Part::Class, "hot", 3, 0, tomorrow),
        used(Part::Rule, "stock", 0, 3, tomorrow),
        used(Part::Rung, "closest", 3, 0, tomorrow),
    ];
    assert_eq!(storage.uses(&tenant(), "default", today).await.unwrap(), all);
    assert_eq!(
        storage.uses(&tenant(), "default", tomorrow).await.unwrap()[0],
        used(Part::Class, "hot", 1, 0, tomorrow)
    );
    assert!(storage.uses(&tenant(), "v1", today).await.unwrap().is_empty());
}

pub async fn sign_offs_are_words_of_different_people_and_stay(storage: &dyn Storage) {
    let word = |role, who: &str| SignOff {
        role,
        name: who.to_owned(),
        actor: actor(who),
        note: "looked".to_owned(),
        at: at(1).utc,
    };
    let (version, other) = (PolicyVersion(3), PolicyVersion(4));
    let sign = async |version, word: &SignOff| storage.sign_off(&tenant(), version, word).await.unwrap();
    let ann = word(Role::Support, "ann");
    assert_eq!(sign(version, &ann).await, Ok(vec![ann.clone()]));
    assert!(matches!(sign(version, &word(Role::Analytics, "ann")).await, Err(Refusal::SamePerson { .. })));
    assert!(sign(other, &word(Role::Analytics, "ann")).await.is_ok(), "of another version");
    let bob = word(Role::Analytics, "bob");
    sign(version, &bob).await.unwrap();
    assert_eq!(storage.sign_offs(&tenant(), version).await.unwrap(), [ann, bob]);
    let elsewhere = TenantId::new("other").unwrap();
    assert!(storage.sign_offs(&elsewhere, version).await.unwrap().is_empty());
}
