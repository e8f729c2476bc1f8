//! The one writer. Jobs that wait together share a commit; an answer is given only after it.
//!
//! Each job runs in its own savepoint: one that fails is undone alone. When the commit fails,
//! every job of the batch is told, because none of them was written. A job that is alone in its batch
//! needs no savepoint: it is undone with its transaction.

use super::witness::{Counter, Note};
use super::{StorageError, mishap};
use futures::channel::oneshot;
use holdfast_shared::guard::Guard;
use holdfast_shared::limits::{WRITER_BATCH_MAX, WRITER_QUEUE_MAX};
use rusqlite::Connection;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What the owner keeps in memory beside the rows (the hybrid clock, caches).
///
/// A job that can fail after it changed its companion must undo that change itself, best by
/// changing it last.
pub trait Companion: Send + 'static {
    /// The rows that this state was made from were rolled back, or a job panicked within it.
    /// Throw it away; the next job loads it again.
    fn on_failed_commit(&mut self);

    /// What the witness keeps beside the count of commits, read within the transaction.
    fn note(&self, connection: &Connection) -> Result<Note, StorageError> {
        let _nothing_of_its_own = connection;
        Ok(Note::default())
    }
}

impl Companion for () {
    fn on_failed_commit(&mut self) {}
}

/// A job, its result while it waits for the commit, and where the answer goes.
trait Job<S>: Send {
    fn wants_to_be_alone(&self) -> bool;
    fn attempt(&mut self, connection: &Connection, state: &mut S) -> Attempt;
    fn answer(self: Box<Self>, commit: Result<(), &StorageError>);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Done,
    Failed,
    Panicked,
}

struct Waiting<F, T, E> {
    alone: bool,
    job: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<S, F, T, E> Job<S> for Waiting<F, T, E>
where
    F: FnOnce(&Connection, &mut S) -> Result<T, E> + Send,
    T: Send,
    E: From<StorageError> + Send,
{
    fn wants_to_be_alone(&self) -> bool {
        self.alone
    }

    fn attempt(&mut self, connection: &Connection, state: &mut S) -> Attempt {
        let Some(job) = self.job.take() else { return Attempt::Failed };
        match catch_unwind(AssertUnwindSafe(|| job(connection, state))) {
            Ok(result) => {
                let attempt = if result.is_ok() { Attempt::Done } else { Attempt::Failed };
                self.result = Some(result);
                attempt
            }
            Err(_) => {
                self.result = Some(Err(StorageError::Other("a write panicked".to_owned()).into()));
                Attempt::Panicked
            }
        }
    }

    fn answer(self: Box<Self>, commit: Result<(), &StorageError>) {
        let answer = match (commit, self.result) {
            // Its own error says more than the batch's.
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Err(error), Some(Ok(_)) | None) => Err(error.clone().into()),
            (Ok(()), None) => Err(StorageError::Stopped.into()),
        };
        // Nobody listens when the caller has gone; what was written stays.
        drop(self.reply.send(answer));
    }
}

type Boxed<S> = Box<dyn Job<S>>;

enum Message<S> {
    Job(Boxed<S>),
    Stop(oneshot::Sender<()>),
}

/// What a writer holds beside its connection.
struct Hands<S> {
    state: S,
    /// None in memory.
    counter: Option<Counter>,
}

/// Clonable handle to the one writer.
pub struct Writer<S> {
    kind: Kind<S>,
}

enum Kind<S> {
    /// The thread holds the strong end of `lives`.
    Thread {
        queue: SyncSender<Message<S>>,
        lives: Weak<()>,
    },
    Inline {
        connection: Arc<Mutex<Connection>>,
        hands: Arc<Mutex<Hands<S>>>,
    },
}

impl<S> Clone for Writer<S> {
    fn clone(&self) -> Self {
        let kind = match &self.kind {
            Kind::Thread { queue, lives } => Kind::Thread { queue: queue.clone(), lives: Weak::clone(lives) },
            Kind::Inline { connection, hands } => {
                Kind::Inline { connection: Arc::clone(connection), hands: Arc::clone(hands) }
            }
        };
        Self { kind }
    }
}

impl<S> fmt::Debug for Writer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl<S: Companion> Writer<S> {
    pub(super) fn inline(connection: Arc<Mutex<Connection>>, state: S, counter: Option<Counter>) -> Self {
        let hands = Arc::new(Mutex::new(Hands { state, counter }));
        Self { kind: Kind::Inline { connection, hands } }
    }

    pub(super) fn thread(
        connection: Connection,
        state: S,
        counter: Option<Counter>,
    ) -> Result<Self, StorageError> {
        let hands = Hands { state, counter };
        let (queue, jobs) = sync_channel(WRITER_QUEUE_MAX);
        let life = Arc::new(());
        let lives = Arc::downgrade(&life);
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                work(connection, hands, &jobs);
                drop(life);
            })
            .map_err(|error| StorageError::Other(format!("no thread for the writer: {error}")))?;
        Ok(Self { kind: Kind::Thread { queue, lives } })
    }

    /// Whether somebody would take a job. Asks nothing of the disk.
    #[must_use]
    pub fn lives(&self) -> bool {
        match &self.kind {
            Kind::Thread { lives, .. } => lives.strong_count() > 0,
            Kind::Inline { .. } => true,
        }
    }

    /// Runs `job` in the next transaction and answers after its commit.
    ///
    /// A caller that goes away does not take its job back: it is written, and only the answer lost.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Connection, &mut S) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.take(job, false).await
    }

    /// The same in a transaction that it shares with nobody, for a job that changes very many pages. Within a
    /// savepoint SQLite keeps a copy of each in memory, and walks over all those copies at the end of nearly
    /// every statement: of thousands of statements that is most of what they cost.
    pub async fn write_alone<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&Connection, &mut S) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.take(job, true).await
    }

    async fn take<T, E, F>(&self, job: F, alone: bool) -> Result<T, E>
    where
        F: FnOnce(&Connection, &mut S) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let boxed: Boxed<S> = Box::new(Waiting { alone, job: Some(job), result: None, reply });
        match &self.kind {
            Kind::Inline { connection, hands } => {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                let mut hands = hands.lock().unwrap_or_else(PoisonError::into_inner);
                run_batch(&connection, &mut hands, vec![boxed]);
            }
            Kind::Thread { queue, .. } => {
                queue.try_send(Message::Job(boxed)).map_err(|refused| match refused {
                    TrySendError::Full(_) => StorageError::Busy,
                    TrySendError::Disconnected(_) => StorageError::Stopped,
                })?;
            }
        }
        answer.await.unwrap_or_else(|_| Err(StorageError::Stopped.into()))
    }

    /// Finishes what waits, then closes the file. Later jobs are told that the writer has stopped.
    pub async fn stop(&self) {
        let Kind::Thread { queue, .. } = &self.kind else { return };
        let (reply, stopped) = oneshot::channel();
        let mut message = Message::Stop(reply);
        loop {
            match queue.try_send(message) {
                Ok(()) => break,
                Err(TrySendError::Disconnected(_)) => return,
                Err(TrySendError::Full(back)) => message = back,
            }
            tokio::task::yield_now().await;
        }
        // An error means the thread has gone already.
        let _gone = stopped.await;
    }
}

fn work<S: Companion>(connection: Connection, mut hands: Hands<S>, jobs: &Receiver<Message<S>>) {
    // The channel ends when the last handle is dropped.
    while let Ok(first) = jobs.recv() {
        let mut batch = Vec::new();
        let (mut alone, mut stop) = (None, None);
        for message in std::iter::once(first).chain(jobs.try_iter()) {
            match message {
                Message::Job(job) if job.wants_to_be_alone() => alone = Some(job),
                Message::Job(job) => batch.push(job),
                Message::Stop(reply) => stop = Some(reply),
            }
            if batch.len() >= WRITER_BATCH_MAX || alone.is_some() || stop.is_some() {
                break;
            }
        }
        // In the order in which they came.
        for batch in [batch, Vec::from_iter(alone)] {
            if !batch.is_empty() {
                run_batch(&connection, &mut hands, batch);
            }
        }
        if let Some(reply) = stop {
            // Readers may outlive the writer, and cannot bring the log into the file.
            if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
                tracing::warn!(%error, "the log stays beside the database");
            }
            drop(connection);
            // Whoever asked may have gone.
            let _unheard = reply.send(());
            return;
        }
    }
}

fn run_batch<S: Companion>(connection: &Connection, hands: &mut Hands<S>, mut batch: Vec<Boxed<S>>) {
    let committed = transact(connection, hands, &mut batch);
    if let Err(error) = &committed {
        tracing::error!(jobs = batch.len(), %error, "a commit failed; none of its jobs was written");
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the rollback failed too");
        }
        hands.state.on_failed_commit();
    }
    let told = if Guard::AnswerAfterCommit.stands() { committed.as_ref().copied() } else { Ok(()) };
    for job in batch {
        job.answer(told);
    }
}

fn run(connection: &Connection, statement: &str) -> Result<(), StorageError> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

fn attempt<S: Companion>(
    connection: &Connection,
    state: &mut S,
    job: &mut Boxed<S>,
) -> Result<Attempt, StorageError> {
    let attempt = job.attempt(connection, state);
    if connection.is_autocommit() {
        // SQLite answers a full disk by rolling everything back on its own.
        return Err(StorageError::DiskFull("the transaction was rolled back".to_owned()));
    }
    match attempt {
        Attempt::Done | Attempt::Failed => {}
        Attempt::Panicked => state.on_failed_commit(),
    }
    Ok(attempt)
}

fn transact<S: Companion>(
    connection: &Connection,
    hands: &mut Hands<S>,
    batch: &mut [Boxed<S>],
) -> Result<(), StorageError> {
    mishap::begin(connection)?;
    run(connection, "BEGIN IMMEDIATE")?;
    let before = connection.total_changes();
    match batch {
        [alone] => {
            if attempt(connection, &mut hands.state, alone)? != Attempt::Done {
                return run(connection, "ROLLBACK");
            }
        }
        many => {
            for job in many {
                run(connection, "SAVEPOINT job")?;
                if attempt(connection, &mut hands.state, job)? != Attempt::Done {
                    run(connection, "ROLLBACK TO job")?;
                }
                run(connection, "RELEASE job")?;
            }
        }
    }
    match &mut hands.counter {
        // A commit that writes nothing would only be synced for its own count.
        Some(counter) if connection.total_changes() != before => {
            let counted = counter.count(connection)?;
            let note = hands.state.note(connection)?;
            commit(connection)?;
            counter.tell(counted, note);
        }
        Some(_) | None => commit(connection)?,
    }
    mishap::after_commit(connection)
}

fn commit(connection: &Connection) -> Result<(), StorageError> {
    mishap::before_commit(connection)?;
    run(connection, "COMMIT")
}
