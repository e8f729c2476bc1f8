use super::*;
use crate::domain::bring_back::{Condition, ReturnRef};
use crate::domain::fence::Fence;
use crate::domain::task::{FulfilmentKind, ReleasePoint};
use crate::ids::LineNo;
use crate::time::{Hlc, UtcMs};

fn fact(body: Body) -> Fact {
    Fact {
        id: "pos-1.1.7".parse().unwrap(),
        at: Hlc { wall: UtcMs(0x18c_2f00), counter: 2 },
        actor: "amy".parse().unwrap(),
        after: None,
        trace: None,
        body,
    }
}

fn offer_line(ceded: bool) -> OfferLine {
    let line = LineNo(if ceded { 2 } else { 1 });
    OfferLine { line, sku: "A.1".parse().unwrap(), quantity: 2, ceded }
}

const fn brought_back(of: ReturnRef, condition: Condition, units: i64) -> Movement {
    Movement::BroughtBack { of, condition, units }
}

fn every_body() -> Vec<Body> {
    let hold = || HoldRef {
        task: "o-1".parse().unwrap(),
        line: LineNo(1),
        fence: Fence { incarnation: 1, number: 2 },
        ceded: false,
    };
    let ceded = || HoldRef { ceded: true, ..hold() };
    let store = || "leeds".parse().unwrap();
    let moves = [
        (5, Movement::Opening),
        (-1, Movement::Sale),
        (1, Movement::Return),
        (2, brought_back(ReturnRef::Order("o".parse().unwrap()), Condition::Sellable, 2)),
        (0, brought_back(ReturnRef::Return("o-r1".parse().unwrap()), Condition::Damaged, 1)),
        (9, Movement::Receipt),
        (-4, Movement::Adjustment),
        (0, Movement::Count { found: 3 }),
        (-2, Movement::TransferOut { to: store() }),
        (2, Movement::TransferIn { from: store() }),
        (-1, Movement::HandOver { hold: hold() }),
        (0, Movement::PutBack { hold: hold(), quantity: 1 }),
        (-1, Movement::ShortPick { hold: hold() }),
        (-1, Movement::HandOver { hold: ceded() }),
        (0, Movement::PutBack { hold: ceded(), quantity: 1 }),
        (-1, Movement::ShortPick { hold: ceded() }),
        (0, Movement::Ceded { units: 2 }),
        (0, Movement::Returned { units: 1 }),
    ];
    let offer = Offer {
        order: "o".parse().unwrap(),
        store: store(),
        kind: FulfilmentKind::Pickup,
        release_point: ReleasePoint::Packed,
        lines: [false, true].map(offer_line).into(),
        accept_by: UtcMs(99),
        promise_by: Some(UtcMs(100)),
        note: Some("gift".into()),
    };
    let events = [
        TaskEvent::Offered(offer),
        TaskEvent::Accepted,
        TaskEvent::Declined { reason: "no staff".into() },
        TaskEvent::PickingStarted,
        TaskEvent::Picked { line: LineNo(1), quantity: 1 },
        TaskEvent::Short { line: LineNo(1), missing: 1 },
        TaskEvent::Packed,
        TaskEvent::HandedOver { to: Some("carrier".into()) },
        TaskEvent::PutBack,
        TaskEvent::Released { replica: "leeds-a".parse().unwrap() },
        TaskEvent::Recalled { reason: "dark".into() },
        TaskEvent::CancelRequested { reason: "customer".into() },
        TaskEvent::Readopted,
        TaskEvent::TakenBack { reason: "the van is full".into() },
        TaskEvent::LetGo { replica: "leeds-a".parse().unwrap(), reason: "the driver waits".into() },
    ];
    let stock = moves.into_iter().map(|(delta, movement)| {
        Body::Stock(StockFact { sku: "A.1".parse().unwrap(), delta, movement, note: None })
    });
    let task = events.into_iter().map(|event| {
        Body::Task(TaskFact {
            task: "o-1".parse().unwrap(),
            fence: Fence { incarnation: 1, number: 2 },
            event,
        })
    });
    let mut closing = Closing::default();
    closing.count(&"pos-1.1.6".parse().unwrap(), "text");
    stock.chain(task).chain([Body::Epoch(closing)]).collect()
}

#[test]
fn an_epoch_closes_in_its_own_document_and_counts_no_more_than_fit() {
    let closed = fact(Body::Epoch(Closing { facts: 3, ..Closing::default() }));
    belongs(&closed, &"stock/leeds/leeds-a/b1/1".parse().unwrap()).unwrap();
    belongs(&closed, &"task/o-1".parse().unwrap()).unwrap_err();
    let facts = u64::try_from(DOCUMENT_FACTS_MAX).unwrap() + 1;
    encode(&fact(Body::Epoch(Closing { facts, ..Closing::default() }))).unwrap_err();
}

#[test]
fn every_kind_of_fact_round_trips() {
    for body in every_body() {
        let fact = fact(body);
        let text = encode(&fact).unwrap();
        assert_eq!(decode(&fact.id, &text).unwrap(), fact, "{text}");
    }
}

#[test]
fn a_sale_is_short_on_the_wire() {
    let stock = StockFact { sku: "A".parse().unwrap(), delta: -1, movement: Movement::Sale, note: None };
    let text = encode(&fact(Body::Stock(stock))).unwrap();
    assert_eq!(text, r#"{"k":"sale","s":"A","d":-1,"t":"18c2f00-2","a":"amy"}"#);
}

#[test]
fn what_has_to_do_with_rights_is_written_out_and_came_with_the_fourth_version() {
    let written = |delta: i64, movement: Movement| {
        let stock = StockFact { sku: "A".parse().unwrap(), delta, movement, note: None };
        let body = Body::Stock(stock);
        (encode(&fact(body.clone())).unwrap(), since(&body))
    };
    let hold = |ceded: bool| HoldRef {
        task: "o-1".parse().unwrap(),
        line: LineNo(1),
        fence: Fence { incarnation: 1, number: 2 },
        ceded,
    };
    let tail = r#""t":"18c2f00-2","a":"amy"}"#;
    let plain = format!(r#"{{"k":"hand_over","s":"A","d":-2,"o":"o-1","l":1,"f":"1.2",{tail}"#);
    assert_eq!(written(-2, Movement::HandOver { hold: hold(false) }), (plain, 1));
    let ceded = format!(r#"{{"k":"hand_over","s":"A","d":-2,"o":"o-1","l":1,"f":"1.2","r":-2,{tail}"#);
    assert_eq!(written(-2, Movement::HandOver { hold: hold(true) }), (ceded, 4));
    let back = format!(r#"{{"k":"returned","s":"A","d":0,"r":-2,{tail}"#);
    assert_eq!(written(0, Movement::Returned { units: 2 }), (back, 4));
}

#[test]
fn another_spelling_of_a_fact_is_refused() {
    let id = "pos-1.1.7".parse().unwrap();
    for wrong in [
        r#"{"s":"A","k":"sale","d":-1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"sale", "s":"A","d":-1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"sale","s":"A","d":-1,"t":"18c2f00-2","a":"amy","z":1}"#,
        r#"{"k":"sale","s":"A","d":-1,"t":"18c2f00-2","a":"amy","n":null}"#,
        // Rights that are not those of the movement.
        r#"{"k":"hand_over","s":"A","d":-2,"o":"o-1","l":1,"f":"1.2","r":-1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"put_back_units","s":"A","d":0,"o":"o-1","l":1,"f":"1.2","r":1,"q":1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"sale","s":"A","d":-1,"r":5,"t":"18c2f00-2","a":"amy"}"#,
    ] {
        assert!(matches!(decode(&id, wrong), Err(BadFact::OtherSpelling)), "{wrong}");
    }
}

#[test]
fn a_fact_that_cannot_be_is_refused() {
    let id = "pos-1.1.7".parse().unwrap();
    for wrong in [
        r#"{"k":"sale","s":"A","d":1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"sale","s":"A","d":-9999999,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"ceded","s":"A","d":0,"r":0,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"returned","s":"A","d":0,"r":1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"stolen","s":"A","d":-1,"t":"18c2f00-2","a":"amy"}"#,
        r#"{"k":"picked","o":"o-1","f":"1.1","l":1,"q":0,"t":"18c2f00-2","a":"amy"}"#,
        "[]",
        "",
    ] {
        assert!(decode(&id, wrong).is_err(), "{wrong}");
    }
    assert!(matches!(decode(&id, &" ".repeat(FACT_BYTES_MAX + 1)), Err(BadFact::TooLong(_))));
}

#[test]
fn facts_stay_in_their_documents() {
    let stock: DocumentId = "stock/s/s-a/b1/1".parse().unwrap();
    let (this, other): (DocumentId, DocumentId) = ("task/o-1".parse().unwrap(), "task/o-2".parse().unwrap());
    for body in every_body() {
        let is_stock = matches!(body, Body::Stock(_) | Body::Epoch(_));
        let fact = fact(body);
        assert_eq!(belongs(&fact, &stock).is_ok(), is_stock);
        assert_eq!(belongs(&fact, &this).is_ok(), !is_stock);
        assert!(belongs(&fact, &other).is_err());
    }
}
