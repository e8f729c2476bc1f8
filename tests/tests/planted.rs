//! Each kind of difference is planted straight into the database file, beside the process that owns it.
//! Reconciliation finds exactly it, names it, and mends it or tells a person; of books that agree it says nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in here is a finding")]

use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::exception::{Category, Exception, ExceptionState};
use holdfast_central::core::reconcile::finding::{Finding, FindingKind, FindingState};
use holdfast_central::core::reconcile::policy::ReconcilePolicy;
use holdfast_central::flows::reconcile::{Looked, Reconciler};
use holdfast_central::ports::exceptions::{ExceptionQueue, QueueFilter};
use holdfast_central::ports::poke::Poke;
use holdfast_central::ports::reconcile::{FindingFilter, Reconciling};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{StoreId, TaskId, TenantId};
use holdfast_shared::time::UtcMs;
use holdfast_tests::conformance::agent::Agent;
use holdfast_tests::conformance::world::{assigned, at, placed, sound, stocked, tenant};
use rusqlite::Connection;
use std::sync::Mutex;
use tempfile::TempDir;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Two orders: `o1` was handed over, `o2` is accepted.
struct Scene {
    storage: SqliteStore,
    folder: TempDir,
    asked: Asked,
}

#[derive(Default)]
struct Asked(Mutex<Vec<String>>);

impl Poke for Asked {
    fn poke(&self, _tenant: &TenantId, store: &StoreId, _why: &str) {
        self.0.lock().unwrap().push(store.to_string());
    }
}

async fn worked(leeds: &mut Agent, storage: &dyn Storage, order: &str) -> TaskId {
    placed(storage, order, &[("A", 1)]).await;
    let (task, _) = assigned(storage, order, "leeds").await;
    leeds.sync(storage, at(25)).await;
    task
}

impl Scene {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let place = Place::File(folder.path().join("central.db"));
        let storage = SqliteStore::open(&place, Options::default(), [7; 8]).unwrap();
        let mut leeds = stocked(&storage, "leeds", 9).await;
        let first = worked(&mut leeds, &storage, "o1").await;
        leeds.pack(&first);
        leeds.sync(&storage, at(30)).await;
        leeds.hand_over(&first);
        leeds.sync(&storage, at(40)).await;
        let second = worked(&mut leeds, &storage, "o2").await;
        leeds.say(&second, TaskEvent::Accepted);
        leeds.sync(&storage, at(50)).await;
        leeds.sync(&storage, at(60)).await;
        sound(&storage, 1).await;
        Self { storage, folder, asked: Asked::default() }
    }

    fn plant(&self, sql: &str) {
        let file = Connection::open(self.folder.path().join("central.db")).unwrap();
        file.execute_batch(sql).unwrap();
    }

    async fn look(&self, ms: i64) -> Looked {
        let terms = ReconcilePolicy::default();
        let reconciler = Reconciler { store: &self.storage, terms: &terms, poke: &self.asked };
        reconciler.whole(&tenant(), at(ms).utc, &|_| true).await.unwrap().unwrap()
    }

    async fn findings(&self) -> Vec<Finding> {
        let filter = FindingFilter { all: true, ..FindingFilter::default() };
        let page = PageRequest { cursor: None, limit: 100 };
        self.storage.findings(&tenant(), &filter, &page).await.unwrap().rows
    }

    async fn one(&self) -> Finding {
        let mut found = self.findings().await;
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }

    async fn exceptions(&self) -> Vec<Exception> {
        let page = PageRequest { cursor: None, limit: 100 };
        self.storage.exception_page(&tenant(), &QueueFilter::default(), &page).await.unwrap().rows
    }

    /// Found at the first look, and followed at the second.
    async fn confirmed(&self) -> Finding {
        self.look(MINUTE_MS).await;
        assert_eq!(self.one().await.state, FindingState::Found, "nobody hears of what was seen once");
        assert!(self.exceptions().await.is_empty());
        self.look(3 * MINUTE_MS).await;
        self.one().await
    }

    async fn must_mend(&self, kind: FindingKind) {
        let found = self.confirmed().await;
        assert_eq!((found.kind, found.state), (kind, FindingState::Repairing), "{found:?}");
        self.look(4 * MINUTE_MS).await;
        let over = self.one().await;
        assert_eq!((over.state, over.how.as_deref()), (FindingState::Repaired, Some("central mended it")));
        assert!(self.exceptions().await.is_empty());
        sound(&self.storage, 1).await;
    }

    async fn must_escalate(&self, kind: FindingKind, category: Category) -> Exception {
        let found = self.confirmed().await;
        assert_eq!((found.kind, found.state), (kind, FindingState::Escalated), "{found:?}");
        let mut told = self.exceptions().await;
        assert_eq!((told.len(), told[0].category, told[0].state), (1, category, ExceptionState::Open));
        let exception = told.remove(0);
        let failure = exception.failure.as_ref().unwrap();
        assert_eq!(failure.code, kind.as_str());
        assert_eq!(failure.values["found"], found.found);
        self.look(5 * MINUTE_MS).await;
        assert_eq!(self.exceptions().await.len(), 1, "told once");
        exception
    }
}

#[tokio::test]
async fn books_that_agree_say_nothing() {
    let scene = Scene::new().await;
    let looked = scene.look(MINUTE_MS).await;
    assert_eq!((looked.looked, looked.found), (4, 0), "two orders, a position, a store");
    assert!(scene.findings().await.is_empty());
}

#[tokio::test]
async fn a_state_that_is_another_is_derived_anew() {
    let scene = Scene::new().await;
    scene.plant("UPDATE orders SET state = 'ready' WHERE order_id = 'o2'");
    scene.must_mend(FindingKind::OrderState).await;
}

#[tokio::test]
async fn a_state_from_which_money_follows_is_for_a_person() {
    let scene = Scene::new().await;
    scene.plant("UPDATE orders SET state = 'accepted' WHERE order_id = 'o1'");
    let told = scene.must_escalate(FindingKind::OrderState, Category::BooksDiffer).await;
    assert!(told.detail.contains("amount to shipped"), "{}", told.detail);
}

#[tokio::test]
async fn units_in_two_places_are_for_a_person_and_gone_when_they_are_mended() {
    let scene = Scene::new().await;
    scene.plant("UPDATE order_line SET open = 1 WHERE order_id = 'o2'");
    let told = scene.must_escalate(FindingKind::LineUnits, Category::BooksDiffer).await;
    assert!(told.detail.contains("in two places"), "{}", told.detail);
    scene.plant("UPDATE order_line SET open = 0 WHERE order_id = 'o2'");
    scene.look(9 * MINUTE_MS).await;
    assert_eq!(scene.one().await.state, FindingState::Repaired);
    let over = scene.exceptions().await.remove(0);
    assert_eq!(over.resolution.as_deref(), Some("the books agree again"));
}

#[tokio::test]
async fn units_that_left_and_are_not_counted_are_for_a_person() {
    let scene = Scene::new().await;
    scene.plant("UPDATE order_line SET finished = 0, cancelled = 1 WHERE order_id = 'o1'");
    scene.must_escalate(FindingKind::LeftUnits, Category::BooksDiffer).await;
}

#[tokio::test]
async fn a_tasks_row_is_written_anew_from_its_facts() {
    let scene = Scene::new().await;
    scene.plant(
        "UPDATE task SET phase = 'picking', state = json_set(state, '$.phase', 'picking') WHERE order_id = 'o2'",
    );
    scene.must_mend(FindingKind::TaskFold).await;
}

#[tokio::test]
async fn a_row_that_contradicts_itself_is_written_anew() {
    let scene = Scene::new().await;
    scene.plant("UPDATE task SET recalled = 1 WHERE order_id = 'o2'");
    scene.must_mend(FindingKind::TaskRow).await;
}

#[tokio::test]
async fn work_on_what_nobody_ordered_is_for_a_person() {
    let scene = Scene::new().await;
    scene.plant("UPDATE order_line SET sku = 'B' WHERE order_id = 'o2'");
    scene.must_escalate(FindingKind::TaskStrange, Category::BooksDiffer).await;
}

#[tokio::test]
async fn units_that_are_not_set_aside_are_for_a_person() {
    let scene = Scene::new().await;
    scene.plant(
        "UPDATE position SET reserved = 0;
         UPDATE hold SET quantity = 0 WHERE task IN (SELECT task FROM task WHERE order_id = 'o2')",
    );
    scene.must_escalate(FindingKind::HoldUnits, Category::BooksDiffer).await;
}

#[tokio::test]
async fn a_hold_of_work_that_has_ended_is_freed() {
    let scene = Scene::new().await;
    scene.plant(
        "UPDATE position SET reserved = reserved + 1;
         UPDATE hold SET quantity = 1 WHERE task IN (SELECT task FROM task WHERE order_id = 'o1')",
    );
    scene.must_mend(FindingKind::OrphanedHold).await;
}

#[tokio::test]
async fn reserved_units_are_what_holds_add_up_to() {
    let scene = Scene::new().await;
    scene.plant("UPDATE position SET reserved = reserved + 3");
    scene.must_mend(FindingKind::ReservedUnits).await;
}

#[tokio::test]
async fn a_position_that_is_not_what_its_store_told_is_for_a_person() {
    let scene = Scene::new().await;
    scene.plant("UPDATE position SET on_hand = on_hand + 2");
    let told = scene.must_escalate(FindingKind::OnHand, Category::Drift).await;
    assert!(told.detail.contains("adds up to 8") && told.detail.contains("has 10"), "{}", told.detail);
}

#[tokio::test]
async fn an_order_that_stands_still_is_told_with_what_to_do_until_when() {
    let scene = Scene::new().await;
    scene
        .plant(&format!("UPDATE orders SET changed_at = changed_at - {} WHERE order_id = 'o2'", 5 * HOUR_MS));
    let told = scene.must_escalate(FindingKind::StuckOrder, Category::Stuck).await;
    assert!(told.detail.contains("between accepted and picking"), "{}", told.detail);
    assert!(told.suggestion.contains("Decide until"), "{}", told.suggestion);
}

#[tokio::test]
async fn orders_on_stock_of_an_old_word_are_in_the_report_and_nobody_is_called() {
    let scene = Scene::new().await;
    scene.plant(&format!("UPDATE replication SET level_at = level_at - {}", 48 * HOUR_MS));
    let found = scene.confirmed().await;
    assert_eq!((found.kind, found.state), (FindingKind::StaleStock, FindingState::Confirmed));
    assert!(scene.exceptions().await.is_empty());
    let book = scene.storage.day_book(&tenant(), UtcMs(0), at(4 * MINUTE_MS).utc).await.unwrap();
    assert_eq!((book.findings.len(), book.unresolved.len()), (1, 0));
}

#[tokio::test]
async fn an_offer_without_an_answer_is_asked_for_again_and_then_told() {
    let scene = Scene::new().await;
    placed(&scene.storage, "o3", &[("A", 1)]).await;
    assigned(&scene.storage, "o3", "leeds").await;
    let since = 32 * MINUTE_MS;
    scene.look(since).await;
    scene.look(since + 2 * MINUTE_MS).await;
    let found = scene.one().await;
    assert_eq!((found.kind, found.state), (FindingKind::MissingAnswer, FindingState::Repairing));
    assert_eq!(*scene.asked.0.lock().unwrap(), ["leeds"]);
    for round in 1..=4 {
        // Before it stands still for so long that this is told as well.
        scene.plant("UPDATE orders SET changed_at = changed_at + 3600000");
        scene.look(since + 2 * MINUTE_MS + round * 31 * MINUTE_MS).await;
    }
    let found = scene.one().await;
    assert_eq!((found.state, found.attempts), (FindingState::Escalated, 3));
    assert_eq!(scene.asked.0.lock().unwrap().len(), 3);
    assert_eq!(scene.exceptions().await[0].category, Category::Stuck);
}

#[tokio::test]
async fn what_a_person_resolves_without_mending_it_is_told_again() {
    let scene = Scene::new().await;
    scene.plant("UPDATE position SET on_hand = on_hand + 2");
    let told = scene.must_escalate(FindingKind::OnHand, Category::Drift).await;
    let said = holdfast_central::core::exception::Resolution {
        words: "looks fine".to_owned(),
        by: "key:ann".parse().unwrap(),
        root_cause: None,
        minutes: None,
    };
    let ended = [(told.exception, said)];
    scene.storage.resolve_exceptions(&tenant(), &ended, at(6 * MINUTE_MS).utc).await.unwrap();
    for minutes in [7, 8, 10] {
        scene.look(minutes * MINUTE_MS).await;
    }
    let open: Vec<Exception> =
        scene.exceptions().await.into_iter().filter(|one| one.resolved_at.is_none()).collect();
    assert_eq!(open.len(), 1, "the difference is still there");
    let finding = scene.one().await.finding;
    let ann = "key:ann".parse().unwrap();
    let now = at(11 * MINUTE_MS).utc;
    assert!(scene.storage.accept_finding(&tenant(), finding, "counted", &ann, now).await.unwrap());
    scene.look(15 * MINUTE_MS).await;
    assert_eq!(scene.one().await.state, FindingState::Accepted);
    assert!(scene.exceptions().await.iter().all(|one| one.resolved_at.is_some()));
}

#[tokio::test]
async fn changes_are_looked_at_once_by_their_mark() {
    let scene = Scene::new().await;
    let terms = ReconcilePolicy::default();
    let reconciler = Reconciler { store: &scene.storage, terms: &terms, poke: &scene.asked };
    let first = reconciler.changed(at(MINUTE_MS).utc).await.unwrap();
    assert!(first.looked >= 3 && first.found == 0, "{first:?}");
    assert_eq!(reconciler.changed(at(MINUTE_MS).utc).await.unwrap(), Looked::default());
    placed(&scene.storage, "o3", &[("A", 1)]).await;
    assert_eq!(reconciler.changed(at(MINUTE_MS).utc).await.unwrap().looked, 1, "the new order alone");
}

#[tokio::test]
async fn a_sweep_goes_through_all_of_it_page_by_page() {
    let scene = Scene::new().await;
    for n in 0..250 {
        placed(&scene.storage, &format!("o-{n}"), &[("A", 1)]).await;
    }
    let begun = SystemClock.now().mono;
    let looked = scene.look(MINUTE_MS).await;
    let took_ms = SystemClock.now().mono.since(begun).max(1);
    assert_eq!((looked.looked, looked.found), (254, 0));
    println!("a full sweep: {} rows a second", 1_000 * looked.looked.cast_signed() / took_ms);
}

#[tokio::test]
async fn units_that_count_as_back_and_that_nobody_took_in_are_for_a_person() {
    let scene = Scene::new().await;
    scene.plant("UPDATE order_line SET came_back = 1 WHERE order_id = 'o1'");
    scene.must_escalate(FindingKind::ReturnUnits, Category::UnexpectedReturn).await;
}

#[tokio::test]
async fn goods_that_a_return_counts_and_no_store_told_of_are_for_a_person() {
    let scene = Scene::new().await;
    let now = at(0).utc.0;
    scene.plant(&format!(
        "INSERT INTO order_return (tenant, order_id, number, return_id, state, entry, asked_at, changed_at)
         SELECT tenant, order_id, 1, 'o1-r1', 'closed', 1, {now}, {now} FROM orders WHERE order_id = 'o1';
         INSERT INTO return_receipt (tenant, store, fact, order_id, number, line, sku, units, condition, at)
         SELECT tenant, 'leeds', 'hh-9.1.1', order_id, 1, 1, 'A', 1, 'sellable', {now} FROM orders WHERE order_id = 'o1';
         UPDATE order_line SET came_back = 1 WHERE order_id = 'o1';"
    ));
    let told = scene.must_escalate(FindingKind::ReturnUnits, Category::UnexpectedReturn).await;
    assert!(told.detail.contains("told of nothing"), "{}", told.detail);
}

#[tokio::test]
async fn money_that_no_provider_took_is_for_a_person() {
    let scene = Scene::new().await;
    scene.plant(
        "INSERT INTO payment (tenant, order_id, provider, root, currency, authorized, captured, standing, covered)
         SELECT tenant, order_id, 'cards', 'k', 'EUR', 500, 500, 'authorized', 1 FROM orders WHERE order_id = 'o1'",
    );
    scene.must_escalate(FindingKind::PaymentSums, Category::PaymentUnclear).await;
}
