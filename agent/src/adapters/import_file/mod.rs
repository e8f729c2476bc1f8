//! Reads a catalogue or opening stock file: CSV or JSON lines, checked line by line.
//!
//! Nothing is applied here. Either every line is good and all of them are handed on, or the first
//! of the bad ones are told, each with its number and its reason.

mod csv_file;
mod json_lines;

use crate::ports::ledger::ImportItem;
use holdfast_shared::ids::{BadId, Sku};
use holdfast_shared::limits::{IMPORT_ERRORS_TOLD_MAX, NOTE_CHARS_MAX, QUANTITY_MAX};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::BufRead;

/// Lines of one file: more than any chain sells, and less than memory.
pub const IMPORT_LINES_MAX: u64 = 2_000_000;
/// Characters of a barcode.
const BARCODE_CHARS_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

impl Format {
    /// By the ending of a file's name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let ending = name.rsplit('.').next()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// One line that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    pub number: u64,
    pub why: String,
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.number, self.why)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    #[error("{}", told(.lines, *.more))]
    Lines { lines: Vec<BadLine>, more: u64 },
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
    #[error("the file has more than {IMPORT_LINES_MAX} lines; import it in parts")]
    TooLong,
    #[error("the file has no lines to import")]
    Empty,
}

fn told(lines: &[BadLine], more: u64) -> String {
    let mut text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    if more > 0 {
        text.push(format!("and {more} more bad lines"));
    }
    text.join("\n")
}

/// A line as it is written, in either form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    sku: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    barcode: Option<String>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    on_hand: Option<i64>,
}

/// Reads the whole file. `progress` hears the bytes read so far.
pub fn read(
    input: impl BufRead,
    format: Format,
    progress: impl FnMut(u64),
) -> Result<Vec<ImportItem>, BadFile> {
    let mut taken = Taken::default();
    match format {
        Format::Csv => csv_file::rows(input, &mut taken, progress)?,
        Format::JsonLines => json_lines::rows(input, &mut taken, progress)?,
    }
    taken.finish()
}

/// The good lines so far, and the bad ones.
#[derive(Default)]
struct Taken {
    items: Vec<ImportItem>,
    first_seen: HashMap<Sku, u64>,
    bad: Vec<BadLine>,
    more: u64,
}

impl Taken {
    fn take(&mut self, number: u64, row: Result<Row, String>) {
        match row.and_then(|row| self.checked(number, row)) {
            Ok(item) => self.items.push(item),
            Err(_) if self.bad.len() >= IMPORT_ERRORS_TOLD_MAX => self.more = self.more.saturating_add(1),
            Err(why) => self.bad.push(BadLine { number, why }),
        }
    }

    fn checked(&mut self, number: u64, row: Row) -> Result<ImportItem, String> {
        let sku = Sku::new(row.sku.trim()).map_err(|error: BadId| error.to_string())?;
        if let Some(before) = self.first_seen.insert(sku.clone(), number) {
            return Err(format!("SKU {sku} stands already in line {before}"));
        }
        if let Some(on_hand) = row.on_hand.filter(|units| !(0..=QUANTITY_MAX).contains(units)) {
            return Err(format!("on_hand is {on_hand}: expected 0 to {QUANTITY_MAX}"));
        }
        Ok(ImportItem {
            sku,
            name: text("name", row.name, NOTE_CHARS_MAX)?,
            barcode: text("barcode", row.barcode, BARCODE_CHARS_MAX)?,
            class: text("class", row.class, BARCODE_CHARS_MAX)?,
            on_hand: row.on_hand,
        })
    }

    fn finish(self) -> Result<Vec<ImportItem>, BadFile> {
        if !self.bad.is_empty() {
            return Err(BadFile::Lines { lines: self.bad, more: self.more });
        }
        if self.items.is_empty() { Err(BadFile::Empty) } else { Ok(self.items) }
    }
}

/// Trimmed; an empty text is as good as none.
fn text(what: &str, value: Option<String>, chars_max: usize) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    let value = value.trim();
    if value.chars().count() > chars_max {
        return Err(format!("{what} is longer than {chars_max} characters"));
    }
    if value.chars().any(char::is_control) {
        return Err(format!("{what} has control characters"));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

#[cfg(test)]
mod tests;
