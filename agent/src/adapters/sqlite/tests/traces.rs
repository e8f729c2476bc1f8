//! What a store does for an order belongs to the order's trace.

use super::support::{Disk, FakeCentral, TRACE, run, run_as, stock, sync};
use crate::core::command::{Command, Intent, MovementKind, TaskAct};
use crate::core::testing::{intent, moves};
use crate::ports::ledger::Ledger;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::wire::fact::decode;

/// That of a till or a handheld which measures for itself.
const OF_DEVICE: &str = "0af7651916cd43dd8448eb211c80319c";

fn own(key: &str) -> Intent {
    Intent { trace: Some(OF_DEVICE.parse().unwrap()), ..intent(key) }
}

#[tokio::test]
async fn facts_about_a_task_have_its_orders_trace_whatever_the_device_measures() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 10)]).await;
    central.offer("o-1", &[("A", 1)]);
    sync(&ledger, &mut central).await;
    let task = "o-1".parse().unwrap();
    let parent = ledger.trace_of(&task).await.unwrap().unwrap();
    assert_eq!(parent.trace.as_str(), TRACE);

    let act = |act| Command::Task { task: task.clone(), act };
    run_as(&ledger, own("k1"), act(TaskAct::Accept)).await.unwrap();
    run(&ledger, "k2", act(TaskAct::StartPicking)).await.unwrap();
    assert_eq!(ledger.trace_of(&task).await.unwrap(), Some(parent), "all of it hangs on the offer");

    // As they go to central.
    sync(&ledger, &mut central).await;
    let facts = central.bag(&DocumentId::Task(task.clone())).facts();
    let traces = facts.map(|(id, text)| decode(&id, &text).unwrap().trace.unwrap().to_string());
    assert_eq!(traces.collect::<Vec<_>>(), [TRACE; 3], "the offer, and what was done for it");
}

#[tokio::test]
async fn what_is_no_orders_keeps_the_trace_of_its_device() {
    let (mut disk, mut central) = (Disk::new(), FakeCentral::new());
    let ledger = disk.enrolled();
    stock(&ledger, &[("A", 10)]).await;
    run_as(&ledger, own("k1"), moves(MovementKind::Sale, "A", 1)).await.unwrap();
    sync(&ledger, &mut central).await;
    assert!(central.stock_texts().any(|text| text.contains("sale") && text.contains(OF_DEVICE)));
}

#[tokio::test]
async fn a_task_that_nobody_knows_has_no_trace() {
    let mut disk = Disk::new();
    assert_eq!(disk.alone().trace_of(&"o-9".parse().unwrap()).await.unwrap(), None);
}
