//! Takes in one MQTT message. A message is believed only as far as its topic, its sender and its
//! own words agree; all else is counted, and told once per sender.

use super::digest::compare_newest;
use super::{FlowError, Watch};
use crate::core::exception::{Category, NewException, Severity};
use crate::core::health::StoreKey;
use crate::core::health::book::Heard;
use crate::core::health::vitals::make_sense;
use crate::ports::access::ReplicaIdentity;
use crate::ports::fleet::Fleet;
use crate::ports::replication::Replication;
use holdfast_shared::ids::{BootId, ReplicaId, StoreId, TenantId};
use holdfast_shared::time::Now;
use holdfast_shared::wire::signal::{Freshness, Heartbeat, Presence, decode};
use holdfast_shared::wire::topic::{Channel, Topic};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Written into the health book, or ignored there as old.
    Heard(Heard),
    /// Not a topic of stores, or not the JSON that it carries.
    Unreadable,
    /// It claims to be from someone else.
    Foreign,
    /// Central's own, echoed by the broker.
    Own,
    /// From a box that is kept apart: it says nothing of the store.
    Apart,
}

/// `sender` is absent when an external broker's access list vouches for the topic.
pub async fn hear<S: Fleet + Replication + ?Sized>(
    store: &S,
    watch: &Watch,
    topic: &str,
    sender: Option<&ReplicaIdentity>,
    payload: &[u8],
    now: Now,
) -> Result<Outcome, FlowError> {
    let Ok(topic) = topic.parse::<Topic>() else {
        return Ok(unreadable(watch, sender, "a topic that is none of a store"));
    };
    let message = match topic.channel {
        Channel::Poke => return Ok(Outcome::Own),
        Channel::Heartbeat => decode(payload).map(|beat| Message::Heartbeat(Box::new(beat))),
        Channel::Freshness => decode(payload).map(Message::Freshness),
        Channel::Presence => decode(payload).map(Message::Presence),
    };
    match message {
        Err(error) => Ok(unreadable(watch, sender, &format!("{topic}: {error}"))),
        Ok(message) if !message.is_from(&topic.tenant, &topic.store, sender) => {
            foreign(store, watch, &topic, sender, now).await
        }
        Ok(message) => take(store, watch, (&topic, sender), message, now).await,
    }
}

/// A heartbeat that came with a sync, from a replica that the credential has proven.
pub async fn hear_by_sync<S: Replication + ?Sized>(
    store: &S,
    watch: &Watch,
    replica: &ReplicaIdentity,
    json: &str,
    now: Now,
) -> Result<Outcome, FlowError> {
    let beat: Heartbeat = match decode(json.as_bytes()) {
        Ok(beat) => beat,
        Err(error) => return Ok(unreadable(watch, Some(replica), &format!("health in a sync: {error}"))),
    };
    let message = Message::Heartbeat(Box::new(beat));
    if !message.is_from(&replica.tenant, &replica.store, Some(replica)) {
        watch.with(|observatory| {
            observatory.counts.foreign = observatory.counts.foreign.saturating_add(1);
        });
        return Ok(Outcome::Foreign);
    }
    let topic = Topic::new(replica.tenant.clone(), replica.store.clone(), Channel::Heartbeat);
    take(store, watch, (&topic, Some(replica)), message, now).await
}

enum Message {
    Heartbeat(Box<Heartbeat>),
    Freshness(Freshness),
    Presence(Presence),
}

impl Message {
    const fn boot(&self) -> &BootId {
        match self {
            Self::Heartbeat(beat) => &beat.boot,
            Self::Freshness(fresh) => &fresh.boot,
            Self::Presence(presence) => &presence.boot,
        }
    }

    fn is_from(&self, tenant: &TenantId, store: &StoreId, sender: Option<&ReplicaIdentity>) -> bool {
        let (says_tenant, says_store, says_replica): (_, _, &ReplicaId) = match self {
            Self::Heartbeat(beat) => (Some(&beat.tenant), &beat.store, &beat.replica),
            Self::Freshness(fresh) => (Some(&fresh.tenant), &fresh.store, &fresh.replica),
            Self::Presence(presence) => (None, &presence.store, &presence.replica),
        };
        let topic_agrees = says_tenant.is_none_or(|says| says == tenant) && says_store == store;
        let sender_agrees = sender.is_none_or(|sender| {
            sender.tenant == *tenant && sender.store == *store && sender.replica == *says_replica
        });
        topic_agrees && sender_agrees
    }
}

async fn take<S: Replication + ?Sized>(
    store: &S,
    watch: &Watch,
    (topic, sender): (&Topic, Option<&ReplicaIdentity>),
    message: Message,
    now: Now,
) -> Result<Outcome, FlowError> {
    let key = StoreKey::new(topic.tenant.clone(), topic.store.clone());
    if !watch.with(|observatory| observatory.speaks_for_its_store(&key, message.boot())) {
        return Ok(Outcome::Apart);
    }
    let heard = match message {
        Message::Freshness(fresh) => {
            watch.with(|observatory| observatory.book.hear_freshness(fresh, now.mono))
        }
        Message::Presence(presence) => {
            watch.with(|observatory| observatory.book.hear_presence(&key, &presence, now.mono))
        }
        Message::Heartbeat(mut beat) => {
            let replica = beat.replica.clone();
            match make_sense(&mut beat) {
                Ok(false) => {}
                Ok(true) => absurd(watch, &key, &replica),
                Err(error) => return Ok(unreadable(watch, sender, &format!("{topic}: {error}"))),
            }
            let heard = watch.with(|observatory| observatory.hear(*beat, now.mono));
            if heard == Heard::Taken {
                compare_newest(store, watch, &key, &replica, now.mono).await?;
            }
            heard
        }
    };
    Ok(Outcome::Heard(heard))
}

fn sender_name(sender: Option<&ReplicaIdentity>) -> String {
    sender.map_or_else(|| String::from("an external broker"), |known| known.replica.to_string())
}

fn absurd(watch: &Watch, key: &StoreKey, replica: &ReplicaId) {
    let first = watch.with(|observatory| {
        observatory.counts.absurd = observatory.counts.absurd.saturating_add(1);
        observatory.offends_first(&format!("absurd:{key}:{replica}"))
    });
    if first {
        tracing::warn!(store = %key, %replica,
            "a heartbeat has numbers that no machine measures; they are taken for unknown, and more are only \
             counted");
    }
}

fn unreadable(watch: &Watch, sender: Option<&ReplicaIdentity>, what: &str) -> Outcome {
    let name = sender_name(sender);
    let first = watch.with(|observatory| {
        observatory.counts.unreadable = observatory.counts.unreadable.saturating_add(1);
        observatory.offends_first(&format!("unreadable:{name}"))
    });
    if first {
        tracing::warn!(sender = %name, what, "unreadable signal; more of this sender are only counted");
    }
    Outcome::Unreadable
}

/// Told to the tenant whose credential was used, when that is known.
async fn foreign<S: Fleet + ?Sized>(
    store: &S,
    watch: &Watch,
    topic: &Topic,
    sender: Option<&ReplicaIdentity>,
    now: Now,
) -> Result<Outcome, FlowError> {
    let name = sender_name(sender);
    let offender = format!("foreign:{name}:{topic}");
    let first = watch.with(|observatory| {
        observatory.counts.foreign = observatory.counts.foreign.saturating_add(1);
        observatory.offends_first(&offender)
    });
    if first {
        tracing::warn!(sender = %name, %topic, "signal claims to be from someone else");
        let tenant = sender.map_or(&topic.tenant, |sender| &sender.tenant);
        let exception = NewException {
            key: offender,
            category: Category::ForeignClaim,
            severity: Severity::High,
            order: None,
            task: None,
            store: Some(sender.map_or(&topic.store, |sender| &sender.store).clone()),
            detail: format!("{name} sent a message on {topic} that is not its own; it was not believed"),
            suggestion: String::from(
                "Look at that box: a wrong configuration, a cloned disk, or a stolen credential.",
            ),
        };
        store.raise(tenant, &exception, now.utc).await?;
    }
    Ok(Outcome::Foreign)
}

#[cfg(test)]
mod tests;
