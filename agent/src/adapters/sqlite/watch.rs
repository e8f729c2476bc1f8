//! Watches over the file: what was found to be damaged, whether the whole was examined, and the
//! ballast that is let go when the disk is full.

use crate::ports::ledger::LedgerError;
use holdfast_platform::sqlite::{Ballast, Place, StorageError, aside};
use holdfast_shared::limits::BALLAST_BYTES;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

const BALLAST: &str = "ballast";

#[derive(Debug)]
pub(super) struct Watch {
    /// None in memory.
    file: Option<PathBuf>,
    /// What was found, at the start or since.
    damage: OnceLock<String>,
    found: Notify,
    examined: AtomicBool,
    /// Salvaged at this start, or tried to be.
    salvaged: AtomicBool,
    ballast: Option<Ballast>,
}

impl Watch {
    pub(super) fn over(place: &Place) -> Self {
        let file = match place {
            Place::File(path) => Some(path.clone()),
            Place::Memory => None,
        };
        let ballast = file.as_ref().map(|path| Ballast::new(path.with_file_name(BALLAST), BALLAST_BYTES));
        Self {
            file,
            damage: OnceLock::new(),
            found: Notify::new(),
            examined: AtomicBool::new(false),
            salvaged: AtomicBool::new(false),
            ballast,
        }
    }

    pub(super) fn damage(&self) -> Option<&String> {
        self.damage.get()
    }

    /// Ends writing, and is remembered for the next start, which salvages.
    pub(super) fn damaged(&self, report: &str) {
        let mut new = false;
        self.damage.get_or_init(|| {
            new = true;
            report.to_owned()
        });
        if new {
            tracing::error!(
                report,
                "the database is damaged; what is sound of it is salvaged at the next start"
            );
            if let Some(path) = &self.file {
                aside::mark(path, report);
            }
            self.found.notify_waiters();
            self.found.notify_one();
        }
    }

    pub(super) async fn until_damaged(&self) {
        if self.damage.get().is_none() {
            self.found.notified().await;
        }
    }

    pub(super) fn examined(&self) -> bool {
        self.examined.load(Ordering::Acquire)
    }

    pub(super) fn set_examined(&self) {
        self.examined.store(true, Ordering::Release);
    }

    pub(super) fn salvaged(&self) -> bool {
        self.salvaged.load(Ordering::Acquire)
    }

    pub(super) fn set_salvaged(&self) {
        self.salvaged.store(true, Ordering::Release);
    }

    pub(super) fn ballast(&self) -> Option<&Ballast> {
        self.ballast.as_ref()
    }

    /// Looks at an error on its way out.
    pub(super) fn saw(&self, error: &LedgerError) {
        match cause(error) {
            Some(StorageError::Damaged(report)) => self.damaged(report),
            // The next try has room.
            Some(StorageError::DiskFull(_)) => {
                self.ballast.as_ref().map(Ballast::release);
            }
            Some(_) | None => {}
        }
    }
}

fn cause(error: &LedgerError) -> Option<&StorageError> {
    match error {
        LedgerError::Unavailable { source: Some(source), .. } => source.downcast_ref(),
        LedgerError::Unavailable { source: None, .. } | LedgerError::Refused(_) | LedgerError::KeyReused => {
            None
        }
    }
}

/// Whether it failed for want of room alone.
pub(super) fn is_full(error: &LedgerError) -> bool {
    matches!(cause(error), Some(StorageError::DiskFull(_)))
}
