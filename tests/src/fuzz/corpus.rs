//! Inputs on disk: a folder per target under `tests/corpus`, small, replayed before anything else.

use super::TARGETS;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// In the order of their names.
pub fn inputs(target: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = folder().join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(Vec::new()) };
    let mut inputs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().context("a file without a name")?.to_string_lossy().into_owned();
        inputs.push((name, std::fs::read(&path)?));
    }
    inputs.sort();
    Ok(inputs)
}

/// Writes the seeds of every target as `seed-N`; what else is there stays.
pub fn write() -> Result<()> {
    for (name, make) in TARGETS {
        let folder = folder().join(name);
        std::fs::create_dir_all(&folder)?;
        for (n, seed) in make().seeds().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n}")), seed)?;
        }
    }
    Ok(())
}
