//! HTTP clients of the two APIs, as the people who use them would call them.

mod central;
mod lan;

pub use central::CentralClient;
pub use lan::{Acknowledged, LanClient};

use anyhow::{Result, bail};
use serde_json::Value;

/// A refusal keeps its problem, so that a caller can tell a conflict from a failure.
#[derive(Debug, thiserror::Error)]
#[error("{status} {code}: {detail}")]
pub struct Refused {
    pub status: u16,
    pub code: String,
    pub detail: String,
    pub hint: String,
}

/// The JSON of a good answer; a problem as [`Refused`].
pub(crate) async fn json(answer: reqwest::Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    if status.is_success() {
        return Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? });
    }
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let word = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    bail!(Refused { status: status.as_u16(), code: word("code"), detail: word("detail"), hint: word("hint") })
}

/// One client for everything: bounded waits, and no proxy between loopback addresses.
pub fn http() -> Result<reqwest::Client> {
    // A second caller finds it installed already; either way one is.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(10)).build()?)
}
