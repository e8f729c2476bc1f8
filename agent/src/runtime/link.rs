//! What the loops know of the connections, for `/v1/status` and the heartbeat.

use crate::adapters::http::events::{Event, Hub};
use crate::adapters::http::needs::{Enrolled, Standing, StandingNow};
use crate::core::central_time::CentralTime;
use holdfast_shared::time::{MonoMs, Now};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
pub(super) struct Link {
    fixed: StandingNow,
    hub: Hub,
    moving: Mutex<Moving>,
}

/// How the last round with central went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    Well,
    /// It answered, and did not take it.
    Trouble(String),
    Nothing(String),
}

#[derive(Debug, Clone, Default)]
struct Moving {
    central: Option<Heard>,
    last_sync: Option<Now>,
    broker_connected: bool,
    central_time: Option<CentralTime>,
}

impl Link {
    pub(super) fn new(
        enrolled: Option<Enrolled>,
        central_url: String,
        broker: Option<String>,
        started_at: MonoMs,
        hub: Hub,
    ) -> Self {
        let fixed = StandingNow { enrolled, central_url, broker, started_at, ..StandingNow::default() };
        Self { fixed, hub, moving: Mutex::new(Moving::default()) }
    }

    /// A sync round went through, and central told its time.
    pub(super) fn synced(&self, now: Now, central_time: Option<CentralTime>) {
        let changed = {
            let mut moving = self.lock();
            moving.last_sync = Some(now);
            moving.central_time = central_time.or(moving.central_time);
            moving.central.replace(Heard::Well) != Some(Heard::Well)
        };
        self.tell(changed);
    }

    /// A round did not go through; `answered` when central was there and did not take it.
    pub(super) fn sync_failed(&self, answered: bool, why: String) {
        let heard = if answered { Heard::Trouble(why) } else { Heard::Nothing(why) };
        let changed = {
            let mut moving = self.lock();
            let kind = std::mem::discriminant(&heard);
            moving.central.replace(heard).is_none_or(|before| std::mem::discriminant(&before) != kind)
        };
        self.tell(changed);
    }

    pub(super) fn broker(&self, connected: bool) {
        let changed = {
            let mut moving = self.lock();
            std::mem::replace(&mut moving.broker_connected, connected) != connected
        };
        self.tell(changed);
    }

    /// None before the first try.
    pub(super) fn reached(&self) -> Option<bool> {
        self.lock().central.as_ref().map(|heard| !matches!(heard, Heard::Nothing(_)))
    }

    pub(super) fn last_sync(&self) -> Option<Now> {
        self.lock().last_sync
    }

    /// How far our wall clock is ahead of central's now, whenever that was last heard.
    pub(super) fn clock_offset_ms(&self, now: Now) -> Option<i64> {
        self.lock().central_time.map(|central| central.ahead_ms(now))
    }

    fn tell(&self, changed: bool) {
        if changed {
            self.hub.publish(Event::Status);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Moving> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing for Link {
    fn standing(&self) -> StandingNow {
        let moving = self.lock().clone();
        StandingNow {
            central_reachable: self.reached(),
            central_trouble: moving.central.and_then(|heard| match heard {
                Heard::Well => None,
                Heard::Trouble(why) | Heard::Nothing(why) => Some(why),
            }),
            last_sync: moving.last_sync.map(|now| now.mono),
            central_time: moving.central_time,
            broker_connected: moving.broker_connected,
            ..self.fixed.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::events::hub;
    use axum::response::IntoResponse;
    use axum::response::sse::Event as Sse;
    use futures::StreamExt;
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn screens_hear_of_a_change_and_only_of_a_change() {
        let hub = hub(CancellationToken::new());
        let stream = hub.stream(|event| Some(Sse::default().data(event.name()))).unwrap().into_response();
        let mut stream = stream.into_body().into_data_stream();
        let link = Link::new(None, "http://c".to_owned(), None, MonoMs(0), hub.clone());
        link.sync_failed(false, "no route".to_owned());
        link.sync_failed(false, "still no route".to_owned());
        link.synced(Now::default(), None);
        link.synced(Now::default(), None);
        hub.publish(Event::Reload);
        for expected in ["status", "status", "reload"] {
            let heard = stream.next().await.unwrap().unwrap();
            assert_eq!(heard, format!("data: {expected}\n\n"));
        }
        assert_eq!(link.standing().central_reachable, Some(true));
    }

    #[test]
    fn a_refusal_is_an_answer() {
        let hub = hub(CancellationToken::new());
        let link = Link::new(None, "http://c".to_owned(), None, MonoMs(0), hub);
        assert_eq!(link.reached(), None);
        link.sync_failed(true, "credential unknown".to_owned());
        assert_eq!((link.reached(), link.standing().central_trouble.is_some()), (Some(true), true));
    }
}
