//! Many orders in one request. Each has its own key and its own answer; what is wrong with one is no matter of
//! the others, and a batch whose answer was lost is sent again as it was.

use super::answer::{Answer, Refused};
use super::app::Shared;
use super::doors::Caller;
use super::orders::{PlacedOrder, place_one};
use crate::core::order::OrderRequest;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use holdfast_platform::http::{Called, masked};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::limits::{ORDER_BATCH_AT_ONCE, ORDER_BATCH_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub(super) const NDJSON: &str = "application/x-ndjson";

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchEntry {
    /// As the `Idempotency-Key` of an order that is placed alone, and in one scope with those.
    #[schema(value_type = String)]
    key: IdempotencyKey,
    order: OrderRequest,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchAnswer {
    accepted: usize,
    refused: usize,
    /// In the order of the entries.
    results: Vec<BatchResult>,
}

/// The answer that the entry would have got alone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchResult {
    /// From 0.
    entry: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    placed: Option<PlacedOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Place many orders: a JSON array of entries, or one entry a line as `application/x-ndjson`.
#[utoipa::path(post, path = "/v1/orders/batch", tag = "orders",
    request_body(content((Vec<BatchEntry> = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 200, description = "Each entry has its own answer; NDJSON is answered line by line",
            content((BatchAnswer = "application/json"), (String = "application/x-ndjson"))),
        (status = "4XX", body = Problem), (status = "5XX", body = Problem)))]
pub(super) async fn place(
    State(app): State<Shared>,
    caller: Caller,
    called: Called,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Response> {
    let by_lines = is_ndjson(&headers)?;
    let entries = if by_lines { lines(&body) } else { array(&body)? };
    if !(1..=ORDER_BATCH_MAX).contains(&entries.len()) {
        let detail = format!("a batch has 1 to {ORDER_BATCH_MAX} orders; this one has {}", entries.len());
        return Err(Refused::new(Code::InvalidRequest, detail));
    }
    let places = entries.into_iter().enumerate().map(|(entry, read)| {
        let (app, caller, called) = (&app, &caller, &called);
        async move { answered(app, caller, called, entry, read).await }
    });
    let results: Vec<BatchResult> =
        futures::stream::iter(places).buffered(ORDER_BATCH_AT_ONCE).collect().await;
    if by_lines {
        return told_by_lines(&results);
    }
    let accepted = results.iter().filter(|result| result.placed.is_some()).count();
    let refused = results.len().saturating_sub(accepted);
    Ok(Json(BatchAnswer { accepted, refused, results }).into_response())
}

fn is_ndjson(headers: &HeaderMap) -> Answer<bool> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match said.split(';').next().unwrap_or_default().trim() {
        "application/json" => Ok(false),
        NDJSON | "application/jsonl" => Ok(true),
        _ => {
            let detail = format!("send application/json with an array, or {NDJSON} with one order a line");
            Err(Refused::new(Code::UnsupportedMediaType, detail))
        }
    }
}

/// An entry that could be read, or why not, with its key as far as that could be.
type Read = Result<BatchEntry, Box<Unread>>;
/// The key of an entry, as far as it can be read, and what is wrong with the rest.
type Unread = (Option<String>, Problem);

fn array(body: &[u8]) -> Answer<Vec<Read>> {
    let values: Vec<Value> = serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body is no JSON array of entries: {}", masked(&error.to_string()));
        Refused::new(Code::InvalidRequest, detail)
    })?;
    Ok(values.into_iter().map(read).collect())
}

fn lines(body: &[u8]) -> Vec<Read> {
    let said = body.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
    said.map(|line| match serde_json::from_slice(line) {
        Ok(value) => read(value),
        Err(error) => {
            let detail = format!("the line is no JSON: {}", masked(&error.to_string()));
            Err(Box::new((None, Problem::new(Code::InvalidRequest, detail))))
        }
    })
    .collect()
}

fn read(value: Value) -> Read {
    let key = value.get("key").and_then(Value::as_str).map(|key| key.chars().take(KEY_CHARS_TOLD).collect());
    serde_json::from_value(value).map_err(|error| {
        let detail = masked(&error.to_string());
        let code =
            if detail.starts_with("unknown field") { Code::UnknownField } else { Code::InvalidRequest };
        Box::new((key, Problem::new(code, detail)))
    })
}

const KEY_CHARS_TOLD: usize = 128;

async fn answered(app: &Shared, caller: &Caller, called: &Called, entry: usize, read: Read) -> BatchResult {
    let (key, outcome) = match read {
        Ok(BatchEntry { key, order }) => {
            let told = Some(key.to_string());
            (told, place_one(app, caller, called, key, order).await.map_err(|refused| *refused.0))
        }
        Err(unread) => {
            let (key, problem) = *unread;
            (key, Err(problem))
        }
    };
    match outcome {
        Ok(placed) => BatchResult { entry, key, status: 202, placed: Some(placed), problem: None },
        Err(problem) => {
            let problem = Problem { trace_id: Some(called.trace.to_string()), ..problem };
            BatchResult { entry, key, status: problem.status, placed: None, problem: Some(problem) }
        }
    }
}

fn told_by_lines(results: &[BatchResult]) -> Answer<Response> {
    let mut text = Vec::new();
    for result in results {
        let line = serde_json::to_vec(result).map_err(|error| {
            Refused::new(Code::Internal, format!("an answer could not be written: {error}"))
        })?;
        text.extend(line);
        text.push(b'\n');
    }
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}
