//! axum's extractors, with our problems instead of its texts.

use super::ProblemResponse;
use super::shape::wants_object;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use holdfast_shared::error::Code;
use holdfast_shared::ids::IdempotencyKey;
use serde::de::DeserializeOwned;

/// A JSON body. `T` should deny unknown fields.
#[derive(Debug, Clone, Copy)]
pub struct ApiJson<T>(pub T);

/// The query of the URL.
#[derive(Debug, Clone, Copy)]
pub struct ApiQuery<T>(pub T);

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct ApiPath<T>(pub T);

/// The key that a client chose for one intent.
#[derive(Debug, Clone)]
pub struct Idempotency(pub IdempotencyKey);

/// The credential of the `Authorization` header. Whose it is, is for the caller to find out.
#[derive(Debug, Clone)]
pub struct Bearer(pub crate::secret::Secret);

/// Digits that could be of a card are not repeated: a parser's words quote the value that they are about,
/// and errors are logged.
#[must_use]
pub fn masked(detail: &str) -> String {
    let mut told = String::with_capacity(detail.len());
    let mut run = String::new();
    let end = |run: &mut String, told: &mut String| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        if digits < CARD_DIGITS_MIN {
            told.push_str(run);
        } else {
            told.push_str("(digits)");
        }
        run.clear();
    };
    for letter in detail.chars() {
        if letter.is_ascii_digit() || (!run.is_empty() && matches!(letter, ' ' | '-' | '.')) {
            run.push(letter);
        } else {
            end(&mut run, &mut told);
            told.push(letter);
        }
    }
    end(&mut run, &mut told);
    told
}

const CARD_DIGITS_MIN: usize = 13;

pub(super) fn refused(status: StatusCode, detail: &str) -> ProblemResponse {
    let detail = masked(detail);
    let code = if status == StatusCode::PAYLOAD_TOO_LARGE {
        Code::BodyTooLarge
    } else if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        Code::UnsupportedMediaType
    } else if detail.contains(": unknown field `") {
        // serde has no kind for it, only these words; a test holds them in place.
        Code::UnknownField
    } else {
        Code::InvalidRequest
    };
    ProblemResponse::new(code, detail)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ProblemResponse;

    async fn from_request(request: Request, state: &S) -> Result<Self, ProblemResponse> {
        let (parts, body) = request.into_parts();
        let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let whole = whole.map_err(|error| refused(error.status(), &error.body_text()))?;
        let is_array = whole.trim_ascii_start().first() == Some(&b'[');
        let request = Request::from_parts(parts, Body::from(whole));
        match Json::<T>::from_request(request, state).await {
            Ok(_) if is_array && wants_object::<T>() => {
                Err(ProblemResponse::new(Code::InvalidRequest, "the body is an array: expected an object"))
            }
            Ok(Json(value)) => Ok(Self(value)),
            Err(error) => Err(refused(error.status(), &error.body_text())),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(refused(error.status(), &error.body_text())),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemResponse> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(error) => Err(refused(error.status(), &error.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Err(ProblemResponse::new(
                Code::MissingIdempotencyKey,
                "the Idempotency-Key header is missing",
            ));
        };
        let text = value.to_str().unwrap_or_default();
        IdempotencyKey::new(text)
            .map(Self)
            .map_err(|error| ProblemResponse::new(Code::InvalidRequest, error.to_string()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = ProblemResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemResponse> {
        let text = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = text
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty());
        token
            .map(|token| Self(crate::secret::Secret::new(token)))
            .ok_or_else(|| ProblemResponse::new(Code::Unauthenticated, "no bearer token was sent"))
    }
}
