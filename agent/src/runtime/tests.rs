use super::*;
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
