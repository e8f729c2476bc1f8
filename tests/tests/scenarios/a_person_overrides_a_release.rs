use holdfast_agent::core::command::{Refusal, TaskAct};
use holdfast_agent::ports::ledger::LedgerError;
use holdfast_central::core::order::{OrderRequest, OrderState};
use holdfast_shared::domain::task::{FulfilmentKind, Illegal, Status};
use holdfast_tests::conformance::world::request;
use holdfast_tests::stage::Stage;

fn let_go() -> TaskAct {
    TaskAct::LetGo { reason: String::from("the driver waits"), central_answers: false }
}

async fn released_at_leeds() -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 2)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.store("york", &[("A", 2)]).await;
    stage.pack("leeds", "o1-1").await;
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::Ready);
    stage
}

#[tokio::test]
async fn a_person_overrides_a_release_and_both_sides_know() {
    let mut stage = released_at_leeds().await;
    let done = stage.take_back("o1-1", "the van broke down").await.unwrap();
    assert!(done.released && !done.already);
    assert!(stage.take_back("o1-1", "the van broke down").await.unwrap().already, "once is enough");
    stage.sync("leeds").await;

    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::PuttingBack);
    let refused = stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap_err();
    assert!(
        matches!(&refused, LedgerError::Refused(Refusal::Illegal(Illegal::Recalled { reason, .. }))
            if reason == "the van broke down"),
        "{refused}"
    );
    let told = stage.exceptions().await;
    assert!(
        matches!(told.as_slice(), [one] if one.contains("key:ann") && one.contains("the van broke down"))
    );
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.sync("leeds").await;
    stage.decide().await;
    stage.sync("york").await;
    stage.work("york", "o1-2").await;
    stage.sync("york").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    let audit = stage.sound().await;
    assert_eq!((audit.overridden, audit.open_holds), (0, 0), "it left once");
}

#[tokio::test]
async fn goods_that_had_left_before_they_were_taken_back_are_answered_for_by_the_person() {
    let mut stage = released_at_leeds().await;
    stage.shop("leeds").cut_off = true;
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    stage.take_back("o1-1", "nobody answers the telephone").await.unwrap();
    stage.decide().await;
    stage.sync("york").await;
    stage.work("york", "o1-2").await;
    stage.sync("york").await;

    stage.back("leeds").await;

    assert_eq!(stage.task("o1-1").await.status(), Status::HandedOver);
    let audit = stage.sound().await;
    assert_eq!((audit.double_shipped, audit.overridden), (0, 1));
    let told = stage.exceptions().await;
    assert!(told.iter().any(|detail| detail.contains("more units")), "{told:?}");
    assert!(told.iter().any(|detail| detail.contains("nobody answers the telephone")), "{told:?}");
}

#[tokio::test]
async fn a_pickup_that_was_taken_back_goes_to_its_store_again() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 2)]).await;
    stage.store("york", &[("A", 2)]).await;
    let chosen = Some("leeds".parse().unwrap());
    let request = OrderRequest { pickup_store: chosen, ..request(FulfilmentKind::Pickup, &[("A", 1)]) };
    stage.place("o1", request).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.take_back("o1-1", "the shelf fell over").await.unwrap();
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::PutBack).await.unwrap();
    stage.work("leeds", "o1-2").await;
    stage.sync("leeds").await;
    assert_eq!(stage.state("o1").await, OrderState::Collected);
    assert_eq!(stage.sound().await.open_holds, 0);
}

#[tokio::test]
async fn goods_let_go_by_a_manager_stop_their_replacement() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 2)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.store("york", &[("A", 2)]).await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    stage.live_without("leeds", 120_000).await;
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::Accept).await.unwrap();
    stage.sync("york").await;
    stage.act("leeds", "o1-1", TaskAct::StartPicking).await.unwrap();
    let line = stage.task_at("leeds", "o1-1").await.lines[0].line;
    stage.act("leeds", "o1-1", TaskAct::Pick { line, quantity: 1 }).await.unwrap();
    assert!(stage.act("leeds", "o1-1", let_go()).await.is_err(), "only what is packed");
    stage.act("leeds", "o1-1", TaskAct::Pack).await.unwrap();
    assert!(stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.is_err());
    stage.act("leeds", "o1-1", let_go()).await.unwrap();
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();

    stage.back("leeds").await;
    stage.sync("york").await;

    assert_eq!(stage.task("o1-1").await.status(), Status::HandedOver);
    assert_eq!(stage.status_at("york", "o1-2").await, Status::PuttingBack);
    let told = stage.exceptions().await;
    assert!(
        told.iter().any(|detail| detail.starts_with("amy at leeds lets the goods of o1-1 go")),
        "{told:?}"
    );
    stage.act("york", "o1-2", TaskAct::PutBack).await.unwrap();
    stage.sync("york").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_holds, 0);
}

/// Central lost the record with its disk; the store was told of it, and tells it back.
#[tokio::test]
async fn what_was_taken_back_before_a_restore_is_on_record_again() {
    let mut stage = released_at_leeds().await;
    let backup = stage.back_up_central();
    stage.take_back("o1-1", "the customer moved house").await.unwrap();
    stage.sync("leeds").await;
    stage.office.put_back(&backup);
    stage.office.start();
    let recorded = async |stage: &Stage| {
        stage.exceptions().await.iter().any(|told| told.contains("took o1-1 back from leeds: the customer"))
    };
    assert!(!recorded(&stage).await, "{:?}", stage.exceptions().await);
    stage.sync("leeds").await;
    stage.sync("leeds").await;
    assert!(recorded(&stage).await, "{:?}", stage.exceptions().await);
}

/// One box of the store gave the work back; at the other, which has not heard of it, a manager lets the
/// goods go. His word has no effect on the task any more, and is on record all the same.
#[tokio::test]
async fn a_word_for_work_that_another_box_gave_back_is_on_record() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 2)]).await;
    stage.enrol("leeds", "standby").await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    for name in ["leeds", "standby"] {
        stage.sync(name).await;
    }
    stage.shop("standby").cut_off = true;
    stage.store("york", &[("A", 2)]).await;
    stage.take_back("o1-1", "too far away").await.unwrap();
    stage.sync("leeds").await;
    assert_eq!(stage.status_at("leeds", "o1-1").await, Status::PutBack);
    stage.decide().await;
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::Accept).await.unwrap();
    stage.sync("york").await;
    stage.wait(1_000);
    stage.pack("standby", "o1-1").await;
    stage.act("standby", "o1-1", let_go()).await.unwrap();
    stage.shop("standby").cut_off = false;
    stage.sync("standby").await;
    let told = stage.exceptions().await;
    assert!(told.iter().any(|detail| detail.contains("lets the goods of o1-1 go")), "{told:?}");
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", "o1-2").await, Status::PuttingBack);
}
