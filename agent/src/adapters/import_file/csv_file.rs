//! CSV with a header line: `sku,name,barcode,class,on_hand` in any order; only `sku` is needed.

use super::{BadFile, BadLine, IMPORT_LINES_MAX, Row, Taken};
use holdfast_shared::limits::IMPORT_LINE_BYTES_MAX;
use std::io::BufRead;

const COLUMNS: [&str; 5] = ["sku", "name", "barcode", "class", "on_hand"];

pub(super) fn rows(
    input: impl BufRead,
    taken: &mut Taken,
    mut progress: impl FnMut(u64),
) -> Result<(), BadFile> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(input);
    let headers = reader.headers().map_err(unreadable)?.clone();
    if let Some(why) = wrong_header(&headers) {
        return Err(BadFile::Lines { lines: vec![BadLine { number: 1, why }], more: 0 });
    }
    let mut record = csv::StringRecord::new();
    let mut count: u64 = 0;
    loop {
        let before = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let number = record.position().map_or(before, csv::Position::line);
                taken.take(number, row(&record, &headers));
            }
            Err(error) => match error.into_kind() {
                csv::ErrorKind::Io(error) => return Err(BadFile::Io(error)),
                other => taken.take(before, Err(plain(&other))),
            },
        }
        count = count.saturating_add(1);
        if count > IMPORT_LINES_MAX {
            return Err(BadFile::TooLong);
        }
        progress(reader.position().byte());
    }
}

fn wrong_header(headers: &csv::StringRecord) -> Option<String> {
    let unknown = headers.iter().find(|column| !COLUMNS.contains(column));
    let twice = headers.iter().enumerate().find(|(i, column)| headers.iter().take(*i).any(|c| c == *column));
    match (unknown, twice) {
        (Some(unknown), _) => {
            Some(format!("column {unknown:?} is not known; the columns are {}", COLUMNS.join(", ")))
        }
        (None, Some((_, twice))) => Some(format!("column {twice:?} stands there twice")),
        (None, None) if !headers.iter().any(|column| column == "sku") => {
            Some("the first line must name the columns, and one of them is sku".to_owned())
        }
        (None, None) => None,
    }
}

fn row(record: &csv::StringRecord, headers: &csv::StringRecord) -> Result<Row, String> {
    if record.as_slice().len() > IMPORT_LINE_BYTES_MAX {
        return Err(format!("the line is longer than {IMPORT_LINE_BYTES_MAX} bytes"));
    }
    let get = |name: &str| {
        headers
            .iter()
            .position(|column| column == name)
            .and_then(|place| record.get(place))
            .map(str::trim)
            .filter(|value| !value.is_empty())
    };
    let on_hand = get("on_hand")
        .map(|text| text.parse::<i64>().map_err(|_| format!("on_hand is {text:?}: expected a whole number")))
        .transpose()?;
    Ok(Row {
        sku: get("sku").unwrap_or_default().to_owned(),
        name: get("name").map(str::to_owned),
        barcode: get("barcode").map(str::to_owned),
        class: get("class").map(str::to_owned),
        on_hand,
    })
}

fn unreadable(error: csv::Error) -> BadFile {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => BadFile::Io(error),
        other => BadFile::Lines { lines: vec![BadLine { number: 1, why: plain(&other) }], more: 0 },
    }
}

fn plain(kind: &csv::ErrorKind) -> String {
    match kind {
        csv::ErrorKind::Utf8 { .. } => "not UTF-8 text".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} columns, and the first line has {expected_len}")
        }
        other => format!("cannot be read as CSV: {other:?}"),
    }
}
