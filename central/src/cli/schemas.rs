//! Writes what is published of the events, and refuses what breaks those who read it.

use crate::core::events::compatible::breaks;
use crate::core::events::schema::{file_name, published};
use crate::core::events::{ALL, asyncapi};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;

pub(super) fn write(folder: &Path) -> Result<()> {
    let schemas = folder.join("schemas/events");
    std::fs::create_dir_all(&schemas).with_context(|| schemas.display().to_string())?;
    let broken: Vec<String> = ALL
        .iter()
        .map(|kind| {
            let file = schemas.join(file_name(kind));
            let found = read(&file)?.map(|old| breaks(&old, &published(kind))).unwrap_or_default();
            Ok(found.into_iter().map(|what| format!("{}: {what}", file_name(kind))).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>>>()?
        .concat();
    if !broken.is_empty() {
        bail!(
            "nothing was written, as readers would break; make it optional, or raise the version of the kind:\n{}",
            broken.join("\n")
        );
    }
    for kind in ALL {
        put(&schemas.join(file_name(kind)), &published(kind))?;
    }
    put(&folder.join("asyncapi.json"), &asyncapi::document())
}

fn read(file: &Path) -> Result<Option<Value>> {
    if !file.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).map(Some).with_context(|| file.display().to_string())
}

fn put(file: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(file, text).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_reader_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let file = folder.path().join("schemas/events/OrderPlaced.v1.json");
        let mut older = read(&file).unwrap().unwrap();
        older["properties"]["gift"] = serde_json::json!({ "type": "boolean" });
        put(&file, &older).unwrap();
        let told = write(folder.path()).unwrap_err().to_string();
        assert!(told.contains("OrderPlaced.v1.json: /gift is gone"), "{told}");
        assert_eq!(read(&file).unwrap().unwrap(), older);
    }
}
