//! What lies around central on its machine.

use crate::core::launch::preflight::BackupSeen;

pub trait Surroundings: Send + Sync {
    /// Where backups should lie.
    fn newest_backup(&self) -> BackupSeen;
    /// Whether backups lie on another disk than the database; none: not known.
    fn backups_apart(&self) -> Option<bool>;
}
