//! What can be examined of the way to central: address, clock, credential, broker.

use super::super::status::span;
use super::Finding;
use crate::runtime::AgentConfig;
use crate::runtime::config::CENTRAL_URL;
use crate::runtime::identity::StoredIdentity;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::sync::SYNC_CONTENT_TYPE;
use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::{Client, StatusCode};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const ANSWER_MAX: Duration = Duration::from_secs(4);
/// Further apart than this, times in reports and promises mislead people.
const CLOCK_APART_MS_MAX: i64 = 30_000;

pub(super) async fn of(config: &AgentConfig, stored: Option<&StoredIdentity>) -> Vec<Finding> {
    let enrolled_at = stored.map(|stored| stored.central.as_str());
    let url = config.central_url.as_deref().or(enrolled_at).unwrap_or(CENTRAL_URL).trim_end_matches('/');
    let mut findings = vec![identity(stored)];
    let Ok(client) = Client::builder().timeout(ANSWER_MAX).build() else {
        findings.push(Finding::look(
            "central",
            "cannot be asked: this machine has no CA certificates",
            "install the package ca-certificates",
        ));
        return findings;
    };
    match client.get(format!("{url}/healthz")).send().await {
        Ok(answer) => {
            findings.push(Finding::works("central", format!("answers at {url}")));
            findings.push(clock(answer.headers().get(DATE).and_then(|date| date.to_str().ok())));
            if let Some(stored) = stored {
                findings.push(credential(&client, url, &stored.given.secret).await);
            }
        }
        Err(error) => {
            let why = if error.is_timeout() { "no answer in time" } else { "no connection" };
            findings.push(Finding::look(
                "central",
                format!("not reached at {url}: {why}"),
                "check the uplink and central.url; work in the store goes on meanwhile",
            ));
        }
    }
    if let Some(stored) = stored {
        findings.push(broker(stored, url).await);
    }
    findings
}

fn identity(stored: Option<&StoredIdentity>) -> Finding {
    match stored {
        Some(stored) => {
            Finding::works("identity", format!("{} of store {}", stored.given.replica, stored.given.store))
        }
        None => Finding::look(
            "identity",
            "not enrolled, or not readable by this user",
            "make a code at central, then: holdfast-agent enroll --central URL --code CODE",
        ),
    }
}

/// Central's `Date` header has whole seconds, which is enough here.
fn clock(date: Option<&str>) -> Finding {
    let theirs = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    match theirs {
        Some(theirs) => compared(SystemClock.now().utc, UtcMs(theirs.timestamp().as_millisecond())),
        None => Finding::unknown("clock", "central does not tell its time"),
    }
}

fn compared(ours: UtcMs, theirs: UtcMs) -> Finding {
    let apart_ms = ours.since(theirs);
    let side = if apart_ms > 0 { "ahead of" } else { "behind" };
    let found = format!("{} {side} central's", span(apart_ms.saturating_abs() / 1000));
    if apart_ms.saturating_abs() > CLOCK_APART_MS_MAX {
        Finding::look("clock", found, "set this machine's clock, best by NTP; nothing is unsafe meanwhile")
    } else {
        Finding::works("clock", found)
    }
}

/// An empty message is refused by whoever accepts the credential, and for another reason.
async fn credential(client: &Client, url: &str, secret: &str) -> Finding {
    const WHAT: &str = "credential";
    let request = client.post(format!("{url}/v1/sync")).bearer_auth(secret);
    match request.header(CONTENT_TYPE, SYNC_CONTENT_TYPE).body("").send().await.map(|answer| answer.status())
    {
        Ok(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Finding::broken(
            WHAT,
            "central does not accept it",
            "make a new code at central and enrol this agent anew",
        ),
        Ok(status) if status.is_server_error() => {
            Finding::unknown(WHAT, format!("central answered {status}"))
        }
        Ok(_) => Finding::works(WHAT, "accepted by central"),
        Err(_) => Finding::unknown(WHAT, "central did not answer"),
    }
}

async fn broker(stored: &StoredIdentity, central: &str) -> Finding {
    const WHAT: &str = "broker";
    let Some((host, port)) = stored.broker(central) else {
        return Finding::look(
            WHAT,
            format!("{:?} is no address", stored.given.mqtt_address),
            "ask whoever runs central for the broker's address, and enrol this agent anew",
        );
    };
    match timeout(ANSWER_MAX, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => Finding::works(WHAT, format!("reached at {host}:{port}")),
        Ok(Err(_)) | Err(_) => Finding::look(
            WHAT,
            format!("not reached at {host}:{port}"),
            "check the firewall for this port; central is told how the store is over HTTPS meanwhile",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_told() {
        assert_eq!(compared(UtcMs(60_000), UtcMs(50_000)).grade, Grade::Works);
        assert_eq!(compared(UtcMs(0), UtcMs(90_000)).grade, Grade::Look);
        assert_eq!(clock(Some("Sat, 21 Nov 1998 07:00:00 GMT")).grade, Grade::Look);
        assert_eq!(clock(Some("soon")).grade, Grade::Unknown);
    }
}
