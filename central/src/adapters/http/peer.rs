//! From which network address a request came.

use super::app::Shared;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use holdfast_platform::server::Peer;
use std::convert::Infallible;
use std::net::IpAddr;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection; where that is a proxy of ours, what it saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct CameFrom(pub(super) Option<IpAddr>);

impl FromRequestParts<Shared> for CameFrom {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(at))| at.ip());
        Ok(Self(peer.map(|peer| seen(peer, &parts.headers, &app.trusted_proxies))))
    }
}

/// Anybody can write the header, and each proxy appends to it: it is read from its end, for as long as
/// the one who wrote that part is trusted.
fn seen(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut told: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let mut seen = peer.to_canonical();
    while trusted.contains(&seen) {
        let Some(before) = told.pop().and_then(|text| text.parse::<IpAddr>().ok()) else { break };
        seen = before.to_canonical();
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_as(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        seen(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_box_cannot_say_that_it_is_elsewhere() {
        assert_eq!(seen_as("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(seen_as("10.0.0.1", &["198.51.100.1, 192.0.2.7"]), "192.0.2.7");
    }

    #[test]
    fn proxies_of_ours_are_seen_through() {
        assert_eq!(seen_as("::ffff:10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen_as("10.0.0.1", &["1.1.1.1", "192.0.2.7, 10.0.0.2"]), "192.0.2.7");
        assert_eq!(seen_as("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen_as("10.0.0.1", &["192.0.2.7, unknown"]), "10.0.0.1");
    }
}
