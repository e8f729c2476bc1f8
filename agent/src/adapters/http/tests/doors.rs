use super::*;

/// What opens to anybody: it holds no secret, or its body is the credential.
const OPEN: &[(&str, &str)] =
    &[("get", "/healthz"), ("get", "/v1/status"), ("get", "/errors/{code}"), ("post", "/v1/pair")];

#[tokio::test]
async fn a_device_of_another_store_opens_no_door() {
    let (leeds, york) = (Lan::new(), Lan::new());
    let mut tokens = vec![String::new(), "guess".to_owned()];
    for role in [Role::Pos, Role::Picker, Role::Manager, Role::Tech] {
        tokens.push(york.pair(role).await);
    }
    let document = serde_json::to_value(openapi()).unwrap();
    let mut knocked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if OPEN.contains(&(method.as_str(), path.as_str())) {
                continue;
            }
            let path = path.split('/').map(|part| if part.starts_with('{') { "x-1" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            for token in &tokens {
                let known = ["GET", "PUT", "POST", "DELETE"]
                    .into_iter()
                    .find(|known| known.to_lowercase() == *method);
                let asked = ask(known.unwrap(), &path);
                let asked = if token.is_empty() { asked } else { asked.by(token) };
                let answer = leeds.send(asked).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} by {token:?}");
                knocked += 1;
            }
        }
    }
    assert!(knocked > 100, "{knocked}");
}
