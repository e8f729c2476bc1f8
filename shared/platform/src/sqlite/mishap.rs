//! What the simulator lets happen to the transactions of a file: a commit that fails, a disk
//! without room, and a process that is killed before or after a commit.
//!
//! In the product nothing ever happens here, and the compiler removes the questions; only a build
//! with the feature `breakable` can plan a mishap, for the calling thread alone.

use super::StorageError;
use rusqlite::Connection;

#[cfg(feature = "breakable")]
pub use planned::{Mishap, befalls, happened, over, reopened};

#[cfg(not(feature = "breakable"))]
mod nothing {
    use super::{Connection, StorageError};

    pub(in crate::sqlite) const fn begin(_: &Connection) -> Result<(), StorageError> {
        Ok(())
    }

    pub(in crate::sqlite) const fn before_commit(_: &Connection) -> Result<(), StorageError> {
        Ok(())
    }

    pub(in crate::sqlite) const fn after_commit(_: &Connection) -> Result<(), StorageError> {
        Ok(())
    }
}

#[cfg(not(feature = "breakable"))]
pub(super) use nothing::{after_commit, before_commit, begin};
#[cfg(feature = "breakable")]
pub(super) use planned::{after_commit, before_commit, begin};

#[cfg(feature = "breakable")]
mod planned {
    use super::{Connection, StorageError};
    use std::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Mishap {
        /// One commit fails and is rolled back; the process goes on.
        CommitFails,
        /// Nothing that needs another page can be written, until it is over.
        DiskFull,
        /// Killed with a transaction open: nothing of it stays, and nothing follows.
        KilledBefore,
        /// Killed when the commit was done, and nobody was told.
        KilledAfter,
    }

    #[derive(Debug, Clone, Copy)]
    struct Plan {
        mishap: Mishap,
        /// Commits that go well before.
        commits: u32,
        happened: bool,
    }

    thread_local! {
        static PLANS: RefCell<BTreeMap<PathBuf, Plan>> = const { RefCell::new(BTreeMap::new()) };
        /// Files whose connection was told that there is no room.
        static FULL: RefCell<BTreeSet<PathBuf>> = const { RefCell::new(BTreeSet::new()) };
    }

    const PAGES_MAX: u32 = 4_294_967_294;

    /// Plans it for the file, after so many commits more. A mishap that was planned before is over.
    pub fn befalls(file: &Path, mishap: Mishap, commits: u32) {
        PLANS.with_borrow_mut(|plans| {
            plans.insert(file.to_owned(), Plan { mishap, commits, happened: false });
        });
    }

    /// The mishap of this file, if it has happened.
    #[must_use]
    pub fn happened(file: &Path) -> Option<Mishap> {
        PLANS.with_borrow(|plans| plans.get(file).filter(|plan| plan.happened).map(|plan| plan.mishap))
    }

    pub fn over(file: &Path) {
        PLANS.with_borrow_mut(|plans| plans.remove(file));
    }

    /// A new connection knows of no limit.
    pub fn reopened(file: &Path) {
        over(file);
        FULL.with_borrow_mut(|full| full.remove(file));
    }

    /// What is due for this file, told by `due` from the plan.
    fn due(connection: &Connection, due: impl Fn(&mut Plan) -> bool) -> Option<Mishap> {
        let file = connection.path().map(Path::new)?;
        PLANS.with_borrow_mut(|plans| {
            let plan = plans.get_mut(file)?;
            let now = due(plan);
            plan.happened |= now;
            now.then_some(plan.mishap)
        })
    }

    fn killed() -> StorageError {
        StorageError::Stopped
    }

    pub(in crate::sqlite) fn begin(connection: &Connection) -> Result<(), StorageError> {
        let told = due(connection, |plan| plan.happened || plan.mishap == Mishap::DiskFull);
        if told == Some(Mishap::KilledAfter) {
            // Whoever comes now is not the one whose commit was done.
            due(connection, |plan| {
                plan.mishap = Mishap::KilledBefore;
                false
            });
        }
        match told {
            Some(Mishap::KilledBefore | Mishap::KilledAfter) => Err(killed()),
            Some(Mishap::DiskFull) => make_room(connection, false),
            Some(Mishap::CommitFails) | None => make_room(connection, true),
        }
    }

    /// By SQLite's own means: it refuses to grow, with the error of a full disk.
    fn make_room(connection: &Connection, room: bool) -> Result<(), StorageError> {
        let Some(file) = connection.path().map(PathBuf::from) else { return Ok(()) };
        if FULL.with_borrow(|full| full.contains(&file)) != room {
            return Ok(());
        }
        // It will not go below what the file has already.
        let pages = if room { PAGES_MAX } else { 1 };
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        FULL.with_borrow_mut(|full| if room { full.remove(&file) } else { full.insert(file) });
        Ok(())
    }

    pub(in crate::sqlite) fn before_commit(connection: &Connection) -> Result<(), StorageError> {
        let told = due(connection, |plan| {
            let now = plan.commits == 0 && !plan.happened;
            now && matches!(plan.mishap, Mishap::CommitFails | Mishap::KilledBefore)
        });
        match told {
            Some(Mishap::CommitFails) => {
                Err(StorageError::DiskFull(String::from("the commit could not be written")))
            }
            Some(Mishap::KilledBefore) => Err(killed()),
            Some(Mishap::KilledAfter | Mishap::DiskFull) | None => Ok(()),
        }
    }

    pub(in crate::sqlite) fn after_commit(connection: &Connection) -> Result<(), StorageError> {
        let told = due(connection, |plan| {
            let now = plan.commits == 0 && plan.mishap == Mishap::KilledAfter && !plan.happened;
            plan.commits = plan.commits.saturating_sub(1);
            now
        });
        if told.is_some() { Err(killed()) } else { Ok(()) }
    }
}
