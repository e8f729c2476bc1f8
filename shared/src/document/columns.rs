//! Reading and writing the few column encodings that a change of facts consists of.
//!
//! Reading is bounded before anything is expanded: a run of 2^60 rows is refused by its length.
//! It need not be strict about spelling, because a change that was read is written again and
//! compared with what came.

use super::error::DocumentError;

pub(super) const ENDED: DocumentError = DocumentError::Refused("it ends too early");
const NUMBER: DocumentError = DocumentError::Refused("a number is malformed");
const ROWS: DocumentError = DocumentError::Refused("a column has other rows than the facts");

/// Takes pieces from the front of bytes that nobody has checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DocumentError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ENDED)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, DocumentError> {
        let (first, rest) = self.0.split_first().ok_or(ENDED)?;
        self.0 = rest;
        Ok(*first)
    }

    /// An unsigned LEB128 number.
    pub(super) fn number(&mut self) -> Result<u64, DocumentError> {
        let mut value: u64 = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        // A tenth byte would only hold numbers that no limit here allows.
        Err(NUMBER)
    }

    /// A signed LEB128 number.
    fn signed(&mut self) -> Result<i64, DocumentError> {
        let mut value: i64 = 0;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let sign = if byte & 0x40 == 0 { 0 } else { -1_i64 << (shift + 7) };
                return Ok(value | sign);
            }
        }
        Err(NUMBER)
    }

    /// A count or a length, at most `limit`.
    pub(super) fn length(&mut self, what: &'static str, limit: usize) -> Result<usize, DocumentError> {
        match usize::try_from(self.number()?) {
            Ok(length) if length <= limit => Ok(length),
            Ok(_) | Err(_) => Err(DocumentError::TooLarge { what, limit }),
        }
    }
}

/// Reads a column of strings that all differ: one literal run, which names their number.
pub(super) fn read_strings(
    column: &[u8],
    rows_max: usize,
    bytes_max: usize,
) -> Result<Vec<&str>, DocumentError> {
    let mut reader = Reader::new(column);
    let rows = usize::try_from(reader.signed()?.saturating_neg()).map_err(|_| ROWS)?;
    if rows == 0 || rows > rows_max {
        return Err(DocumentError::TooLarge { what: "facts of one change", limit: rows_max });
    }
    let mut strings = Vec::with_capacity(rows);
    for _ in 0..rows {
        let length = reader.length("bytes of one fact id", bytes_max)?;
        let text = std::str::from_utf8(reader.take(length)?);
        strings.push(text.map_err(|_| DocumentError::Refused("a fact id is not UTF-8"))?);
    }
    if reader.is_empty() { Ok(strings) } else { Err(ROWS) }
}

/// Reads a run-length column of exactly `rows` numbers.
pub(super) fn read_numbers(column: &[u8], rows: usize) -> Result<Vec<u64>, DocumentError> {
    let mut reader = Reader::new(column);
    let mut numbers = Vec::with_capacity(rows);
    while !reader.is_empty() {
        let run = reader.signed()?;
        let count = usize::try_from(run.unsigned_abs()).map_err(|_| ROWS)?;
        // Zero announces nulls, which no column of facts has.
        if count == 0 || count > rows - numbers.len() {
            return Err(ROWS);
        }
        if run > 0 {
            let value = reader.number()?;
            numbers.extend(std::iter::repeat_n(value, count));
        } else {
            for _ in 0..count {
                numbers.push(reader.number()?);
            }
        }
    }
    if numbers.len() == rows { Ok(numbers) } else { Err(ROWS) }
}

pub(super) fn write_number(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn write_signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        let sign_told = low & 0x40 != 0;
        if (value == 0 && !sign_told) || (value == -1 && sign_told) {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn write_count(out: &mut Vec<u8>, count: usize, literal: bool) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    write_signed(out, if literal { -count } else { count });
}

pub(super) fn write_length(out: &mut Vec<u8>, length: usize) {
    write_number(out, u64::try_from(length).unwrap_or(u64::MAX));
}

/// Writes strings that all differ: one literal run.
pub(super) fn write_strings<'a>(out: &mut Vec<u8>, strings: impl ExactSizeIterator<Item = &'a str>) {
    write_count(out, strings.len(), true);
    for text in strings {
        write_length(out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

/// Writes numbers as automerge does: two or more equal ones are a run, the others are literal.
pub(super) fn write_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    let mut literal: Vec<u64> = Vec::new();
    for run in numbers.chunk_by(|one, next| one == next) {
        match run {
            [] => {}
            [single] => literal.push(*single),
            [value, ..] => {
                write_literal(out, &mut literal);
                write_count(out, run.len(), false);
                write_number(out, *value);
            }
        }
    }
    write_literal(out, &mut literal);
}

fn write_literal(out: &mut Vec<u8>, literal: &mut Vec<u64>) {
    if !literal.is_empty() {
        write_count(out, literal.len(), true);
        literal.drain(..).for_each(|value| write_number(out, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_read_back(numbers in proptest::collection::vec(0_u64..4, 0..40)) {
            let mut column = Vec::new();
            write_numbers(&mut column, &numbers);
            prop_assert_eq!(read_numbers(&column, numbers.len()), Ok(numbers));
        }

        #[test]
        fn signed_numbers_read_back(value in -(1_i64 << 54)..(1_i64 << 54)) {
            let mut bytes = Vec::new();
            write_signed(&mut bytes, value);
            prop_assert_eq!(Reader::new(&bytes).signed(), Ok(value));
        }
    }

    #[test]
    fn a_run_is_refused_by_its_length_before_it_is_expanded() {
        let mut bomb = Vec::new();
        write_signed(&mut bomb, 1 << 50);
        write_number(&mut bomb, 70);
        assert_eq!(read_numbers(&bomb, 500), Err(ROWS));
        let mut strings = Vec::new();
        write_signed(&mut strings, -(1 << 50));
        assert!(matches!(read_strings(&strings, 500, 80), Err(DocumentError::TooLarge { .. })));
    }
}
