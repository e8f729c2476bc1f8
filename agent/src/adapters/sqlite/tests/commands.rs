use super::support::{Disk, FakeCentral, NOW, code, run, run_as, sku, state, stock, sync, units};
use crate::adapters::sqlite::SqliteLedger;
use crate::core::command::{Answer, ClosureRequest, Command, MovementKind, PlanCause, PlanRequest, TaskAct};
use crate::core::testing::{acts, at, intent, moves, request};
use crate::ports::ledger::{Ledger, TaskFilter};
use holdfast_shared::domain::task::{Phase, Status};
use holdfast_shared::error::Code;
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::UtcMs;

#[tokio::test]
async fn a_movement_answers_with_the_position_that_it_made() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 10)]).await;
    let done = run(&ledger, "k", moves(MovementKind::Sale, "A", 3)).await.unwrap();
    let Answer::Moved { facts, positions } = &done.answer else { panic!("{done:?}") };
    assert_eq!((facts.len(), positions[0].on_hand, done.replayed), (1, 7, false));
    assert_eq!(units(&ledger, "A").await, (7, 0, 7));
}

#[tokio::test]
async fn all_movements_of_a_request_or_none() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 10)]).await;
    let both = vec![request(MovementKind::Sale, "A", 1), request(MovementKind::Sale, "ghost", 1)];
    assert_eq!(code(run(&ledger, "k", Command::Move(both)).await), Code::UnknownSku);
    assert_eq!(units(&ledger, "A").await.0, 10);
    // A refusal is not kept: the same key may be used once the request is mended.
    run(&ledger, "k", moves(MovementKind::Sale, "A", 1)).await.unwrap();
}

#[tokio::test]
async fn the_same_request_has_the_effect_of_once() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 10)]).await;
    let first = run(&ledger, "k", moves(MovementKind::Sale, "A", 3)).await.unwrap();
    run(&ledger, "k2", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    let again = run(&ledger, "k", moves(MovementKind::Sale, "A", 3)).await.unwrap();
    assert_eq!((again.answer, again.replayed), (first.answer, true));
    assert_eq!(units(&ledger, "A").await.0, 6);
    assert_eq!(code(run(&ledger, "k", moves(MovementKind::Sale, "A", 4)).await), Code::IdempotencyKeyReused);
    let mut other = intent("k");
    other.device = "other".parse().unwrap();
    assert!(!run_as(&ledger, other, moves(MovementKind::Sale, "A", 3)).await.unwrap().replayed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_at_the_same_time_has_the_effect_of_once() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 100)]).await;
    let many: Vec<_> = (0..32)
        .map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move { run(&ledger, "k", moves(MovementKind::Sale, "A", 1)).await })
        })
        .collect();
    let mut fresh = 0;
    for one in many {
        fresh += u32::from(!one.await.unwrap().unwrap().replayed);
    }
    assert_eq!((fresh, units(&ledger, "A").await.0), (1, 99));
}

#[tokio::test]
async fn an_intent_is_known_by_its_fact_id_when_its_key_is_not() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 10), ("B", 10)]).await;
    let mut given = intent("till.1.5");
    given.fact_id = Some("till.1.5".parse().unwrap());
    let sold = Command::Move(vec![request(MovementKind::Sale, "A", 1), request(MovementKind::Sale, "B", 1)]);
    let first = run_as(&ledger, given.clone(), sold.clone()).await.unwrap();
    given.key = "another-key".parse().unwrap();
    let again = run_as(&ledger, given.clone(), sold).await.unwrap();
    assert_eq!((again.answer, again.replayed), (first.answer, true));
    let other = run_as(&ledger, given.clone(), moves(MovementKind::Sale, "A", 7)).await;
    assert_eq!(code(other), Code::IdempotencyKeyReused);
    given.device = "handheld".parse().unwrap();
    assert_eq!(code(run_as(&ledger, given, moves(MovementKind::Sale, "A", 1)).await), Code::InvalidRequest);
    assert_eq!(units(&ledger, "A").await.0, 9);
}

#[tokio::test]
async fn a_task_goes_from_offer_to_hand_over_with_its_stock() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5), ("B", 1)]).await;
    central.offer("o-1", &[("A", 3), ("B", 1)]);
    sync(&ledger, &mut central).await;
    assert_eq!((units(&ledger, "A").await, units(&ledger, "B").await), ((5, 3, 2), (1, 1, 0)));
    for (key, act) in [
        ("1", TaskAct::Accept),
        ("2", TaskAct::StartPicking),
        ("3", TaskAct::Pick { line: LineNo(1), quantity: 2 }),
        ("4", TaskAct::Short { line: LineNo(1), missing: 1 }),
        ("5", TaskAct::Pick { line: LineNo(2), quantity: 1 }),
        ("6", TaskAct::Pack),
    ] {
        run(&ledger, key, acts("o-1", act)).await.unwrap();
    }
    assert_eq!(units(&ledger, "A").await, (4, 2, 2));
    assert_eq!(code(run(&ledger, "7", acts("o-1", TaskAct::HandOver { to: None })).await), Code::NotReleased);
    central.release("o-1");
    sync(&ledger, &mut central).await;
    let done = run(&ledger, "7", acts("o-1", TaskAct::HandOver { to: None })).await.unwrap();
    assert_eq!(state(&done).status(), Status::HandedOver);
    assert_eq!((units(&ledger, "A").await, units(&ledger, "B").await), ((2, 0, 2), (0, 0, 0)));
    sync(&ledger, &mut central).await;
    // Three openings would be two; a short pick, two hand-overs.
    assert_eq!((central.stock_facts(), central.facts_of("task/o-1")), (5, 9));
}

#[tokio::test]
async fn an_untouched_task_that_is_recalled_is_given_back_by_the_agent() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    central.offer("o-1", &[("A", 3)]);
    central.offer("o-2", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    run(&ledger, "1", acts("o-2", TaskAct::Accept)).await.unwrap();
    central.recall("o-1");
    central.recall("o-2");
    sync(&ledger, &mut central).await;
    let phase = async |task: &str| ledger.task(&task.parse().unwrap()).await.unwrap().unwrap().status();
    assert_eq!((phase("o-1").await, phase("o-2").await), (Status::PutBack, Status::PuttingBack));
    assert_eq!(units(&ledger, "A").await, (5, 1, 4));
    run(&ledger, "2", acts("o-2", TaskAct::PutBack)).await.unwrap();
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(units(&ledger, "A").await, (5, 0, 5));
}

#[tokio::test]
async fn tasks_are_listed_newest_first_and_in_pages() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    for n in 1..=5 {
        central.offer(&format!("o-{n}"), &[("A", 1)]);
    }
    sync(&ledger, &mut central).await;
    let later = at(NOW + 100);
    ledger.execute(intent("1"), acts("o-2", TaskAct::Accept), later).await.unwrap();
    let declined = acts("o-3", TaskAct::Decline { reason: "no staff".into() });
    ledger.execute(intent("2"), declined, later).await.unwrap();
    let mut filter = TaskFilter { limit: 3, ..TaskFilter::default() };
    let first = ledger.tasks(filter.clone()).await.unwrap();
    filter.cursor = first.next;
    let second = ledger.tasks(filter).await.unwrap();
    let names: Vec<_> = first.tasks.iter().chain(&second.tasks).map(|task| task.task.as_str()).collect();
    assert_eq!((names, second.next), (vec!["o-2", "o-5", "o-4", "o-1"], None));
    let declined = TaskFilter { phases: vec![Phase::Declined], ..TaskFilter::default() };
    assert_eq!(ledger.tasks(declined).await.unwrap().tasks.len(), 1);
    let junk = TaskFilter { cursor: Some("x".into()), ..TaskFilter::default() };
    assert!(ledger.tasks(junk).await.is_err());
}

#[tokio::test]
async fn a_closure_is_kept_until_the_store_opens_again() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let closure = ClosureRequest { hard: true, cause: "flood".into(), until: None };
    run(&ledger, "1", Command::Close(Some(closure))).await.unwrap();
    drop(ledger);
    let ledger = disk.alone();
    assert_eq!(ledger.summary().await.unwrap().closure.unwrap().cause, "flood");
    run(&ledger, "2", Command::Close(None)).await.unwrap();
    assert_eq!(ledger.summary().await.unwrap().closure, None);
}

#[tokio::test]
async fn planned_closures_are_kept_until_they_are_over_and_no_number_is_given_twice() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let plan = |hours: i64| {
        let (from, until) = (UtcMs(NOW), UtcMs(NOW + hours * 3_600_000));
        Command::Plan(PlanRequest { hard: false, cause: PlanCause::Maintenance, from, until })
    };
    let numbers = async |ledger: &SqliteLedger| {
        let planned = ledger.summary().await.unwrap().planned;
        planned.iter().map(|note| note.number).collect::<Vec<_>>()
    };
    run(&ledger, "1", plan(1)).await.unwrap();
    run(&ledger, "2", plan(2)).await.unwrap();
    let again = run(&ledger, "2", plan(2)).await.unwrap();
    assert!(again.replayed, "the same wish plans once");
    drop(ledger);
    let ledger = disk.alone();
    assert_eq!(numbers(&ledger).await, [1, 2]);
    run(&ledger, "3", Command::Unplan(2)).await.unwrap();
    assert!(run(&ledger, "4", Command::Unplan(2)).await.is_err());
    run(&ledger, "5", plan(3)).await.unwrap();
    assert_eq!(numbers(&ledger).await, [1, 3]);
}

#[tokio::test]
async fn unknown_skus_are_left_out_of_a_look_up() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 1), ("B", 2)]).await;
    let found = ledger.positions(&[sku("B"), sku("ghost"), sku("A")]).await.unwrap();
    assert_eq!(found.iter().map(|position| position.on_hand).collect::<Vec<_>>(), [2, 1]);
    assert!(ledger.positions(&vec![sku("A"); 501]).await.is_err());
}
