//! Labels that could not be made reach central, and what it tells of parcels is kept.

use super::support::{Disk, FakeCentral, NOW, close, run, stock, sync};
use crate::adapters::sqlite::SqliteLedger;
use crate::core::command::{Command, LabelRequest, MovementKind, MovementRequest, TaskAct};
use crate::core::testing::{acts, at, request};
use crate::ports::ledger::{Ledger, Replica};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{ExpectedLine, ExpectedParcel, LabelBecomes, LabelNews, ParcelNews};

async fn working() -> (SqliteLedger, FakeCentral, Disk) {
    let mut disk = Disk::new();
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 5)]).await;
    let mut central = FakeCentral::new();
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    run(&ledger, "accept", acts("o-1", TaskAct::Accept)).await.unwrap();
    level(&ledger, &mut central).await;
    (ledger, central, disk)
}

async fn level(ledger: &SqliteLedger, central: &mut FakeCentral) {
    for _ in 0..9 {
        if sync(ledger, central).await {
            return;
        }
    }
    panic!("never level");
}

fn unprinted() -> Command {
    let reason = "the printer is broken".to_owned();
    Command::Label(LabelRequest { task: "o-1".parse().unwrap(), service: None, reason })
}

fn expected(parcel: &str, units: i64) -> ExpectedParcel {
    ExpectedParcel {
        parcel: parcel.parse().unwrap(),
        order: "o-7".parse().unwrap(),
        from: "york".parse().unwrap(),
        lines: vec![ExpectedLine { sku: "A".parse().unwrap(), units }],
        left_at: Some(UtcMs(NOW)),
        due_by: None,
        late: false,
    }
}

fn from_york(units: i64, note: Option<&str>) -> Command {
    let note = note.map(str::to_owned);
    Command::Move(vec![MovementRequest { note, ..request(MovementKind::TransferIn, "A", units) }])
}

async fn units_to_come(ledger: &SqliteLedger) -> Vec<(String, i64)> {
    let parcels = ledger.parcels().await.unwrap().expected;
    parcels.iter().map(|parcel| (parcel.parcel.to_string(), parcel.lines[0].units)).collect()
}

#[tokio::test]
async fn a_label_reported_offline_outlives_a_restart_and_reaches_central_once() {
    let (ledger, mut central, mut disk) = working().await;
    run(&ledger, "label", unprinted()).await.unwrap();
    assert!(run(&ledger, "label", unprinted()).await.unwrap().replayed);
    run(&ledger, "again", unprinted()).await.unwrap();
    close(ledger, &disk).await;
    let ledger = disk.enrolled();
    assert_eq!(ledger.parcels().await.unwrap().reported.len(), 1, "said twice, it is one report");
    // The answer of the first round is lost.
    let cut = ledger.cut(at(NOW)).await.unwrap();
    central.sync(&cut);
    level(&ledger, &mut central).await;
    assert_eq!(ledger.parcels().await.unwrap().reported, []);
    assert_eq!(ledger.cut(at(NOW)).await.unwrap().label_reports, []);
    assert!(central.labels.iter().all(|report| report.id == central.labels[0].id), "{:?}", central.labels);
    assert_eq!(central.labels[0].reason, "the printer is broken");
}

#[tokio::test]
async fn what_central_says_of_a_label_changes_its_task() {
    let (ledger, mut central, _disk) = working().await;
    let label = LabelNews {
        task: "o-1".parse().unwrap(),
        service: Some("standard".to_owned()),
        reason: "the postcode is refused".to_owned(),
        reported_at: UtcMs(NOW),
        becomes: LabelBecomes::AnotherService,
        instead: Some("express".to_owned()),
        words: None,
    };
    central.parcels = ParcelNews { labels: vec![label.clone()], ..ParcelNews::default() };
    let told = async |central: &mut FakeCentral| {
        let cut = ledger.cut(at(NOW)).await.unwrap();
        ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap().tasks
    };
    assert_eq!(told(&mut central).await, std::slice::from_ref(&label.task), "screens show it");
    assert_eq!(ledger.parcels().await.unwrap().labels, std::slice::from_ref(&label));
    assert_eq!(told(&mut central).await, [], "it is told once");
    central.parcels = ParcelNews::default();
    assert_eq!(told(&mut central).await, [label.task]);
    assert_eq!(ledger.parcels().await.unwrap().labels, []);
}

#[tokio::test]
async fn what_was_taken_in_is_expected_no_more_before_central_says_so() {
    let (ledger, mut central, _disk) = working().await;
    central.parcels =
        ParcelNews { expected: vec![expected("p-1", 2), expected("p-2", 1)], ..ParcelNews::default() };
    level(&ledger, &mut central).await;
    assert_eq!(units_to_come(&ledger).await, [("p-1".to_owned(), 2), ("p-2".to_owned(), 1)]);
    run(&ledger, "one", from_york(1, Some("parcel p-2"))).await.unwrap();
    assert_eq!(units_to_come(&ledger).await, [("p-1".to_owned(), 2)]);
    run(&ledger, "two", from_york(1, None)).await.unwrap();
    assert_eq!(units_to_come(&ledger).await, [("p-1".to_owned(), 1)]);
    // An answer from before central knew: nothing that was taken in comes back.
    let cut = ledger.cut(at(NOW)).await.unwrap();
    run(&ledger, "three", from_york(1, Some("p-1"))).await.unwrap();
    central.parcels.expected = vec![expected("p-1", 1)];
    ledger.absorb(&central.sync(&cut), at(NOW)).await.unwrap();
    assert_eq!(units_to_come(&ledger).await, []);
    // Level, central has taken all of it off.
    central.parcels.expected = vec![expected("p-3", 4)];
    level(&ledger, &mut central).await;
    assert_eq!(units_to_come(&ledger).await, [("p-3".to_owned(), 4)]);
}
