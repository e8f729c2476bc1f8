//! A damaged database is set aside, never deleted, and another takes its place.
//!
//! Damage that is found while the process runs is marked beside the file, for the next start. The
//! new database is built under a name of its own; when it is whole, a note says so, and only then
//! files change places. A crash at any point is finished by the next start.

use super::StorageError;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What belongs to one database. The file itself comes last: while it lies under the new name, the
/// change of places is not done.
const PARTS: [&str; 4] = ["-wal", "-shm", "-witness", ""];
/// Damaged databases that are kept.
const ASIDE_MAX: usize = 8;
const ASIDE: &str = ".damaged-";

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn told(what: &str, path: &Path, error: &io::Error) -> StorageError {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return StorageError::DiskFull(error.to_string());
    }
    StorageError::Other(format!("{} cannot be {what}: {error}", path.display()))
}

/// Where a successor is built.
#[must_use]
pub fn successor_path(path: &Path) -> PathBuf {
    with(path, "-new")
}

fn ready_path(path: &Path) -> PathBuf {
    with(path, "-new-ready")
}

fn mark_path(path: &Path) -> PathBuf {
    with(path, "-damage")
}

/// Remembers over the next start that this file is damaged.
pub fn mark(path: &Path, report: &str) {
    if let Err(error) = fs::write(mark_path(path), report) {
        tracing::error!(%error, "damage cannot be marked; the next start has to find it again");
    }
}

/// What was found while the process ran.
#[must_use]
pub fn marked(path: &Path) -> Option<String> {
    fs::read(mark_path(path)).ok().map(|report| String::from_utf8_lossy(&report).into_owned())
}

/// Finishes a change of places that a crash interrupted, or forgets a successor that is not whole.
pub fn finish(path: &Path) -> Result<(), StorageError> {
    match fs::read_to_string(ready_path(path)) {
        Ok(name) => change_places(path, &path.with_file_name(name.trim())),
        Err(_) => forget_successor(path),
    }
}

/// Removes what was built and not finished.
pub fn forget_successor(path: &Path) -> Result<(), StorageError> {
    let new = successor_path(path);
    for part in PARTS {
        remove(&with(&new, part))?;
    }
    Ok(())
}

/// The successor is whole and closed: it takes the place of the database, which is kept under a
/// name with `label` in it. Gives that name.
pub fn succeed(path: &Path, label: &str) -> Result<PathBuf, StorageError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("database");
    let aside = path.with_file_name(format!("{name}{ASIDE}{label}"));
    let aside_name = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let ready = ready_path(path);
    let write = || {
        let file = fs::File::create(&ready)?;
        io::Write::write_all(&mut &file, aside_name.as_bytes())?;
        file.sync_all()?;
        sync_folder(path)
    };
    write().map_err(|error| told("written", &ready, &error))?;
    change_places(path, &aside)?;
    drop_oldest(path);
    Ok(aside)
}

fn change_places(path: &Path, aside: &Path) -> Result<(), StorageError> {
    let new = successor_path(path);
    if new.exists() {
        for part in PARTS {
            let kept = with(aside, part);
            // There already: what lies here now is the successor's.
            if !kept.exists() {
                rename(&with(path, part), &kept)?;
            }
        }
        for part in PARTS {
            rename(&with(&new, part), &with(path, part))?;
        }
    }
    sync_folder(path).map_err(|error| told("synced", path, &error))?;
    remove(&mark_path(path))?;
    remove(&ready_path(path))
}

/// Keeps a copy of a database that opens, and that lost what was acknowledged.
pub fn copy(path: &Path, label: &str) -> Result<PathBuf, StorageError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("database");
    let aside = path.with_file_name(format!("{name}{ASIDE}{label}"));
    for part in ["-wal", ""] {
        let (from, to) = (with(path, part), with(&aside, part));
        if from.exists() {
            fs::copy(&from, &to).map_err(|error| told("copied", &from, &error))?;
        }
    }
    drop_oldest(path);
    Ok(aside)
}

/// The names have their time in them, so the least is the oldest.
fn drop_oldest(path: &Path) {
    let Some((folder, name)) = path.parent().zip(path.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let prefix = format!("{name}{ASIDE}");
    let mut kept: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            name.starts_with(&prefix) && !PARTS.iter().any(|part| !part.is_empty() && name.ends_with(part))
        })
        .collect();
    kept.sort_unstable();
    let surplus = kept.len().saturating_sub(ASIDE_MAX);
    for name in kept.iter().take(surplus) {
        tracing::warn!(name, "the oldest of the damaged databases is removed");
        for part in PARTS {
            let _already_gone = remove(&with(&folder.join(name), part));
        }
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), StorageError> {
    match fs::rename(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(told("renamed", from, &error)),
    }
}

fn remove(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(told("removed", path, &error)),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
