//! Ballast: space that is held so that it can be let go.
//!
//! A disk fills while nobody looks. The ballast is thrown off when a write fails for want of space,
//! and selling goes on; it is taken on again when there is room for it and as much again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const CHUNK: usize = 64 * 1024;

/// A file that only takes up room.
#[derive(Debug, Clone)]
pub struct Ballast {
    path: PathBuf,
    bytes: u64,
}

impl Ballast {
    #[must_use]
    pub const fn new(path: PathBuf, bytes: u64) -> Self {
        Self { path, bytes }
    }

    /// Whether it is on board, whole.
    #[must_use]
    pub fn is_held(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes)
    }

    /// Lets its room go. Says whether there was any.
    #[must_use]
    pub fn release(&self) -> bool {
        let held = fs::metadata(&self.path).is_ok_and(|file| file.len() > 0);
        match fs::remove_file(&self.path) {
            Ok(()) if held => {
                tracing::warn!(bytes = self.bytes, "the disk is full: ballast was let go");
                true
            }
            Ok(()) | Err(_) => false,
        }
    }

    /// Takes it on again, when afterwards as much is still free. Says whether it is held.
    pub fn hold(&self) -> io::Result<bool> {
        if self.is_held() {
            return Ok(true);
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let room = rustix::fs::statvfs(folder)?;
        if room.f_bavail.saturating_mul(room.f_frsize) < self.bytes.saturating_mul(2) {
            return Ok(false);
        }
        // Written, not only declared: a file with a hole holds no room.
        self.fill().inspect_err(|_| {
            let _nothing_was_made = fs::remove_file(&self.path);
        })?;
        Ok(true)
    }

    fn fill(&self) -> io::Result<()> {
        let mut file: File =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        // A compressing file system would make nothing of zeros.
        let mut noise = vec![0; CHUNK];
        let mut left = self.bytes;
        while left > 0 {
            blake3::Hasher::new().update(&left.to_le_bytes()).finalize_xof().fill(&mut noise);
            let now = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            file.write_all(noise.get(..now).unwrap_or(&noise))?;
            left = left.saturating_sub(u64::try_from(now).unwrap_or(left));
        }
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_let_go_once_and_taken_on_again() {
        let place = tempfile::tempdir().unwrap();
        let ballast = Ballast::new(place.path().join("ballast"), 200_000);
        assert!(!ballast.is_held() && !ballast.release());
        assert!(ballast.hold().unwrap() && ballast.is_held());
        assert!(ballast.release() && !ballast.is_held() && !ballast.release());
        assert!(ballast.hold().unwrap());
    }

    #[test]
    fn the_last_room_is_left_to_the_database() {
        let place = tempfile::tempdir().unwrap();
        let ballast = Ballast::new(place.path().join("ballast"), u64::MAX / 4);
        assert!(!ballast.hold().unwrap() && !ballast.is_held());
    }
}
