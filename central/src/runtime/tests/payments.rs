//! The money of orders over HTTP.

use super::bench::{Bench, bench, order_json};
use crate::flows::advance_sagas::advance_sagas;
use crate::flows::read_notices::read_notices;
use crate::ports::access::Scope;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

fn paid_order(provider: &str) -> Value {
    let mut order = order_json(2);
    order["lines"][0]["unit_price"] = json!({ "minor": 500, "currency": "EUR" });
    order["payment"] = json!({ "provider": provider, "token": "tok_visa" });
    order
}

impl Bench {
    async fn placed_and_paid(&self, token: &str) -> String {
        let placed = self.place(token, "k1", &paid_order("cards")).await;
        assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);
        placed.json()["order"].as_str().unwrap().to_owned()
    }

    async fn pay(&self) {
        let clock = || self.app.clock.now();
        let (storage, cards) = (&*self.app.storage, "cards".parse().unwrap());
        advance_sagas(storage, &self.app.payments, &cards, &clock).await.unwrap();
    }

    async fn webhook(&self, signature: Option<&str>, body: &[u8]) -> super::bench::Answer {
        let mut request = Request::builder().method(Method::POST).uri("/v1/webhooks/payments/cards");
        if let Some(signature) = signature {
            request = request.header("holdfast-signature", signature);
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }
}

#[tokio::test]
async fn an_order_tells_how_far_its_money_has_come() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = bench.placed_and_paid(&admin).await;
    let steps = format!("/v1/orders/{order}/steps");
    let before = bench.get(&steps, &admin).await.json();
    assert_eq!((&before["charged"], &before["payment"]["standing"]), (&json!(false), &json!("awaited")));
    bench.pay().await;
    let after = bench.get(&steps, &admin).await.json();
    assert_eq!(after["payment"]["authorized"], json!({ "minor": 1_000, "currency": "EUR" }));
    assert_eq!(
        (&after["steps"][0]["step"], &after["steps"][0]["state"]),
        (&json!("authorize"), &json!("done"))
    );
    assert_eq!(after["payment"]["facts"][0]["key"], "acme:k1/authorize/-/n0");
    assert!(!after.to_string().contains("tok_visa"), "the token is for the provider alone");
    let shown = bench.get(&format!("/v1/orders/{order}"), &admin).await.json();
    assert_eq!(shown["state"], "authorized");
}

#[tokio::test]
async fn a_provider_is_one_that_the_tenant_has() {
    let bench = bench();
    let (acme, rival) = (bench.tenant("acme").await, bench.tenant("rival").await);
    let unknown = bench.place(&acme, "k1", &paid_order("paypall")).await;
    assert_eq!(unknown.problem(), (400, "invalid_request".to_owned()));
    let foreign = bench.place(&rival, "k1", &paid_order("cards")).await;
    assert_eq!(foreign.problem(), (400, "invalid_request".to_owned()), "it is the account of another");
    let order = bench.placed_and_paid(&acme).await;
    for path in ["steps"] {
        let answer = bench.get(&format!("/v1/orders/{order}/{path}"), &rival).await;
        assert_eq!(answer.problem(), (404, "unknown_order".to_owned()));
    }
    let reason = json!({ "reason": "mischief" });
    let retry =
        bench.ask(Method::POST, &format!("/v1/orders/{order}/payment/retry"), &rival, Some(&reason)).await;
    assert_eq!(retry.problem(), (404, "unknown_order".to_owned()));
}

#[tokio::test]
async fn what_cannot_go_back_is_refused_with_its_reason() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = bench.placed_and_paid(&admin).await;
    let path = format!("/v1/orders/{order}/refunds");
    let ask = async |key: &[(&str, &str)], body: Value| {
        bench.ask_with(Method::POST, &path, &admin, Some(&body), key).await.problem()
    };
    let key: &[(&str, &str)] = &[("idempotency-key", "r1")];
    let amount = json!({ "minor": 100, "currency": "EUR" });
    let whole = json!({ "amount": amount, "reason": "broken" });
    assert_eq!(ask(&[], whole.clone()).await, (400, "missing_idempotency_key".to_owned()));
    assert_eq!(ask(key, whole).await, (409, "illegal_transition".to_owned()), "nothing was taken");
    assert_eq!(ask(key, json!({ "reason": "broken" })).await, (400, "invalid_request".to_owned()));
    let both = json!({ "amount": amount, "lines": [{ "line": 1, "quantity": 1 }], "reason": "broken" });
    assert_eq!(ask(key, both).await, (400, "invalid_request".to_owned()));
    let typing = json!({ "amont": amount, "reason": "broken" });
    assert_eq!(ask(key, typing).await, (400, "unknown_field".to_owned()));
    let nothing = json!({ "lines": [{ "line": 1, "quantity": 0 }], "reason": "broken" });
    assert_eq!(ask(key, nothing).await, (422, "invalid_quantity".to_owned()));
    let retry = json!({ "reason": "again" });
    let retried =
        bench.ask(Method::POST, &format!("/v1/orders/{order}/payment/retry"), &admin, Some(&retry)).await;
    assert_eq!(retried.problem(), (409, "illegal_transition".to_owned()), "nothing was refused");
}

#[tokio::test]
async fn a_webhook_is_believed_when_it_is_signed_and_taken_in_once() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = bench.placed_and_paid(&admin).await;
    bench.pay().await;
    let now = bench.app.clock.now().utc;
    let (signature, body) = bench.cards.webhooks(now).remove(0);
    let unsigned = bench.webhook(None, &body).await;
    assert_eq!(unsigned.problem(), (401, "unauthenticated".to_owned()));
    let forged = bench.webhook(Some(&signature), b"{}").await;
    assert_eq!(forged.problem(), (401, "unauthenticated".to_owned()));
    for _ in 0..2 {
        assert_eq!(bench.webhook(Some(&signature), &body).await.status, StatusCode::OK);
    }
    read_notices(&*bench.app.storage, now).await.unwrap();
    let support = bench.key("acme", &[Scope::Support]).await;
    let inbox = bench.get("/v1/webhooks/payments", &support).await.json();
    assert_eq!(inbox["webhooks"].as_array().unwrap().len(), 1);
    assert_eq!(inbox["webhooks"][0]["order"], json!(order));
    assert_eq!(inbox["webhooks"][0]["outcome"], "known_before");
    let rival = bench.tenant("rival").await;
    assert_eq!(bench.get("/v1/webhooks/payments", &rival).await.json()["webhooks"], json!([]));
    let nobody = bench.ask(Method::POST, "/v1/webhooks/payments/nobody", "", Some(&json!({}))).await;
    assert_eq!(nobody.problem(), (404, "not_found".to_owned()));
}
