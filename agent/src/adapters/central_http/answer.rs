//! Reads what central answered, within limits.

use crate::ports::central::CentralError;
use holdfast_shared::error::{Code, Problem};
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};

/// Longer waits are cut to this, so that a wrong header does not silence a store for days.
const WAIT_MS_MAX: i64 = 10 * 60 * 1000;
const WAIT_MS_DEFAULT: i64 = 5_000;
const PROBLEM_BYTES_MAX: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub(super) enum BadBody {
    #[error("the answer broke off")]
    Lost(#[source] reqwest::Error),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// Collects the body as it arrives, and stops as soon as it is too long.
pub(super) async fn body_within(mut response: Response, limit: usize) -> Result<Vec<u8>, BadBody> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(BadBody::Lost)? {
        if bytes.len().saturating_add(piece.len()) > limit {
            return Err(BadBody::TooLong(limit));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// What an unsuccessful answer means.
pub(super) async fn refusal(response: Response) -> CentralError {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        return CentralError::Wait { retry_after_ms: wait_ms(wait.as_deref()) };
    }
    let body = body_within(response, PROBLEM_BYTES_MAX).await.unwrap_or_default();
    CentralError::Refused(Box::new(problem(status, &body)))
}

/// Seconds, as both sides send them; a date, or nothing, counts as the usual wait.
fn wait_ms(header: Option<&str>) -> i64 {
    header
        .and_then(|text| text.trim().parse::<i64>().ok())
        .filter(|seconds| *seconds >= 0)
        .map_or(WAIT_MS_DEFAULT, |seconds| seconds.saturating_mul(1000).min(WAIT_MS_MAX))
}

/// Something between here and central may answer with a page of its own.
fn problem(status: StatusCode, body: &[u8]) -> Problem {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let code = match status {
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::Forbidden,
            StatusCode::NOT_FOUND => Code::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
            _ => Code::Internal,
        };
        Problem::new(code, format!("central answered {status} without saying why"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_and_bounded() {
        assert_eq!(wait_ms(Some("3")), 3_000);
        assert_eq!(wait_ms(Some("999999999999")), WAIT_MS_MAX);
        assert_eq!(wait_ms(Some("-3")), WAIT_MS_DEFAULT);
        assert_eq!(wait_ms(Some("Wed, 21 Oct 2026 07:28:00 GMT")), WAIT_MS_DEFAULT);
        assert_eq!(wait_ms(None), WAIT_MS_DEFAULT);
    }

    #[test]
    fn a_proxys_page_becomes_a_problem_with_a_code() {
        assert_eq!(problem(StatusCode::UNAUTHORIZED, b"<html>").code, Code::Unauthenticated);
        let own = serde_json::to_vec(&Problem::new(Code::CodeExpired, "used")).unwrap();
        assert_eq!(problem(StatusCode::GONE, &own).code, Code::CodeExpired);
    }
}
