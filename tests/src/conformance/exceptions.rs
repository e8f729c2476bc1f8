//! The queue of what a person must look at.

use super::world::{at, tenant};
use holdfast_central::core::exception::causes::RootCause;
use holdfast_central::core::exception::clock::Breach;
use holdfast_central::core::exception::repairs::{RepairKind, RepairOutcome};
use holdfast_central::core::exception::{
    Category, Exception, ExceptionState, NewException, Resolution, Severity,
};
use holdfast_central::ports::exceptions::{BeginOutcome, QueueFilter, RepairWish, TakeOutcome, WaitOutcome};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::ids::{Actor, ExceptionId, TenantId};

fn stuck(key: &str) -> NewException {
    NewException {
        key: key.to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: None,
        task: None,
        store: None,
        detail: format!("{key} does not end"),
        suggestion: "Look at it.".to_owned(),
    }
}

fn person(name: &str) -> Actor {
    Actor::new(format!("key:{name}")).unwrap()
}

fn resolution(words: &str) -> Resolution {
    Resolution {
        words: words.to_owned(),
        by: person("ann"),
        root_cause: Some(RootCause::Network),
        minutes: Some(7),
    }
}

async fn raised(storage: &dyn Storage, key: &str) -> ExceptionId {
    storage.raise(&tenant(), &stuck(key), at(0).utc).await.unwrap();
    listed(storage, true).await[0].exception.clone()
}

async fn one(storage: &dyn Storage, id: &ExceptionId) -> Exception {
    storage.exception(&tenant(), id).await.unwrap().unwrap()
}

async fn listed(storage: &dyn Storage, open_only: bool) -> Vec<Exception> {
    let page = PageRequest { cursor: None, limit: 100 };
    storage.exceptions(&tenant(), open_only, &page).await.unwrap().rows
}

pub async fn the_same_cause_counts_up_and_settles(storage: &dyn Storage) {
    for ms in 0..3 {
        storage.raise(&tenant(), &stuck("t1"), at(ms).utc).await.unwrap();
    }
    let open = listed(storage, true).await;
    assert_eq!((open.len(), open[0].times, open[0].raised_at), (1, 3, at(0).utc));
    assert!(storage.settle(&tenant(), "t1", "it ended", at(9).utc).await.unwrap());
    assert!(!storage.settle(&tenant(), "t1", "it ended", at(9).utc).await.unwrap());
    assert!(listed(storage, true).await.is_empty());
    storage.raise(&tenant(), &stuck("t1"), at(10).utc).await.unwrap();
    let all = listed(storage, false).await;
    assert_eq!(all.iter().map(|row| row.times).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(all[1].resolution.as_deref(), Some("it ended"));
}

pub async fn a_person_resolves_one(storage: &dyn Storage) {
    storage.raise(&tenant(), &stuck("t1"), at(0).utc).await.unwrap();
    let id = listed(storage, true).await[0].exception.clone();
    let other = TenantId::new("other").unwrap();
    let said = |words: &str| [(id.clone(), resolution(words))];
    let ended = async |of: &TenantId, words: &str, ms| {
        storage.resolve_exceptions(of, &said(words), at(ms).utc).await.unwrap().len()
    };
    assert_eq!(ended(&other, "seen", 1).await, 0);
    assert_eq!(ended(&tenant(), "seen", 1).await, 1);
    assert_eq!(ended(&tenant(), "again", 2).await, 0);
    let over = listed(storage, false).await.remove(0);
    assert_eq!((over.resolved_at, over.state), (Some(at(1).utc), ExceptionState::Resolved));
    assert_eq!((over.resolution.as_deref(), over.minutes), (Some("seen"), Some(7)));
    assert_eq!((over.root_cause, over.resolved_by), (Some(RootCause::Network), Some(person("ann"))));
}

pub async fn pages_go_on_where_they_ended(storage: &dyn Storage) {
    for n in 0..5 {
        storage.raise(&tenant(), &stuck(&format!("t{n}")), at(n).utc).await.unwrap();
    }
    let mut page = PageRequest { cursor: None, limit: 2 };
    let mut seen = Vec::new();
    loop {
        let got = storage.exceptions(&tenant(), true, &page).await.unwrap();
        assert!(got.rows.len() <= 2);
        seen.extend(got.rows.into_iter().map(|row| row.raised_at.since(at(0).utc)));
        page.cursor = got.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [4, 3, 2, 1, 0]);
    let nonsense = PageRequest { cursor: Some("no cursor".to_owned()), limit: 2 };
    assert!(storage.exceptions(&tenant(), true, &nonsense).await.is_err());
}

pub async fn of_two_people_one_has_it(storage: &dyn Storage) {
    let id = raised(storage, "t1").await;
    let take = async |who: &str, over: bool, ms| {
        storage.take_exception(&tenant(), &id, &person(who), over, at(ms).utc).await.unwrap()
    };
    assert_eq!(take("ann", false, 5).await, TakeOutcome::Taken);
    assert_eq!(take("bob", false, 6).await, TakeOutcome::HeldBy(person("ann")));
    assert_eq!(take("ann", false, 7).await, TakeOutcome::Already);
    assert_eq!(take("bob", true, 8).await, TakeOutcome::Taken, "on record");
    let stands = one(storage, &id).await;
    assert_eq!((stands.state, stands.taken_by), (ExceptionState::Taken, Some(person("bob"))));
    assert_eq!(stands.looked_at, Some(at(5).utc), "who looked first stays");
    let (events, _) = storage.exception_record(&tenant(), &id).await.unwrap();
    let words: Vec<&str> = events.iter().map(|event| event.words.as_str()).collect();
    assert_eq!(words, ["taken", "taken over from key:ann"]);
    storage.settle(&tenant(), "t1", "it ended", at(9).utc).await.unwrap();
    assert_eq!(take("ann", true, 10).await, TakeOutcome::Over);
    let other = TenantId::new("other").unwrap();
    let foreign = storage.take_exception(&other, &id, &person("eve"), true, at(11).utc).await.unwrap();
    assert_eq!(foreign, TakeOutcome::Unknown);
}

pub async fn its_clock_stands_while_it_waits(storage: &dyn Storage) {
    let id = raised(storage, "t1").await;
    let wait = async |on: Option<&str>, ms| {
        storage.wait_exception(&tenant(), &id, on, &person("ann"), at(ms).utc).await.unwrap()
    };
    assert_eq!(wait(Some("the carrier"), 10).await, WaitOutcome::Done);
    assert_eq!(wait(Some("the carrier"), 12).await, WaitOutcome::Already);
    let waits = one(storage, &id).await;
    assert_eq!((waits.state, waits.waiting_for.as_deref()), (ExceptionState::Waiting, Some("the carrier")));
    assert!(storage.untold_exceptions(0, 9).await.unwrap().is_empty(), "nobody is late meanwhile");
    assert_eq!(wait(None, 35).await, WaitOutcome::Done);
    assert_eq!(one(storage, &id).await.paused_ms, 25);
    assert_eq!(wait(None, 36).await, WaitOutcome::Already);
}

pub async fn each_breach_is_told_once(storage: &dyn Storage) {
    let id = raised(storage, "t1").await;
    let tell = async |breach| storage.tell_breach(&tenant(), &id, breach, at(9).utc).await.unwrap();
    assert_eq!(storage.untold_exceptions(0, 9).await.unwrap().len(), 1);
    assert!(tell(Breach::Look).await && !tell(Breach::Look).await);
    assert_eq!(storage.untold_exceptions(0, 9).await.unwrap().len(), 1, "it may still end late");
    assert!(tell(Breach::End).await && !tell(Breach::End).await);
    assert!(storage.untold_exceptions(0, 9).await.unwrap().is_empty());
    let open = storage.count_open().await.unwrap().remove(0);
    assert_eq!((open.category, open.open, open.late), (Category::Stuck, 1, 1));
}

pub async fn a_repair_is_carried_out_once(storage: &dyn Storage) {
    let id = raised(storage, "t1").await;
    let begin = async |again: bool, ms: i64| {
        let wish = RepairWish {
            exception: id.clone(),
            repair: RepairKind::Resend,
            actor: person("ann"),
            reason: "it is silent".to_owned(),
            again,
            lost_before: at(ms - 60_000).utc,
        };
        storage.begin_repair(&tenant(), &wish, at(ms).utc).await.unwrap()
    };
    assert_eq!(begin(false, 5).await, BeginOutcome::Begun { attempt: 1 });
    assert!(matches!(begin(false, 6).await, BeginOutcome::Busy(_)), "somebody is at it");
    assert_eq!(begin(false, 70_000).await, BeginOutcome::Begun { attempt: 2 }, "the first was cut off");
    storage.end_repair(&tenant(), &id, 2, (RepairOutcome::Done, "asked"), at(70_001).utc).await.unwrap();
    assert!(matches!(begin(false, 80_000).await, BeginOutcome::Before(before) if before.words == "asked"));
    assert_eq!(begin(true, 90_000).await, BeginOutcome::Begun { attempt: 3 });
    assert_eq!(one(storage, &id).await.state, ExceptionState::Open, "a question to a store ends nothing");
    storage.settle(&tenant(), "t1", "it answered", at(90_001).utc).await.unwrap();
    assert_eq!(begin(true, 200_000).await, BeginOutcome::Over);
    let (_, attempts) = storage.exception_record(&tenant(), &id).await.unwrap();
    assert_eq!(attempts.len(), 3);
}

pub async fn what_is_accepted_is_over_with_it(storage: &dyn Storage) {
    let id = raised(storage, "t1").await;
    let wish = RepairWish {
        exception: id.clone(),
        repair: RepairKind::AcceptAsIs,
        actor: person("ann"),
        reason: "known".to_owned(),
        again: false,
        lost_before: at(0).utc,
    };
    storage.begin_repair(&tenant(), &wish, at(5).utc).await.unwrap();
    storage.end_repair(&tenant(), &id, 1, (RepairOutcome::Done, "it stays"), at(6).utc).await.unwrap();
    let over = one(storage, &id).await;
    assert_eq!((over.state, over.resolved_by), (ExceptionState::Resolved, Some(person("ann"))));
    assert!(over.resolution.unwrap().contains("known"));
}

pub async fn the_queue_is_searched(storage: &dyn Storage) {
    for key in ["alpha", "beta"] {
        storage.raise(&tenant(), &stuck(key), at(0).utc).await.unwrap();
    }
    let drift = NewException { category: Category::Drift, severity: Severity::High, ..stuck("gamma") };
    storage.raise(&tenant(), &drift, at(1).utc).await.unwrap();
    let find = async |filter: QueueFilter| {
        let page = PageRequest { cursor: None, limit: 9 };
        let found = storage.exception_page(&tenant(), &filter, &page).await.unwrap();
        found.rows.into_iter().map(|row| row.detail).collect::<Vec<_>>()
    };
    let all = QueueFilter::default;
    assert_eq!(find(all()).await.len(), 3);
    assert_eq!(find(QueueFilter { words: Some("BETA".into()), ..all() }).await, ["beta does not end"]);
    let of_kind = QueueFilter { categories: vec![Category::Drift], ..all() };
    assert_eq!(find(of_kind).await, ["gamma does not end"]);
    assert_eq!(find(QueueFilter { severity: Some(Severity::High), ..all() }).await.len(), 1);
    assert_eq!(find(QueueFilter { states: vec![ExceptionState::Taken], ..all() }).await.len(), 0);
    assert_eq!(find(QueueFilter { words: Some("%".into()), ..all() }).await.len(), 0, "no pattern");
}

pub async fn a_trend_counts_who_ended_what_and_for_how_long(storage: &dyn Storage) {
    let day = 86_400_000;
    storage.raise(&tenant(), &stuck("old"), at(-day).utc).await.unwrap();
    storage.settle(&tenant(), "old", "it ended", at(-day + 1).utc).await.unwrap();
    for key in ["a", "b"] {
        storage.raise(&tenant(), &stuck(key), at(0).utc).await.unwrap();
    }
    storage.raise(&tenant(), &stuck("b"), at(1).utc).await.unwrap();
    storage.settle(&tenant(), "a", "it ended", at(5).utc).await.unwrap();
    let id = listed(storage, true).await[0].exception.clone();
    let hours = 3 * 3_600_000;
    storage.resolve_exceptions(&tenant(), &[(id, resolution("done"))], at(hours).utc).await.unwrap();
    let rows = storage.exception_trend(&tenant(), at(0).utc, at(day).utc).await.unwrap();
    let kind = &rows.kinds[0];
    assert_eq!((rows.kinds.len(), kind.category), (1, Category::Stuck));
    assert_eq!((kind.raised, kind.raised_before, kind.seen_again), (2, 1, 1));
    assert_eq!((kind.by_itself, kind.by_person, kind.open), (1, 1, 0));
    assert_eq!((kind.minutes, kind.hours_to_end), (7, Some(3)));
    let cause = &rows.causes[0];
    assert_eq!((cause.root_cause, cause.resolved, cause.minutes), (Some(RootCause::Network), 1, 7));
}
