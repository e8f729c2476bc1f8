use super::*;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use holdfast_shared::error::Code;

/// A central that says one thing to whoever enrols.
async fn central_that_answers(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> CentralHttp {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route(
        "/v1/enroll",
        post(move || {
            let answer = answer.clone();
            async move { answer }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    CentralHttp::new(&url, None).unwrap()
}

fn request() -> EnrolRequest {
    EnrolRequest { code: "K7Q4-M9TX".to_owned(), box_name: None }
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_names_the_address() {
    let central = CentralHttp::new("http://127.0.0.1:1", None).unwrap();
    let error = central.enrol(&request()).await.unwrap_err();
    assert!(matches!(error, CentralError::Unreachable { url, .. } if url == "http://127.0.0.1:1"));
}

#[tokio::test]
async fn a_loaded_central_is_left_alone_as_long_as_it_asks() {
    let central =
        central_that_answers((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")], "")).await;
    let error = central.enrol(&request()).await.unwrap_err();
    assert!(matches!(error, CentralError::Wait { retry_after_ms: 7_000 }));
}

#[tokio::test]
async fn a_refusal_keeps_its_code() {
    let problem = holdfast_shared::error::Problem::new(Code::CodeExpired, "this code was used");
    let body = serde_json::to_string(&problem).unwrap();
    let central = central_that_answers((StatusCode::GONE, body)).await;
    let error = central.enrol(&request()).await.unwrap_err();
    assert!(matches!(error, CentralError::Refused(problem) if problem.code == Code::CodeExpired));
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let central = central_that_answers((StatusCode::OK, "x".repeat(BODY_BYTES_MAX + 1))).await;
    assert!(matches!(central.enrol(&request()).await.unwrap_err(), CentralError::Unreadable(_)));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = [(header::LOCATION, "http://127.0.0.1:1/v1/enroll")];
    let central = central_that_answers((StatusCode::TEMPORARY_REDIRECT, elsewhere)).await;
    assert!(matches!(central.enrol(&request()).await.unwrap_err(), CentralError::Refused(_)));
}
