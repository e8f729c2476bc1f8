use super::*;

fn sale(sku: &str, quantity: i64) -> Value {
    json!({ "movements": [{ "kind": "sale", "sku": sku, "quantity": quantity }] })
}

async fn till() -> (Lan, String) {
    let lan = Lan::new();
    lan.store.stock("A-1", "Lamp", 5);
    let token = lan.pair(Role::Pos).await;
    (lan, token)
}

#[tokio::test]
async fn a_sale_is_recorded_and_told_to_screens_and_to_sync() {
    let (lan, till) = till().await;
    let mut stream = lan.listen(&till).await;
    let sold = lan.send(ask("POST", "/v1/movements").by(&till).key("hh-1.1.1").json(&sale("A-1", 2))).await;
    assert_eq!((sold.status, &sold.body["skus"][0]["on_hand"]), (StatusCode::OK, &json!(3)));
    assert_eq!(heard(&mut stream).await, "event: stock\ndata: {\"skus\":[\"A-1\"]}\n\n");
    lan.committed.notified().await;
    assert_eq!(lan.store.fact_ids(), [Some("hh-1.1.1".to_owned())]);
}

#[tokio::test]
async fn the_same_key_sells_once() {
    let (lan, till) = till().await;
    let sell = || ask("POST", "/v1/movements").by(&till).key("k1").json(&sale("A-1", 2));
    lan.send(sell()).await;
    let again = lan.send(sell()).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.body["skus"][0]["on_hand"], 3);
    let other = lan.send(ask("POST", "/v1/movements").by(&till).key("k1").json(&sale("A-1", 1))).await;
    assert_eq!((other.status, other.code()), (StatusCode::CONFLICT, "idempotency_key_reused"));
}

#[tokio::test]
async fn a_movement_without_a_key_is_refused() {
    let (lan, till) = till().await;
    let answer = lan.send(ask("POST", "/v1/movements").by(&till).json(&sale("A-1", 1))).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "missing_idempotency_key"));
    let answer = lan.send(ask("POST", "/v1/movements").by(&till).key("a b").json(&sale("A-1", 1))).await;
    assert_eq!(answer.code(), "invalid_request");
}

#[tokio::test]
async fn bad_movements_are_refused_with_their_reason() {
    let (lan, till) = till().await;
    let many: Vec<Value> = (0..501).map(|_| json!({ "kind": "sale", "sku": "A-1", "quantity": 1 })).collect();
    let cases = [
        (sale("NO-1", 1), 404, "unknown_sku"),
        (sale("A-1", -1), 422, "invalid_quantity"),
        (sale("A-1", 99_999_999_999), 422, "invalid_quantity"),
        (sale("A 1", 1), 400, "invalid_request"),
        (json!({ "movements": [] }), 400, "invalid_request"),
        (json!({ "movements": many }), 400, "invalid_request"),
        (json!({ "movements": [{ "kind": "sale", "sku": "A-1", "quantity": 1.5 }] }), 400, "invalid_request"),
        (json!({ "movements": [{ "kind": "sale", "sku": "A-1", "quantity": "1" }] }), 400, "invalid_request"),
        (json!({ "movements": [{ "kind": "theft", "sku": "A-1", "quantity": 1 }] }), 400, "invalid_request"),
        (
            json!({ "movements": [{ "kind": "sale", "sku": "A-1", "quantity": 1, "qty": 1 }] }),
            400,
            "unknown_field",
        ),
        (json!({ "movments": [] }), 400, "unknown_field"),
    ];
    for (number, (body, status, code)) in cases.iter().enumerate() {
        let key = format!("k{number}");
        let answer = lan.send(ask("POST", "/v1/movements").by(&till).key(key).json(body)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (*status, *code), "{body}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.body["trace_id"].as_str().is_some_and(|id| id.len() == 32));
    }
    assert!(lan.store.fact_ids().is_empty());
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be_are_refused() {
    let (lan, till) = till().await;
    let post = |text: &str| ask("POST", "/v1/movements").by(&till).key("k").text(text);
    assert_eq!(lan.send(post("{")).await.code(), "invalid_request");
    assert_eq!(lan.send(post(&"[".repeat(100_000))).await.code(), "invalid_request");
    let form = lan.send(post("sku=A-1").of_type("application/x-www-form-urlencoded")).await;
    assert_eq!((form.status.as_u16(), form.code()), (415, "unsupported_media_type"));
    let flood = lan.send(post(&" ".repeat(300_000))).await;
    assert_eq!((flood.status.as_u16(), flood.code()), (413, "body_too_large"));
}

#[tokio::test]
async fn a_role_records_only_what_is_its_own() {
    let (lan, till) = till().await;
    let picker = lan.pair(Role::Picker).await;
    let tech = lan.pair(Role::Tech).await;
    let count = json!({ "movements": [{ "kind": "count", "sku": "A-1", "quantity": 4 }] });
    let post = |token: &str, body: &Value| ask("POST", "/v1/movements").by(token).key("k").json(body);
    assert_eq!(lan.send(post(&till, &count)).await.code(), "forbidden");
    assert_eq!(lan.send(post(&picker, &sale("A-1", 1))).await.code(), "forbidden");
    assert_eq!(lan.send(post(&tech, &count)).await.code(), "forbidden");
    assert_eq!(lan.send(post(ADMIN, &count)).await.code(), "forbidden");
    assert_eq!(lan.send(post(&picker, &count)).await.status, StatusCode::OK);
    let parcel = json!({ "movements": [
        { "kind": "transfer_in", "sku": "A-1", "quantity": 2, "peer": "york", "note": "o1-g-1" }] });
    let taken = lan.send(ask("POST", "/v1/movements").by(&picker).key("k-parcel").json(&parcel)).await;
    assert_eq!(taken.status, StatusCode::OK, "who unpacks it takes it in");
    let tills = lan.send(ask("POST", "/v1/movements").by(&till).key("k-till").json(&parcel)).await;
    assert_eq!(tills.code(), "forbidden");
}

#[tokio::test]
async fn a_full_disk_is_507_and_may_be_tried_again() {
    let (lan, till) = till().await;
    lan.store.break_with(holdfast_shared::error::Code::DiskFull);
    let answer = lan.send(ask("POST", "/v1/movements").by(&till).key("k").json(&sale("A-1", 1))).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (507, "disk_full"));
    assert_eq!(answer.body["retryable"], true);
}

#[tokio::test]
async fn stock_is_looked_up_one_by_one_together_and_by_name() {
    let (lan, till) = till().await;
    let one = lan.send(ask("GET", "/v1/skus/A-1").by(&till)).await;
    assert_eq!(
        (one.body["available"].as_i64(), &one.body["as_of"]),
        (Some(5), &json!("2023-11-14T22:13:20Z"))
    );
    assert_eq!(lan.send(ask("GET", "/v1/skus/NO-1").by(&till)).await.code(), "unknown_sku");
    assert_eq!(lan.send(ask("GET", "/v1/skus/a%20b").by(&till)).await.code(), "invalid_request");

    let asked = json!({ "skus": ["NO-1", "A-1"] });
    let many = lan.send(ask("POST", "/v1/skus/lookup").by(&till).json(&asked)).await;
    assert_eq!((&many.body["skus"][0]["sku"], &many.body["unknown"][0]), (&json!("A-1"), &json!("NO-1")));
    let flood = json!({ "skus": vec!["A-1"; 501] });
    assert_eq!(
        lan.send(ask("POST", "/v1/skus/lookup").by(&till).json(&flood)).await.code(),
        "invalid_request"
    );

    let found = lan.send(ask("GET", "/v1/skus?q=Lam&limit=5").by(&till)).await;
    assert_eq!(found.body["skus"][0]["name"], "Lamp");
    for (query, code) in
        [("limit=0", "invalid_request"), ("limit=501", "invalid_request"), ("x=1", "unknown_field")]
    {
        let answer = lan.send(ask("GET", format!("/v1/skus?{query}")).by(&till)).await;
        assert_eq!(answer.code(), code, "{query}");
    }
}
