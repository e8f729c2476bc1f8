//! No label can be had for a parcel while the line is down. Central hears of it when the line is mended, and
//! the store is shown what becomes of the parcel.

use holdfast_agent::core::command::{Command, LabelRequest, TaskAct};
use holdfast_agent::core::parcels::Parcels;
use holdfast_agent::ports::ledger::Ledger;
use holdfast_central::core::labels::LabelOutcome;
use holdfast_central::ports::labels::{Labels, Settling};
use holdfast_shared::wire::sync::LabelBecomes;
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;

async fn shown(stage: &mut Stage) -> Parcels {
    stage.shop("leeds").ledger().parcels().await.unwrap()
}

#[tokio::test]
async fn it_is_told_when_the_line_is_back_and_what_becomes_of_it_is_shown() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 3)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    stage.shop("leeds").cut_off = true;
    let (task, reason) = ("o1-1".parse().unwrap(), "the label does not print".to_owned());
    stage.say("leeds", Command::Label(LabelRequest { task, service: None, reason })).await.unwrap();
    stage.restart("leeds");
    assert_eq!(shown(&mut stage).await.reported.len(), 1, "kept, and shown");

    stage.back("leeds").await;
    stage.level("leeds").await;

    let here = shown(&mut stage).await;
    assert!(here.reported.is_empty(), "central has it");
    assert_eq!(here.labels[0].becomes, LabelBecomes::Waits);
    let waiting = stage.office.store().waiting_labels(9).await.unwrap().remove(0);
    assert_eq!((waiting.tenant, waiting.reason.as_str()), (world::tenant(), "the label does not print"));
    let words = "a person decides".to_owned();
    let settling = Settling { outcome: LabelOutcome::Person, words, journey: None };
    let (waiting, now) = (stage.office.store().waiting_labels(9).await.unwrap().remove(0), stage.now());
    stage.office.store().settle_label(&waiting, &settling, now.utc).await.unwrap();
    stage.sync("leeds").await;
    let here = shown(&mut stage).await;
    assert_eq!(here.labels[0].becomes, LabelBecomes::Person);
    assert_eq!(here.labels[0].words.as_deref(), Some("a person decides"));
    let told = stage.timeline("o1").await;
    assert!(told.iter().any(|words| words.contains("the label does not print")), "{told:?}");
    stage.sound().await;
}
