use super::support::{Disk, FakeCentral, NOW, close, code, run, stock, sync, task_fact, units};
use crate::core::command::{MovementKind, TaskAct};
use crate::core::testing::{acts, at, moves};
use crate::ports::ledger::{Ledger, Replica};
use holdfast_platform::sqlite::StorageError;
use holdfast_shared::document::{Bag, Heads, WriterId};
use holdfast_shared::domain::task::{Status, TaskEvent};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{DocumentId, ReplicaId};
use holdfast_shared::wire::sync::{DocumentFrame, DocumentProblem, SyncResponse};
use serde_bytes::ByteBuf;

async fn respond(
    ledger: &crate::adapters::sqlite::SqliteLedger,
    central: &mut FakeCentral,
    change: impl FnOnce(&mut SyncResponse),
) -> crate::ports::ledger::Absorbed {
    let mut response = central.sync(&ledger.cut(at(NOW)).await.unwrap());
    change(&mut response);
    ledger.absorb(&response, at(NOW)).await.unwrap()
}

fn writer(replica: &str) -> WriterId {
    WriterId::new(&ReplicaId::new(replica).unwrap(), [3; 8])
}

fn frame(name: &str, bag: &Bag) -> DocumentFrame {
    let empty = Heads::empty();
    DocumentFrame::new(&name.parse().unwrap(), &empty, &bag.heads(), bag.changes_since(&empty).unwrap())
}

#[tokio::test]
async fn a_bad_document_blocks_no_other_and_is_asked_for_again() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    for task in ["o-1", "o-2", "o-3"] {
        central.offer(task, &[("A", 1)]);
    }
    let absorbed = respond(&ledger, &mut central, |response| {
        let bytes = &mut response.documents[1].changes[0];
        let damaged: Vec<u8> =
            bytes.iter().enumerate().map(|(n, b)| if n == 40 { b ^ 1 } else { *b }).collect();
        *bytes = ByteBuf::from(damaged);
    })
    .await;
    assert_eq!((absorbed.facts, absorbed.level), (2, false));
    assert!(absorbed.problems[0].starts_with("task/o-2: "), "{:?}", absorbed.problems);
    assert_eq!(units(&ledger, "A").await.1, 2);
    let cut = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(cut.asks.iter().map(|ask| ask.name()).collect::<Vec<_>>(), ["task/o-2"]);
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(ledger.cut(at(NOW)).await.unwrap().asks, []);
    assert_eq!(units(&ledger, "A").await.1, 3);
}

#[tokio::test]
async fn what_only_central_may_say_is_not_taken_from_another() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    let released = TaskEvent::Released { replica: "leeds-a".parse().unwrap() };
    for (event, taken) in [(released, false), (TaskEvent::Accepted, true)] {
        let mut forged = Bag::new(writer("leeds-b"));
        forged.record(&[task_fact("leeds-b", 1, "o-1", event)]).unwrap();
        let absorbed = respond(&ledger, &mut central, |response| {
            response.documents = vec![frame("task/o-1", &forged)];
        })
        .await;
        assert_eq!(absorbed.problems.is_empty(), taken, "{:?}", absorbed.problems);
    }
    let task = ledger.task(&"o-1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((task.status(), task.release), (Status::Accepted, None));
}

#[tokio::test]
async fn documents_of_others_are_refused() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    let mut bag = Bag::new(writer("leeds-b"));
    bag.record(&[task_fact("leeds-b", 1, "o-1", TaskEvent::Accepted)]).unwrap();
    for (name, why) in [
        ("stock/york/leeds-b/b1/1", "another store"),
        ("stock/leeds/leeds-c/b1/1", "may not write"),
        ("stock/leeds/leeds-b/b1/1", "does not belong"),
        ("task/o-2", "does not belong"),
    ] {
        let absorbed =
            respond(&ledger, &mut central, |response| response.documents = vec![frame(name, &bag)]).await;
        assert!(absorbed.problems[0].contains(why), "{name}: {:?}", absorbed.problems);
        assert_eq!(absorbed.facts, 0);
    }
    assert_eq!(ledger.summary().await.unwrap().facts, 0);
}

#[tokio::test]
async fn central_that_lacks_changes_gets_all_of_the_document() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    sync(&ledger, &mut central).await;
    let name: DocumentId = "stock/leeds/leeds-a/b1/1".parse().unwrap();
    central.bags.remove(&name);
    run(&ledger, "1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    let first = respond(&ledger, &mut central, |response| {
        assert_eq!(response.errors.first().and_then(DocumentProblem::code), Some(Code::MissingChanges));
    })
    .await;
    assert_eq!((first.problems, first.level), (vec![], false));
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(central.facts_of(&name.to_string()), 2);
}

#[tokio::test]
async fn a_restored_central_is_offered_everything_again() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    run(&ledger, "1", acts("o-1", TaskAct::Accept)).await.unwrap();
    sync(&ledger, &mut central).await;
    let mut restored = FakeCentral::new();
    restored.incarnation = 2;
    respond(&ledger, &mut restored, |_| {}).await;
    assert!(sync(&ledger, &mut restored).await);
    assert_eq!((restored.stock_facts(), restored.facts_of("task/o-1")), (1, 2));
}

#[tokio::test]
async fn after_a_failed_write_the_documents_go_on_under_a_new_writer() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    sync(&ledger, &mut central).await;
    run(&ledger, "1", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    // A cut whose transaction is undone: nobody may ever have seen its changes.
    let undone = ledger
        .write(|connection, hand| {
            let identity = hand.identity.clone().unwrap();
            crate::adapters::sqlite::carry::carry(
                connection,
                hand,
                &identity,
                holdfast_shared::time::UtcMs(NOW),
            )?;
            connection.execute_batch("ROLLBACK")?;
            Ok(())
        })
        .await;
    assert!(undone.is_err());
    let cut = ledger.cut(at(NOW)).await.unwrap();
    assert_eq!(cut.unsynced, 1);
    let writers: i64 = ledger
        .read(|connection| {
            let sql = "SELECT count(DISTINCT writer) FROM document_change";
            Ok(connection.query_row(sql, [], |row| row.get(0)).map_err(StorageError::from)?)
        })
        .await
        .unwrap();
    assert_eq!(writers, 2);
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(central.stock_facts(), 2);
}

#[tokio::test]
async fn a_message_that_is_not_made_leaves_nothing_half_carried() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    let disturb = |sql: &'static str| {
        ledger.write(move |connection, _| Ok(connection.execute_batch(sql).map_err(StorageError::from)?))
    };
    // The facts are in their document by the time that it is noted who speaks.
    let fails = "CREATE TEMP TRIGGER no_note BEFORE UPDATE OF answered_boot ON agent \
        BEGIN SELECT RAISE(ABORT, 'not now'); END";
    disturb(fails).await.unwrap();
    assert!(ledger.cut(at(NOW)).await.is_err());
    disturb("DROP TRIGGER no_note").await.unwrap();
    // The first is a probe: nothing new is carried, and central is heard.
    assert!(!sync(&ledger, &mut central).await);
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(central.stock_facts(), 1);
}

#[tokio::test]
async fn two_bodies_under_one_id_count_the_same_whichever_came_first() {
    let bodies = [1, 2].map(|n| {
        let event = TaskEvent::Declined { reason: format!("reason {n}") };
        let (_, text) = task_fact("leeds-b", n, "o-1", event);
        ("leeds-b.1.7".parse().unwrap(), text)
    });
    let mut reasons = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let mut disk = Disk::new();
        let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
        central.offer("o-1", &[("A", 1)]);
        sync(&ledger, &mut central).await;
        for (n, at) in (0_u8..).zip(order) {
            let replica = ReplicaId::new("leeds-b").unwrap();
            let mut bag = Bag::new(WriterId::new(&replica, [n; 8]));
            bag.record(&bodies[at..=at]).unwrap();
            respond(&ledger, &mut central, |response| response.documents = vec![frame("task/o-1", &bag)])
                .await;
        }
        let state = ledger.task(&"o-1".parse().unwrap()).await.unwrap().unwrap();
        reasons.push(state.decline_reason.unwrap());
    }
    assert_eq!(reasons[0], reasons[1]);
}

#[tokio::test]
async fn what_central_lost_without_knowing_is_offered_again() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    assert!(sync(&ledger, &mut central).await);
    for time in ["once", "twice"] {
        central.bags.clear();
        assert!(!sync(&ledger, &mut central).await, "{time}");
        assert!(sync(&ledger, &mut central).await, "{time}");
        assert_eq!(central.stock_facts(), 1);
    }
}

#[tokio::test]
async fn a_restored_disk_gets_back_what_central_has_of_it() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    sync(&ledger, &mut central).await;
    close(ledger, &disk).await;
    let backup = std::fs::read(disk.path()).unwrap();
    let ledger = disk.enrolled();
    run(&ledger, "1", moves(MovementKind::Sale, "A", 2)).await.unwrap();
    assert!(sync(&ledger, &mut central).await);
    close(ledger, &disk).await;
    // With its witness, which knows that the disk went back, and without, as when the whole folder was.
    for witnessed in [true, false] {
        if !witnessed {
            std::fs::remove_file(holdfast_platform::sqlite::witness_path(&disk.path())).unwrap();
        }
        std::fs::write(disk.path(), &backup).unwrap();
        let ledger = disk.enrolled();
        assert_eq!(units(&ledger, "A").await.0, 5);
        // Who knows what it lacks asks for it at once; else the roots tell, an answer later.
        assert_eq!(sync(&ledger, &mut central).await, witnessed);
        assert!(sync(&ledger, &mut central).await);
        assert_eq!(units(&ledger, "A").await.0, 3);
        close(ledger, &disk).await;
    }
}

/// The way to the proof may be cut: until then the box must not go on from what it forgot.
#[tokio::test]
async fn who_must_prove_to_be_alive_takes_no_order_work_unless_it_was_answered_before() {
    for answered in [false, true] {
        let mut disk = Disk::new();
        let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
        central.offer("o-1", &[("A", 1)]);
        sync(&ledger, &mut central).await;
        let ledger = if answered {
            ledger
        } else {
            close(ledger, &disk).await;
            disk.enrolled()
        };
        respond(&ledger, &mut central, |response| response.superseded = Some("1-1".to_owned())).await;
        let refused = run(&ledger, "1", acts("o-1", TaskAct::Accept)).await.err();
        assert_eq!(refused.map(|refused| code(Err(refused))), (!answered).then_some(Code::Rehydrating));
        assert!(sync(&ledger, &mut central).await);
        run(&ledger, "2", acts("o-1", if answered { TaskAct::StartPicking } else { TaskAct::Accept }))
            .await
            .unwrap();
    }
}

/// What it asked for may be lost on the way, and central may take it for given.
#[tokio::test]
async fn a_box_that_stays_behind_asks_for_all_again_and_ever_more_rarely() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    assert!(sync(&ledger, &mut central).await);
    central.offer("o-1", &[("A", 1)]);
    let mut asked_in = Vec::new();
    for round in 1..=100 {
        let asked = ledger.cut(at(NOW)).await.unwrap();
        if asked.speaker.rehydrating {
            asked_in.push(round);
        }
        let response = SyncResponse { documents: Vec::new(), ..central.sync(&asked) };
        ledger.absorb(&response, at(NOW)).await.unwrap();
    }
    assert_eq!(asked_in, [2, 5, 17, 65]);
    assert!(sync(&ledger, &mut central).await);
}

/// Of a document that was sealed meanwhile first the seal comes, and its facts when they are asked for.
#[tokio::test]
async fn a_restored_disk_takes_no_order_work_before_it_has_what_was_sealed_since() {
    let mut disk = Disk::new();
    let (ledger, mut central) = (disk.enrolled(), FakeCentral::new());
    stock(&ledger, &[("A", 5)]).await;
    sync(&ledger, &mut central).await;
    close(ledger, &disk).await;
    let backup = std::fs::read(disk.path()).unwrap();
    let ledger = disk.enrolled();
    run(&ledger, "1", moves(MovementKind::Sale, "A", 2)).await.unwrap();
    assert!(sync(&ledger, &mut central).await);
    close(ledger, &disk).await;
    central.sealed = central.bags.keys().filter(|name| name.to_string().contains("/b2/")).cloned().collect();
    central.offer("o-1", &[("A", 1)]);
    std::fs::write(disk.path(), &backup).unwrap();

    let ledger = disk.enrolled();
    respond(&ledger, &mut central, |response| response.rehydrate = true).await;
    let asked = ledger.cut(at(NOW)).await.unwrap();
    assert!(asked.speaker.rehydrating && !asked.asks.is_empty());
    assert_eq!(code(run(&ledger, "2", acts("o-1", TaskAct::Accept)).await), Code::Rehydrating);
    let response = SyncResponse { documents: Vec::new(), ..central.sync(&asked) };
    ledger.absorb(&response, at(NOW)).await.unwrap();
    assert_eq!(code(run(&ledger, "3", acts("o-1", TaskAct::Accept)).await), Code::Rehydrating);
    assert!(sync(&ledger, &mut central).await);
    assert_eq!(units(&ledger, "A").await.0, 3);
    run(&ledger, "4", acts("o-1", TaskAct::Accept)).await.unwrap();
}

/// Central may have heard a start that it could not answer, and may keep its box apart since.
#[tokio::test]
async fn a_start_names_those_before_it_that_spoke_since_central_answered() {
    let mut disk = Disk::new();
    let mut central = FakeCentral::new();
    let mut named = Vec::new();
    for answered in [true, false, false, true, false] {
        let ledger = disk.enrolled();
        let cut = ledger.cut(at(NOW)).await.unwrap();
        let before = cut.speaker.previous_boot.iter().chain(&cut.speaker.spoken_boots);
        named.push(before.map(ToString::to_string).collect::<Vec<_>>().join(" "));
        if answered {
            ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap();
            let speaker = ledger.cut(at(NOW)).await.unwrap().speaker;
            assert_eq!(speaker.spoken_boots, cut.speaker.spoken_boots);
        }
        close(ledger, &disk).await;
    }
    assert_eq!(named, ["", "b1", "b1 b2", "b1 b2 b3", "b4"]);
}
