use super::*;
use crate::core::testing::at;
use crate::ports::ledger::Identity;
use async_trait::async_trait;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A replica with `unsynced` facts, of which each round takes away `step`.
struct Store {
    unsynced: AtomicU64,
    step: u64,
    /// How often it was to carry ahead.
    ahead: AtomicU64,
    /// And whether that fails.
    full: bool,
}

#[async_trait]
impl Replica for Store {
    async fn cut(&self, _: Now) -> Result<Cut, LedgerError> {
        Ok(Cut {
            identity: Identity {
                tenant: "acme".parse().unwrap(),
                store: "leeds".parse().unwrap(),
                replica: "leeds-a".parse().unwrap(),
                boot: "b1".parse().unwrap(),
            },
            sent_at: Hlc::default(),
            incarnation: Some(1),
            cursor: 0,
            root: SetHash::EMPTY,
            stock_digest: SetHash::EMPTY,
            unsynced: self.unsynced.load(Ordering::Relaxed),
            documents: Vec::new(),
            baseline: None,
            escrow: SetHash::EMPTY,
            asked_back: Vec::new(),
            parcels: SetHash::EMPTY,
            label_reports: Vec::new(),
            asks: Vec::new(),
            more: self.unsynced.load(Ordering::Relaxed) > self.step,
            losses: Vec::new(),
            speaker: crate::ports::ledger::Speaker::default(),
        })
    }

    async fn carry_ahead(&self, _: Now) -> Result<(), LedgerError> {
        self.ahead.fetch_add(1, Ordering::Relaxed);
        let what = "the disk is full".to_owned();
        if self.full {
            Err(LedgerError::Unavailable { code: Code::DiskFull, what, source: None })
        } else {
            Ok(())
        }
    }

    async fn absorb(&self, _: &SyncResponse, _: Now) -> Result<Absorbed, LedgerError> {
        let left = self.unsynced.load(Ordering::Relaxed).saturating_sub(self.step);
        self.unsynced.store(left, Ordering::Relaxed);
        Ok(Absorbed {
            facts: 1,
            tasks: vec!["o-1".parse().unwrap()],
            problems: if left > 0 { vec![format!("{left} left")] } else { Vec::new() },
            level: left == 0,
            parcels: false,
        })
    }
}

/// Central that answers so many times, and keeps what health it was told.
#[derive(Default)]
struct Answers {
    left: AtomicI64,
    health: Mutex<Vec<Option<String>>>,
}

impl Answers {
    fn times(left: i64) -> Self {
        Self { left: AtomicI64::new(left), ..Self::default() }
    }
}

#[async_trait]
impl Central for Answers {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        self.health.lock().unwrap().push(request.health.clone());
        if self.left.fetch_sub(1, Ordering::Relaxed) <= 0 {
            return Err(CentralError::Wait { retry_after_ms: 7 });
        }
        Ok(SyncResponse {
            superseded: None,
            quarantined: None,
            seals: Vec::new(),
            baseline: None,
            losses_noted: Vec::new(),
            parcels: None,
            labels_noted: Vec::new(),
            escrow: None,
            version: SYNC_VERSION,
            incarnation: 1,
            cursor: 0,
            central_time: UtcMs(400),
            hlc: Hlc::default(),
            lease_ms: 60_000,
            next_sync_ms: 5_000,
            root: SetHash::EMPTY,
            level: false,
            documents: Vec::new(),
            acknowledged: Vec::new(),
            errors: Vec::new(),
            more: false,
            rehydrate: false,
        })
    }

    async fn enrol(&self, _: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        Err(CentralError::Refused(Box::new(Problem::new(Code::Forbidden, "not here"))))
    }
}

/// Goes on by 100 ms with each look at it.
fn clock() -> impl Fn() -> Now + Send + Sync {
    let ms = AtomicI64::new(0);
    move || at(ms.fetch_add(100, Ordering::Relaxed))
}

fn store(unsynced: u64, step: u64) -> Store {
    Store { unsynced: AtomicU64::new(unsynced), step, ahead: AtomicU64::new(0), full: false }
}

async fn talk(unsynced: u64, step: u64, answers: &Answers) -> Conversation {
    converse(&store(unsynced, step), answers, Some("{}".into()), &clock()).await
}

#[tokio::test]
async fn more_is_carried_while_central_works_once_it_has_answered() {
    for (unsynced, answers, carried) in [(35, 100, 2), (5, 100, 0), (35, 0, 0)] {
        let store = store(unsynced, 10);
        converse(&store, &Answers::times(answers), None, &clock()).await;
        assert_eq!(store.ahead.load(Ordering::Relaxed), carried, "{unsynced} facts, {answers} answers");
    }
}

#[tokio::test]
async fn it_goes_on_until_both_are_level() {
    let answers = Answers::times(100);
    let told = talk(25, 10, &answers).await;
    assert_eq!((told.rounds, told.facts, told.level), (3, 3, true));
    assert_eq!((told.tasks.len(), told.problems.len()), (1, 0));
    assert!(told.failed.is_none());
}

#[tokio::test]
async fn health_goes_once() {
    let answers = Answers::times(100);
    talk(25, 10, &answers).await;
    assert_eq!(*answers.health.lock().unwrap(), [Some("{}".to_owned()), None, None]);
}

#[tokio::test]
async fn the_lease_counts_from_sending_and_the_offset_from_the_middle() {
    let told = talk(5, 10, &Answers::times(1)).await;
    // Cut at 0, sent at 100, heard at 200; central said 400.
    assert_eq!(told.lease, Some(Lease { granted_ms: 60_000, since: MonoMs(100) }));
    assert_eq!((told.clock_offset_ms, told.next_sync_ms), (Some(-250), Some(5_000)));
}

#[tokio::test]
async fn a_round_that_changed_nothing_is_the_last() {
    let told = talk(25, 0, &Answers::times(100)).await;
    assert_eq!((told.rounds, told.level, told.problems.len()), (1, false, 1));
}

#[tokio::test]
async fn a_conversation_has_an_end() {
    let told = talk(u64::MAX, 1, &Answers::times(i64::MAX)).await;
    assert_eq!((told.rounds, told.level), (SYNC_ROUNDS_MAX, false));
}

#[tokio::test]
async fn what_came_before_a_failure_is_kept() {
    let told = talk(25, 10, &Answers::times(1)).await;
    assert_eq!((told.rounds, told.facts), (1, 1));
    assert!(matches!(told.failed, Some(SyncError::Central(CentralError::Wait { retry_after_ms: 7 }))));
}

#[tokio::test]
async fn what_an_answer_brought_is_told_though_nothing_could_be_carried_ahead() {
    let full = Store { full: true, ..store(35, 10) };
    let told = converse(&full, &Answers::times(100), None, &clock()).await;
    assert!(matches!(told.failed, Some(SyncError::Ledger(_))), "{told:?}");
    assert_eq!((told.rounds, told.facts, told.lease.is_some()), (2, 2, true));
}
