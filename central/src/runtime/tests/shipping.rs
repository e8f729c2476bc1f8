//! Parcels over HTTP.

use super::bench::{Answer, Bench, bench, order_json, store_json};
use crate::ports::access::Scope;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

impl Bench {
    async fn carrier_webhook(&self, signature: Option<&str>, body: &[u8]) -> Answer {
        let mut request = Request::builder().method(Method::POST).uri("/v1/webhooks/carriers/parcels");
        if let Some(signature) = signature {
            request = request.header("holdfast-signature", signature);
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }
}

fn cart(postcode: &str) -> Value {
    json!({ "cart": { "store": "leeds", "units": 2, "name": "Ada",
        "address": ["12 King Street", "Leeds", postcode, "GB"] } })
}

#[tokio::test]
async fn a_checkout_is_told_what_sending_costs_or_why_nobody_knows() {
    let bench = bench();
    let (acme, rival) = (bench.tenant("acme").await, bench.tenant("rival").await);
    for admin in [&acme, &rival] {
        bench.ask(Method::PUT, "/v1/stores/leeds", admin, Some(&store_json("leeds"))).await;
    }
    let rates =
        async |token: &str, body: Value| bench.ask(Method::POST, "/v1/rates", token, Some(&body)).await;
    let told = rates(&acme, cart("LS1 4AP")).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(told.json()["parcels"][0]["rates"][0]["service"], "standard");
    assert_eq!(rates(&acme, cart("NO1")).await.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(
        rates(&rival, cart("LS1")).await.problem(),
        (404, "not_found".to_owned()),
        "it has no account"
    );
    let short = json!({ "cart": { "store": "leeds", "units": 2, "name": "Ada", "address": ["Leeds"] } });
    let refused = rates(&acme, short).await;
    assert!(refused.text.contains("each on a line of its own"), "{}", refused.text);
    assert_eq!(rates(&acme, json!({})).await.problem(), (400, "invalid_request".to_owned()));
    let mut nobody = cart("LS1");
    nobody["cart"]["store"] = json!("york");
    assert_eq!(rates(&acme, nobody).await.problem(), (404, "unknown_store".to_owned()));
}

#[tokio::test]
async fn an_order_whose_stores_make_their_own_labels_has_no_parcels_and_nobody_else_sees_them() {
    let bench = bench();
    let (acme, rival) = (bench.tenant("acme").await, bench.tenant("rival").await);
    let placed = bench.place(&acme, "k1", &order_json(1)).await.json();
    let path = format!("/v1/orders/{}/parcels", placed["order"].as_str().unwrap());
    assert_eq!(bench.get(&path, &acme).await.json()["parcels"], json!([]));
    assert_eq!(bench.get(&path, &rival).await.problem(), (404, "unknown_order".to_owned()));
    let reason = json!({ "reason": "it is torn" });
    let reader = bench.key("acme", &[Scope::OrdersRead]).await;
    for act in ["again", "void"] {
        let path = format!("/v1/tasks/o-1-1/label/{act}");
        let refused = bench.ask(Method::POST, &path, &acme, Some(&reason)).await;
        assert_eq!(refused.problem(), (404, "unknown_task".to_owned()));
        let forbidden = bench.ask(Method::POST, &path, &reader, Some(&reason)).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_carriers_webhook_is_believed_when_it_is_signed_and_taken_in_once() {
    use crate::core::parcel::notice::STRANGE_MS;
    use crate::core::parcel::tracking::TrackStatus;
    use crate::flows::read_tracking::read_tracking;
    let bench = bench();
    bench.parcels.scan("1Z9", TrackStatus::InTransit, bench.app.clock.now().utc);
    let (signature, body) = bench.parcels.webhooks(bench.app.clock.now().utc).remove(0);
    assert_eq!(bench.carrier_webhook(None, &body).await.problem(), (401, "unauthenticated".to_owned()));
    let forged = bench.carrier_webhook(Some(&signature), b"{}").await;
    assert_eq!(forged.problem(), (401, "unauthenticated".to_owned()));
    for _ in 0..2 {
        assert_eq!(bench.carrier_webhook(Some(&signature), &body).await.status, StatusCode::OK);
    }
    let support = bench.key("acme", &[Scope::Support]).await;
    let inbox = async || bench.get("/v1/webhooks/carriers", &support).await.json()["webhooks"].take();
    let told = inbox().await;
    assert_eq!((told.as_array().unwrap().len(), &told[0]["tracking_number"]), (1, &json!("1Z9")));
    assert_eq!((&told[0]["status"], &told[0]["outcome"]), (&json!("in_transit"), &json!(null)));
    let now = bench.app.clock.now().utc;
    read_tracking(&*bench.app.storage, now).await.unwrap();
    let told = inbox().await;
    assert_eq!(told[0]["outcome"], json!(null), "its label may come to be known yet");
    assert_ne!(told[0]["read_again_at"], told[0]["received_at"]);
    read_tracking(&*bench.app.storage, now.plus(STRANGE_MS + 1)).await.unwrap();
    let told = inbox().await;
    assert_eq!((&told[0]["outcome"], &told[0]["read_again_at"]), (&json!("not_ours"), &json!(null)));
    let rival = bench.tenant("rival").await;
    assert_eq!(bench.get("/v1/webhooks/carriers", &rival).await.json()["webhooks"], json!([]));
    let nobody = bench.ask(Method::POST, "/v1/webhooks/carriers/nobody", "", Some(&json!({}))).await;
    assert_eq!(nobody.problem(), (404, "not_found".to_owned()));
}
