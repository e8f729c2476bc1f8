//! The directory of one process: private, locked against a second process, with its secrets.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

const LOCK_FILE: &str = "lock";
const SECRET_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error(
        "{} is in use by process {holder}. Stop that process first, or give this one a data directory of its own",
        path.display()
    )]
    InUse { path: PathBuf, holder: String },
    #[error("{} cannot be used: {source}. Check that it exists and that this user may write to it", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{0:?} is not a plain file name")]
    BadName(String),
    #[error("{} holds no readable secret", .0.display())]
    Unreadable(PathBuf),
}

/// An open and locked data directory. The lock ends with this value or with the process.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the directory if needed (mode 0700) and locks it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let lock_path = path.join(LOCK_FILE);
        // Not truncated: until we have the lock, the content is the holder's.
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(lock_path)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Unread, the holder stays unnamed; the lock is what counts.
                let _unnamed = (&lock).take(20).read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "unknown" } else { holder.trim() }.to_owned();
                return Err(DataDirError::InUse { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        lock.set_len(0).map_err(failed)?;
        writeln!(lock, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file inside; `name` must be one plain name.
    pub fn file(&self, name: &str) -> Result<PathBuf, DataDirError> {
        let mut parts = Path::new(name).components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(_)), None) => Ok(self.path.join(name)),
            (Some(_) | None, Some(_) | None) => Err(DataDirError::BadName(name.to_owned())),
        }
    }

    /// Writes a secret whole or not at all, readable by this user only.
    pub fn write_secret(&self, name: &str, secret: &[u8]) -> Result<(), DataDirError> {
        let path = self.file(name)?;
        let passing = self.file(&format!("{name}.new"))?;
        let write = || {
            // A left-over of a crash may have other rights.
            match fs::remove_file(&passing) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&passing)?;
            file.write_all(secret)?;
            file.sync_all()?;
            fs::rename(&passing, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|source| DataDirError::Io { path: path.clone(), source })
    }

    /// A secret written before, if there is one.
    pub fn read_secret(&self, name: &str) -> Result<Option<Vec<u8>>, DataDirError> {
        let path = self.file(name)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(DataDirError::Io { path, source }),
        };
        let mut secret = Vec::new();
        match file.take(SECRET_BYTES_MAX).read_to_end(&mut secret) {
            Ok(_) => Ok(Some(secret)),
            Err(source) => Err(DataDirError::Io { path, source }),
        }
    }

    /// A 32-byte key that is made at the first start and stays.
    pub fn key(&self, name: &str) -> Result<[u8; 32], DataDirError> {
        let path = self.file(name)?;
        if let Some(secret) = self.read_secret(name)? {
            return secret.try_into().map_err(|_| DataDirError::Unreadable(path));
        }
        let key = crate::random::bytes::<32>()
            .map_err(|error| DataDirError::Io { path, source: io::Error::other(error) })?;
        self.write_secret(name, &key)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_and_told_who_holds_it() {
        let place = tempfile::tempdir().unwrap();
        let first = DataDir::open(place.path()).unwrap();
        let told = DataDir::open(place.path()).unwrap_err().to_string();
        assert!(told.contains(&std::process::id().to_string()), "{told}");
        assert!(told.contains(&place.path().display().to_string()), "{told}");
        drop(first);
        DataDir::open(place.path()).unwrap();
    }

    #[test]
    fn secrets_and_their_directory_are_private() {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::open(&place.path().join("deep/data")).unwrap();
        dir.write_secret("token", b"one").unwrap();
        dir.write_secret("token", b"two").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(dir.path()), mode(&dir.file("token").unwrap())), (0o700, 0o600));
        assert_eq!(dir.read_secret("token").unwrap().as_deref(), Some(b"two".as_slice()));
        assert_eq!(dir.read_secret("none").unwrap(), None);
        assert!(!dir.file("token.new").unwrap().exists());
        assert!(dir.write_secret("../out", b"x").is_err());
    }

    #[test]
    fn a_key_stays() {
        let place = tempfile::tempdir().unwrap();
        let dir = DataDir::open(place.path()).unwrap();
        assert_eq!(dir.key("key").unwrap(), dir.key("key").unwrap());
    }
}
