use super::*;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::wire::sync::{SYNC_VERSION, SYNC_VERSION_HEADER};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

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
    let problem = Problem::new(Code::CodeExpired, "this code was used");
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

/// A central that reads up to this version, refuses later ones as the first central did, and says
/// in its answers that it speaks `told`, if anything.
async fn central_that_reads(newest: Arc<AtomicU16>, told: Option<u16>) -> CentralHttp {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = move |body: axum::body::Bytes| async move {
        let request = SyncRequest::decode(&body).unwrap();
        let newest = newest.load(Ordering::Relaxed);
        if request.version > newest {
            let words =
                format!("the sync message has version {}; this side reads 1 to {newest}", request.version);
            let problem = Problem::new(Code::InvalidRequest, words);
            return (StatusCode::BAD_REQUEST, serde_json::to_string(&problem).unwrap()).into_response();
        }
        let golden = include_bytes!("../../../../shared/src/wire/sync/golden/response_v1.hfs");
        let mut response = SyncResponse::decode(golden).unwrap();
        response.version = request.version;
        let mut answer = response.encode().unwrap().into_response();
        if let Some(told) = told {
            answer.headers_mut().insert(SYNC_VERSION_HEADER, told.into());
        }
        answer
    };
    let router = Router::new().route("/v1/sync", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    CentralHttp::new(&url, None).unwrap()
}

fn round() -> SyncRequest {
    let golden = include_bytes!("../../../../shared/src/wire/sync/golden/request_v1.hfs");
    let mut request = SyncRequest::decode(golden).unwrap();
    (request.version, request.boot_number) = (SYNC_VERSION, 4);
    request
}

#[tokio::test]
async fn an_older_central_is_spoken_to_in_its_version() {
    let newest = Arc::new(AtomicU16::new(1));
    let central = central_that_reads(Arc::clone(&newest), None).await;
    assert_eq!(central.sync(&round()).await.unwrap().version, 1);
    // It was updated, and tells so only when it is spoken to in a way that it reads.
    newest.store(SYNC_VERSION, Ordering::Relaxed);
    assert_eq!(central.sync(&round()).await.unwrap().version, 1);
    let updated = central_that_reads(newest, Some(9)).await;
    updated.spoken.step_down(SYNC_VERSION, &Problem::new(Code::InvalidRequest, spoken::REFUSAL));
    assert_eq!(updated.sync(&round()).await.unwrap().version, SYNC_VERSION - 1);
    assert_eq!(updated.sync(&round()).await.unwrap().version, SYNC_VERSION);
}

#[tokio::test]
async fn a_central_that_reads_none_of_our_versions_is_told_and_not_asked_for_ever() {
    let central = central_that_reads(Arc::new(AtomicU16::new(0)), None).await;
    let error = central.sync(&round()).await.unwrap_err();
    assert!(matches!(error, CentralError::Refused(problem) if problem.detail.contains("version 1")));
}
