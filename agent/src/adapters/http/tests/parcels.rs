use super::*;
use crate::core::parcels::Parcels;
use holdfast_shared::domain::task::Phase;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::{ExpectedLine, ExpectedParcel, LabelBecomes, LabelMade, LabelNews};

fn told(service: &str, at: i64, becomes: LabelBecomes, instead: Option<&str>) -> LabelNews {
    LabelNews {
        task: "o1-1".parse().unwrap(),
        service: Some(service.to_owned()),
        reason: "the postcode is refused".to_owned(),
        reported_at: UtcMs(at),
        becomes,
        instead: instead.map(str::to_owned),
        words: Some("what central said".to_owned()),
    }
}

async fn packed() -> (Lan, String) {
    let lan = Lan::new();
    lan.store.stock("A-1", "Lamp", 5);
    lan.store.task("o1-1", Phase::Packed);
    let token = lan.pair(Role::Picker).await;
    (lan, token)
}

async fn label(lan: &Lan, token: &str) -> Value {
    lan.send(ask("GET", "/v1/tasks/o1-1").by(token)).await.body["label"].clone()
}

fn report(token: &str, key: &str, body: &Value) -> Ask {
    ask("POST", "/v1/tasks/o1-1/label-failed").by(token).key(key).json(body)
}

#[tokio::test]
async fn a_label_that_cannot_be_made_is_reported_and_shown() {
    let (lan, picker) = packed().await;
    assert_eq!(label(&lan, &picker).await["status"], "planned");
    let done = lan.send(report(&picker, "hh-1.1.1", &json!({ "reason": " The printer is broken " }))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    lan.committed.notified().await;
    let shown = &done.body["label"];
    assert_eq!((&shown["status"], &shown["may_report"]), (&json!("reported"), &json!(false)));
    assert_eq!(shown["failed"][0]["reason"], "The printer is broken");
    assert!(shown["todo"].as_str().unwrap().contains("Keep the parcel here"));
}

#[tokio::test]
async fn what_central_decided_says_which_label_to_print() {
    let (lan, picker) = packed().await;
    let labels = vec![
        told("express", 2, LabelBecomes::AnotherService, Some("courier")),
        told("standard", 1, LabelBecomes::AnotherService, Some("express")),
    ];
    lan.store.told_of(Parcels { labels, ..Parcels::default() });
    let shown = label(&lan, &picker).await;
    assert_eq!((&shown["status"], &shown["service"]), (&json!("another_service"), &json!("courier")));
    assert!(shown["todo"].as_str().unwrap().contains("Print the label of courier"));
    assert_eq!(shown["failed"][0]["service"], "standard", "the first first");
    assert_eq!(shown["may_report"], true, "that one may fail as well");
    for (becomes, status, words) in [
        (LabelBecomes::Waits, "waits", "looks for another way"),
        (LabelBecomes::Moves, "moves", "Another store takes over"),
        (LabelBecomes::Person, "person", "what central said"),
        (LabelBecomes::Unknown, "waits", "Keep the parcel"),
    ] {
        let labels = vec![told("standard", 1, becomes, None)];
        lan.store.told_of(Parcels { labels, ..Parcels::default() });
        let shown = label(&lan, &picker).await;
        assert_eq!((shown["status"].as_str(), &shown["may_report"]), (Some(status), &json!(false)));
        assert!(shown["todo"].as_str().unwrap().contains(words), "{shown}");
    }
}

#[tokio::test]
async fn a_report_that_makes_no_sense_is_refused_in_words() {
    let (lan, picker) = packed().await;
    let till = lan.pair(Role::Pos).await;
    let long = "x".repeat(65);
    for (number, (token, body, code)) in [
        (&till, json!({ "reason": "r" }), "forbidden"),
        (&picker, json!({ "reason": " " }), "invalid_request"),
        (&picker, json!({ "reason": "r", "service": long }), "invalid_request"),
        (&picker, json!({ "reason": "r", "carrier": "dhl" }), "unknown_field"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(lan.send(report(token, &format!("k{number}"), &body)).await.code(), code, "{body}");
    }
    lan.store.task("o1-1", Phase::HandedOver);
    let late = lan.send(report(&picker, "late", &json!({ "reason": "r" }))).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "illegal_transition"));
    assert_eq!(label(&lan, &picker).await, Value::Null, "it has left");
}

#[tokio::test]
async fn what_comes_from_other_stores_is_listed_for_those_who_take_it_in() {
    let (lan, picker) = packed().await;
    let line = ExpectedLine { sku: "A-1".parse().unwrap(), units: 2 };
    let parcel = |number: &str, left_at| ExpectedParcel {
        parcel: number.parse().unwrap(),
        order: "o9".parse().unwrap(),
        from: "york".parse().unwrap(),
        lines: vec![line.clone()],
        left_at,
        due_by: Some(UtcMs(1_700_000_060_000)),
        late: false,
    };
    let expected = vec![parcel("o9-a", None), parcel("o9-b", Some(UtcMs(1_700_000_000_000)))];
    lan.store.told_of(Parcels { expected, ..Parcels::default() });
    let listed = lan.send(ask("GET", "/v1/expected").by(&picker)).await.body;
    let [first, second] = [&listed["expected"][0], &listed["expected"][1]];
    assert_eq!((&first["parcel"], &first["left_at"]), (&json!("o9-b"), &json!("2023-11-14T22:13:20Z")));
    assert_eq!((&second["parcel"], &second["left_at"]), (&json!("o9-a"), &Value::Null));
    assert_eq!((&first["lines"][0]["name"], &first["lines"][0]["units"]), (&json!("Lamp"), &json!(2)));
    let till = lan.pair(Role::Pos).await;
    assert_eq!(lan.send(ask("GET", "/v1/expected").by(&till)).await.code(), "forbidden");
}

#[tokio::test]
async fn a_label_that_central_had_made_is_shown_with_where_to_print_it() {
    let (lan, picker) = packed().await;
    let made = LabelMade {
        task: "o1-1".parse().unwrap(),
        carrier: "ups".to_owned(),
        service: "ups_ground".to_owned(),
        tracking_number: "1Z9".to_owned(),
        url: Some("https://labels.example.com/1.pdf".to_owned()),
        made_at: UtcMs(5),
    };
    lan.store.told_of(Parcels { made: vec![made.clone()], ..Parcels::default() });
    let shown = label(&lan, &picker).await;
    assert_eq!((&shown["status"], &shown["may_report"]), (&json!("made"), &json!(true)));
    assert_eq!(shown["made"]["tracking_number"], "1Z9");
    assert!(shown["todo"].as_str().unwrap().contains("Print the label: ups_ground 1Z9"));
    let labels = vec![told("standard", 9, LabelBecomes::AnotherService, Some("express"))];
    lan.store.told_of(Parcels { labels, made: vec![made], ..Parcels::default() });
    let shown = label(&lan, &picker).await;
    assert_eq!((&shown["status"], &shown["made"]), (&json!("another_service"), &json!(null)), "it is void");
}
