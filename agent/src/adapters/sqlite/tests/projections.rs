use super::support::{Disk, FakeCentral, run, state, stock, sync, units};
use crate::adapters::sqlite::SqliteLedger;
use crate::adapters::sqlite::view::Stored;
use crate::core::command::{Command, MovementKind, TaskAct};
use crate::core::testing::{acts, moves};
use crate::core::view::View;
use crate::ports::ledger::{Ledger, LedgerError};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{OnHand, digest_element};
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{LineNo, Sku, TaskId};
use holdfast_shared::set_hash::SetHash;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SKUS: [&str; 3] = ["A", "B", "C"];
const TASKS: [&str; 3] = ["o-1", "o-2", "o-3"];

#[derive(Debug, Clone)]
enum Step {
    Do(Command),
    Offer(usize, usize, i64),
    Release(usize),
    Recall(usize),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(MovementKind::Sale),
        Just(MovementKind::Return),
        Just(MovementKind::Receipt),
        Just(MovementKind::Adjustment),
        Just(MovementKind::Count),
        Just(MovementKind::TransferOut),
    ];
    let act = prop_oneof![
        Just(TaskAct::Accept),
        Just(TaskAct::Decline { reason: "busy".into() }),
        Just(TaskAct::StartPicking),
        (1_i64..3).prop_map(|quantity| TaskAct::Pick { line: LineNo(1), quantity }),
        Just(TaskAct::Short { line: LineNo(1), missing: 1 }),
        Just(TaskAct::Pack),
        Just(TaskAct::HandOver { to: None }),
        Just(TaskAct::PutBack),
    ];
    prop_oneof![
        3 => (kind, 0..SKUS.len(), -3_i64..9).prop_map(|(kind, sku, units)| Step::Do(moves(kind, SKUS[sku], units))),
        6 => (act, 0..TASKS.len()).prop_map(|(act, task)| Step::Do(acts(TASKS[task], act))),
        1 => (0..TASKS.len(), 0..SKUS.len(), 1_i64..4).prop_map(|(task, sku, units)| Step::Offer(task, sku, units)),
        1 => (0..TASKS.len()).prop_map(Step::Release),
        1 => (0..TASKS.len()).prop_map(Step::Recall),
        3 => Just(Step::Sync),
    ]
}

async fn take(ledger: &SqliteLedger, central: &mut FakeCentral, n: usize, step: Step) {
    let offered = |central: &FakeCentral, task: usize| central.facts_of(&format!("task/{}", TASKS[task])) > 0;
    match step {
        Step::Do(command) => match run(ledger, &format!("k{n}"), command).await {
            Ok(_) | Err(LedgerError::Refused(_)) => {}
            Err(error) => panic!("{error:?}"),
        },
        Step::Offer(task, sku, units) if !offered(central, task) => {
            central.offer(TASKS[task], &[(SKUS[sku], units)]);
        }
        Step::Release(task) if offered(central, task) => central.release(TASKS[task]),
        Step::Recall(task) if offered(central, task) => central.recall(TASKS[task]),
        Step::Offer(..) | Step::Release(_) | Step::Recall(_) => {}
        Step::Sync => {
            sync(ledger, central).await;
        }
    }
}

/// What the rows say, and what the facts say.
async fn compare(ledger: &SqliteLedger) {
    ledger
        .write(|connection, _| {
            let stored = Stored(connection);
            let facts: Vec<Fact> =
                stored.facts("SELECT id, text FROM fact WHERE ?1 = ?1 ORDER BY seq", "")?;
            let mut stock: BTreeMap<Sku, OnHand> = BTreeMap::new();
            let mut tasks: BTreeMap<TaskId, Vec<Fact>> = BTreeMap::new();
            for fact in &facts {
                match &fact.body {
                    Body::Stock(moved) => stock.entry(moved.sku.clone()).or_default().apply(moved, fact.at),
                    Body::Task(said) => tasks.entry(said.task.clone()).or_default().push(fact.clone()),
                    Body::Epoch(_) => {}
                }
            }
            let mut reserved: BTreeMap<Sku, i64> = BTreeMap::new();
            for (task, facts) in &tasks {
                let folded = fold(facts).map(|folded| folded.state);
                assert_eq!(stored.task(task)?, folded);
                for (line, units) in folded.iter().flat_map(TaskState::held) {
                    *reserved.entry(line.sku.clone()).or_default() += units;
                }
            }
            let mut digest = SetHash::EMPTY;
            for sku in SKUS {
                let sku: Sku = sku.parse().unwrap();
                let (row, folded) =
                    (stored.position(&sku)?.unwrap(), stock.get(&sku).copied().unwrap_or_default());
                assert_eq!(row.on_hand, folded.units);
                assert_eq!(row.reserved, reserved.get(&sku).copied().unwrap_or_default());
                assert_eq!(row.as_of, Some(folded.moved_at.wall));
                assert_eq!(row.counted_at, folded.counted_at.map(|at| at.wall));
                if let Some(element) = digest_element(&sku, folded.units) {
                    digest.insert(&element);
                }
            }
            let kept: [u8; 32] =
                connection.query_row("SELECT stock_digest FROM agent", [], |row| row.get(0))?;
            assert_eq!(SetHash::from_bytes(kept), digest);
            Ok(())
        })
        .await
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn rows_are_what_the_facts_amount_to(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut disk = Disk::new();
            let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
            stock(&ledger, &[("A", 9), ("B", 2), ("C", 0)]).await;
            for (n, step) in steps.into_iter().enumerate() {
                take(&ledger, &mut central, n, step).await;
            }
            compare(&ledger).await;
            // Two rounds: the second tells what the first made the agent answer.
            sync(&ledger, &mut central).await;
            sync(&ledger, &mut central).await;
            assert!(sync(&ledger, &mut central).await);
            compare(&ledger).await;
        });
    }
}

#[tokio::test]
async fn goods_sold_at_the_till_may_eat_into_what_an_order_reserved() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 1)]).await;
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    run(&ledger, "1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    assert_eq!(units(&ledger, "A").await, (0, 1, -1));
    let declined = run(&ledger, "2", acts("o-1", TaskAct::Decline { reason: "sold".into() })).await.unwrap();
    assert!(state(&declined).phase.is_final());
    assert_eq!(units(&ledger, "A").await, (0, 0, 0));
}

#[tokio::test]
async fn a_sku_that_only_an_order_names_enters_the_catalogue() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    central.offer("o-1", &[("new.1", 2)]);
    sync(&ledger, &mut central).await;
    assert_eq!(units(&ledger, "new.1").await, (0, 2, -2));
    assert_eq!(ledger.search("new.", 5).await.unwrap()[0].name, "new.1");
}
