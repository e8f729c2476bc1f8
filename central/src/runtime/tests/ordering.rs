//! Orders with all that they say, many at once, and changed.

use super::bench::{Answer, Bench, bench, order_json};
use crate::ports::access::Scope;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

fn euros(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "EUR" })
}

/// Two of one article for 10.00 each, less 2.00, with 4.95 for shipping.
pub(super) fn rich(customer: &str) -> Value {
    let mut order = order_json(2);
    order["lines"][0]["unit_price"] = euros(1_000);
    order["lines"][0]["signature"] = json!(true);
    order["discounts"] = json!([{ "name": "WELCOME", "amount": euros(200) }]);
    order["taxes"] = json!([{ "name": "VAT", "amount": euros(317), "included": true }]);
    order["shipping"] = json!({ "service": "standard", "price": euros(495) });
    order["payment"] = json!({ "provider": "cards", "token": "tok_secret", "method": "card" });
    order["gift"] = json!({ "message": "zq-message", "wrap": true });
    order["customer"] = json!({
        "id": customer, "name": "zq-name", "email": "zq-mail@example.org", "phone": "+44 20 7946 0958",
        "address": ["zq-street 1", "zq-town"], "locale": "en-GB"
    });
    order
}

pub(super) async fn placed(bench: &Bench, token: &str, key: &str, order: &Value) -> String {
    let answer = bench.place(token, key, order).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    answer.json()["order"].as_str().unwrap().to_owned()
}

pub(super) async fn asked(bench: &Bench, token: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
    let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    bench.ask_with(Method::POST, path, token, Some(body), &headers).await
}

#[tokio::test]
async fn an_order_is_shown_with_all_that_it_says_and_personal_data_only_to_customer_service() {
    let bench = bench();
    bench.tenant("acme").await;
    let shop = bench.key("acme", &[Scope::OrdersWrite]).await;
    let support = bench.key("acme", &[Scope::Support]).await;
    let order = placed(&bench, &shop, "k1", &rich("zq-1")).await;
    let seen = bench.get(&format!("/v1/orders/{order}"), &shop).await;
    assert!(!seen.text.contains("zq-") && !seen.text.contains("tok_secret"), "{}", seen.text);
    let told = seen.json();
    let totals = json!({
        "currency": "EUR", "goods": 2_000, "discounts": 200, "taxes": 0, "taxes_included": 317,
        "shipping": 495, "total": 2_295
    });
    assert_eq!(told["totals"], totals);
    assert_eq!((&told["root_key"], &told["gift"]), (&json!("k1"), &json!({ "wrap": true })));
    assert_eq!(told["payment"], json!({ "provider": "cards", "method": "card" }));
    assert_eq!(told["lines"][0]["signature"], true);
    let full = bench.get(&format!("/v1/orders/{order}"), &support).await.json();
    assert_eq!(
        (&full["customer"]["name"], &full["gift"]["message"]),
        (&json!("zq-name"), &json!("zq-message"))
    );
    let list = bench.get("/v1/orders", &support).await;
    assert!(!list.text.contains("zq-"), "{}", list.text);
}

#[tokio::test]
async fn an_answer_names_its_place_and_a_refusal_its_class() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let answer = bench.place(&admin, "k1", &order_json(1)).await;
    assert_eq!(answer.headers[header::LOCATION], answer.json()["status_url"].as_str().unwrap());
    let mut card = order_json(1);
    card["customer"] = json!({ "name": "4111 1111 1111 1111" });
    let mut wrong = order_json(1);
    wrong["lines"][0]["quantity"] = json!("4111111111111111");
    for (key, body, class) in
        [("k2", card, "validation"), ("k3", wrong, "validation"), ("k1", order_json(2), "hard_business")]
    {
        let refused = bench.place(&admin, key, &body).await;
        assert_eq!((&refused.json()["class"], &refused.json()["retryable"]), (&json!(class), &json!(false)));
        assert!(!refused.text.contains("1111"), "{}", refused.text);
        assert_eq!(refused.json()["trace_id"].as_str().unwrap().len(), 32);
    }
}

async fn batch(bench: &Bench, token: &str, kind: &str, body: String) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/orders/batch")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body));
    bench.send(request.unwrap()).await
}

#[tokio::test]
async fn each_order_of_a_batch_has_its_own_answer_and_the_whole_may_be_sent_again() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let mut unknown = order_json(1);
    unknown["lines"][0]["sku"] = json!("NOPE");
    let mut odd = order_json(1);
    odd["frill"] = json!(1);
    let entries = json!([
        { "key": "b1", "order": order_json(1) },
        { "key": "b2", "order": unknown },
        { "key": "b3", "order": odd },
        { "order": order_json(1) },
        { "key": "b1", "order": order_json(9) },
        { "key": "b4", "order": order_json(4) },
    ]);
    for replayed in [false, true] {
        let answer = batch(&bench, &admin, "application/json", entries.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let told = answer.json();
        let statuses: Vec<u64> =
            told["results"].as_array().unwrap().iter().map(|one| one["status"].as_u64().unwrap()).collect();
        assert_eq!(statuses, [202, 404, 400, 400, 409, 202]);
        assert_eq!((&told["accepted"], &told["refused"]), (&json!(2), &json!(4)));
        assert_eq!(told["results"][2]["problem"]["code"], "unknown_field");
        assert_eq!(told["results"][0]["placed"]["replayed"], replayed);
    }
    assert_eq!(bench.get("/v1/orders", &admin).await.json()["orders"].as_array().unwrap().len(), 2);
    let alone = bench.place(&admin, "b4", &order_json(4)).await.json();
    assert_eq!(alone["replayed"], true, "one scope of keys");
}

#[tokio::test]
async fn a_batch_comes_line_by_line_too_and_a_broken_line_harms_no_other() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let good = |key: &str| json!({ "key": key, "order": order_json(1) }).to_string();
    let body = format!("{}\n\n{{\"key\": \n{}\n", good("n1"), good("n2"));
    let answer = batch(&bench, &admin, "application/x-ndjson", body).await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/x-ndjson");
    let told: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.iter().map(|one| one["status"].as_u64().unwrap()).collect::<Vec<_>>(), [202, 400, 202]);
    let none = batch(&bench, &admin, "application/json", String::from("[]")).await;
    assert_eq!(none.problem(), (400, "invalid_request".to_owned()));
    let whole = batch(&bench, &admin, "application/json", String::from("{\"key\":")).await;
    assert_eq!(whole.problem(), (400, "invalid_request".to_owned()));
    let text = batch(&bench, &admin, "text/plain", String::from("x")).await;
    assert_eq!(text.problem(), (415, "unsupported_media_type".to_owned()));
}

#[tokio::test]
async fn the_same_cart_of_the_same_customer_is_told_and_neither_dropped_nor_held() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = |customer: &str| {
        let mut order = rich(customer);
        // What is to be paid for waits for its money.
        order.as_object_mut().unwrap().remove("payment");
        order
    };
    let first = placed(&bench, &admin, "k1", &order("zq-1")).await;
    let other = placed(&bench, &admin, "k2", &order("zq-2")).await;
    let again = placed(&bench, &admin, "k3", &order("zq-1")).await;
    let seen = |order: String| {
        let (bench, admin) = (&bench, &admin);
        async move { bench.get(&format!("/v1/orders/{order}"), admin).await.json() }
    };
    assert_eq!(seen(again.clone()).await["possible_duplicate_of"], json!(first));
    assert_eq!(
        (&seen(first).await["possible_duplicate_of"], &seen(other).await["possible_duplicate_of"]),
        (&Value::Null, &Value::Null)
    );
    let queue = bench.get("/v1/exceptions", &admin).await.json()["exceptions"].clone();
    let told: Vec<_> = queue
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["category"], &one["severity"], &one["order"]))
        .collect();
    assert_eq!(told, [(&json!("possible_duplicate"), &json!("low"), &json!(again))]);
    let waiting = bench
        .app
        .storage
        .demands(9, holdfast_shared::time::UtcMs(0), holdfast_shared::time::UtcMs(i64::MAX))
        .await
        .unwrap();
    assert_eq!(waiting.len(), 3, "all three are routed");
}

#[tokio::test]
async fn a_part_of_an_order_is_cancelled_once_for_its_key() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k1", &rich("zq-1")).await;
    let path = format!("/v1/orders/{order}/cancel");
    let one = json!({ "reason": "one is enough", "lines": [{ "line": 1, "quantity": 1 }] });
    let keyless = asked(&bench, &admin, &path, None, &one).await;
    assert_eq!(keyless.problem(), (400, "missing_idempotency_key".to_owned()));
    for replayed in [false, true] {
        let answer = asked(&bench, &admin, &path, Some("c1"), &one).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        let told = answer.json();
        assert_eq!((&told["cancelled_units"], told["replayed"] == json!(true)), (&json!(1), replayed));
        // One unit: 10.00 less 1.00, with 2.47 of the shipping: the first unit has the lesser half.
        assert_eq!(
            (&told["change"]["totals_before"]["total"], &told["change"]["totals"]["total"]),
            (&json!(2_295), &json!(1_147))
        );
    }
    let two = json!({ "reason": "none", "lines": [{ "line": 1, "quantity": 2 }] });
    assert_eq!(asked(&bench, &admin, &path, Some("c1"), &two).await.problem().1, "idempotency_key_reused");
    let much = asked(&bench, &admin, &path, Some("c2"), &two).await;
    assert_eq!(much.problem(), (409, "illegal_transition".to_owned()));
    let rest = asked(&bench, &admin, &path, Some("c3"), &one).await.json();
    assert_eq!(rest["change"]["state"], "cancelled");
    let kinds: Vec<String> = bench.get("/v1/events", &admin).await.json()["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            assert_eq!(event["root_key"], "k1");
            event["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["OrderLineCancelled", "OrderCancelled", "OrderLineCancelled", "OrderPlaced"]);
}

#[tokio::test]
async fn an_order_is_changed_before_it_is_picked() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let order = placed(&bench, &admin, "k1", &rich("zq-1")).await;
    let path = format!("/v1/orders/{order}/changes");
    let change = json!({
        "lines": [{ "line": 1, "quantity": 3 }],
        "add": [{ "sku": "TEE-1", "quantity": 1, "unit_price": euros(500) }],
        "destination": { "latitude": 51.5, "longitude": -0.1 },
        "shipping": { "service": "express", "price": euros(990) },
        "customer": { "id": "zq-1", "name": "zq-other" },
        "promise_by": "2027-03-01T12:00:00Z"
    });
    let answer = asked(&bench, &admin, &path, Some("c1"), &change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let told = answer.json();
    assert_eq!((&told["added"], &told["cancelled"]), (&json!([2, 3]), &json!([])));
    assert_eq!(
        (&told["totals"]["goods"], &told["totals"]["shipping"], &told["totals"]["total"]),
        (&json!(3_500), &json!(990), &json!(4_290))
    );
    let seen = bench.get(&format!("/v1/orders/{order}"), &admin).await.json();
    assert_eq!(seen["lines"][1]["quantity"], 1);
    assert_eq!(
        (&seen["destination"]["latitude"], &seen["promise_by"]),
        (&json!(51.5), &json!("2027-03-01T12:00:00Z"))
    );
    assert_eq!(
        (&seen["customer"]["name"], &seen["gift"]["message"]),
        (&json!("zq-other"), &json!("zq-message"))
    );
    assert!(!seen["changes"].to_string().contains("zq-"), "{}", seen["changes"]);
    for (wrong, code) in [
        (json!({}), "invalid_request"),
        (json!({ "lines": [{ "line": 9, "quantity": 1 }] }), "invalid_request"),
        (json!({ "lines": [{ "line": 1, "quantity": -1 }] }), "invalid_quantity"),
        (json!({ "add": [{ "sku": "NOPE", "quantity": 1, "unit_price": euros(1) }] }), "unknown_sku"),
        (json!({ "add": [{ "sku": "TEE-1", "quantity": 1 }] }), "invalid_request"),
        (json!({ "pickup_store": "leeds" }), "unknown_store"),
        (json!({ "colour": "red" }), "unknown_field"),
    ] {
        let refused = asked(&bench, &admin, &path, Some("c2"), &wrong).await;
        assert_eq!(refused.problem().1, code, "{wrong}");
    }
}

#[tokio::test]
async fn another_tenant_changes_cancels_exports_and_erases_nothing_of_it() {
    let bench = bench();
    let (ours, theirs) = (bench.tenant("acme").await, bench.tenant("rival").await);
    let order = placed(&bench, &ours, "k1", &rich("zq-1")).await;
    let path = |what: &str| format!("/v1/orders/{order}/{what}");
    let off = json!({ "reason": "mischief", "lines": [{ "line": 1, "quantity": 1 }] });
    let change = json!({ "lines": [{ "line": 1, "quantity": 1 }] });
    for (what, body) in [("cancel", off), ("changes", change)] {
        let answer = asked(&bench, &theirs, &path(what), Some("k1"), &body).await;
        assert_eq!(answer.problem(), (404, "unknown_order".to_owned()));
    }
    assert_eq!(bench.get(&path("changes"), &theirs).await.problem().1, "unknown_order");
    let erase = bench.ask(Method::POST, &path("erase"), &theirs, None).await;
    assert_eq!(erase.problem(), (404, "unknown_order".to_owned()));
    assert_eq!(bench.get("/v1/customers/zq-1", &theirs).await.json()["orders"], json!([]));
    let erased = bench.ask(Method::POST, "/v1/customers/zq-1/erase", &theirs, None).await.json();
    assert_eq!((&erased["erased"], &erased["when_final"]), (&json!(0), &json!(0)));
    let known = bench.get("/v1/customers/zq-1", &ours).await.json();
    assert_eq!(known["orders"][0]["erase_asked_at"], Value::Null);
}
