//! MQTT topics and client ids, built and parsed here and nowhere else.
//!
//! ```
//! use holdfast_shared::wire::topic::{Channel, Topic};
//! let topic: Topic = "holdfast/v1/acme/leeds/heartbeat".parse().unwrap();
//! assert_eq!(topic.channel, Channel::Heartbeat);
//! assert_eq!(topic.to_string(), "holdfast/v1/acme/leeds/heartbeat");
//! assert!("holdfast/v1/acme/+/heartbeat".parse::<Topic>().is_err());
//! ```

use crate::ids::{BadId, BootId, ReplicaId, StoreId, TenantId};
use std::fmt;
use std::str::FromStr;

const ROOT: &str = "holdfast/v1";
/// Central's own word to itself, to hear whether it hears. No store's topic.
pub const CANARY_TOPIC: &str = "holdfast/v1/canary";

/// What a topic carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Agent to central: how the store is.
    Heartbeat,
    /// Agent to central: how fresh the inventory feed is.
    Freshness,
    /// Agent to central, retained, with a last will: whether the agent is connected.
    Presence,
    /// Central to agent: there is something to sync.
    Poke,
}

impl Channel {
    pub const ALL: [Self; 4] = [Self::Heartbeat, Self::Freshness, Self::Presence, Self::Poke];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Freshness => "freshness",
            Self::Presence => "presence",
            Self::Poke => "poke",
        }
    }

    /// By the last word of a topic.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// Whether the store's agent publishes it; central publishes the rest.
    #[must_use]
    pub const fn from_agent(self) -> bool {
        !matches!(self, Self::Poke)
    }
}

/// A topic of one store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    pub tenant: TenantId,
    pub store: StoreId,
    pub channel: Channel,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTopic {
    #[error(
        "{0:?} is not a Holdfast topic: expected holdfast/v1/{{tenant}}/{{store}}/{{heartbeat|freshness|presence|poke}}"
    )]
    Shape(String),
    #[error(transparent)]
    Id(#[from] BadId),
}

impl Topic {
    #[must_use]
    pub const fn new(tenant: TenantId, store: StoreId, channel: Channel) -> Self {
        Self { tenant, store, channel }
    }

    /// What central subscribes to: one channel of every store.
    #[must_use]
    pub fn filter_all(channel: Channel) -> String {
        format!("{ROOT}/+/+/{}", channel.as_str())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ROOT}/{}/{}/{}", self.tenant, self.store, self.channel.as_str())
    }
}

impl FromStr for Topic {
    type Err = BadTopic;

    fn from_str(text: &str) -> Result<Self, BadTopic> {
        let shape = || BadTopic::Shape(text.chars().take(120).collect());
        let rest = text.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/')).ok_or_else(shape)?;
        let parts: Vec<&str> = rest.splitn(4, '/').collect();
        let [tenant, store, channel] = parts.as_slice() else { return Err(shape()) };
        let channel = Channel::of_word(channel).ok_or_else(shape)?;
        Ok(Self { tenant: TenantId::new(*tenant)?, store: StoreId::new(*store)?, channel })
    }
}

/// With a boot's 64 characters and the dot this is what the embedded broker takes, and every broker that
/// takes more than the 23 that it must.
const CLIENT_CHARS_MAX: usize = 63;

/// Under which id a box connects to the broker. A broker lets one connection of an id live and ends the
/// older one, so it names the tenant, whose stores may be called like another's, and the boot: a box and
/// its copy are one replica, and would put each other out for ever.
///
/// ```
/// use holdfast_shared::wire::topic::{client_id, is_client_of};
/// let [tenant, store, replica] = ["acme", "leeds", "leeds-a"];
/// let (tenant, store, replica) = (tenant.parse().unwrap(), store.parse().unwrap(), replica.parse().unwrap());
/// let id = client_id(&tenant, &store, &replica, &"b7".parse().unwrap());
/// assert_eq!(id, "acme.leeds.leeds-a.b7");
/// assert!(is_client_of(&id, &tenant, &store, &replica));
/// assert!(!is_client_of(&id, &"other".parse().unwrap(), &store, &replica));
/// ```
#[must_use]
pub fn client_id(tenant: &TenantId, store: &StoreId, replica: &ReplicaId, boot: &BootId) -> String {
    format!("{}.{boot}", client_name(tenant, store, replica))
}

/// Whether this is the id of a box that speaks as this replica, whichever its boot is.
#[must_use]
pub fn is_client_of(id: &str, tenant: &TenantId, store: &StoreId, replica: &ReplicaId) -> bool {
    // No id holds a dot.
    id.rsplit_once('.')
        .is_some_and(|(name, boot)| name == client_name(tenant, store, replica) && BootId::new(boot).is_ok())
}

/// In words where they fit, else a hash of them.
fn client_name(tenant: &TenantId, store: &StoreId, replica: &ReplicaId) -> String {
    let words = format!("{tenant}.{store}.{replica}");
    if words.len() <= CLIENT_CHARS_MAX {
        return words;
    }
    let hash = blake3::hash(words.as_bytes()).to_hex();
    hash.chars().take(CLIENT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_fits_however_long_the_names_are() {
        let long = "x".repeat(crate::limits::ID_CHARS_MAX);
        let (tenant, store, replica) = (long.parse().unwrap(), long.parse().unwrap(), long.parse().unwrap());
        let id = client_id(&tenant, &store, &replica, &long.parse().unwrap());
        assert_eq!(id.len(), 128);
        assert!(is_client_of(&id, &tenant, &store, &replica));
        assert!(!is_client_of(&id, &tenant, &store, &"y".parse().unwrap()));
        assert!(!is_client_of("leeds-a", &"acme".parse().unwrap(), &store, &replica));
    }

    #[test]
    fn what_is_not_exactly_a_topic_is_refused() {
        for wrong in [
            "",
            "holdfast/v1",
            "holdfast/v1/a/b",
            "holdfast/v1/a/b/heartbeat/x",
            "holdfast/v2/a/b/heartbeat",
            "holdfast/v1/a/b/other",
            "holdfast/v1/a/#",
            "holdfast/v1//b/poke",
            "xholdfast/v1/a/b/poke",
        ] {
            assert!(wrong.parse::<Topic>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_channel_round_trips() {
        for channel in Channel::ALL {
            let topic = Topic::new("t".parse().unwrap(), "s".parse().unwrap(), channel);
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
    }
}
