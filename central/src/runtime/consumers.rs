//! One worker for each consumer: a slow one holds up no other, and nothing that central does for itself.
//!
//! The keeper looks at who is registered, starts a worker for whoever is active, and ends those that are not any more or
//! that have other terms. A worker takes one step after the other, woken by new events and by what falls due.

use super::tasks::{Ended, Trouble};
use crate::adapters::http::Shared;
use crate::core::events::consumer::{Consumer, ConsumerState, Progress, SinkTerms};
use crate::core::outside::breaker::Stands;
use crate::flows::FlowError;
use crate::flows::deliver::{Courier, Step, deliver};
use crate::ports::StoreError;
use crate::ports::sinks::Sink;
use holdfast_platform::random;
use holdfast_platform::service::Ticker;
use holdfast_shared::ids::{ConsumerId, TenantId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A way out that cannot be opened is tried again after this.
const OPEN_AGAIN: Duration = Duration::from_secs(10);
/// A worker that nobody wakes looks for itself.
const IDLE_MAX: Duration = Duration::from_secs(5);

type Name = (TenantId, ConsumerId);

struct Worker {
    version: u32,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Any random number. Without one the waits are all of the same length, which is no reason to stop.
fn draw() -> u64 {
    random::bytes().map_or(0, u64::from_le_bytes)
}

pub(super) async fn keep(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(LOOK_EVERY, stop.clone());
    let mut trouble = Trouble::of("consumers");
    let mut workers: BTreeMap<Name, Worker> = BTreeMap::new();
    while ticker.tick_or(&app.bells.consumers).await {
        let found = app.storage.consumers(None, app.clock.now().utc).await.map_err(FlowError::from);
        let Some(found) = trouble.note(found) else { continue };
        measure(&found);
        fit(&app, &mut workers, found, &stop).await;
    }
    for worker in workers.into_values() {
        worker.end().await;
    }
    Ok(())
}

impl Worker {
    /// What it is sending may have arrived: it is sent again, by whoever comes after it.
    async fn end(self) {
        self.stop.cancel();
        // A panic is told by the hook, and the next worker begins from what is written.
        let _ended = self.task.await;
    }
}

/// A worker for each that is sent something, and none for anybody else.
async fn fit(
    app: &Shared,
    workers: &mut BTreeMap<Name, Worker>,
    found: Vec<(Consumer, Progress)>,
    stop: &CancellationToken,
) {
    let wanted: BTreeMap<Name, Consumer> = found
        .into_iter()
        .map(|(consumer, _)| consumer)
        .filter(|consumer| consumer.state == ConsumerState::Active)
        .filter(|consumer| !matches!(consumer.terms.sink, SinkTerms::Pull {}))
        .map(|consumer| ((consumer.tenant.clone(), consumer.consumer.clone()), consumer))
        .collect();
    let over: Vec<Name> = workers
        .iter()
        .filter(|(name, worker)| {
            let same = wanted.get(*name).is_some_and(|consumer| consumer.version == worker.version);
            !same || worker.task.is_finished()
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in over {
        if let Some(worker) = workers.remove(&name) {
            worker.end().await;
        }
    }
    for (name, consumer) in wanted {
        workers.entry(name).or_insert_with(|| {
            let (version, stop) = (consumer.version, stop.child_token());
            let task = tokio::spawn(work(Arc::clone(app), consumer, stop.clone()));
            Worker { version, stop, task }
        });
    }
}

async fn work(app: Shared, consumer: Consumer, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = carry(&app, consumer) => {}
    }
}

async fn opened(app: &Shared, consumer: &Consumer, trouble: &mut Trouble) -> Arc<dyn Sink> {
    loop {
        let found = app.storage.consumer_secrets(&consumer.tenant, &consumer.consumer).await;
        let sink = match found {
            Ok(secrets) => app.sinks.open(consumer, &secrets).await.map_err(|what| FlowError::Refused {
                code: holdfast_shared::error::Code::InvalidRequest,
                what: format!("{}: {what}", consumer.consumer),
            }),
            Err(error) => Err(FlowError::from(error)),
        };
        if let Some(sink) = trouble.note(sink) {
            return sink;
        }
        pause(OPEN_AGAIN).await;
    }
}

/// Goes on until whoever keeps it ends it.
async fn carry(app: &Shared, mut consumer: Consumer) {
    let mut trouble = Trouble::of("deliver");
    let sink = opened(app, &consumer, &mut trouble).await;
    let mut courier = Courier::new(sink, Arc::clone(&app.naming), draw, app.clock.now());
    let mut news = app.events.wakes();
    loop {
        let step = deliver(&*app.storage, &mut courier, &consumer, app.clock.now()).await;
        tell(&consumer, &courier);
        let wait = match trouble.note(step) {
            Some(Step::Again) => {
                match refreshed(app, &consumer).await {
                    Ok(Some(now)) => consumer = now,
                    // It is another's to send now, or nobody's: the keeper sees to that.
                    Ok(None) => return app.bells.consumers.notify_one(),
                    Err(error) => drop(trouble.note::<()>(Err(error.into()))),
                }
                continue;
            }
            Some(Step::Rest { ms }) => {
                pause(duration(ms)).await;
                continue;
            }
            Some(Step::Idle { until }) => {
                until.map_or(IDLE_MAX, |until| duration(until.since(app.clock.now().utc)).min(IDLE_MAX))
            }
            None => IDLE_MAX,
        };
        // Either way there is something to look for.
        let _news = tokio::time::timeout(wait, news.next()).await;
    }
}

/// Nothing shall wake it before: a receiver is left alone. Whoever ends the worker ends this too.
async fn pause(length: Duration) {
    let _over = tokio::time::timeout(length, std::future::pending::<()>()).await;
}

/// As it stands after a step, as long as it has the same terms.
async fn refreshed(app: &Shared, consumer: &Consumer) -> Result<Option<Consumer>, StoreError> {
    let found = app.storage.consumer(&consumer.tenant, &consumer.consumer, app.clock.now().utc).await?;
    Ok(found.map(|(found, _)| found).filter(|found| found.version == consumer.version))
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

fn tell(consumer: &Consumer, courier: &Courier) {
    let closed = if courier.stands() == Stands::Closed { 0.0 } else { 1.0 };
    metrics::gauge!("holdfast_consumer_breaker_open",
        "tenant" => consumer.tenant.to_string(), "consumer" => consumer.consumer.to_string())
    .set(closed);
}

fn measure(found: &[(Consumer, Progress)]) {
    for (consumer, progress) in found {
        let (tenant, name) = (consumer.tenant.to_string(), consumer.consumer.to_string());
        let behind = u32::try_from(progress.behind).unwrap_or(u32::MAX);
        let seconds = u32::try_from(progress.behind_ms / 1_000).unwrap_or(u32::MAX);
        for (what, value) in [
            ("events_behind", behind),
            ("seconds_behind", seconds),
            ("waiting", progress.waiting),
            ("parked_keys", progress.parked),
        ] {
            metrics::gauge!("holdfast_consumer", "what" => what, "tenant" => tenant.clone(), "consumer" => name.clone())
                .set(f64::from(value));
        }
    }
}
