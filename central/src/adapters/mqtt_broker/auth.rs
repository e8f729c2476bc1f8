//! Who may connect to the embedded broker, and which topics are whose.

use crate::flows::enrol::token_hash;
use crate::ports::access::{Access, ReplicaIdentity};
use holdfast_platform::secret::{Secret, same};
use holdfast_shared::wire::topic::{CANARY_TOPIC, Channel, Topic, is_client_of};
use mqtt5::broker::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

/// The login of techs who look on with any MQTT client.
pub const OBSERVER: &str = "observer";
const OBSERVED: &str = "holdfast/v1/";

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Central itself, as it comes in by the way of the stores.
pub const CANARY: &str = "canary";

/// Who a connection is. Its text form is what the broker keeps as the user of the connection, so
/// that the access list needs no memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    Replica(ReplicaIdentity),
    Observer,
    Canary,
}

impl Login {
    pub(super) fn to_user(&self) -> String {
        match self {
            Self::Replica(who) => format!("replica/{}/{}/{}", who.tenant, who.store, who.replica),
            Self::Observer => OBSERVER.to_owned(),
            Self::Canary => CANARY.to_owned(),
        }
    }

    pub(super) fn from_user(user: &str) -> Option<Self> {
        let parts: Vec<&str> = user.split('/').collect();
        match parts.as_slice() {
            [OBSERVER] => Some(Self::Observer),
            [CANARY] => Some(Self::Canary),
            ["replica", tenant, store, replica] => Some(Self::Replica(ReplicaIdentity {
                tenant: tenant.parse().ok()?,
                store: store.parse().ok()?,
                replica: replica.parse().ok()?,
            })),
            _ => None,
        }
    }

    /// An agent speaks for its own store, and for nothing else. That includes its last will.
    fn may_publish(&self, topic: &str) -> bool {
        match (self, topic.parse::<Topic>()) {
            (Self::Replica(who), Ok(topic)) => {
                topic.channel.from_agent() && topic.tenant == who.tenant && topic.store == who.store
            }
            (Self::Canary, _) => topic == CANARY_TOPIC,
            (Self::Replica(_), Err(_)) | (Self::Observer, _) => false,
        }
    }

    fn may_subscribe(&self, filter: &str) -> bool {
        match self {
            Self::Replica(who) => {
                filter == Topic::new(who.tenant.clone(), who.store.clone(), Channel::Poke).to_string()
            }
            Self::Observer => filter.starts_with(OBSERVED),
            Self::Canary => filter == CANARY_TOPIC,
        }
    }
}

/// Checks logins against the credentials of the enrolled replicas.
pub(super) struct Doorkeeper {
    pub(super) access: Arc<dyn Access>,
    pub(super) observer_password: Option<Secret>,
    pub(super) canary_password: Secret,
}

impl Doorkeeper {
    async fn login(&self, connect: &ConnectPacket) -> Option<Login> {
        let username = connect.username.as_deref()?;
        let password = std::str::from_utf8(connect.password.as_deref()?).ok()?;
        if username == CANARY {
            let expected = self.canary_password.reveal();
            return same(expected.as_bytes(), password.as_bytes()).then_some(Login::Canary);
        }
        if username == OBSERVER {
            let expected = self.observer_password.as_ref()?.reveal();
            return same(expected.as_bytes(), password.as_bytes()).then_some(Login::Observer);
        }
        let found = self.access.replica_by_secret(token_hash(password)).await;
        let identity = match found {
            Ok(identity) => identity?,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a login could not be checked");
                return None;
            }
        };
        // The id is bound to the credential: otherwise one store's agent could take over the
        // connection, and so the last will, of another's.
        let ReplicaIdentity { tenant, store, replica } = &identity;
        let same = username == replica.as_str() && is_client_of(&connect.client_id, tenant, store, replica);
        same.then_some(Login::Replica(identity))
    }
}

impl AuthProvider for Doorkeeper {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        address: SocketAddr,
    ) -> Answer<'a, mqtt5::Result<AuthResult>> {
        Box::pin(async move {
            let Some(login) = self.login(connect).await else {
                metrics::counter!("holdfast_mqtt_logins_refused_total").increment(1);
                tracing::warn!(%address, client = %connect.client_id, "MQTT login refused");
                return Ok(AuthResult::fail(ReasonCode::BadUsernameOrPassword));
            };
            if let Some(will) = &connect.will
                && !login.may_publish(&will.topic)
            {
                metrics::counter!("holdfast_mqtt_logins_refused_total").increment(1);
                tracing::warn!(%address, client = %connect.client_id, topic = %will.topic,
                    "MQTT login refused: the last will names a topic of someone else");
                return Ok(AuthResult::fail(ReasonCode::NotAuthorized));
            }
            Ok(AuthResult::success_with_user(login.to_user()))
        })
    }

    fn authorize_publish<'a>(
        &'a self,
        _client: &str,
        user: Option<&'a str>,
        topic: &'a str,
    ) -> Answer<'a, bool> {
        let allowed = user.and_then(Login::from_user).is_some_and(|login| login.may_publish(topic));
        if !allowed {
            metrics::counter!("holdfast_mqtt_topics_refused_total").increment(1);
        }
        Box::pin(std::future::ready(allowed))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client: &str,
        user: Option<&'a str>,
        filter: &'a str,
    ) -> Answer<'a, bool> {
        let allowed = user.and_then(Login::from_user).is_some_and(|login| login.may_subscribe(filter));
        if !allowed {
            metrics::counter!("holdfast_mqtt_topics_refused_total").increment(1);
        }
        Box::pin(std::future::ready(allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leeds() -> Login {
        Login::Replica(ReplicaIdentity {
            tenant: "acme".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            replica: "leeds-a".parse().unwrap(),
        })
    }

    #[test]
    fn a_login_survives_its_text_form() {
        for login in [leeds(), Login::Observer, Login::Canary] {
            assert_eq!(Login::from_user(&login.to_user()), Some(login));
        }
        assert_eq!(Login::from_user("replica/acme/leeds"), None);
    }

    #[test]
    fn an_agent_reaches_its_own_topics_only() {
        let leeds = leeds();
        assert!(leeds.may_publish("holdfast/v1/acme/leeds/heartbeat"));
        for foreign in [
            "holdfast/v1/acme/york/heartbeat",
            "holdfast/v1/other/leeds/heartbeat",
            "holdfast/v1/acme/leeds/poke",
            "$SYS/x",
        ] {
            assert!(!leeds.may_publish(foreign), "{foreign}");
        }
        assert!(leeds.may_subscribe("holdfast/v1/acme/leeds/poke"));
        for foreign in ["#", "holdfast/v1/acme/+/poke", "$share/x/holdfast/v1/acme/leeds/poke"] {
            assert!(!leeds.may_subscribe(foreign), "{foreign}");
        }
    }

    #[test]
    fn of_all_topics_of_all_stores_a_login_opens_its_own() {
        let leeds = leeds();
        let mut opened = Vec::new();
        for tenant in ["acme", "acm", "rival"] {
            for store in ["leeds", "leeds-a", "york"] {
                for channel in [Channel::Heartbeat, Channel::Freshness, Channel::Presence, Channel::Poke] {
                    let topic =
                        Topic::new(tenant.parse().unwrap(), store.parse().unwrap(), channel).to_string();
                    for (act, may) in
                        [("says", leeds.may_publish(&topic)), ("hears", leeds.may_subscribe(&topic))]
                    {
                        opened.extend(may.then(|| format!("{act} {topic}")));
                    }
                }
            }
        }
        let own = |words: &str| words.replace("OWN", "holdfast/v1/acme/leeds");
        let expected =
            ["says OWN/heartbeat", "says OWN/freshness", "says OWN/presence", "hears OWN/poke"].map(own);
        assert_eq!(opened, expected);
    }

    #[test]
    fn the_canary_flies_one_way_only() {
        assert!(Login::Canary.may_publish(CANARY_TOPIC) && Login::Canary.may_subscribe(CANARY_TOPIC));
        for foreign in ["holdfast/v1/acme/leeds/heartbeat", "holdfast/v1/acme/leeds/poke", "holdfast/v1/#"] {
            assert!(
                !Login::Canary.may_publish(foreign) && !Login::Canary.may_subscribe(foreign),
                "{foreign}"
            );
        }
        assert!(!leeds().may_publish(CANARY_TOPIC) && !leeds().may_subscribe(CANARY_TOPIC));
    }

    #[test]
    fn the_observer_only_looks() {
        assert!(!Login::Observer.may_publish("holdfast/v1/acme/leeds/heartbeat"));
        assert!(Login::Observer.may_subscribe("holdfast/v1/#"));
        assert!(!Login::Observer.may_subscribe("$SYS/#"));
    }
}
