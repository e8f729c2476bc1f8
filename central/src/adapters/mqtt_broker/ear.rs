//! Takes what agents publish out of the broker, in process, before it goes on to subscribers.

use super::auth::Login;
use crate::ports::signals::Heard;
use holdfast_shared::wire::topic::{Channel, Topic};
use mqtt5::broker::{BrokerEventHandler, ClientPublishEvent, PublishAction, RetainedSetEvent};
use std::future::Future;
use std::pin::Pin;
use tokio::sync::mpsc;

type Done<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(super) struct Ear {
    heard: mpsc::Sender<Heard>,
}

impl Ear {
    pub(super) const fn new(heard: mpsc::Sender<Heard>) -> Self {
        Self { heard }
    }

    /// Waits while the queue is full, and so slows this one publisher down.
    async fn pass_on(&self, heard: Heard) {
        if self.heard.send(heard).await.is_err() {
            tracing::debug!("a message came in while central stops");
        }
    }
}

fn is_presence(topic: &str) -> bool {
    topic.parse::<Topic>().is_ok_and(|topic| topic.channel == Channel::Presence)
}

impl BrokerEventHandler for Ear {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Done<'a, PublishAction> {
        Box::pin(async move {
            // A retained presence comes by `on_retained_set`, as a last will does.
            if !(event.retain && is_presence(&event.topic)) {
                let from = match event.user_id.as_deref().and_then(Login::from_user) {
                    Some(Login::Replica(identity)) => Some(identity),
                    // It says nothing of a store; what counts is that it gets out again.
                    Some(Login::Canary) => return PublishAction::Continue,
                    Some(Login::Observer) | None => None,
                };
                let topic = event.topic.to_string();
                self.pass_on(Heard { topic, payload: event.payload.to_vec(), from }).await;
            }
            PublishAction::Continue
        })
    }

    /// The one place where the broker tells of a last will. The access list has checked that the
    /// topic is its publisher's own.
    fn on_retained_set<'a>(&'a self, event: RetainedSetEvent) -> Done<'a, ()> {
        Box::pin(async move {
            if !event.cleared && is_presence(&event.topic) {
                let topic = event.topic.to_string();
                self.pass_on(Heard { topic, payload: event.payload.to_vec(), from: None }).await;
            }
        })
    }
}
