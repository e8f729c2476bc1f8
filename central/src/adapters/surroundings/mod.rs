//! The folder of the backups, beside that of the database.

use crate::core::launch::preflight::BackupSeen;
use crate::ports::surroundings::Surroundings;
use holdfast_shared::limits::BACKUPS_LOOKED_AT_MAX;
use holdfast_shared::time::UtcMs;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub struct Folders {
    data: PathBuf,
    /// None: nobody said where backups lie.
    backups: Option<PathBuf>,
}

impl Folders {
    #[must_use]
    pub const fn new(data: PathBuf, backups: Option<PathBuf>) -> Self {
        Self { data, backups }
    }
}

/// Of files only, and not of empty ones: a backup that broke off at its beginning is none.
fn newest(folder: &Path) -> io::Result<Option<UtcMs>> {
    let mut newest = None;
    for entry in fs::read_dir(folder)?.take(BACKUPS_LOOKED_AT_MAX) {
        let about = entry?.metadata()?;
        if about.is_file() && about.len() > 0 {
            newest = newest.max(written(about.modified()?));
        }
    }
    Ok(newest)
}

fn written(at: SystemTime) -> Option<UtcMs> {
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(UtcMs)
}

impl Surroundings for Folders {
    fn newest_backup(&self) -> BackupSeen {
        let Some(folder) = &self.backups else { return BackupSeen::Nowhere };
        match newest(folder) {
            Ok(Some(at)) => BackupSeen::Newest(at),
            Ok(None) => BackupSeen::None,
            Err(error) => BackupSeen::Unreadable(error.to_string()),
        }
    }

    fn backups_apart(&self) -> Option<bool> {
        let device = |folder: &Path| fs::metadata(folder).ok().map(|about| about.dev());
        let backups = self.backups.as_deref().and_then(device)?;
        Some(backups != device(&self.data)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(backups: Option<&Path>, data: &Path) -> Folders {
        Folders::new(data.to_owned(), backups.map(Path::to_owned))
    }

    #[test]
    fn the_newest_file_counts_and_an_empty_one_does_not() {
        let (data, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(folders(None, data.path()).newest_backup(), BackupSeen::Nowhere);
        let seen = || folders(Some(backups.path()), data.path()).newest_backup();
        assert_eq!(seen(), BackupSeen::None);
        fs::write(backups.path().join("broken.db"), "").unwrap();
        fs::create_dir(backups.path().join("old")).unwrap();
        assert_eq!(seen(), BackupSeen::None);
        fs::write(backups.path().join("central.db"), "a copy").unwrap();
        let at = fs::metadata(backups.path().join("central.db")).unwrap().modified().unwrap();
        assert_eq!(seen(), BackupSeen::Newest(written(at).unwrap()));
        let gone = data.path().join("nowhere");
        assert!(matches!(folders(Some(&gone), data.path()).newest_backup(), BackupSeen::Unreadable(_)));
    }

    #[test]
    fn two_folders_of_one_disk_are_not_apart() {
        let data = tempfile::tempdir().unwrap();
        let inside = data.path().join("backups");
        fs::create_dir(&inside).unwrap();
        assert_eq!(folders(Some(&inside), data.path()).backups_apart(), Some(false));
        assert_eq!(folders(None, data.path()).backups_apart(), None);
    }
}
