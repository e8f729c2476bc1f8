use super::*;

fn offer(token: &str, role: &str) -> Ask {
    ask("POST", "/v1/pairings").by(token).json(&json!({ "role": role }))
}

fn pair(code: &str) -> Ask {
    ask("POST", "/v1/pair").json(&json!({ "code": code, "name": "Front" }))
}

#[tokio::test]
async fn a_code_pairs_one_device_once() {
    let lan = Lan::new();
    let offered = lan.send(offer(ADMIN, "picker")).await;
    assert_eq!(offered.status, StatusCode::CREATED);
    let code = offered.body["code"].as_str().unwrap();
    let paired = lan.send(pair(&code.to_lowercase().replace('-', ""))).await;
    assert_eq!((&paired.body["role"], &paired.body["generation"]), (&json!("picker"), &json!(1)));
    let again = lan.send(pair(code)).await;
    assert_eq!((again.status.as_u16(), again.code()), (410, "code_expired"));
}

#[tokio::test]
async fn a_code_does_not_live_long() {
    let lan = Lan::new();
    let code = lan.send(offer(ADMIN, "pos")).await.body["code"].as_str().unwrap().to_owned();
    lan.clock.advance(11 * 60 * 1000);
    assert_eq!(lan.send(pair(&code)).await.code(), "code_expired");
}

#[tokio::test]
async fn codes_cannot_be_guessed_fast() {
    let lan = Lan::new();
    for _ in 0..10 {
        assert_eq!(lan.send(pair("AAAA-AAAA")).await.code(), "code_expired");
    }
    let shut = lan.send(pair("AAAA-AAAA")).await;
    assert_eq!((shut.status.as_u16(), shut.code()), (429, "too_many_requests"));
    assert!(shut.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn an_unpaired_device_is_out_at_once() {
    let lan = Lan::new();
    let picker = lan.pair(Role::Picker).await;
    assert_eq!(lan.send(ask("GET", "/v1/tasks").by(&picker)).await.status, StatusCode::OK);
    let devices = lan.send(ask("GET", "/v1/devices").by(ADMIN)).await;
    assert_eq!(devices.body["devices"][0]["device"], "hh-1");
    let gone = lan.send(ask("DELETE", "/v1/devices/hh-1").by(ADMIN)).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(lan.send(ask("GET", "/v1/tasks").by(&picker)).await.code(), "unauthenticated");
    assert_eq!(lan.send(ask("DELETE", "/v1/devices/hh-1").by(ADMIN)).await.code(), "not_found");
}

#[tokio::test]
async fn set_up_is_for_managers_technicians_and_the_admin_token() {
    let lan = Lan::new();
    for (role, allowed) in
        [(Role::Manager, true), (Role::Tech, true), (Role::Picker, false), (Role::Pos, false)]
    {
        let token = lan.pair(role).await;
        let may = lan.send(offer(&token, "picker")).await.status == StatusCode::CREATED;
        assert_eq!(may, allowed, "{role:?}");
        let may = lan.send(ask("GET", "/v1/devices").by(&token)).await.status == StatusCode::OK;
        assert_eq!(may, allowed, "{role:?}");
    }
    assert_eq!(lan.send(offer("guess", "picker")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(lan.send(offer(ADMIN, "king")).await.code(), "invalid_request");
}

#[tokio::test]
async fn only_the_admin_token_enrols() {
    let lan = Lan::new();
    let manager = lan.pair(Role::Manager).await;
    let wish = |code: &str| json!({ "central": "http://central", "code": code });
    let post = |token: &str, code: &str| ask("POST", "/v1/enrolment").by(token).json(&wish(code));
    assert_eq!(lan.send(post(&manager, "K7Q4-M9TX")).await.code(), "forbidden");
    assert_eq!(lan.send(post(ADMIN, "used")).await.code(), "code_expired");
    assert_eq!(lan.send(post(ADMIN, "K7Q4-M9TX")).await.body["store"], "leeds");
}

#[tokio::test]
async fn a_file_is_imported_whole_or_not_at_all() {
    let lan = Lan::new();
    let post = |token: &str, text: &str| {
        ask("POST", "/v1/import?format=csv").by(token).text(text).of_type("text/csv")
    };
    let bad = lan.send(post(ADMIN, "A-1\nB 2")).await;
    assert_eq!((bad.status.as_u16(), bad.code()), (400, "invalid_request"));
    assert!(bad.body["detail"].as_str().unwrap().starts_with("line 2:"));
    // Larger than an ordinary body.
    let many: String = (0..60_000).map(|n| format!("A-{n}\n")).collect();
    let good = lan.send(post(ADMIN, &many)).await;
    assert_eq!((good.status, &good.body["new_skus"]), (StatusCode::OK, &json!(60_000)));
    let manager = lan.pair(Role::Manager).await;
    assert_eq!(lan.send(post(&manager, "A-1")).await.code(), "forbidden");
    let unknown = ask("POST", "/v1/import?format=xml").by(ADMIN).text("A-1");
    assert_eq!(lan.send(unknown).await.code(), "invalid_request");
}
