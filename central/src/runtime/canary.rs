//! Where central's own bird flies: to the address that stores are told, as a store would.

use crate::adapters::http::Shared;
use crate::adapters::mqtt_broker::CANARY;
use crate::adapters::mqtt_canary::{CanarySettings, MqttCanary};
use crate::adapters::mqtt_client::ExternalSettings;
use holdfast_platform::secret::Secret;
use holdfast_platform::service::Lifetime;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// To our own broker: by the advertised address when that names a host, else by what it listens on.
pub(super) fn to_embedded(advertised: Option<&str>, listens: SocketAddr, password: Secret) -> CanarySettings {
    let (host, port) = advertised.and_then(host_and_port).unwrap_or_else(|| {
        let ip = if listens.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listens.ip() };
        (ip.to_string(), listens.port())
    });
    CanarySettings {
        host,
        port,
        client_id: CANARY.to_owned(),
        username: Some(CANARY.to_owned()),
        password: Some(password),
    }
}

/// To a broker of the customer's, with central's own login. Where its access list does not let the bird
/// through, none ever comes back, and nothing follows from that.
pub(super) fn to_external(advertised: Option<&str>, settings: &ExternalSettings) -> CanarySettings {
    let told = advertised.and_then(host_and_port);
    let (host, port) = told.unwrap_or_else(|| (settings.host.clone(), settings.port));
    CanarySettings {
        host,
        port,
        client_id: format!("{}-{CANARY}", settings.client_id),
        username: settings.username.clone(),
        password: settings.password.clone(),
    }
}

fn host_and_port(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    if host.is_empty() { None } else { Some((host.to_owned(), port.parse().ok()?)) }
}

pub(super) fn spawn(life: &Lifetime, app: &Shared, settings: &CanarySettings) {
    let (canary, stop) = (MqttCanary::new(settings), life.token());
    let (flying, landing) = (Arc::clone(app), Arc::clone(app));
    let next = move || {
        let now = flying.clock.now().mono;
        flying.watch.with(|observatory| observatory.book.canary.next(now))
    };
    let back = move |number| {
        let now = landing.clock.now().mono;
        landing.watch.with(|observatory| observatory.book.canary.came_back(number, now));
    };
    life.spawn("canary", async move {
        canary.run(next, back, stop).await;
        Ok::<(), Infallible>(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flies_to(advertised: Option<&str>, listens: &str) -> (String, u16) {
        let settings = to_embedded(advertised, listens.parse().unwrap(), Secret::new("x"));
        (settings.host, settings.port)
    }

    #[test]
    fn it_flies_to_what_stores_are_told() {
        assert_eq!(flies_to(Some("mq.example:8883"), "0.0.0.0:7883"), ("mq.example".to_owned(), 8883));
        assert_eq!(flies_to(None, "0.0.0.0:7883"), ("127.0.0.1".to_owned(), 7883));
        assert_eq!(flies_to(Some(":7883"), "10.0.0.5:7883"), ("10.0.0.5".to_owned(), 7883));
    }
}
