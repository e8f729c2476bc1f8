//! Files as a loss of power or a backup leaves them: what was committed, and maybe the beginning
//! of a write that never became one.

use super::dice::Dice;
use anyhow::{Context, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What lies beside a database and belongs to it.
const PARTS: &[&str] = &["", "-wal", "-witness"];

fn part(file: &Path, part: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(part);
    PathBuf::from(name)
}

/// Another file beside it, for what comes after the copy.
#[must_use]
pub fn beside(file: &Path, n: u32) -> PathBuf {
    let stem = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = stem.split_once('#').map_or(stem.as_ref(), |(stem, _)| stem);
    file.with_file_name(format!("{stem}#{n}"))
}

/// The database as committed so far, its log with it. Nobody may write meanwhile.
///
/// # Errors
/// When the files cannot be copied.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    for name in PARTS {
        let from = part(from, name);
        if from.exists() {
            fs::copy(&from, part(to, name))
                .with_context(|| format!("{} cannot be copied", from.display()))?;
        }
    }
    Ok(())
}

/// The write that the power cut: a part of a frame behind the last whole one.
///
/// # Errors
/// When the log cannot be written.
pub fn tear(file: &Path, dice: &Dice) -> Result<()> {
    let log = part(file, "-wal");
    let Ok(whole) = fs::read(&log) else { return Ok(()) };
    let length = dice.index(4_000).min(whole.len());
    // The frame before, once more: all of it is right but for where it stands.
    let mut torn = whole[whole.len() - length..].to_vec();
    if let Some(byte) = torn.last_mut().filter(|_| dice.happens(500)) {
        *byte ^= 0x20;
    }
    let mut open = fs::OpenOptions::new().append(true).open(&log)?;
    open.write_all(&torn)?;
    Ok(())
}
