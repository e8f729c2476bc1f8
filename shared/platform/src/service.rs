//! The life of a process: named tasks, one way to stop, and a bounded end.
//!
//! A task that fails, panics, or ends though nobody asked it to, stops the whole process with its
//! error: half a process that looks alive is worse than one that the supervisor starts again.

use futures::FutureExt;
use sd_notify::NotifyState;
use std::collections::BTreeMap;
use std::future::Future;
use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// What a task may fail with.
pub type TaskError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum LifetimeError {
    #[error("{task} failed")]
    Failed { task: String, source: TaskError },
    #[error("{task} panicked")]
    Panicked { task: String },
    #[error("{task} ended though nobody asked it to")]
    EndedEarly { task: String },
    #[error("signals cannot be listened for")]
    Signals(#[source] std::io::Error),
}

/// Whether a task may end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    WhenStopped,
    WhenDone,
}

#[derive(Debug, Default)]
struct Inner {
    running: BTreeMap<u64, String>,
    next: u64,
    failure: Option<LifetimeError>,
}

/// SIGTERM and SIGINT. Heard from the moment that this exists: made before anything serves, so
/// that a process that can be reached can also be asked to stop.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn listen() -> Result<Self, LifetimeError> {
        let listen = |kind| signal(kind).map_err(LifetimeError::Signals);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits until one of them comes.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = self.interrupt.recv() => tracing::info!("SIGINT: stopping"),
        }
    }
}

/// Owns the tasks of a process. Clones are handles to the same life.
#[derive(Debug, Clone)]
pub struct Lifetime {
    stop: CancellationToken,
    inner: Arc<Mutex<Inner>>,
    ended: Arc<Notify>,
    drain: Duration,
}

impl Lifetime {
    #[must_use]
    pub fn new(drain: Duration) -> Self {
        Self { stop: CancellationToken::new(), inner: Arc::default(), ended: Arc::default(), drain }
    }

    /// Cancelled when the process is to stop. Every task watches it.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks everything to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task that lives until the process stops.
    pub fn spawn<F, E>(&self, name: impl Into<String>, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<TaskError> + 'static,
    {
        self.start(name.into(), End::WhenStopped, task);
    }

    /// A task that ends when its work is done.
    pub fn spawn_once<F, E>(&self, name: impl Into<String>, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<TaskError> + 'static,
    {
        self.start(name.into(), End::WhenDone, task);
    }

    fn start<F, E>(&self, name: String, end: End, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<TaskError> + 'static,
    {
        let id = {
            let mut inner = self.lock();
            inner.next += 1;
            let id = inner.next;
            inner.running.insert(id, name.clone());
            id
        };
        let life = self.clone();
        tokio::spawn(async move {
            let outcome = AssertUnwindSafe(task).catch_unwind().await;
            let failure = match outcome {
                Err(_) => Some(LifetimeError::Panicked { task: name }),
                Ok(Err(error)) => Some(LifetimeError::Failed { task: name, source: error.into() }),
                Ok(Ok(())) if end == End::WhenStopped && !life.stop.is_cancelled() => {
                    Some(LifetimeError::EndedEarly { task: name })
                }
                Ok(Ok(())) => None,
            };
            life.end(id, failure);
        });
    }

    fn end(&self, id: u64, failure: Option<LifetimeError>) {
        let mut inner = self.lock();
        inner.running.remove(&id);
        if let Some(failure) = failure {
            tracing::error!(error = %failure, "a task failed; the process stops");
            // The first failure is the cause; later ones mostly follow from it.
            inner.failure.get_or_insert(failure);
            self.stop.cancel();
        }
        drop(inner);
        self.ended.notify_one();
    }

    /// Waits for [`Lifetime::stop`] or a failed task; then for the tasks, no longer than the drain
    /// deadline. The first failure is the result.
    pub async fn run(self) -> Result<(), LifetimeError> {
        self.run_until(std::future::pending()).await
    }

    /// As [`Lifetime::run`], and stops when somebody asks for it: see [`Signals::asked`].
    pub async fn run_until(self, asked: impl Future<Output = ()>) -> Result<(), LifetimeError> {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = asked => {}
        }
        notify(&NotifyState::Stopping);
        self.stop.cancel();
        if tokio::time::timeout(self.drain, self.all_ended()).await.is_err() {
            let left: Vec<String> = self.lock().running.values().cloned().collect();
            tracing::warn!(?left, "tasks did not end before the drain deadline");
        }
        let failure = self.lock().failure.take();
        failure.map_or(Ok(()), Err)
    }

    async fn all_ended(&self) {
        while !self.lock().running.is_empty() {
            self.ended.notified().await;
        }
    }

    /// Tells systemd that the process serves, and from now on that it lives, if it wants to know.
    pub fn ready(&self, status: &str) {
        notify(&NotifyState::Ready);
        notify(&NotifyState::Status(status));
        let Some(timeout) = sd_notify::watchdog_enabled() else { return };
        let mut ticker = Ticker::new(timeout / 3, self.token());
        self.spawn("watchdog", async move {
            while ticker.tick().await {
                notify(&NotifyState::Watchdog);
            }
            Ok::<(), TaskError>(())
        });
    }
}

/// What `systemctl status` shows.
pub fn status(text: &str) {
    notify(&NotifyState::Status(text));
}

fn notify(state: &NotifyState<'_>) {
    // Without systemd there is nobody to tell.
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!(%error, "the supervisor was not told");
    }
}

/// Periodic work that ends with the process. Ticks that were missed are skipped.
#[derive(Debug)]
pub struct Ticker {
    interval: tokio::time::Interval,
    stop: CancellationToken,
}

impl Ticker {
    /// The first tick comes at once. Needs a runtime.
    #[must_use]
    pub fn new(every: Duration, stop: CancellationToken) -> Self {
        let mut interval = tokio::time::interval(every.max(Duration::from_millis(1)));
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self { interval, stop }
    }

    /// Waits for the next tick; `false` when the process stops.
    pub async fn tick(&mut self) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            _ = self.interval.tick() => true,
        }
    }

    /// Something falls due before the next tick would come: it comes then, and the others after it.
    pub fn come_within(&mut self, within: Duration) {
        if within < self.interval.period() {
            self.interval.reset_after(within);
        }
    }

    /// As [`Ticker::tick`], but a `wake` comes first: for reconcilers woken by signal and timer.
    pub async fn tick_or(&mut self, wake: &Notify) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = wake.notified() => true,
            _ = self.interval.tick() => true,
        }
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{filter:?} is not a log filter")]
    Filter { filter: String, source: tracing_subscriber::filter::ParseError },
    #[error("a log is set up already")]
    Twice(#[source] TaskError),
}

/// Sends the log to stderr. `filter` is like `info,holdfast_agent=debug`.
pub fn init_log(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let parsed = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|source| LogError::Filter { filter: filter.to_owned(), source })?;
    // A log that cannot be written (its disk is full) must not end what it tells of.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().try_init(),
    }
    .map_err(LogError::Twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Duration = Duration::from_secs(3600);

    async fn until_stopped(stop: CancellationToken) -> Result<(), TaskError> {
        stop.cancelled().await;
        Ok(())
    }

    #[tokio::test]
    async fn one_failed_task_stops_the_others_and_is_the_result() {
        let life = Lifetime::new(NEVER);
        life.spawn("steady", until_stopped(life.token()));
        life.spawn("broken", std::future::ready(Err::<(), _>("no more")));
        let error = life.run().await.unwrap_err();
        assert!(matches!(error, LifetimeError::Failed { task, .. } if task == "broken"));
    }

    #[tokio::test]
    async fn a_task_that_ends_or_panics_by_itself_is_a_failure() {
        let life = Lifetime::new(NEVER);
        life.spawn("short", std::future::ready(Ok::<(), TaskError>(())));
        assert!(matches!(life.run().await, Err(LifetimeError::EndedEarly { .. })));
        let life = Lifetime::new(NEVER);
        life.spawn_once("bad", async { if true { panic!("ouch") } else { Ok::<(), TaskError>(()) } });
        assert!(matches!(life.run().await, Err(LifetimeError::Panicked { .. })));
    }

    #[tokio::test]
    async fn stopping_waits_for_tasks_but_not_for_ever() {
        let life = Lifetime::new(Duration::from_millis(10));
        life.spawn("steady", until_stopped(life.token()));
        life.spawn("stuck", std::future::pending::<Result<(), TaskError>>());
        life.stop();
        assert!(life.run().await.is_ok());
    }

    #[tokio::test]
    async fn a_ticker_stops_with_the_process() {
        let stop = CancellationToken::new();
        let mut ticker = Ticker::new(NEVER, stop.clone());
        assert!(ticker.tick().await);
        let wake = Notify::new();
        wake.notify_one();
        assert!(ticker.tick_or(&wake).await);
        ticker.come_within(Duration::from_millis(1));
        assert!(ticker.tick().await, "long before its own time");
        stop.cancel();
        assert!(!ticker.tick().await);
    }
}
