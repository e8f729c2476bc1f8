//! Against a server that behaves as a provider of payment intents does.

use super::*;
use crate::core::order_terms::PaymentToken;
use crate::core::outside::signed::sign;
use crate::core::saga::fact::{CallId, Said, Wish};
use crate::ports::payments::Paid;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response as Answered};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use holdfast_shared::ids::{OrderId, TenantId};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

const NOW: UtcMs = UtcMs(1_700_000_000_000);
const KEY: &str = "sk_test_secret";

type FormOf = BTreeMap<String, String>;

/// What goes wrong with the next request.
#[derive(Debug, Clone)]
enum Trouble {
    /// Done, and never answered.
    DoneAndSilent,
    Fails(u16, Value),
    /// Asks for this many seconds.
    TooMany(u32),
    Garbage,
}

#[derive(Default)]
struct Provider {
    intents: BTreeMap<String, Value>,
    refunds: Vec<Value>,
    answers: BTreeMap<String, (FormOf, u16, Value)>,
    troubles: VecDeque<Trouble>,
    keys: Vec<String>,
}

type Shared = Arc<Mutex<Provider>>;

fn card_error(code: &str) -> (u16, Value) {
    let error = json!({ "type": "card_error", "code": "card_declined", "decline_code": code,
        "message": "Your card was declined." });
    (402, json!({ "error": error }))
}

impl Provider {
    fn act(&mut self, path: &str, form: &FormOf) -> (u16, Value) {
        let amount = |name: &str| form.get(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        let meta = |prefix: &str| -> serde_json::Map<String, Value> {
            let inner = |name: &str| name.strip_prefix(prefix)?.strip_suffix(']').map(str::to_owned);
            form.iter().filter_map(|(name, value)| Some((inner(name)?, json!(value)))).collect()
        };
        if path == "payment_intents" {
            match form["payment_method"].as_str() {
                "pm_declined" => return card_error("insufficient_funds"),
                "pm_busy_bank" => return card_error("issuer_not_available"),
                _ => {}
            }
            let id = format!("pi_{}", self.intents.len() + 1);
            let intent = json!({
                "id": id, "status": "requires_capture", "amount": amount("amount"),
                "amount_capturable": amount("amount"), "amount_received": 0, "metadata": meta("metadata["),
                "latest_charge": { "payment_method_details": { "card": { "capture_before": 1_700_604_800 } } },
            });
            self.intents.insert(id, intent.clone());
            return (200, intent);
        }
        if path == "refunds" {
            let refund = json!({ "id": format!("re_{}", self.refunds.len() + 1), "status": "succeeded",
                "amount": amount("amount"), "payment_intent": form["payment_intent"], "metadata": meta("metadata[") });
            self.refunds.push(refund.clone());
            return (200, refund);
        }
        let (id, verb) = path.strip_prefix("payment_intents/").unwrap().split_once('/').unwrap();
        let intent = self.intents.get_mut(id).unwrap();
        if intent["status"] == "canceled" {
            let error = json!({ "type": "invalid_request_error", "code": "payment_intent_unexpected_state",
                "message": "It has a status of canceled.", "payment_intent": intent });
            return (400, json!({ "error": error }));
        }
        match verb {
            "capture" => {
                let wanted = amount("amount_to_capture");
                if wanted > intent["amount_capturable"].as_i64().unwrap() {
                    let error = json!({ "type": "invalid_request_error", "code": "amount_too_large", "message": "Too much." });
                    return (400, json!({ "error": error }));
                }
                let left = intent["amount_capturable"].as_i64().unwrap() - wanted;
                let last = form.get("final_capture").is_none_or(|last| last == "true");
                intent["amount_capturable"] = json!(if last { 0 } else { left });
                intent["amount_received"] = json!(intent["amount_received"].as_i64().unwrap() + wanted);
                intent["status"] = json!(if last { "succeeded" } else { "requires_capture" });
                intent["metadata"].as_object_mut().unwrap().extend(meta("metadata["));
            }
            _ => intent["status"] = json!("canceled"),
        }
        (200, intent.clone())
    }
}

async fn posted(
    State(provider): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
    Form(form): Form<FormOf>,
) -> Answered {
    assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let (trouble, status, body) = {
        let mut provider = provider.lock().unwrap();
        provider.keys.push(key.clone());
        let trouble = provider.troubles.pop_front();
        match &trouble {
            Some(Trouble::Fails(status, body)) => (trouble.clone(), *status, body.clone()),
            Some(Trouble::TooMany(_) | Trouble::Garbage) => (trouble, 429, Value::Null),
            Some(Trouble::DoneAndSilent) | None => {
                let known = provider.answers.get(&key).cloned();
                let (status, body) = match known {
                    Some((before, ..)) if before != form => (
                        400,
                        json!({ "error": { "type": "idempotency_error", "message": "Keys for idempotent requests" } }),
                    ),
                    Some((_, status, body)) => (status, body),
                    None => provider.act(&path, &form),
                };
                provider.answers.entry(key).or_insert((form, status, body.clone()));
                (trouble, status, body)
            }
        }
    };
    match trouble {
        // The client gives up first.
        Some(Trouble::DoneAndSilent) => std::future::pending().await,
        Some(Trouble::TooMany(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response()
        }
        Some(Trouble::Garbage) => (StatusCode::OK, "<html>").into_response(),
        Some(Trouble::Fails(..)) | None => {
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        }
    }
}

async fn posted_refund(provider: State<Shared>, headers: HeaderMap, form: Form<FormOf>) -> Answered {
    posted(provider, Path(String::from("refunds")), headers, form).await
}

async fn one_intent(State(provider): State<Shared>, Path(id): Path<String>) -> Answered {
    let found = provider.lock().unwrap().intents.get(&id).cloned();
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |intent| Json(intent).into_response())
}

async fn search(State(provider): State<Shared>, Query(query): Query<FormOf>) -> Json<Value> {
    let wanted = &query["query"];
    let of_key = |intent: &&Value| {
        let key = intent["metadata"]["holdfast_key"].as_str().unwrap();
        *wanted == format!("metadata['holdfast_key']:'{key}'")
    };
    let provider = provider.lock().unwrap();
    Json(json!({ "data": provider.intents.values().filter(of_key).collect::<Vec<_>>() }))
}

async fn refunds(State(provider): State<Shared>, Query(query): Query<FormOf>) -> Json<Value> {
    let provider = provider.lock().unwrap();
    let of_it = |refund: &&Value| refund["payment_intent"] == json!(query["payment_intent"]);
    Json(json!({ "data": provider.refunds.iter().filter(of_it).collect::<Vec<_>>() }))
}

struct Scene {
    provider: Shared,
    intents: Intents,
}

impl Scene {
    async fn new() -> Self {
        let provider = Shared::default();
        let router = Router::new()
            .route("/v1/payment_intents/search", get(search))
            .route("/v1/payment_intents/{id}", get(one_intent))
            .route("/v1/refunds", get(refunds).post(posted_refund))
            .route("/v1/{*path}", post(posted))
            .with_state(Arc::clone(&provider));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { provider, intents: at(&url) }
    }

    fn trouble(&self, trouble: Trouble) {
        self.provider.lock().unwrap().troubles.push_back(trouble);
    }

    fn keys(&self) -> Vec<String> {
        self.provider.lock().unwrap().keys.clone()
    }
}

fn at(url: &str) -> Intents {
    Intents::new(IntentsSettings {
        url: url.to_owned(),
        secret: Secret::new(KEY),
        webhook_secrets: vec![Secret::new("whsec")],
        timeout: Duration::from_millis(300),
        several_captures: true,
        renewable: true,
    })
    .unwrap()
}

fn question(call: Call, run: u32, amount: i64, reference: Option<&str>) -> Question {
    Question {
        tenant: TenantId::new("acme").unwrap(),
        order: OrderId::new("o1").unwrap(),
        id: CallId { call, run },
        key: format!("acme:k/{}/-/n{run}", call.as_str()).parse().unwrap(),
        wish: Wish { amount, authorization: None, refund: None, last: false },
        currency: "EUR".parse().unwrap(),
        token: PaymentToken::new("pm_visa").unwrap(),
        reference: reference.map(str::to_owned),
        at: NOW,
        parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
    }
}

fn paid_by(token: &str) -> Question {
    Question { token: PaymentToken::new(token).unwrap(), ..question(Call::Authorize, 0, 1_000, None) }
}

fn reference(answer: &Answer) -> String {
    match answer {
        Answer::Done(Paid { reference, .. }) => reference.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_payment_goes_its_whole_way() {
    let scene = Scene::new().await;
    let answer = scene.intents.ask(&question(Call::Authorize, 0, 1_000, None)).await;
    let lapses_at = Some(UtcMs(1_700_604_800_000));
    assert_eq!(answer, Answer::Done(Paid { reference: "pi_1".into(), amount: 1_000, lapses_at }));
    for (call, run, amount) in [(Call::Capture, 0, 400), (Call::Refund, 0, 100), (Call::Void, 0, 600)] {
        let ask = question(call, run, amount, Some("pi_1"));
        assert_eq!(scene.intents.look_up(&ask).await, Known::Absent, "{call:?}");
        let answer = scene.intents.ask(&ask).await;
        assert!(
            matches!(answer, Answer::Done(Paid { amount: done, .. }) if done == amount),
            "{call:?}: {answer:?}"
        );
        assert_eq!(scene.intents.look_up(&ask).await, Known::Ended(answer), "{call:?}");
    }
    assert_eq!(scene.keys()[..2], ["acme:k/authorize/-/n0", "acme:k/capture/-/n0"]);
}

#[tokio::test]
async fn what_was_done_and_never_answered_is_found_and_done_once() {
    let scene = Scene::new().await;
    scene.trouble(Trouble::DoneAndSilent);
    let ask = question(Call::Authorize, 0, 1_000, None);
    assert!(matches!(scene.intents.ask(&ask).await, Answer::Unknown { .. }));
    let Known::Ended(found) = scene.intents.look_up(&ask).await else { panic!("it is there") };
    assert_eq!(reference(&found), "pi_1");
    assert_eq!(reference(&scene.intents.ask(&ask).await), "pi_1", "the same key, the same payment");
    assert_eq!(scene.provider.lock().unwrap().intents.len(), 1);
}

#[tokio::test]
async fn banks_refuse_for_good_or_for_now() {
    let scene = Scene::new().await;
    let declined = scene.intents.ask(&paid_by("pm_declined")).await;
    let words = "Your card was declined.".to_owned();
    assert_eq!(declined, Answer::Declined { code: "insufficient_funds".into(), words });
    let later = Question { key: "acme:k/authorize/-/n1".parse().unwrap(), ..paid_by("pm_busy_bank") };
    assert!(
        matches!(scene.intents.ask(&later).await, Answer::Soft { code, .. } if code == "issuer_not_available")
    );
    scene.intents.ask(&question(Call::Authorize, 2, 1_000, None)).await;
    let much = question(Call::Capture, 0, 1_001, Some("pi_1"));
    assert!(
        matches!(scene.intents.ask(&much).await, Answer::Declined { code, .. } if code == "amount_too_large")
    );
    scene.intents.ask(&question(Call::Void, 0, 1_000, Some("pi_1"))).await;
    let gone = question(Call::Capture, 1, 10, Some("pi_1"));
    assert!(matches!(scene.intents.ask(&gone).await, Answer::Declined { code, .. } if code == "canceled"));
}

#[tokio::test]
async fn what_is_not_taken_in_may_be_asked_again_and_what_breaks_is_looked_up() {
    let scene = Scene::new().await;
    let error = |kind: &str| json!({ "error": { "type": kind, "message": "…" } });
    for (trouble, says) in [
        (Trouble::TooMany(7), "busy"),
        (Trouble::Fails(409, error("idempotency_error")), "busy"),
        (Trouble::Fails(401, error("invalid_request_error")), "busy"),
        (Trouble::Fails(400, error("idempotency_error")), "unknown"),
        (Trouble::Fails(500, error("api_error")), "unknown"),
        (Trouble::Garbage, "unknown"),
    ] {
        scene.trouble(trouble.clone());
        let answer = scene.intents.ask(&question(Call::Authorize, 0, 1_000, None)).await;
        assert_eq!(answer.as_str(), says, "{trouble:?}: {answer:?}");
        if matches!(trouble, Trouble::TooMany(_)) {
            assert!(matches!(answer, Answer::Busy { retry_after_ms: Some(7_000), .. }));
        }
    }
    let nobody = at("http://127.0.0.1:9");
    let answer = nobody.ask(&question(Call::Authorize, 0, 1_000, None)).await;
    assert_eq!(answer.as_str(), "busy", "it never left: {answer:?}");
    assert!(matches!(
        nobody.look_up(&question(Call::Authorize, 0, 1_000, None)).await,
        Known::Ended(Answer::Unknown { .. })
    ));
}

#[test]
fn no_secret_is_printed() {
    let shown = format!("{:?}", at("http://127.0.0.1:9"));
    assert!(!shown.contains(KEY) && !shown.contains("whsec"), "{shown}");
}

fn told(kind: &str, object: &Value) -> Result<Notice, BadNotice> {
    let body = json!({ "id": "evt_1", "type": kind, "data": { "object": object } }).to_string();
    let signature = sign("whsec", NOW, body.as_bytes());
    at("http://127.0.0.1:9").read_notice(Some(&signature), body.as_bytes(), NOW)
}

#[test]
fn webhooks_say_what_became_of_which_question() {
    let mark = json!({ "holdfast_order": "o1", "holdfast_call": "authorize/0", "holdfast_capture_0": "k", "holdfast_capture_1": "k" });
    let intent = |status: &str| {
        json!({ "id": "pi_1", "status": status, "amount": 1_000, "amount_capturable": 1_000,
            "amount_received": 400, "metadata": mark })
    };
    let authorized = told("payment_intent.amount_capturable_updated", &intent("requires_capture")).unwrap();
    assert_eq!(authorized.call, Some(CallId { call: Call::Authorize, run: 0 }));
    assert!(matches!(authorized.said, Some(Said::Done { .. })));
    let captured = told("payment_intent.succeeded", &intent("succeeded")).unwrap();
    assert_eq!(captured.call, Some(CallId { call: Call::Capture, run: 1 }), "the newest");
    let ended = told("payment_intent.canceled", &intent("canceled")).unwrap();
    assert!(matches!(ended.said, Some(Said::Lapsed { .. })));
    let stranger = told("customer.created", &json!({ "id": "cus_1", "email": "ada@example.com" })).unwrap();
    assert_eq!((stranger.order.clone(), stranger.said.clone()), (None, None));
    assert!(!serde_json::to_string(&stranger).unwrap().contains("ada"), "nothing personal is kept");
    assert!(matches!(told("", &Value::Null), Err(BadNotice::Unreadable(_))));
}
