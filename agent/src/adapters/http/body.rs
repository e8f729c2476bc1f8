//! Reads what a request says: its JSON body, with the hash that its idempotency key stands for.

use super::problem::Failure;
use super::state::Api;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use holdfast_shared::error::Code;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::limits::BODY_BYTES_MAX;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A JSON body without unknown fields, and the hash over method, path and body.
#[derive(Debug)]
pub(super) struct Said<T> {
    pub(super) value: T,
    pub(super) hash: [u8; 32],
}

/// For acts that need no words: an empty body, or `{}`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl<T: DeserializeOwned> FromRequest<Api> for Said<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Failure> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(request.method().as_str().as_bytes()).update(b"\0");
        hasher.update(request.uri().path().as_bytes()).update(b"\0");
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        let bytes = read_bytes(request, api, BODY_BYTES_MAX).await?;
        hasher.update(&bytes);
        if !is_json && !bytes.is_empty() {
            return Err(Failure::new(Code::UnsupportedMediaType, "this takes application/json"));
        }
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let value = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
        Ok(Self { value, hash: *hasher.finalize().as_bytes() })
    }
}

/// The router's own limit stands above this one; both answer with the same code.
pub(super) async fn read_bytes(request: Request, api: &Api, limit: usize) -> Result<Bytes, Failure> {
    let too_large = || Failure::new(Code::BodyTooLarge, format!("the body is over {limit} bytes"));
    let bytes = Bytes::from_request(request, api).await.map_err(|_| too_large())?;
    if bytes.len() > limit { Err(too_large()) } else { Ok(bytes) }
}

fn unreadable(error: &serde_json::Error) -> Failure {
    let text = error.to_string();
    let code = if text.starts_with("unknown field") { Code::UnknownField } else { Code::InvalidRequest };
    Failure::new(code, text)
}

/// The `Idempotency-Key` header, which everything that records facts needs.
#[derive(Debug)]
pub(super) struct Key(pub(super) IdempotencyKey);

impl FromRequestParts<Api> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Failure> {
        let header = parts.headers.get("idempotency-key").ok_or_else(|| {
            Failure::new(Code::MissingIdempotencyKey, "the Idempotency-Key header is missing")
        })?;
        let text = header.to_str().unwrap_or_default();
        Ok(Self(IdempotencyKey::new(text).map_err(Failure::invalid)?))
    }
}

/// Query parameters; an unknown one is refused.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        match Query::<T>::from_request_parts(parts, api).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let unknown = text.contains("unknown field");
                let code = if unknown { Code::UnknownField } else { Code::InvalidRequest };
                Err(Failure::new(code, text))
            }
        }
    }
}
