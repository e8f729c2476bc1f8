//! New databases by the thousand, as simulated worlds have them: the first one of a kind is migrated, and
//! the others of the same process begin as a copy of it.
//!
//! Only a build with the feature `breakable` does that; in the product each database is migrated.

use super::{Place, StorageError};
use refinery::Runner;
use rusqlite::Connection;

#[cfg(feature = "breakable")]
pub(super) use copied::{keep, lay};
#[cfg(not(feature = "breakable"))]
pub(super) use nothing::{keep, lay};

#[cfg(not(feature = "breakable"))]
mod nothing {
    use super::{Connection, Place, Runner, StorageError};

    pub(in crate::sqlite) const fn lay(_: &Place, _: &Runner) -> Result<(), StorageError> {
        Ok(())
    }

    pub(in crate::sqlite) const fn keep(_: &Connection, _: &Place, _: &Runner) -> Result<(), StorageError> {
        Ok(())
    }
}

#[cfg(feature = "breakable")]
mod copied {
    use super::{Connection, Place, Runner, StorageError};
    use std::collections::BTreeMap;
    use std::collections::btree_map::Entry;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// Files by the checksums of their migrations.
    type Kinds = BTreeMap<Vec<u64>, Vec<u8>>;

    static KINDS: Mutex<Kinds> = Mutex::new(BTreeMap::new());

    fn kinds() -> MutexGuard<'static, Kinds> {
        KINDS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kind(migrations: &Runner) -> Vec<u64> {
        migrations.get_migrations().iter().map(refinery::Migration::checksum).collect()
    }

    /// Lays a copy where a new database will be.
    pub(in crate::sqlite) fn lay(place: &Place, migrations: &Runner) -> Result<(), StorageError> {
        let Place::File(path) = place else { return Ok(()) };
        match kinds().get(&kind(migrations)) {
            Some(file) => std::fs::write(path, file).map_err(StorageError::unreadable),
            None => Ok(()),
        }
    }

    /// Keeps what was just migrated from nothing.
    pub(in crate::sqlite) fn keep(
        connection: &Connection,
        place: &Place,
        migrations: &Runner,
    ) -> Result<(), StorageError> {
        let Place::File(path) = place else { return Ok(()) };
        let mut kinds = kinds();
        if let Entry::Vacant(vacant) = kinds.entry(kind(migrations)) {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            vacant.insert(std::fs::read(path).map_err(StorageError::unreadable)?);
        }
        Ok(())
    }
}
