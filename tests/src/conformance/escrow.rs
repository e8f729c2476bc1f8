//! Scarce SKUs: central promises only what a store has ceded, and gives it back by its own word.

use super::agent::Agent;
use super::world::{
    assigned, assignment, at, demand, enrolled, placed, position, sku, sound, stocked, store_id, tenant,
};
use holdfast_central::core::exception::{Category, Exception};
use holdfast_central::ports::escrow::{InEscrow, PutOutcome};
use holdfast_central::ports::fleet::CatalogueItem;
use holdfast_central::ports::work::{AssignOutcome, RecallOutcome};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::error::Code;
use holdfast_shared::ids::Actor;
use holdfast_shared::wire::sync::EscrowTarget;

pub(super) async fn put(storage: &dyn Storage, units: i64) -> PutOutcome {
    let target = EscrowTarget { sku: sku("A"), units };
    let who = Actor::new("key:ann").unwrap();
    storage.put_escrow(&tenant(), &store_id("leeds"), &target, &who, at(5).utc).await.unwrap()
}

async fn escrow(storage: &dyn Storage) -> InEscrow {
    storage.escrows(&tenant(), &store_id("leeds")).await.unwrap()
}

/// Rights, and those of them that orders hold.
pub(super) async fn rights(storage: &dyn Storage) -> (i64, i64) {
    let known = escrow(storage).await;
    (known.skus[0].rights, known.skus[0].held)
}

/// Leeds has ten of `A`, of which central wants some and has been ceded so many.
pub(super) async fn leeds(storage: &dyn Storage, wanted: i64, ceded: i64) -> Agent {
    let mut leeds = stocked(storage, "leeds", 10).await;
    assert_eq!(put(storage, wanted).await, PutOutcome::Put);
    leeds.sync(storage, at(6)).await;
    if ceded > 0 {
        leeds.cede("A", ceded);
        leeds.sync(storage, at(7)).await;
    }
    leeds
}

pub(super) async fn level(storage: &dyn Storage, agent: &mut Agent, ms: i64) {
    for _ in 0..6 {
        if agent.sync(storage, at(ms)).await.response.level {
            return;
        }
    }
    panic!("never level");
}

/// Whether units of an order that is placed now are promised.
pub(super) async fn promised(storage: &dyn Storage, order: &str, units: i64) -> bool {
    placed(storage, order, &[("A", units)]).await;
    let demand = demand(storage, order).await.unwrap();
    match storage.assign(&assignment(&demand, "leeds", at(20)), at(20)).await.unwrap() {
        AssignOutcome::Assigned { .. } => true,
        AssignOutcome::StockGone { .. } | AssignOutcome::OrderMoved => false,
    }
}

async fn overdrawn(storage: &dyn Storage) -> Vec<Exception> {
    let page = PageRequest { cursor: None, limit: 9 };
    let mut open = storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
    open.retain(|exception| exception.category == Category::Overdrawn);
    open
}

pub async fn central_promises_only_what_is_ceded(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 3, 0).await;
    assert_eq!(leeds.wanted.targets, [EscrowTarget { sku: sku("A"), units: 3 }]);
    assert!(!promised(storage, "o1", 1).await, "ten are there, none is ceded");
    assert_eq!(position(storage, "leeds").await.available, 0);
    leeds.cede("A", 3);
    leeds.sync(storage, at(8)).await;
    assert_eq!(position(storage, "leeds").await.available, 3);
    assert!(promised(storage, "o2", 2).await);
    assert!(!promised(storage, "o3", 2).await);
    assert!(promised(storage, "o4", 1).await);
    assert_eq!(rights(storage).await, (3, 3));
    assert!(!promised(storage, "o5", 1).await);
    // What it knows already is not told again.
    assert_eq!(leeds.sync(storage, at(30)).await.response.escrow, None);
    sound(storage, 2).await;
}

pub async fn what_leaves_takes_its_right_along(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    let mut work = Vec::new();
    for order in ["o1", "o2", "o3"] {
        placed(storage, order, &[("A", 1)]).await;
        work.push(assigned(storage, order, "leeds").await.0);
    }
    leeds.sync(storage, at(25)).await;
    leeds.pack(&work[0]);
    leeds.sync(storage, at(26)).await;
    leeds.hand_over(&work[0]);
    leeds.say(&work[1], holdfast_shared::domain::task::TaskEvent::Accepted);
    leeds.say(&work[1], holdfast_shared::domain::task::TaskEvent::PickingStarted);
    leeds.short(&work[1], super::world::LINE, 1);
    leeds.sync(storage, at(27)).await;
    assert_eq!(rights(storage).await, (2, 1), "one left, one was not found");
    let fence = leeds.task(&work[2]).unwrap().fence;
    let done = storage.recall(&tenant(), &work[2], fence, "dark", at(40)).await.unwrap();
    assert_eq!(done, RecallOutcome::Recalled);
    leeds.sync(storage, at(41)).await;
    leeds.put_back(&work[2]);
    level(storage, &mut leeds, 42).await;
    assert_eq!((rights(storage).await, leeds.rights()), ((2, 0), 2), "and what was put back may be promised");
    assert_eq!(position(storage, "leeds").await.on_hand, 8);
    sound(storage, 0).await;
}

pub async fn rights_count_as_none_after_a_restore_until_both_sides_have_compared(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    level(storage, &mut leeds, 8).await;
    storage.begin_recovery("a drill", at(9).utc).await.unwrap();
    assert_eq!(position(storage, "leeds").await.available, 0);
    assert!(!escrow(storage).await.compared);
    assert!(!promised(storage, "o1", 1).await);
    level(storage, &mut leeds, 30).await;
    level(storage, &mut leeds, 31).await;
    assert!(escrow(storage).await.compared);
    assert!(promised(storage, "o2", 4).await);
    // Equal documents and unequal stock are no comparison.
    storage.begin_recovery("another drill", at(40).utc).await.unwrap();
    leeds.drifted = true;
    for ms in 41..45 {
        leeds.sync(storage, at(ms)).await;
    }
    assert!(!escrow(storage).await.compared);
}

pub async fn what_central_gave_back_before_a_restore_it_learns_of_from_the_store(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    level(storage, &mut leeds, 8).await;
    // In the lost window central gave three back, and the store heard of it.
    let fact = holdfast_shared::domain::fact::Fact {
        id: "central.1.900".parse().unwrap(),
        ..leeds.fact(
            None,
            holdfast_shared::domain::fact::Body::Stock(holdfast_shared::domain::stock::StockFact {
                sku: sku("A"),
                delta: 0,
                movement: Movement::Returned { units: 3 },
                note: None,
            }),
        )
    };
    leeds.hear_of_central(&"stock/leeds/central/i1/1".parse().unwrap(), &fact);
    assert_eq!(leeds.rights(), 1);
    let refused = leeds.sync(storage, at(9)).await.response.errors;
    assert_eq!(refused[0].code(), Some(Code::Forbidden), "nobody brings that while nothing was lost");
    storage.begin_recovery("a drill", at(10).utc).await.unwrap();
    level(storage, &mut leeds, 30).await;
    level(storage, &mut leeds, 31).await;
    assert_eq!(rights(storage).await, (1, 0));
    assert!(!promised(storage, "o1", 2).await);
    assert!(promised(storage, "o2", 1).await);
    sound(storage, 1).await;
}

pub async fn a_box_whose_disk_was_put_back_promises_nothing_until_it_is_level(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    level(storage, &mut leeds, 8).await;
    leeds.rehydrating = true;
    leeds.sync(storage, at(9)).await;
    assert!(!promised(storage, "o1", 1).await);
    leeds.rehydrating = false;
    level(storage, &mut leeds, 10).await;
    assert!(promised(storage, "o2", 1).await);
}

pub async fn units_nobody_holds_go_back_when_they_are_wanted_no_more(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 5, 5).await;
    assert!(promised(storage, "o1", 2).await);
    assert_eq!(put(storage, 4).await, PutOutcome::Put);
    level(storage, &mut leeds, 30).await;
    assert_eq!((rights(storage).await, leeds.rights()), ((4, 2), 4));
    assert!(storage.drop_escrow(&tenant(), &store_id("leeds"), &sku("A"), at(30).utc).await.unwrap());
    assert!(!storage.drop_escrow(&tenant(), &store_id("leeds"), &sku("A"), at(30).utc).await.unwrap());
    level(storage, &mut leeds, 31).await;
    assert_eq!((leeds.rights(), leeds.wanted.targets.len()), (2, 0), "an order holds two");
    assert!(promised(storage, "o2", 8).await, "like any other SKU");
    sound(storage, 2).await;
}

pub async fn a_manager_gets_back_what_no_order_holds(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 5, 5).await;
    assert!(promised(storage, "o1", 2).await);
    leeds.asked_back = vec![EscrowTarget { sku: sku("A"), units: 1 }];
    level(storage, &mut leeds, 30).await;
    assert_eq!((rights(storage).await, leeds.rights()), ((2, 2), 2));
    assert!(!promised(storage, "o2", 1).await);
}

pub async fn an_older_box_is_asked_for_nothing(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 10).await;
    for version in [2, 3] {
        leeds.version = version;
        leeds.sync(storage, at(3)).await;
        assert_eq!(put(storage, 3).await, PutOutcome::CannotCede { enrolled: 1, able: 0 });
    }
    leeds.version = 4;
    leeds.sync(storage, at(4)).await;
    assert_eq!(put(storage, 3).await, PutOutcome::Put);
    // It goes back to a version that knows nothing of it.
    leeds.cede("A", 3);
    leeds.sync(storage, at(5)).await;
    leeds.version = 3;
    assert_eq!(leeds.sync(storage, at(6)).await.response.escrow, None);
    assert!(!promised(storage, "o1", 1).await);
    assert_eq!(put(storage, 3).await, PutOutcome::CannotCede { enrolled: 1, able: 0 });
}

pub async fn a_second_box_ends_it(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    assert!(promised(storage, "o1", 1).await);
    let mut other = enrolled(storage, "leeds", "the other box").await;
    assert!(!promised(storage, "o2", 1).await, "its till has not heard of what was ceded");
    level(storage, &mut leeds, 30).await;
    level(storage, &mut other, 31).await;
    level(storage, &mut leeds, 32).await;
    assert_eq!((rights(storage).await, leeds.rights(), other.rights()), ((1, 1), 1, 1));
    assert_eq!((leeds.wanted.targets.len(), other.wanted.targets.len()), (0, 0));
    assert_eq!(put(storage, 3).await, PutOutcome::CannotCede { enrolled: 2, able: 2 });
}

pub async fn a_sale_beyond_is_told_and_settles(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 8, 8).await;
    leeds.sale("A", 5);
    level(storage, &mut leeds, 30).await;
    level(storage, &mut leeds, 31).await;
    let told = overdrawn(storage).await;
    assert_eq!((told.len(), told[0].times), (1, 1));
    assert!(
        told[0].detail.contains("ceded 8 of A") && told[0].detail.contains("has 5"),
        "{}",
        told[0].detail
    );
    assert_eq!(position(storage, "leeds").await.available, 5, "what is not there is not promised");
    assert!(!promised(storage, "o1", 6).await);
    leeds.stock(&sku("A"), 3, Movement::Receipt);
    level(storage, &mut leeds, 40).await;
    assert!(overdrawn(storage).await.is_empty());
}

pub async fn rights_stay_when_documents_are_sealed(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    leeds.close_day();
    let seals = leeds.sync(storage, at(30)).await.response.seals;
    assert_eq!(seals.len(), 1);
    assert_eq!(rights(storage).await, (4, 0));
    sound(storage, 0).await;
}

pub async fn a_store_cannot_give_itself_back_what_it_ceded(storage: &dyn Storage) {
    let mut leeds = leeds(storage, 4, 4).await;
    leeds.stock(&sku("A"), 0, Movement::Returned { units: 4 });
    let refused = leeds.sync(storage, at(30)).await.response.errors;
    assert_eq!(refused[0].code(), Some(Code::Forbidden));
    assert_eq!(rights(storage).await, (4, 0));
}

async fn named(storage: &dyn Storage, sku_name: &str, class: Option<&str>) {
    let class = class.map(|class| class.parse().unwrap());
    let item = CatalogueItem { sku: sku(sku_name), name: sku_name.to_owned(), class, needs: [].into() };
    storage.put_catalogue(&tenant(), &[item]).await.unwrap();
}

async fn wanted(storage: &dyn Storage) -> Vec<(String, i64)> {
    let skus = escrow(storage).await.skus.into_iter();
    skus.map(|known| (known.sku.to_string(), known.target_units)).collect()
}

pub async fn a_class_in_escrow_is_each_of_its_skus_also_one_that_joins_later(storage: &dyn Storage) {
    let mut leeds = stocked(storage, "leeds", 10).await;
    for (name, class) in [("A", Some("hot")), ("B", Some("hot")), ("C", None)] {
        named(storage, name, class).await;
    }
    let (tenant, node, hot) = (tenant(), store_id("leeds"), "hot".parse().unwrap());
    let who = Actor::new("key:ann").unwrap();
    assert_eq!(put(storage, 7).await, PutOutcome::Put, "of A something else is said alone");
    let done = storage.put_class_escrow(&tenant, &node, (&hot, 3), &who, at(5).utc).await.unwrap();
    assert_eq!(done, PutOutcome::Put);
    assert_eq!(wanted(storage).await, [("A".to_owned(), 7), ("B".to_owned(), 3)]);
    named(storage, "C", Some("hot")).await;
    named(storage, "B", Some("cold")).await;
    assert_eq!(wanted(storage).await, [("A".to_owned(), 7), ("C".to_owned(), 3)]);
    assert!(storage.drop_escrow(&tenant, &node, &sku("A"), at(6).utc).await.unwrap());
    assert_eq!(wanted(storage).await, [("A".to_owned(), 3), ("C".to_owned(), 3)], "its class holds");
    assert!(!storage.drop_escrow(&tenant, &node, &sku("A"), at(6).utc).await.unwrap());
    leeds.sync(storage, at(6)).await;
    assert_eq!(leeds.wanted.targets.len(), 2, "the store hears of each");
    assert!(!promised(storage, "o1", 1).await, "nothing is ceded yet");
    let told = storage.classes_in_escrow(&tenant, &node).await.unwrap();
    assert_eq!((told[0].class.clone(), told[0].target_units), (hot.clone(), 3));
    assert_eq!((told[0].skus, told[0].left_out), (2, 0));
    assert!(storage.drop_class_escrow(&tenant, &node, &hot, at(7).utc).await.unwrap());
    assert!(!storage.drop_class_escrow(&tenant, &node, &hot, at(7).utc).await.unwrap());
    assert_eq!(wanted(storage).await, []);
}
