//! Stores, closures, catalogue, history.

use super::world::{at, described, item, order_id, placed, sku, stocked, store_id, tenant};
use holdfast_central::core::eligibility::{Eligibility, Standing};
use holdfast_central::core::fleet::{Closure, ClosureCause};
use holdfast_central::ports::fleet::EligibilityChange;
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::ids::{Actor, TenantId};

pub async fn a_store_is_described_and_described_anew(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("leeds"), at(0).utc).await.unwrap();
    let mut changed = described("leeds");
    changed.capacity_tasks = 7;
    storage.put_store(&tenant(), &changed, at(1).utc).await.unwrap();
    let record = storage.store(&tenant(), &store_id("leeds")).await.unwrap().unwrap();
    assert_eq!(record.store, changed);
    assert_eq!((record.enrolled_replicas, record.open_tasks), (0, 0));
    assert_eq!(storage.stores(&tenant()).await.unwrap(), [record]);
    assert!(storage.store(&tenant(), &store_id("york")).await.unwrap().is_none());
}

pub async fn each_tenant_with_stores_is_named_once(storage: &dyn Storage) {
    assert!(storage.tenants().await.unwrap().is_empty());
    let tenants = ["acme", "bolt", "zest"].map(|name| TenantId::new(name).unwrap());
    for (tenant, store) in tenants.iter().rev().flat_map(|tenant| ["leeds", "york"].map(|s| (tenant, s))) {
        storage.put_store(tenant, &described(store), at(0).utc).await.unwrap();
    }
    assert_eq!(storage.tenants().await.unwrap(), tenants);
}

fn closure(from_store: bool, hard: bool) -> Closure {
    Closure {
        hard,
        cause: ClosureCause::Weather,
        author: Actor::new("ann").unwrap(),
        since: at(0).utc,
        until: None,
        from_store,
    }
}

pub async fn closures_of_both_origins_stand_beside_each_other(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("leeds"), at(0).utc).await.unwrap();
    let leeds = store_id("leeds");
    assert!(storage.close(&tenant(), &leeds, &closure(true, false)).await.unwrap());
    assert!(storage.close(&tenant(), &leeds, &closure(false, false)).await.unwrap());
    assert!(storage.close(&tenant(), &leeds, &closure(false, true)).await.unwrap());
    assert!(!storage.close(&tenant(), &store_id("york"), &closure(true, true)).await.unwrap());
    let closures = || async { storage.store(&tenant(), &leeds).await.unwrap().unwrap().closures };
    assert_eq!(closures().await.len(), 2);
    assert!(storage.reopen(&tenant(), &leeds, true).await.unwrap());
    assert!(!storage.reopen(&tenant(), &leeds, true).await.unwrap());
    assert_eq!(closures().await, [closure(false, true)]);
}

pub async fn the_history_of_eligibility_is_newest_first(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("leeds"), at(0).utc).await.unwrap();
    for (ms, standing) in [(1, Standing::Eligible), (2, Standing::Suspect), (3, Standing::Ineligible)] {
        let eligibility = Eligibility {
            standing,
            kinds: [].into(),
            reasons: Vec::new(),
            physically_open: true,
            fail_over: false,
        };
        let change = EligibilityChange { at: at(ms).utc, store: store_id("leeds"), eligibility };
        storage.record_eligibility(&tenant(), &change).await.unwrap();
    }
    let leeds = store_id("leeds");
    let first = PageRequest { cursor: None, limit: 2 };
    let page = storage.eligibility_history(&tenant(), &leeds, &first).await.unwrap();
    let standings: Vec<_> = page.rows.iter().map(|row| row.eligibility.standing).collect();
    assert_eq!(standings, [Standing::Ineligible, Standing::Suspect]);
    let rest = PageRequest { cursor: page.next, limit: 2 };
    let page = storage.eligibility_history(&tenant(), &leeds, &rest).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (1, None));
}

pub async fn the_catalogue_knows_what_it_lacks(storage: &dyn Storage) {
    assert_eq!(storage.put_catalogue(&tenant(), &[item("A"), item("B")]).await.unwrap(), 2);
    assert_eq!(storage.put_catalogue(&tenant(), &[item("A")]).await.unwrap(), 0);
    let asked = [sku("A"), sku("C")];
    assert_eq!(storage.unknown_skus(&tenant(), &asked).await.unwrap(), [sku("C")]);
    let other = TenantId::new("other").unwrap();
    assert_eq!(storage.unknown_skus(&other, &asked).await.unwrap(), asked);
}

pub async fn a_tenant_sees_only_its_own(storage: &dyn Storage) {
    stocked(storage, "leeds", 5).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = super::world::assigned(storage, "o1", "leeds").await;
    let other = TenantId::new("other").unwrap();
    let (leeds, order, page) = (store_id("leeds"), order_id("o1"), PageRequest { cursor: None, limit: 9 });
    assert!(storage.stores(&other).await.unwrap().is_empty());
    assert!(storage.store(&other, &leeds).await.unwrap().is_none());
    assert!(storage.positions(&other, &[sku("A")]).await.unwrap().is_empty());
    assert!(storage.order(&other, &order).await.unwrap().is_none());
    assert!(storage.orders(&other, &[], &page).await.unwrap().rows.is_empty());
    assert!(storage.count_orders(&other).await.unwrap().is_empty());
    assert!(storage.timeline(&other, &order).await.unwrap().is_empty());
    assert!(storage.decisions(&other, &order).await.unwrap().is_empty());
    assert!(storage.task(&other, &task).await.unwrap().is_none());
    assert!(storage.open_tasks(Some(&other), None, 9).await.unwrap().is_empty());
    assert!(storage.tasks_of_store(&other, &leeds, &page).await.unwrap().rows.is_empty());
    assert!(storage.recent_events(&other, 9).await.unwrap().is_empty());
    assert!(storage.digests(&other, &leeds).await.unwrap().is_empty());
    assert!(!storage.reopen(&other, &leeds, false).await.unwrap());
    assert_eq!(storage.orders(&tenant(), &[], &page).await.unwrap().rows.len(), 1);
}
