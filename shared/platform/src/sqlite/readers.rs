//! A few connections that only read. WAL lets them read while the writer writes.

use super::StorageError;
use rusqlite::Connection;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Clonable handle to the reading connections.
#[derive(Debug, Clone)]
pub struct Readers {
    pool: Pool,
}

#[derive(Debug, Clone)]
enum Pool {
    /// The writer's own connection, on the caller's thread.
    Inline(Arc<Mutex<Connection>>),
    Threads {
        free: Arc<Mutex<Vec<Connection>>>,
        permits: Arc<Semaphore>,
    },
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Readers {
    pub(super) const fn inline(connection: Arc<Mutex<Connection>>) -> Self {
        Self { pool: Pool::Inline(connection) }
    }

    pub(super) fn threads(connections: Vec<Connection>) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self { pool: Pool::Threads { free: Arc::new(Mutex::new(connections)), permits } }
    }

    /// Like `read`, on the caller's thread: for a few rows by their keys. Handing such a query to
    /// another thread and its answer back takes several times as long as the query.
    pub async fn read_few<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E>,
        E: From<StorageError>,
    {
        match &self.pool {
            Pool::Inline(connection) => query(&lock(connection)),
            Pool::Threads { free, permits } => {
                let _permit = permits.acquire().await.map_err(|_| StorageError::Stopped)?;
                Borrowed::take(free)?.snapshot(query)
            }
        }
    }

    /// Runs `query` in one read transaction, so that all its statements see the same state.
    pub async fn read<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        match &self.pool {
            Pool::Inline(connection) => query(&lock(connection)),
            Pool::Threads { free, permits } => {
                let permit = Arc::clone(permits).acquire_owned().await.map_err(|_| StorageError::Stopped)?;
                let free = Arc::clone(free);
                let done = tokio::task::spawn_blocking(move || {
                    let _permit = permit;
                    let borrowed = Borrowed::take(&free)?;
                    borrowed.snapshot(query)
                });
                done.await.map_err(|error| StorageError::Other(error.to_string()))?
            }
        }
    }
}

/// A connection that finds its way back, also when the query panics.
struct Borrowed<'a> {
    connection: Option<Connection>,
    free: &'a Mutex<Vec<Connection>>,
}

impl<'a> Borrowed<'a> {
    fn take(free: &'a Mutex<Vec<Connection>>) -> Result<Self, StorageError> {
        let connection = lock(free).pop().ok_or(StorageError::Busy)?;
        Ok(Self { connection: Some(connection), free })
    }

    fn snapshot<T, E: From<StorageError>>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.connection.as_ref().ok_or(StorageError::Stopped)?;
        // Dropped without a commit: a reader has nothing to keep.
        let _transaction = connection.unchecked_transaction().map_err(StorageError::from)?;
        query(connection)
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        lock(self.free).extend(self.connection.take());
    }
}
