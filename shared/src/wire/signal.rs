//! The JSON payloads of MQTT: heartbeat, freshness, presence and poke.
//!
//! A tech reads them with any MQTT client, so the field names are whole words with their units.
//! They are signals: losing every one may delay, never corrupt. A receiver tolerates fields that
//! it does not know, so that agents and central of different age understand each other.

use crate::ids::{BootId, ReplicaId, StoreId, TenantId};
use crate::limits::MQTT_PAYLOAD_BYTES_MAX;
use crate::time::UtcMs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the store is. Every 5 seconds, QoS 1, with message expiry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub tenant: TenantId,
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
    /// Counts this boot's heartbeats, so that an old one is told from a new one.
    pub sequence: u64,
    /// The agent's wall clock.
    pub sent_at: UtcMs,
    pub uptime_ms: i64,
    pub version: String,
    pub vitals: Vitals,
    /// Over all open documents, in hexadecimal.
    pub root: String,
    /// Over all stock as of that root, in hexadecimal.
    pub stock_digest: String,
}

/// The measured aspects of a store. Ages instead of times: no clock needs to agree. Absent is
/// unknown, never fine and never zero.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Vitals {
    pub pos_paired: u32,
    pub pos_seen_ms_ago: Option<i64>,
    pub handhelds_paired: u32,
    pub handheld_seen_ms_ago: Option<i64>,
    pub last_movement_ms_ago: Option<i64>,
    pub sync_ok_ms_ago: Option<i64>,
    pub unsynced_facts: u64,
    pub open_tasks: u32,
    pub disk_free_bytes: Option<u64>,
    pub disk_total_bytes: Option<u64>,
    /// None until the whole database was examined.
    pub database_ok: Option<bool>,
    /// Whether the agent still has space to let go when its disk fills.
    pub ballast_held: Option<bool>,
    /// The agent's wall clock minus central's, as of the last sync.
    pub clock_offset_ms: Option<i64>,
    pub memory_bytes: Option<u64>,
    pub load_1m: Option<f64>,
    /// The hottest sensor that can be read.
    pub temperature_c: Option<f64>,
    /// Whether no mains power carries the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_battery: Option<bool>,
    /// Charge of the battery that has the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// A closure that staff raised at the store.
    pub closure: Option<ClosureNote>,
    /// Closures that staff planned at the store, and that are not over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<PlannedNote>,
}

/// A closure as the store tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureNote {
    pub hard: bool,
    pub cause: String,
    pub author: String,
    pub since: UtcMs,
    pub until: Option<UtcMs>,
}

/// A closure ahead, as the store tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedNote {
    /// Names it among those of its store.
    pub number: u32,
    pub hard: bool,
    pub cause: String,
    pub author: String,
    pub from: UtcMs,
    pub until: UtcMs,
}

impl PlannedNote {
    #[must_use]
    pub fn in_force(&self, now: UtcMs) -> bool {
        self.from <= now && now < self.until
    }
}

/// How fresh the inventory is that central has of this store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    pub tenant: TenantId,
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
    pub sequence: u64,
    pub positions: u64,
    pub last_movement_ms_ago: Option<i64>,
    pub last_count_ms_ago: Option<i64>,
    /// The oldest fact that central has not acknowledged.
    pub oldest_unsynced_ms_ago: Option<i64>,
    pub unsynced_facts: u64,
}

/// Whether the agent is connected. Retained; the broker sends `online: false` as the last will.
/// A hint only: a will can overtake a rebirth, hence the boot id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub store: StoreId,
    pub replica: ReplicaId,
    pub boot: BootId,
    pub online: bool,
    /// A clean goodbye, rather than the last will.
    #[serde(default)]
    pub planned: bool,
}

/// There is something to sync, and why; nothing depends on its arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poke {
    pub why: String,
}

#[derive(Debug, thiserror::Error)]
pub enum BadSignal {
    #[error("a payload of {0} bytes is over the limit of {MQTT_PAYLOAD_BYTES_MAX}")]
    TooLong(usize),
    #[error("the payload is not what the topic carries")]
    Json(#[from] serde_json::Error),
}

pub fn encode(signal: &impl Serialize) -> Result<Vec<u8>, BadSignal> {
    Ok(serde_json::to_vec(signal)?)
}

pub fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, BadSignal> {
    if payload.len() > MQTT_PAYLOAD_BYTES_MAX {
        return Err(BadSignal::TooLong(payload.len()));
    }
    Ok(serde_json::from_slice(payload)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const HEARTBEAT_OF_A_NEWER_AGENT: &[u8] = br#"{"tenant":"t","store":"s","replica":"s-a","boot":"b1","sequence":1,"sent_at":"1970-01-01T00:00:00.005Z",
            "uptime_ms":7,"version":"9.9.9","vitals":{"open_tasks":2,"gravity":9.8},"root":"","stock_digest":"","new":1}"#;

    #[test]
    fn a_heartbeat_of_a_newer_agent_is_understood() {
        let beat: Heartbeat = decode(HEARTBEAT_OF_A_NEWER_AGENT).unwrap();
        assert_eq!((beat.vitals.open_tasks, beat.vitals.disk_free_bytes), (2, None));
    }

    #[test]
    fn junk_and_floods_are_refused() {
        assert!(matches!(decode::<Poke>(b"\xff\x00"), Err(BadSignal::Json(_))));
        assert!(matches!(
            decode::<Poke>(&vec![b' '; MQTT_PAYLOAD_BYTES_MAX + 1]),
            Err(BadSignal::TooLong(_))
        ));
        assert!(decode::<Poke>("[".repeat(10_000).as_bytes()).is_err());
    }

    /// Each field of a payload stands in the document that techs read, and nothing else does.
    #[test]
    fn asyncapi_names_the_fields_of_every_signal() {
        let document = include_str!("../../asyncapi.yaml");
        let named: BTreeSet<&str> = document
            .lines()
            .filter_map(|line| line.trim().split_once(": {"))
            .filter(|(_, rest)| rest.contains("type:"))
            .map(|(name, _)| name)
            .chain(["vitals", "closure", "planned"])
            .collect();
        let closure = ClosureNote {
            hard: true,
            cause: "weather".into(),
            author: "amy".into(),
            since: UtcMs(0),
            until: None,
        };
        let planned = PlannedNote {
            number: 1,
            hard: false,
            cause: "maintenance".into(),
            author: "amy".into(),
            from: UtcMs(0),
            until: UtcMs(1),
        };
        let beat: Heartbeat = decode(HEARTBEAT_OF_A_NEWER_AGENT).unwrap();
        let vitals = Vitals {
            planned: vec![planned],
            closure: Some(closure),
            on_battery: Some(true),
            battery_percent: Some(80),
            ..beat.vitals
        };
        let beat = Heartbeat { vitals, ..beat };
        let freshness = Freshness {
            tenant: beat.tenant.clone(),
            store: beat.store.clone(),
            replica: beat.replica.clone(),
            boot: beat.boot.clone(),
            sequence: 1,
            positions: 1,
            last_movement_ms_ago: None,
            last_count_ms_ago: None,
            oldest_unsynced_ms_ago: None,
            unsynced_facts: 0,
        };
        let presence = Presence {
            store: beat.store.clone(),
            replica: beat.replica.clone(),
            boot: beat.boot.clone(),
            online: true,
            planned: false,
        };
        let mut said = BTreeSet::new();
        for payload in [
            serde_json::to_value(&beat).unwrap(),
            serde_json::to_value(&freshness).unwrap(),
            serde_json::to_value(&presence).unwrap(),
            serde_json::to_value(Poke { why: "offer".into() }).unwrap(),
        ] {
            fields(&payload, &mut said);
        }
        assert_eq!(said.iter().map(String::as_str).collect::<BTreeSet<_>>(), named);
    }

    fn fields(value: &serde_json::Value, into: &mut BTreeSet<String>) {
        value.as_array().into_iter().flatten().for_each(|entry| fields(entry, into));
        for (name, inner) in value.as_object().into_iter().flatten() {
            into.insert(name.clone());
            fields(inner, into);
        }
    }
}
