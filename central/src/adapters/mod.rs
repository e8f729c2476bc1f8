//! One outside thing, one folder. Adapters know the ports and the flows, never each other.

pub mod carriers;
pub mod http;
pub mod metrics;
pub mod mqtt_broker;
pub mod mqtt_canary;
pub mod mqtt_client;
pub mod payments;
pub mod sinks;
pub mod sqlite;
pub mod surroundings;
