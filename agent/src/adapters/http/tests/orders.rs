use super::*;
use holdfast_shared::domain::task::Phase;

async fn picker() -> (Lan, String) {
    let lan = Lan::new();
    lan.store.stock("A-1", "Lamp", 5);
    let token = lan.pair(Role::Picker).await;
    (lan, token)
}

fn act(token: &str, name: &str, key: &str, body: &Value) -> Ask {
    ask("POST", format!("/v1/tasks/o1-1/{name}")).by(token).key(key).json(body)
}

#[tokio::test]
async fn an_order_is_picked_from_offer_to_hand_over() {
    let (lan, picker) = picker().await;
    lan.store.task("o1-1", Phase::Offered);
    let steps = [
        ("accept", json!({}), "accepted"),
        ("start-picking", json!({}), "picking"),
        ("pick", json!({ "line": 1, "quantity": 1 }), "picking"),
        ("short", json!({ "line": 1, "missing": 1 }), "picking"),
        ("pack", json!({}), "awaiting_release"),
    ];
    for (number, (name, body, status)) in steps.iter().enumerate() {
        let answer = lan.send(act(&picker, name, &format!("k{number}"), body)).await;
        assert_eq!(answer.body["status"], *status, "{name}: {}", answer.body);
    }
    let held = lan.send(act(&picker, "hand-over", "k9", &json!({}))).await;
    assert_eq!((held.status.as_u16(), held.code()), (409, "not_released"));
    assert!(held.body["hint"].as_str().unwrap().starts_with("Keep the goods here."));

    lan.store.release("o1-1");
    let gone = lan.send(act(&picker, "hand-over", "k9", &json!({ "to": "DHL" }))).await;
    assert_eq!((&gone.body["status"], &gone.body["next"]), (&json!("handed_over"), &json!([])));
}

#[tokio::test]
async fn a_double_tap_is_one_act() {
    let (lan, picker) = picker().await;
    lan.store.task("o1-1", Phase::Offered);
    let mut stream = lan.listen(&picker).await;
    lan.send(ask("POST", "/v1/tasks/o1-1/accept").by(&picker).key("hh-1.1.1")).await;
    let twice = lan.send(ask("POST", "/v1/tasks/o1-1/accept").by(&picker).key("hh-1.1.1")).await;
    assert_eq!((twice.status, &twice.body["status"]), (StatusCode::OK, &json!("accepted")));
    lan.hub.publish(Event::Reload);
    assert!(heard(&mut stream).await.starts_with("event: task"));
    assert!(heard(&mut stream).await.starts_with("event: stock"));
    assert!(heard(&mut stream).await.starts_with("event: reload"), "a replay is not told again");
}

#[tokio::test]
async fn what_may_not_follow_is_refused_in_words() {
    let (lan, picker) = picker().await;
    lan.store.task("o1-1", Phase::Picking);
    let cases = [
        ("accept", json!({}), 409, "illegal_transition"),
        ("pack", json!({}), 409, "illegal_transition"),
        ("put-back", json!({}), 409, "illegal_transition"),
        ("pick", json!({ "line": 1, "quantity": 3 }), 422, "invalid_quantity"),
        ("pick", json!({ "line": 1, "quantity": -1 }), 422, "invalid_quantity"),
        ("pick", json!({ "line": 2, "quantity": 1 }), 404, "not_found"),
        ("pick", json!({ "line": 1 }), 400, "invalid_request"),
        ("pack", json!({ "now": true }), 400, "unknown_field"),
        ("decline", json!({ "reason": " " }), 400, "invalid_request"),
    ];
    for (number, (name, body, status, code)) in cases.iter().enumerate() {
        let answer = lan.send(act(&picker, name, &format!("k{number}"), body)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (*status, *code), "{name} {body}");
    }
}

#[tokio::test]
async fn recalled_work_stops_and_is_put_back() {
    let (lan, picker) = picker().await;
    lan.store.task("o1-1", Phase::Picking);
    lan.store.recall("o1-1");
    let stopped = lan.send(act(&picker, "pick", "k1", &json!({ "line": 1, "quantity": 1 }))).await;
    assert_eq!((stopped.status.as_u16(), stopped.code()), (409, "recalled"));
    assert!(stopped.body["hint"].as_str().unwrap().contains("put everything back on the shelf"));
    let back = lan.send(act(&picker, "put-back", "k2", &json!({}))).await;
    assert_eq!(back.body["status"], "put_back");
}

#[tokio::test]
async fn a_manager_lets_packed_goods_go_and_gives_the_reason() {
    let (lan, picker) = picker().await;
    let manager = lan.pair(Role::Manager).await;
    lan.store.task("o1-1", Phase::Packed);
    let why = json!({ "reason": "the driver waits" });
    assert_eq!(lan.send(act(&picker, "let-go", "k1", &why)).await.code(), "forbidden");
    assert_eq!(lan.send(act(&manager, "let-go", "k1", &json!({}))).await.code(), "invalid_request");
    assert_eq!(lan.send(act(&manager, "hand-over", "k2", &json!({}))).await.code(), "not_released");
    for _tap in 0..2 {
        let gone = lan.send(act(&manager, "let-go", "k1", &why)).await;
        assert_eq!((&gone.body["status"], &gone.body["released"]), (&json!("ready"), &json!(false)));
        assert_eq!(gone.body["let_go"], "the driver waits");
    }
    let left = lan.send(act(&picker, "hand-over", "k3", &json!({}))).await;
    assert_eq!(left.body["status"], "handed_over");
}

#[tokio::test]
async fn an_unknown_task_is_not_found() {
    let (lan, picker) = picker().await;
    assert_eq!(lan.send(ask("GET", "/v1/tasks/o9-1").by(&picker)).await.code(), "unknown_task");
    assert_eq!(lan.send(act(&picker, "accept", "k", &json!({}))).await.code(), "unknown_task");
    assert_eq!(lan.send(ask("GET", "/v1/tasks/O%2F9").by(&picker)).await.code(), "invalid_request");
}

#[tokio::test]
async fn tasks_are_listed_page_by_page_and_by_phase() {
    let (lan, picker) = picker().await;
    lan.store.task("o1-1", Phase::Offered);
    lan.store.task("o2-1", Phase::Picking);
    lan.store.task("o3-1", Phase::HandedOver);
    let first = lan.send(ask("GET", "/v1/tasks?limit=1").by(&picker)).await;
    assert_eq!(first.body["tasks"][0]["task"], "o1-1");
    assert_eq!(first.body["tasks"][0]["lines"][0]["name"], "Lamp");
    let cursor = first.body["next"].as_str().unwrap();
    let second = lan.send(ask("GET", format!("/v1/tasks?limit=1&cursor={cursor}")).by(&picker)).await;
    assert_eq!((&second.body["tasks"][0]["task"], &second.body["next"]), (&json!("o2-1"), &Value::Null));
    let done = lan.send(ask("GET", "/v1/tasks?phase=handed_over,put_back").by(&picker)).await;
    assert_eq!(done.body["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(lan.send(ask("GET", "/v1/tasks?phase=lost").by(&picker)).await.code(), "invalid_request");
}

#[tokio::test]
async fn only_those_who_pick_see_orders() {
    let (lan, _) = picker().await;
    lan.store.task("o1-1", Phase::Offered);
    for role in [Role::Pos, Role::Tech] {
        let token = lan.pair(role).await;
        assert_eq!(lan.send(ask("GET", "/v1/tasks").by(&token)).await.code(), "forbidden");
        assert_eq!(lan.send(act(&token, "accept", "k", &json!({}))).await.code(), "forbidden");
    }
    assert_eq!(lan.send(ask("GET", "/v1/tasks")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_manager_closes_the_store_and_opens_it_again() {
    let (lan, picker) = picker().await;
    let manager = lan.pair(Role::Manager).await;
    let close = json!({ "hard": false, "cause": "staffing", "until": "2023-11-15T00:00:00Z" });
    let put = |token: &str, body: &Value| ask("PUT", "/v1/closure").by(token).key("k1").json(body);
    assert_eq!(lan.send(put(&picker, &close)).await.code(), "forbidden");
    let closed = lan.send(put(&manager, &close)).await;
    assert_eq!(closed.body["closure"]["until"], "2023-11-15T00:00:00Z");
    assert_eq!(lan.send(ask("GET", "/v1/closure").by(&picker)).await.body["closure"]["cause"], "staffing");
    let opened = lan.send(ask("DELETE", "/v1/closure").by(&manager).key("k2")).await;
    assert_eq!(opened.body["closure"], Value::Null);
    for until in ["2020-01-01T00:00:00Z", "tomorrow"] {
        let wrong = json!({ "hard": true, "cause": "x", "until": until });
        assert_eq!(lan.send(put(&manager, &wrong).key("k3")).await.code(), "invalid_request");
    }
}

#[tokio::test]
async fn a_manager_plans_a_closure_ahead_and_takes_it_back() {
    let (lan, picker) = picker().await;
    let manager = lan.pair(Role::Manager).await;
    let body = |cause: &str, from: &str, until: &str| json!({ "hard": true, "cause": cause, "from": from, "until": until });
    let post = |token: &str, body: &Value| ask("POST", "/v1/planned-closures").by(token).key("k1").json(body);
    let plan = body("maintenance", "2023-11-15T22:00:00Z", "2023-11-16T04:00:00Z");
    assert_eq!(lan.send(post(&picker, &plan)).await.code(), "forbidden");
    let planned = lan.send(post(&manager, &plan)).await;
    assert_eq!(planned.body["planned"][0]["cause"], "maintenance", "{}", planned.body);
    let seen = lan.send(ask("GET", "/v1/planned-closures").by(&picker)).await;
    assert_eq!(seen.body["planned"][0]["until"], "2023-11-16T04:00:00Z");
    assert_eq!(lan.send(ask("GET", "/v1/status")).await.body["planned"], seen.body["planned"]);
    let over = body("maintenance", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z");
    assert_eq!(lan.send(post(&manager, &over).key("k2")).await.code(), "invalid_request");
    let unclear = body("maintenance", "tonight", "2023-11-16T04:00:00Z");
    assert_eq!(lan.send(post(&manager, &unclear).key("k3")).await.code(), "invalid_request");
    let because = body("a whim", "2023-11-15T22:00:00Z", "2023-11-16T04:00:00Z");
    assert!(!lan.send(post(&manager, &because).key("k4")).await.status.is_success());
    let delete = |number: &str, key: &str| {
        ask("DELETE", format!("/v1/planned-closures/{number}")).by(&manager).key(key)
    };
    assert_eq!(lan.send(delete("1", "k5")).await.body["planned"], json!([]));
    assert_eq!(lan.send(delete("1", "k6")).await.code(), "not_found");
    assert_eq!(lan.send(delete("one", "k7")).await.code(), "not_found");
}
