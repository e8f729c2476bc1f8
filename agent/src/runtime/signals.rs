//! Keeps a connection to the broker: one after the other, with a growing wait between them.

use super::Shared;
use super::backoff::{Backoff, random};
use crate::adapters::mqtt::{ConnectionEnd, MqttUplink};
use holdfast_platform::service::TaskError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(30);

pub(super) async fn run(shared: Shared, uplink: Arc<MqttUplink>) -> Result<(), TaskError> {
    let stop = shared.life.token();
    let mut backoff = Backoff::new(FIRST_WAIT, WAIT_MAX);
    let mut told: Option<String> = None;
    while !stop.is_cancelled() {
        let stood = AtomicBool::new(false);
        let on_poke = |poke: holdfast_shared::wire::signal::Poke| {
            tracing::debug!(why = poke.why, "poked");
            shared.poked.notify_one();
        };
        let on_change = |connected: bool| {
            stood.fetch_or(connected, Ordering::Relaxed);
            shared.link.broker(connected);
            if connected {
                shared.greeted.notify_one();
            }
        };
        let end = uplink.connection(&stop, &on_poke, &on_change).await;
        if matches!(end, ConnectionEnd::Goodbye) {
            break;
        }
        if stood.load(Ordering::Relaxed) {
            backoff.succeeded();
            told = None;
        }
        // A broker that is down for a night is one line in the log, not one every half minute.
        let text = end.to_string();
        if told.as_ref() != Some(&text) {
            tracing::warn!(error = &end as &dyn std::error::Error, "the broker connection ended");
            told = Some(text);
        }
        let wait = backoff.missed(random());
        if timeout(wait, stop.cancelled()).await.is_ok() {
            break;
        }
    }
    Ok(())
}
