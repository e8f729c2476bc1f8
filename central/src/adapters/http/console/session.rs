//! Who is logged in to the console, by a cookie.
//!
//! Changes are plain forms. Their cookie is `SameSite=Strict`, and a
//! request that a browser says comes from another site is refused besides.

use crate::adapters::http::answer::{Refused, internal};
use crate::adapters::http::app::{App, Shared};
use crate::adapters::http::doors::Caller;
use crate::adapters::http::sessions::SESSION_MS;
use crate::flows::enrol::token_hash;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_platform::random;

const COOKIE: &str = "holdfast_session";

/// Logs a caller in: the cookie to set.
pub(super) fn open(app: &App, token: &str) -> Result<String, Refused> {
    let session = random::token().map_err(|error| internal("a session", error))?;
    let api_key_hash = token_hash(token);
    app.rooms.sessions.open(token_hash(&session), api_key_hash, app.clock.now().mono);
    Ok(cookie(&session, SESSION_MS / 1000))
}

/// Logs out: the cookie that removes the cookie.
pub(super) fn end(app: &App, headers: &HeaderMap) -> String {
    if let Some(session) = shown(headers) {
        app.rooms.sessions.end(token_hash(session));
    }
    cookie("", 0)
}

fn cookie(value: &str, seconds: i64) -> String {
    format!("{COOKIE}={value}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={seconds}")
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|text| text.split(';')).find_map(|pair| {
        pair.trim().split_once('=').filter(|(name, _)| *name == COOKIE).map(|(_, value)| value)
    })
}

/// A person who is logged in. Everybody else is sent to the login page.
#[derive(Debug, Clone)]
pub(super) struct Person(pub(super) Caller);

impl FromRequestParts<Shared> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let to_login = || Redirect::to("/console/login").into_response();
        let session = shown(&parts.headers).ok_or_else(to_login)?;
        let session = token_hash(session);
        let hash = app.rooms.sessions.find(session, app.clock.now().mono).ok_or_else(to_login)?;
        let key = app.storage.api_key(hash).await.map_err(|error| Refused::from(error).into_response())?;
        key.filter(|key| key.store.is_none()).map(|key| Self(Caller { key })).ok_or_else(to_login)
    }
}

/// Whether the browser says that another site sent this. Old browsers say nothing; for them the
/// cookie's `SameSite=Strict` stands alone.
pub(super) fn from_another_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, at)| at != host),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<HeaderMap>()
    }

    #[test]
    fn a_form_of_another_site_is_told_from_our_own() {
        assert!(from_another_site(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(from_another_site(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(from_another_site(&headers(&[("origin", "http://evil.example"), ("host", "central:7700")])));
        assert!(from_another_site(&headers(&[("origin", "null"), ("host", "central:7700")])));
        assert!(!from_another_site(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!from_another_site(&headers(&[("origin", "http://central:7700"), ("host", "central:7700")])));
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        assert_eq!(shown(&headers(&[("cookie", "a=b; holdfast_session=xyz; c=d")])), Some("xyz"));
        assert_eq!(shown(&headers(&[("cookie", "xholdfast_session=xyz")])), None);
    }
}
