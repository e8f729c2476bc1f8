use super::*;
use crate::core::outside::signed::sign;
use crate::core::parcel::fact::{AskId, Wish};
use crate::core::parcel::tracking::TrackStatus;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use std::sync::{Arc, Mutex};

type Heard = (Method, String, HeaderMap, Value);

/// What was asked, and what is answered to it.
#[derive(Clone, Default)]
struct Desk {
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
}

async fn answer(
    State(desk): State<Desk>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    desk.heard.lock().unwrap().push((method, uri.to_string(), headers, body));
    let (status, told) = desk.answers.lock().unwrap().remove(0);
    (StatusCode::from_u16(status).unwrap(), told.to_string())
}

async fn desk(answers: &[(u16, Value)]) -> (Shipping, Desk) {
    let desk = Desk { answers: Arc::new(Mutex::new(answers.to_vec())), ..Desk::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(desk.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings = ShippingSettings {
        url,
        secret: Secret::new("key"),
        webhook_secrets: vec![Secret::new("whsec")],
        timeout: Duration::from_secs(5),
        services: [("standard".to_owned(), "ups_ground".to_owned())].into(),
        default_service: "ups_saver".to_owned(),
        grams_per_unit: 500,
        label_format: "pdf".to_owned(),
    };
    (Shipping::new(settings).unwrap(), desk)
}

fn question(service: Option<&str>) -> Question {
    Question {
        tenant: "acme".parse().unwrap(),
        order: "o-1".parse().unwrap(),
        task: "o-1-1".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        id: AskId { ask: Ask::Label, run: 0 },
        key: "acme:cart-1/label/-/p1n0".parse().unwrap(),
        wish: Wish { service: service.map(str::to_owned), units: 2, label: None },
        to: Some(Address {
            name: "Ada".into(),
            phone: None,
            email: None,
            street: vec!["12 King Street".into()],
            town: "Leeds".into(),
            postcode: "LS1 4AP".into(),
            country: "GB".into(),
        }),
        label: None,
        at: UtcMs(0),
        parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
    }
}

fn told(status: &str) -> Value {
    json!({
        "label_id": "se-1", "status": status, "carrier_code": "ups", "service_code": "ups_ground",
        "tracking_number": "1Z9", "external_shipment_id": "acme:cart-1/label/-/p1n0",
        "shipment_cost": { "currency": "eur", "amount": 4.9 },
        "label_download": { "href": "https://labels.example.com/1.pdf" },
    })
}

fn label() -> Label {
    match read::label(&told("completed")) {
        Answer::Done(Did::Made(label)) => label,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_label_is_asked_for_under_its_key_and_read_whole() {
    let (shipping, desk) = desk(&[(200, told("completed")), (200, told("completed"))]).await;
    assert_eq!(shipping.ask(&question(Some("standard"))).await, Answer::Done(Did::Made(label())));
    assert_eq!((label().cost.unwrap().minor, label().tracking_number.as_str()), (490, "1Z9"));
    shipping.ask(&question(None)).await;
    let heard = desk.heard.lock().unwrap();
    let (method, path, headers, body) = &heard[0];
    assert_eq!((method, path.as_str()), (&Method::POST, "/v1/labels"));
    assert_eq!(headers["idempotency-key"], "acme:cart-1/label/-/p1n0");
    assert_eq!(headers["api-key"], "key");
    assert_eq!(headers["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let shipment = &body["shipment"];
    assert_eq!(
        (&shipment["service_code"], &shipment["warehouse_id"]),
        (&json!("ups_ground"), &json!("leeds"))
    );
    assert_eq!(shipment["ship_to"]["postal_code"], "LS1 4AP");
    assert_eq!(shipment["packages"][0]["weight"]["value"], 1_000);
    assert_eq!(heard[1].3["shipment"]["service_code"], "ups_saver", "where none is planned");
}

#[tokio::test]
async fn each_answer_says_whether_it_was_done() {
    let error = |code: &str| json!({ "errors": [{ "error_code": code, "message": "no" }] });
    for (status, body, expected) in [
        (400, error("invalid_address"), "declined"),
        (400, error("carrier_unavailable"), "soft"),
        (401, error("unauthorized"), "busy"),
        (429, error("rate"), "busy"),
        (409, error("in_progress"), "unknown"),
        (500, error("oops"), "unknown"),
        (200, json!({ "status": "completed" }), "unknown"),
        (200, told("processing"), "unknown"),
        (200, told("error"), "declined"),
        (200, told("voided"), "soft"),
    ] {
        let (shipping, _desk) = desk(&[(status, body.clone())]).await;
        assert_eq!(shipping.ask(&question(None)).await.as_str(), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_label_is_found_by_its_key_and_by_no_other() {
    let mine = json!({ "labels": [told("completed")] });
    let mut other = told("completed");
    other["external_shipment_id"] = json!("another");
    let answers = [(200, mine), (200, json!({ "labels": [other] })), (404, Value::Null), (500, Value::Null)];
    let (shipping, desk) = desk(&answers).await;
    assert_eq!(shipping.look_up(&question(None)).await, Known::Ended(Answer::Done(Did::Made(label()))));
    assert_eq!(shipping.look_up(&question(None)).await, Known::Absent, "whatever was found");
    assert_eq!(shipping.look_up(&question(None)).await, Known::Absent);
    assert!(matches!(shipping.look_up(&question(None)).await, Known::Ended(Answer::Unknown { .. })));
    assert!(desk.heard.lock().unwrap()[0].1.contains("external_shipment_id=acme"));
}

#[tokio::test]
async fn a_label_is_taken_back_or_it_is_not() {
    let void = Question {
        id: AskId { ask: Ask::VoidLabel, run: 0 },
        label: Some(label()),
        to: None,
        ..question(None)
    };
    let refused = json!({ "approved": false, "message": "it was scanned" });
    let answers =
        [(200, json!({ "approved": true })), (200, refused), (200, told("voided")), (200, told("completed"))];
    let (shipping, desk) = desk(&answers).await;
    assert_eq!(shipping.ask(&void).await, Answer::Done(Did::Voided));
    assert_eq!(shipping.ask(&void).await.as_str(), "declined");
    assert_eq!(shipping.look_up(&void).await, Known::Ended(Answer::Done(Did::Voided)));
    assert_eq!(shipping.look_up(&void).await, Known::Absent, "it is as it was");
    let heard = desk.heard.lock().unwrap();
    assert_eq!((&heard[0].0, heard[0].1.as_str()), (&Method::PUT, "/v1/labels/se-1/void"));
}

#[tokio::test]
async fn rates_come_cheapest_first_under_our_own_names() {
    let rate = |code: &str, amount: &str| {
        json!({ "carrier_code": "ups", "service_code": code, "delivery_days": 2,
            "shipping_amount": { "currency": "EUR", "amount": amount } })
    };
    let told =
        json!({ "rate_response": { "rates": [rate("ups_next_day", "19.95"), rate("ups_ground", "4.5")] } });
    let (shipping, _desk) = desk(&[(200, told)]).await;
    let of = RateQuestion {
        tenant: "acme".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        to: question(None).to.unwrap(),
        units: 1,
    };
    let rates = shipping.rates(&of).await.unwrap();
    let told: Vec<(&str, i64)> = rates.iter().map(|rate| (rate.service.as_str(), rate.cost.minor)).collect();
    assert_eq!(told, [("standard", 450), ("ups_next_day", 1_995)]);
}

#[tokio::test]
async fn a_webhook_is_believed_when_it_is_signed_now_and_read_with_its_own_time() {
    let (shipping, _desk) = desk(&[]).await;
    let event = |code: &str| {
        json!({ "event_id": "e1", "data": { "tracking_number": "1Z9", "status_code": code,
            "occurred_at": "2026-11-22T10:00:00Z" } })
        .to_string()
    };
    let now = UtcMs(1_795_000_000_000);
    let body = event("DE");
    let signed = sign("whsec", now, body.as_bytes());
    let read = shipping.read_notice(Some(&signed), body.as_bytes(), now).unwrap();
    let track = read.track.unwrap();
    assert_eq!((track.status, track.happened_at), (TrackStatus::Delivered, UtcMs(1_795_341_600_000)));
    let late = now.plus(10 * 60 * 1_000);
    assert_eq!(shipping.read_notice(Some(&signed), body.as_bytes(), late), Err(BadNotice::OutOfTime));
    assert_eq!(shipping.read_notice(Some(&signed), b"{}", now), Err(BadNotice::Forged));
    assert_eq!(shipping.read_notice(None, body.as_bytes(), now), Err(BadNotice::Unsigned(SIGNATURE)));
    let strange = event("ZZ");
    let signed = sign("whsec", now, strange.as_bytes());
    assert_eq!(shipping.read_notice(Some(&signed), strange.as_bytes(), now).unwrap().track, None);
}
