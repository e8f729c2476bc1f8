//! Reconciliation over HTTP: a look that is asked for, findings, and the report of a day in its three forms.

use super::bench::{Bench, bench, order_json};
use super::console::{form, login, page};
use crate::core::exception::{Category, NewException, Severity};
use crate::runtime::reconciling::run_asked;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

async fn asked(bench: &Bench, admin: &str, body: Value) -> super::bench::Answer {
    bench.ask(Method::POST, "/v1/reconciliation", admin, Some(&body)).await
}

#[tokio::test]
async fn a_look_is_asked_for_and_tells_how_far_it_is() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let placed = bench.place(&admin, "k", &order_json(1)).await.json();
    let order = placed["order"].as_str().unwrap();
    let other = bench.tenant("other").await;
    for (body, of, looked) in [
        (json!({}), "all".to_owned(), 2),
        (json!({ "order": order }), format!("order/{order}"), 1),
        (json!({ "store": "leeds" }), "store/leeds".to_owned(), 1),
    ] {
        let begun = asked(&bench, &admin, body).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
        let run = begun.json()["run"].clone();
        assert_eq!((&begun.json()["state"], &begun.json()["of"]), (&json!("waiting"), &json!(of)));
        run_asked(&bench.app, &CancellationToken::new()).await.unwrap();
        let over = bench.get(&format!("/v1/reconciliation/{run}"), &admin).await.json();
        assert_eq!((&over["state"], &over["looked"]), (&json!("done"), &json!(looked)), "{over}");
        assert_eq!(bench.get(&format!("/v1/reconciliation/{run}"), &other).await.problem().0, 404);
    }
    let both = asked(&bench, &admin, json!({ "order": order, "store": "leeds" })).await;
    assert_eq!(both.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(asked(&bench, &admin, json!({ "order": "o-none" })).await.problem().1, "unknown_order");
    assert_eq!(asked(&bench, &admin, json!({ "store": "none" })).await.problem().1, "unknown_store");
    assert_eq!(bench.get("/v1/reconciliation/findings", &admin).await.json()["findings"], json!([]));
    let accept = json!({ "reason": "it is known" });
    let path = "/v1/reconciliation/findings/7/accept";
    assert_eq!(bench.ask(Method::POST, path, &admin, Some(&accept)).await.problem().0, 404);
}

#[tokio::test]
async fn a_run_is_given_up_and_many_are_refused() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let run = asked(&bench, &admin, json!({})).await.json()["run"].clone();
    let path = format!("/v1/reconciliation/{run}");
    let ended = bench.ask(Method::DELETE, &path, &admin, None).await.json();
    assert_eq!(ended["state"], "cancelled");
    for _ in 0..4 {
        assert_eq!(asked(&bench, &admin, json!({})).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(asked(&bench, &admin, json!({})).await.problem(), (429, "too_many_requests".to_owned()));
}

async fn troubled() -> (Bench, String) {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    let mut order = order_json(3);
    order["lines"][0]["unit_price"] = json!({ "minor": 1_250, "currency": "EUR" });
    let placed = bench.place(&admin, "k", &order).await.json();
    let exception = NewException {
        key: "s1".to_owned(),
        category: Category::Stuck,
        severity: Severity::High,
        order: Some(placed["order"].as_str().unwrap().parse().unwrap()),
        task: None,
        store: None,
        detail: "=it stands, \"still\"".to_owned(),
        suggestion: "Look at it.".to_owned(),
    };
    let now = bench.app.clock.now().utc;
    bench.app.storage.raise(&"acme".parse().unwrap(), &exception, now).await.unwrap();
    (bench, admin)
}

#[tokio::test]
async fn the_report_of_a_day_tells_the_same_in_three_forms() {
    let (bench, admin) = troubled().await;
    let path = "/v1/reconciliation/report";
    let told = bench.get(path, &admin).await.json();
    assert_eq!(told["at_risk"]["revenue"], json!([{ "minor": 3_750, "currency": "EUR" }]), "{told}");
    assert_eq!((&told["at_risk"]["orders"], told["unresolved"].as_array().unwrap().len()), (&json!(1), 1));
    let csv = bench.get(&format!("{path}?format=csv"), &admin).await;
    assert!(csv.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/csv"));
    assert!(csv.text.contains("revenue at risk,EUR,3750,minor units"), "{}", csv.text);
    let html = bench.get(&format!("{path}?format=html"), &admin).await;
    assert!(html.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    for words in ["revenue at risk", "3750", "it stands, &#34;still&#34;"] {
        assert!(html.text.contains(words), "{words}: {}", html.text);
    }
    let before = bench.get(&format!("{path}?day=2020-01-01"), &admin).await.json();
    assert_eq!((&before["unresolved"], &before["at_risk"]["orders"]), (&json!([]), &json!(0)));
    assert_eq!(bench.get(&format!("{path}?day=yesterday"), &admin).await.problem().0, 400);
}

#[tokio::test]
async fn the_console_shows_the_day_and_lets_a_person_look() {
    let (bench, admin) = troubled().await;
    let cookie = login(&bench, &admin).await;
    let shown = page(&bench, "/console/reconciliation", &cookie).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    for words in ["The books agree", "revenue at risk", "3750", "Look at all of it now"] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    let look = form(&bench, "/console/reconciliation/look", &cookie, "", "same-origin").await;
    assert_eq!(look.status, StatusCode::SEE_OTHER, "{}", look.text);
    assert!(bench.app.rooms.runs.next().is_some(), "it waits to be run");
}
