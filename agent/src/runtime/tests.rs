use super::*;
use crate::adapters::http::needs::EnrolWish;
use serde_json::Value;

fn config(place: &Path) -> AgentConfig {
    AgentConfig {
        data_dir: place.to_owned(),
        lan_listen: "127.0.0.1:0".parse().unwrap(),
        central_url: Some("http://127.0.0.1:1".to_owned()),
        ..AgentConfig::default()
    }
}

async fn get(running: &Running, path: &str) -> Value {
    let _already = rustls::crypto::ring::default_provider().install_default();
    reqwest::get(format!("http://{}{path}", running.lan())).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn it_answers_without_central_and_without_an_identity() {
    let place = tempfile::tempdir().unwrap();
    let running = start(config(place.path())).await.unwrap();
    let status = get(&running, "/v1/status").await;
    assert_eq!((&status["enrolled"], &status["central"]["reachable"]), (&Value::Bool(false), &Value::Null));
    assert_eq!(get(&running, "/healthz").await["damaged"], false);
    running.shutdown();
    assert_eq!(running.join().await.unwrap(), Ended::Stopped);
}

#[tokio::test]
async fn a_second_start_on_the_same_data_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let running = start(config(place.path())).await.unwrap();
    let told = start(config(place.path())).await.unwrap_err().to_string();
    assert!(told.contains("in use by process"), "{told}");
    running.shutdown();
    running.join().await.unwrap();
    let again = start(config(place.path())).await.unwrap();
    again.shutdown();
    again.join().await.unwrap();
}

#[tokio::test]
async fn the_admin_token_is_for_this_user_and_new_at_each_start() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let running = start(config(place.path())).await.unwrap();
        let path = running.admin_token_path();
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        tokens.push(std::fs::read_to_string(path).unwrap());
        running.shutdown();
        running.join().await.unwrap();
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn it_does_not_listen_to_others_by_accident() {
    let place = tempfile::tempdir().unwrap();
    let open = AgentConfig { lan_listen: "0.0.0.0:0".parse().unwrap(), ..config(place.path()) };
    assert!(matches!(start(open).await, Err(StartError::BeyondLoopback(_))));
}

#[tokio::test]
async fn an_enrolled_agent_works_while_central_is_out_of_reach() {
    let place = tempfile::tempdir().unwrap();
    let dir = DataDir::open(place.path()).unwrap();
    let given = holdfast_shared::wire::enrolment::EnrolResponse {
        tenant: "acme".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        store_name: "Leeds".to_owned(),
        replica: "leeds-a".parse().unwrap(),
        secret: "s3".to_owned(),
        mqtt_address: "127.0.0.1:1".to_owned(),
    };
    StoredIdentity { given, central: "http://127.0.0.1:1".to_owned() }.write(&dir).unwrap();
    drop(dir);
    let running = start(config(place.path())).await.unwrap();
    let status = loop {
        let status = get(&running, "/v1/status").await;
        if status["central"]["reachable"] == false {
            break status;
        }
    };
    assert_eq!(
        (&status["store"], &status["broker"]["connected"]),
        (&Value::from("leeds"), &Value::Bool(false))
    );
    running.shutdown();
    running.join().await.unwrap();
}

/// A central that enrols whoever comes with the right code.
async fn central() -> String {
    use axum::routing::post;
    let answer = serde_json::json!({
        "tenant": "acme", "store": "leeds", "store_name": "Leeds", "replica": "leeds-a",
        "secret": "s3", "mqtt_address": "127.0.0.1:1",
    });
    let enrol = post(move |body: axum::Json<Value>| async move {
        let good = body["code"] == "K7Q4-M9TX";
        let status = if good { axum::http::StatusCode::CREATED } else { axum::http::StatusCode::GONE };
        (status, axum::Json(answer))
    });
    let router = axum::Router::new().route("/v1/enroll", enrol);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_running_agent_is_enrolled_and_starts_anew_with_its_identity() {
    let place = tempfile::tempdir().unwrap();
    let running = start(config(place.path())).await.unwrap();
    let admin = std::fs::read_to_string(running.admin_token_path()).unwrap();
    let wish = serde_json::json!({ "central": central().await, "code": "K7Q4-M9TX" });
    let url = format!("http://{}/v1/enrolment", running.lan());
    let _already = rustls::crypto::ring::default_provider().install_default();
    let answer = reqwest::Client::new().post(url).bearer_auth(admin).json(&wish).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["store"], "leeds");
    assert_eq!(running.join().await.unwrap(), Ended::Enrolled);

    let again = start(config(place.path())).await.unwrap();
    assert_eq!(get(&again, "/v1/status").await["store"], "leeds");
    again.shutdown();
    assert_eq!(again.join().await.unwrap(), Ended::Stopped);
}

#[tokio::test]
async fn a_wrong_code_leaves_everything_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let dir = DataDir::open(place.path()).unwrap();
    let code = "AAAA-AAAA".to_owned();
    let wish = EnrolWish { central: central().await, code, box_name: None, leave_unsent: false };
    assert!(enrol(&dir, &wish).await.is_err());
    assert!(StoredIdentity::read(&dir).unwrap().is_none());
    let nobody = EnrolWish { central: "http://127.0.0.1:1".to_owned(), ..wish };
    assert!(enrol(&dir, &nobody).await.unwrap_err().detail.contains("cannot be reached"));
}
