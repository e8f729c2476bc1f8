//! Request parts, read strictly: a field that is not known is refused, and every refusal names it.

use super::answer::{Answer, Refused};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use crate::ports::PageRequest;
use holdfast_shared::error::Code;
use holdfast_shared::ids::IdempotencyKey;
use holdfast_shared::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Characters of a cursor that we would ever have given out.
const CURSOR_CHARS_MAX: usize = 200;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let json = kind.is_some_and(|kind| {
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        });
        if !json {
            return Err(Refused::new(Code::UnsupportedMediaType, "the body must be application/json"));
        }
        let bytes = bytes(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| unreadable(&error.to_string()))
    }
}

/// The raw body, within the limit of its route.
pub(super) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Answer<Vec<u8>> {
    let bytes = axum::body::Bytes::from_request(request, state).await;
    bytes.map(|bytes| bytes.to_vec()).map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Refused::new(Code::BodyTooLarge, "the body is over the limit of this path")
        } else {
            Refused::new(Code::InvalidRequest, "the body could not be read to its end")
        }
    })
}

/// The query, where each name may come once unless `T` is a list of pairs.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refused> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| unreadable(&rejection.body_text()))
    }
}

fn unreadable(what: &str) -> Refused {
    let code =
        if what.contains("unknown field") { Code::UnknownField } else { Code::InvalidRequest };
    Refused::new(code, what)
}

/// Where a page of a listing starts, and how long it is.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// `next` of the page before.
    pub(super) cursor: Option<String>,
    /// 1 to 500; 50 when absent.
    pub(super) limit: Option<u32>,
}

impl Paging {
    pub(super) fn request(self) -> Answer<PageRequest> {
        let limit = self.limit.unwrap_or(PAGE_ROWS_DEFAULT);
        if limit == 0 || limit > PAGE_ROWS_MAX {
            return Err(Refused::new(Code::InvalidRequest, format!("limit must be 1 to {PAGE_ROWS_MAX}")));
        }
        if self.cursor.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_CHARS_MAX) {
            return Err(Refused::new(Code::InvalidRequest, "this cursor is none of ours"));
        }
        Ok(PageRequest { cursor: self.cursor, limit })
    }
}

/// An id out of a path. One that is not well formed names nothing that exists.
pub(super) fn known<T: FromStr>(text: &str, missing: Code) -> Answer<T> {
    let shown: String = text.chars().take(80).collect();
    text.parse().map_err(|_| Refused::new(missing, format!("there is no {shown:?}")))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Answer<IdempotencyKey> {
    let Some(value) = headers.get("idempotency-key") else {
        return Err(Refused::new(Code::MissingIdempotencyKey, "there is no Idempotency-Key header"));
    };
    let key = value.to_str().ok().map(IdempotencyKey::new);
    match key {
        Some(Ok(key)) => Ok(key),
        Some(Err(bad)) => Err(Refused::new(Code::InvalidRequest, format!("Idempotency-Key: {bad}"))),
        None => Err(Refused::new(Code::InvalidRequest, "Idempotency-Key must be visible ASCII")),
    }
}
