use super::*;

async fn till() -> (Lan, String) {
    let lan = Lan::new();
    lan.store.stock("A-1", "Lamp", 5);
    let token = lan.pair(Role::Pos).await;
    (lan, token)
}

fn back(till: &str, key: &str, body: &Value) -> Ask {
    ask("POST", "/v1/returns").by(till).key(key).json(body)
}

#[tokio::test]
async fn goods_of_an_order_come_back_at_the_till_once() {
    let (lan, till) = till().await;
    let body = json!({ "order": "o-1042", "lines": [{ "sku": "A-1", "units": 2, "condition": "sellable" }] });
    let taken = lan.send(back(&till, "hh-1.1.1", &body)).await;
    assert_eq!((taken.status, &taken.body["skus"][0]["on_hand"]), (StatusCode::OK, &json!(7)));
    lan.committed.notified().await;
    let again = lan.send(back(&till, "hh-1.1.1", &body)).await;
    assert_eq!((again.headers["idempotent-replayed"].to_str().unwrap(), again.body), ("true", taken.body));
    let other =
        json!({ "return": "o-1042-r1", "lines": [{ "sku": "A-1", "units": 2, "condition": "sellable" }] });
    assert_eq!(lan.send(back(&till, "hh-1.1.1", &other)).await.code(), "idempotency_key_reused");
}

#[tokio::test]
async fn a_slip_is_of_a_return_or_of_an_order_and_says_how_the_goods_are() {
    let (lan, till) = till().await;
    let line = json!({ "sku": "A-1", "units": 1, "condition": "sellable" });
    for (number, (body, code)) in [
        (json!({ "lines": [line] }), "invalid_request"),
        (json!({ "order": "o-1", "return": "o-1-r1", "lines": [line] }), "invalid_request"),
        (json!({ "order": "O 1", "lines": [line] }), "invalid_request"),
        (json!({ "order": "o-1", "lines": [{ "sku": "A-1", "units": 1 }] }), "invalid_request"),
        (
            json!({ "order": "o-1", "lines": [{ "sku": "A-1", "units": 1, "condition": "used" }] }),
            "invalid_request",
        ),
        (json!({ "order": "o-1", "lines": [line], "refund": true }), "unknown_field"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = lan.send(back(&till, &format!("k{number}"), &body)).await;
        assert_eq!(refused.code(), code, "{body}");
    }
    let tech = lan.pair(Role::Tech).await;
    let body = json!({ "order": "o-1", "lines": [line] });
    assert_eq!(lan.send(back(&tech, "t", &body)).await.code(), "forbidden");
}

#[tokio::test]
async fn staff_see_what_came_back_and_of_which_slip() {
    let (lan, till) = till().await;
    let of = |name: &str, number: &str, units: i64| json!({ name: number, "lines": [{ "sku": "A-1", "units": units, "condition": "sellable" }] });
    for (key, body) in [
        ("hh-1.1.1", of("order", "o-1042", 2)),
        ("hh-1.1.2", of("return", "o-1042-r1", 1)),
        ("hh-1.1.3", of("order", "o-7", 1)),
    ] {
        assert_eq!(lan.send(back(&till, key, &body)).await.status, StatusCode::OK);
    }
    let list = async |query: &str| lan.send(ask("GET", format!("/v1/returns{query}")).by(&till)).await;
    let units = |told: &Answer| -> Vec<i64> {
        let all = told.body["brought_back"].as_array().unwrap();
        all.iter().map(|back| back["units"].as_i64().unwrap()).collect()
    };
    let all = list("").await;
    assert_eq!((all.status, units(&all)), (StatusCode::OK, vec![1, 1, 2]), "{:?}", all.body);
    let newest = &all.body["brought_back"][0];
    assert_eq!(
        (&newest["order"], &newest["condition"], newest.get("return")),
        (&json!("o-7"), &json!("sellable"), None)
    );
    assert!(newest["at"].is_string() && newest["actor"].is_string(), "{newest}");
    for slip in ["o-1042", "o-1042-r1", "o-1042-r7"] {
        assert_eq!(units(&list(&format!("?slip={slip}")).await), [1, 2], "{slip}");
    }
    assert_eq!(units(&list("?since=2099-01-01T00:00:00Z").await), Vec::<i64>::new());
    for (query, code) in [
        ("?since=today", "invalid_request"),
        ("?slip=O%201", "invalid_request"),
        ("?limit=0", "invalid_request"),
        ("?day=1", "unknown_field"),
    ] {
        assert_eq!(list(query).await.code(), code, "{query}");
    }
    let tech = lan.pair(Role::Tech).await;
    assert_eq!(lan.send(ask("GET", "/v1/returns").by(&tech)).await.code(), "forbidden");
}
