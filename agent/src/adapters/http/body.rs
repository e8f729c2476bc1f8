//! The JSON body of a request, with the hash that its idempotency key stands for.

use super::problem::{Failure, refused};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use holdfast_platform::http::ApiJson;
use holdfast_shared::error::Code;
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

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Said<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let mut hasher = blake3::Hasher::new();
        hasher.update(parts.method.as_str().as_bytes()).update(b"\0");
        hasher.update(parts.uri.path().as_bytes()).update(b"\0");
        let limited = Request::from_parts(parts.clone(), body);
        let mut bytes = read_bytes(limited, state).await?;
        hasher.update(&bytes);
        if bytes.is_empty() {
            bytes = Bytes::from_static(b"{}");
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let ApiJson(value) =
            ApiJson::from_request(Request::from_parts(parts, Body::from(bytes)), state).await?;
        Ok(Self { value, hash: *hasher.finalize().as_bytes() })
    }
}

/// The whole body, within the limit of its route.
pub(super) async fn read_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    let bytes = Bytes::from_request(request, state).await;
    bytes.map_err(|error| refused(Code::BodyTooLarge, error.body_text()))
}
