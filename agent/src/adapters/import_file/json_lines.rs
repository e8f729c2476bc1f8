//! JSON lines: one object per line, `{"sku": "...", "name": "...", "on_hand": 3}`.

use super::{BadFile, IMPORT_LINES_MAX, Row, Taken};
use holdfast_shared::limits::IMPORT_LINE_BYTES_MAX;
use std::io::{BufRead, Read};

pub(super) fn rows(
    mut input: impl BufRead,
    taken: &mut Taken,
    mut progress: impl FnMut(u64),
) -> Result<(), BadFile> {
    let limit = u64::try_from(IMPORT_LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    let mut bytes: u64 = 0;
    let mut number: u64 = 0;
    loop {
        line.clear();
        let read = input.by_ref().take(limit.saturating_add(1)).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        number = number.saturating_add(1);
        if number > IMPORT_LINES_MAX {
            return Err(BadFile::TooLong);
        }
        if line.len() > IMPORT_LINE_BYTES_MAX {
            taken.take(number, Err(format!("the line is longer than {IMPORT_LINE_BYTES_MAX} bytes")));
            input.skip_until(b'\n')?;
        } else if !line.trim_ascii().is_empty() {
            taken.take(number, parsed(&line));
        }
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(0));
        progress(bytes);
    }
}

fn parsed(line: &[u8]) -> Result<Row, String> {
    serde_json::from_slice(line.trim_ascii()).map_err(|error| error.to_string())
}
