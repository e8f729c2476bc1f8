//! What the failure matrices stand on: a central over a real file with one store and one order, time in the test's hand,
//! a line to somebody outside that can be held up, and files of what holds at the end of each cell.

#![allow(clippy::unwrap_used, reason = "a panic in here is a finding")]

use crate::conformance::agent::Agent;
use crate::conformance::world::{assigned, at, order_id, stocked, tenant};
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::ports::PageRequest;
use holdfast_central::ports::fleet::Fleet;
use holdfast_central::ports::orders::Orders;
use holdfast_central::ports::outbox::Outbox;
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{Actor, TaskId};
use holdfast_shared::time::Now;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::Notify;

pub const ORDER: &str = "o1";

/// Where central stops for good while it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// It is written down, and has not left.
    Before,
    /// It was done, and the answer is on its way.
    During,
}

/// The way to somebody outside.
#[derive(Debug)]
pub struct Line<P> {
    pub to: Arc<P>,
    point: Mutex<Option<Point>>,
    reached: Notify,
}

impl<P> Line<P> {
    pub fn new(to: Arc<P>) -> Self {
        Self { to, point: Mutex::new(None), reached: Notify::new() }
    }

    pub fn hold_at(&self, point: Point) {
        *self.point.lock().unwrap() = Some(point);
    }

    /// Until a question has come to where it is held.
    pub async fn holds(&self) {
        self.reached.notified().await;
    }

    /// The answer, unless the next question is held up.
    pub async fn carry<A>(&self, answer: impl Future<Output = A>) -> A {
        let point = self.point.lock().unwrap().take();
        match point {
            None => return answer.await,
            Some(Point::Before) => {}
            Some(Point::During) => {
                answer.await;
            }
        }
        self.reached.notify_one();
        std::future::pending().await
    }
}

#[derive(Debug)]
pub struct Scene {
    pub storage: SqliteStore,
    pub leeds: Agent,
    task: Option<TaskId>,
    now: AtomicI64,
    starts: u8,
    folder: TempDir,
}

fn open(folder: &TempDir, start: u8) -> SqliteStore {
    let place = Place::File(folder.path().join("central.db"));
    SqliteStore::open(&place, Options::default(), [start; 8]).unwrap()
}

impl Scene {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = open(&folder, 1);
        let leeds = stocked(&storage, "leeds", 5).await;
        Self { storage, leeds, task: None, now: AtomicI64::new(100), starts: 1, folder }
    }

    pub fn now(&self) -> Now {
        at(self.now.load(Ordering::SeqCst))
    }

    /// A little later, each time.
    pub fn tick(&self) -> Now {
        at(self.now.fetch_add(10, Ordering::SeqCst))
    }

    /// Everything that happens by itself within some hours.
    pub async fn settle(&self, advance: &impl AsyncFn()) {
        self.pass(40, 20_000, advance).await;
        self.pass_hours(3, advance).await;
    }

    pub async fn pass_hours(&self, hours: i64, advance: &impl AsyncFn()) {
        self.pass(hours * 4, 15 * 60_000, &advance).await;
    }

    pub async fn pass(&self, times: i64, each_ms: i64, advance: &impl AsyncFn()) {
        for _ in 0..times {
            advance().await;
            self.now.fetch_add(each_ms, Ordering::SeqCst);
        }
    }

    /// What was in memory is gone.
    pub async fn reopen(&mut self) {
        self.storage.stop().await;
        self.starts += 1;
        self.storage = open(&self.folder, self.starts);
    }

    /// The file, for whoever spoils it.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("central.db")
    }

    pub async fn assign(&mut self) {
        let (task, _) = assigned(&self.storage, ORDER, "leeds").await;
        self.sync().await;
        self.task = Some(task);
    }

    pub fn task(&self) -> TaskId {
        self.task.clone().unwrap()
    }

    pub async fn say(&mut self, events: &[TaskEvent]) {
        let task = self.task();
        for event in events {
            self.leeds.say(&task, event.clone());
        }
        self.sync().await;
    }

    pub async fn hand_over(&mut self) {
        let task = self.task();
        self.leeds.hand_over(&task);
        self.sync().await;
    }

    pub async fn sync(&mut self) {
        self.leeds.sync(&self.storage, self.tick()).await;
    }

    /// When it hears that it shall.
    pub async fn put_back(&mut self) {
        let task = self.task();
        self.sync().await;
        self.leeds.put_back(&task);
        self.sync().await;
    }

    pub async fn cancel(&self) {
        let actor = Actor::new("support").unwrap();
        let (tenant, order, now) = (tenant(), order_id(ORDER), self.tick().utc);
        self.storage.cancel(&tenant, &order, "changed my mind", &actor, now).await.unwrap();
    }

    /// Those that are open, with how often each was raised.
    pub async fn exceptions(&self) -> Vec<(String, u32)> {
        let page = PageRequest { cursor: None, limit: 99 };
        let open = self.storage.exceptions(&tenant(), true, &page).await.unwrap().rows;
        open.into_iter().map(|exception| (exception.category.as_str().to_owned(), exception.times)).collect()
    }

    /// The kinds of what the outside was told of the order, oldest first.
    pub async fn told(&self) -> Vec<String> {
        let mut events = self.storage.recent_events(&tenant(), 99).await.unwrap();
        events.reverse();
        events.into_iter().filter(|event| event.key == ORDER).map(|event| event.kind).collect()
    }
}

/// For a line of a file.
#[must_use]
pub fn listed(words: &[String]) -> String {
    if words.is_empty() { String::from("nothing") } else { words.join(", ") }
}

/// Compared with `tests/{matrix}/{name}.txt`; `HOLDFAST_WRITE_GOLDEN=1` writes it.
///
/// # Panics
/// When they differ.
pub fn assert_golden(matrix: &str, name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{matrix}/{name}.txt"));
    if std::env::var_os("HOLDFAST_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let different = |(expected, got): &(&str, &str)| expected != got;
    let first = golden.lines().zip(found.lines()).find(different);
    assert!(golden == found, "first difference: {first:#?}\n\nnow:\n{found}");
}
