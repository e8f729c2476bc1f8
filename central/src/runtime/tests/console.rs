//! The console: who sees it, what it refuses, what it shows.

use super::bench::{Bench, bench, bench_with, order_json};
use crate::ports::access::Scope;
use crate::ports::demo::{DemoAction, DemoControls};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use holdfast_shared::ids::StoreId;
use std::sync::{Arc, Mutex};

pub(super) async fn form(
    bench: &Bench,
    path: &str,
    cookie: &str,
    body: &str,
    site: &str,
) -> super::bench::Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", site);
    bench.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

pub(super) async fn login(bench: &Bench, token: &str) -> String {
    let answer = form(bench, "/console/login", "", &format!("key={token}"), "same-origin").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub(super) async fn page(bench: &Bench, path: &str, cookie: &str) -> super::bench::Answer {
    bench.ask_with(Method::GET, path, "", None, &[("cookie", cookie)]).await
}

#[tokio::test]
async fn nobody_sees_a_page_without_logging_in() {
    let bench = bench();
    for path in ["/console/stores", "/console/orders", "/console/exceptions", "/console/events"] {
        let answer = page(&bench, path, "holdfast_session=guess").await;
        assert_eq!(answer.headers[header::LOCATION], "/console/login", "{path}");
    }
    let refused = form(&bench, "/console/login", "", "key=guess", "same-origin").await;
    assert!(refused.text.contains("not known") && !refused.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn every_page_shows_what_is() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let order = bench.place(&admin, "k", &order_json(1)).await.json()["order"].as_str().unwrap().to_owned();
    let cookie = login(&bench, &admin).await;
    for (path, shown) in [
        ("/console/stores".to_owned(), "Store leeds"),
        ("/console/stores/leeds".to_owned(), "History of eligibility"),
        ("/console/stores/leeds/escrow".to_owned(), "Nothing is in escrow here"),
        ("/console/orders".to_owned(), "1 × TEE-1"),
        ("/console/orders?state=placed".to_owned(), "1 × TEE-1"),
        (format!("/console/orders/{order}"), "What happened"),
        ("/console/stores/leeds/boxes".to_owned(), "No box is enrolled yet"),
        ("/console/recovery".to_owned(), "never restored"),
        ("/console/exceptions".to_owned(), "Nothing to look at"),
    ] {
        let answer = page(&bench, &path, &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert!(answer.text.contains(shown), "{path}");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"));
        assert!(
            !answer.text.contains(" style=") && !answer.text.contains("<script>"),
            "nothing inline: {path}"
        );
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let cookie = login(&bench, &admin).await;
    let (path, body) = ("/console/stores/leeds/close", "cause=weather&hard=false");
    assert_eq!(form(&bench, path, &cookie, body, "cross-site").await.problem().0, 403);
    assert_eq!(bench.get("/v1/stores/leeds", &admin).await.json()["closures"].as_array().unwrap().len(), 0);
    assert_eq!(form(&bench, path, &cookie, body, "same-origin").await.status, StatusCode::SEE_OTHER);
    assert_eq!(bench.get("/v1/stores/leeds", &admin).await.json()["closures"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_has_the_scopes_of_its_key_and_ends_with_it() {
    let bench = bench();
    let admin = bench.tenant("acme").await;
    bench.put_store(&admin, "leeds").await;
    let reader = bench.key("acme", &[Scope::FleetRead]).await;
    let cookie = login(&bench, &reader).await;
    let stores = page(&bench, "/console/stores", &cookie).await;
    assert!(stores.status == StatusCode::OK && !stores.text.contains("Close for orders"));
    assert_eq!(page(&bench, "/console/orders", &cookie).await.problem().0, 403);
    let close =
        form(&bench, "/console/stores/leeds/close", &cookie, "cause=weather&hard=false", "none").await;
    assert_eq!(close.problem().0, 403);
    bench.ask(Method::DELETE, &format!("/v1/api-keys/{reader}"), &admin, None).await;
    assert_eq!(page(&bench, "/console/stores", &cookie).await.headers[header::LOCATION], "/console/login");
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let bench = bench();
    let cookie = login(&bench, &bench.tenant("acme").await).await;
    form(&bench, "/console/logout", &cookie, "", "same-origin").await;
    assert_eq!(page(&bench, "/console/stores", &cookie).await.headers[header::LOCATION], "/console/login");
}

#[derive(Default)]
struct Pressed(Mutex<Vec<(StoreId, DemoAction)>>);

impl DemoControls for Pressed {
    fn act(&self, store: &StoreId, action: DemoAction) {
        self.0.lock().unwrap().push((store.clone(), action));
    }
}

#[tokio::test]
async fn demo_controls_are_there_in_the_demo_only() {
    let plain = bench();
    let admin = plain.tenant("acme").await;
    plain.put_store(&admin, "leeds").await;
    let cookie = login(&plain, &admin).await;
    assert!(!page(&plain, "/console/stores", &cookie).await.text.contains("Cut uplink"));
    let nothing = form(&plain, "/console/stores/leeds/demo", &cookie, "action=cut_uplink", "none").await;
    assert_eq!(nothing.problem().0, 404);

    let pressed = Arc::new(Pressed::default());
    let demo = bench_with(Some(Arc::<Pressed>::clone(&pressed)));
    let admin = demo.tenant("acme").await;
    demo.put_store(&admin, "leeds").await;
    let cookie = login(&demo, &admin).await;
    assert!(page(&demo, "/console/stores", &cookie).await.text.contains("Cut uplink"));
    form(&demo, "/console/stores/leeds/demo", &cookie, "action=cut_uplink", "none").await;
    assert_eq!(*pressed.0.lock().unwrap(), [("leeds".parse().unwrap(), DemoAction::CutUplink)]);
}

#[tokio::test]
async fn an_asset_that_the_browser_has_is_not_sent_again() {
    let bench = bench();
    let first = bench.get("/console/assets/console.css", "").await;
    let etag = first.headers[header::ETAG].to_str().unwrap().to_owned();
    assert!(first.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/css"));
    let headers = [("if-none-match", etag.as_str())];
    let again = bench.ask_with(Method::GET, "/console/assets/console.css", "", None, &headers).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(bench.get("/console/assets/../Cargo.toml", "").await.problem().0, 404);
}
