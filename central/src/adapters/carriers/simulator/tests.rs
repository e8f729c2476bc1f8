use super::*;
use crate::core::parcel::address::Address;
use crate::core::parcel::fact::{AskId, Wish};

fn to(postcode: &str) -> Address {
    Address {
        name: "Ada".into(),
        phone: None,
        email: None,
        street: vec!["12 King Street".into()],
        town: "Leeds".into(),
        postcode: postcode.into(),
        country: "GB".into(),
    }
}

fn question(key: &str, postcode: &str) -> Question {
    Question {
        tenant: "acme".parse().unwrap(),
        order: "o-1".parse().unwrap(),
        task: "o-1-1".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        id: AskId { ask: Ask::Label, run: 0 },
        key: key.parse().unwrap(),
        wish: Wish { service: None, units: 1, label: None },
        to: Some(to(postcode)),
        label: None,
        at: UtcMs(0),
        parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
    }
}

fn void(key: &str, label: &Label) -> Question {
    let id = AskId { ask: Ask::VoidLabel, run: 0 };
    Question { id, label: Some(label.clone()), ..question(key, "LS1 4AP") }
}

async fn made(simulator: &Simulator, key: &str) -> Label {
    match simulator.ask(&question(key, "LS1 4AP")).await {
        Answer::Done(Did::Made(label)) => label,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_same_key_is_the_same_label_and_another_is_another() {
    let simulator = Simulator::new(1, Secret::new("s"));
    let label = made(&simulator, "k1").await;
    assert_eq!(made(&simulator, "k1").await, label);
    assert_ne!(made(&simulator, "k2").await.tracking_number, label.tracking_number);
    assert_eq!(simulator.labels(&"o-1".parse().unwrap()).len(), 2);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_its_key() {
    let simulator = Simulator::new(1, Secret::new("s"));
    simulator.fates([Fate::DoneUnheard, Fate::Lost]);
    assert!(matches!(simulator.ask(&question("k1", "LS1")).await, Answer::Unknown { .. }));
    assert!(matches!(
        simulator.look_up(&question("k1", "LS1")).await,
        Known::Ended(Answer::Done(Did::Made(_)))
    ));
    assert!(matches!(simulator.ask(&question("k2", "LS1")).await, Answer::Unknown { .. }));
    assert_eq!(simulator.look_up(&question("k2", "LS1")).await, Known::Absent);
}

#[tokio::test]
async fn a_label_is_taken_back_until_it_is_scanned() {
    let simulator = Simulator::new(1, Secret::new("s"));
    let (one, two) = (made(&simulator, "k1").await, made(&simulator, "k2").await);
    assert_eq!(simulator.ask(&void("v1", &one)).await, Answer::Done(Did::Voided));
    let again = simulator.ask(&question("k1", "LS1 4AP")).await;
    assert_eq!(again.as_str(), "soft", "who forgot that it was taken back gets another under another key");
    simulator.scan(&two.tracking_number, TrackStatus::InTransit, UtcMs(5));
    assert!(matches!(simulator.ask(&void("v2", &two)).await, Answer::Declined { .. }));
    let (signature, body) = simulator.webhooks(UtcMs(1_000)).remove(0);
    let read = simulator.read_notice(Some(&signature), &body, UtcMs(1_000)).unwrap();
    assert_eq!((read.tracking_number, read.kind.as_str()), (two.tracking_number, "in_transit"));
    assert_eq!(
        simulator.read_notice(None, &body, UtcMs(1_000)),
        Err(BadNotice::Unsigned("holdfast-signature"))
    );
}

#[tokio::test]
async fn an_address_is_refused_and_a_failure_passes() {
    let simulator = Simulator::new(1, Secret::new("s"));
    assert!(matches!(simulator.ask(&question("k1", "NO1")).await, Answer::Declined { .. }));
    for key in ["k2", "k3"] {
        assert!(matches!(simulator.ask(&question(key, "SOFT1")).await, Answer::Soft { .. }));
    }
    assert!(matches!(simulator.ask(&question("k4", "SOFT1")).await, Answer::Done(Did::Made(_))));
}
