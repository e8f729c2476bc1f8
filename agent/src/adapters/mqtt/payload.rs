//! What is published: payloads within the limit, and how long each is worth something.

use crate::ports::ledger::Identity;
use crate::ports::uplink::NotSent;
use holdfast_shared::limits::MQTT_PAYLOAD_BYTES_MAX;
use holdfast_shared::wire::signal::{self, BadSignal, Presence};
use holdfast_shared::wire::topic::Channel;
use serde::Serialize;

/// An encoded payload that fits.
#[derive(Debug)]
pub(super) struct Outgoing(pub(super) Vec<u8>);

impl Outgoing {
    pub(super) fn of(signal: &impl Serialize) -> Result<Self, NotSent> {
        let payload = signal::encode(signal).map_err(|error| NotSent { why: error.to_string() })?;
        if payload.len() > MQTT_PAYLOAD_BYTES_MAX {
            return Err(NotSent { why: BadSignal::TooLong(payload.len()).to_string() });
        }
        Ok(Self(payload))
    }
}

pub(super) fn presence(identity: &Identity, online: bool, planned: bool) -> Result<Vec<u8>, BadSignal> {
    signal::encode(&Presence {
        store: identity.store.clone(),
        replica: identity.replica.clone(),
        boot: identity.boot.clone(),
        online,
        planned,
    })
}

/// After this a broker need not deliver it: an old beat would look like a fresh one.
pub(super) const fn message_expiry_s(channel: Channel) -> u32 {
    match channel {
        Channel::Heartbeat => 15,
        Channel::Freshness => 60,
        // Retained, so it has no end of its own.
        Channel::Presence | Channel::Poke => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_over_the_limit_is_not_sent() {
        assert!(Outgoing::of(&"x".repeat(MQTT_PAYLOAD_BYTES_MAX)).is_err());
        assert!(Outgoing::of(&"x").is_ok());
    }

    #[test]
    fn a_beat_expires_before_three_more_should_have_come() {
        assert_eq!(message_expiry_s(Channel::Heartbeat), 15);
        assert!(message_expiry_s(Channel::Freshness) > message_expiry_s(Channel::Heartbeat));
    }
}
