//! What MQTT brings in, whichever broker carries it.

use super::access::ReplicaIdentity;

/// Messages that may wait for the one who hears them. A broker that finds it full waits: its own
/// limits then slow the publishers down, instead of a silent drop here.
pub const HEARD_QUEUE_MAX: usize = 4_096;

/// One message of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub topic: String,
    pub payload: Vec<u8>,
    /// Who published it, when our own broker checked the login. An external broker keeps that to
    /// itself, and its access list is what vouches for the topic.
    pub from: Option<ReplicaIdentity>,
}
