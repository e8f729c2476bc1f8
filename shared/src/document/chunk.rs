//! The bytes of one change: read without the library, and accepted only if writing what was read
//! gives the same bytes again.
//!
//! A change of facts has one spelling. Everything that it may vary in is in [`Change`]; all else
//! (compression, other columns, predecessors, objects, counters, messages, trailing bytes, long
//! forms of numbers) shows as a difference when it is written again, and is refused.

use super::actor::WriterId;
use super::columns::{
    Reader, read_numbers, read_strings, write_length, write_number, write_numbers, write_strings,
};
use super::error::DocumentError;
use super::heads::ChangeHash;
use crate::ids::FactId;
use crate::limits::{CHANGE_BYTES_MAX, CHANGE_DEPS_MAX, CHANGE_FACTS_MAX, FACT_BYTES_MAX, FACT_ID_CHARS_MAX};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE_CHUNK: u8 = 1;
const PUT: u64 = 1;
const STRING: u64 = 6;

/// The columns that puts of strings into the root map need, in their order: key, insert, action,
/// length and type of the value, value, number of predecessors.
const COLUMNS: [u64; 6] = [0x15, 0x34, 0x42, 0x56, 0x57, 0x70];

/// What one change says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) hash: ChangeHash,
    pub(super) deps: Vec<ChangeHash>,
    pub(super) writer: WriterId,
    pub(super) seq: u64,
    pub(super) first_op: u64,
    pub(super) facts: Vec<(FactId, String)>,
}

impl Change {
    /// The number of its last operation. Each fact is one.
    pub(super) fn last_op(&self) -> u64 {
        let count = u64::try_from(self.facts.len()).unwrap_or(u64::MAX);
        self.first_op.saturating_add(count).saturating_sub(1)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > CHANGE_BYTES_MAX {
            return Err(DocumentError::TooLarge { what: "bytes of one change", limit: CHANGE_BYTES_MAX });
        }
        let (hash, body) = open(bytes)?;
        let change = parse_body(hash, body)?;
        if change.encode() == bytes {
            Ok(change)
        } else {
            Err(DocumentError::Refused("it is not written as facts are written"))
        }
    }

    /// The one spelling of this change.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        write_length(&mut body, self.deps.len());
        self.deps.iter().for_each(|dep| body.extend_from_slice(dep.as_bytes()));
        write_length(&mut body, self.writer.as_bytes().len());
        body.extend_from_slice(self.writer.as_bytes());
        write_number(&mut body, self.seq);
        write_number(&mut body, self.first_op);
        // Time zero, no message, no other actors.
        body.extend([0, 0, 0]);
        let columns = self.columns();
        write_length(&mut body, columns.len());
        for (spec, column) in COLUMNS.iter().zip(&columns) {
            write_number(&mut body, *spec);
            write_length(&mut body, column.len());
        }
        columns.iter().for_each(|column| body.extend_from_slice(column));

        let hash = hash_of(&body);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(hash.as_bytes().iter().take(4));
        bytes.push(CHANGE_CHUNK);
        write_length(&mut bytes, body.len());
        bytes.extend(body);
        bytes
    }

    fn columns(&self) -> [Vec<u8>; 6] {
        let rows = self.facts.len();
        let mut columns: [Vec<u8>; 6] = Default::default();
        let [key, insert, action, meta, value, preds] = &mut columns;
        write_strings(key, self.facts.iter().map(|(id, _)| id.as_str()));
        write_length(insert, rows);
        write_numbers(action, &vec![PUT; rows]);
        let metas: Vec<u64> = self.facts.iter().map(|(_, body)| meta_of(body.len())).collect();
        write_numbers(meta, &metas);
        self.facts.iter().for_each(|(_, body)| value.extend_from_slice(body.as_bytes()));
        write_numbers(preds, &vec![0; rows]);
        columns
    }
}

/// Takes the frame off: magic, checksum, kind, length.
fn open(bytes: &[u8]) -> Result<(ChangeHash, &[u8]), DocumentError> {
    let mut reader = Reader::new(bytes);
    if reader.take(4)? != MAGIC {
        return Err(DocumentError::Refused("it is not an automerge chunk"));
    }
    let checksum = reader.take(4)?;
    if reader.take(1)? != [CHANGE_CHUNK] {
        return Err(DocumentError::Refused("only plain change chunks are taken"));
    }
    let length = reader.length("bytes of one change", CHANGE_BYTES_MAX)?;
    let body = reader.take(length)?;
    if !reader.is_empty() {
        return Err(DocumentError::Refused("it has bytes after its end"));
    }
    let hash = hash_of(body);
    if hash.as_bytes().starts_with(checksum) {
        Ok((hash, body))
    } else {
        Err(DocumentError::Refused("its checksum is wrong"))
    }
}

/// The hash covers the kind and the length too.
fn hash_of(body: &[u8]) -> ChangeHash {
    let mut head = vec![CHANGE_CHUNK];
    write_length(&mut head, body.len());
    ChangeHash::new(Sha256::new().chain_update(head).chain_update(body).finalize().into())
}

fn parse_body(hash: ChangeHash, body: &[u8]) -> Result<Change, DocumentError> {
    let mut reader = Reader::new(body);
    let deps = parse_deps(&mut reader)?;
    let actor_length = reader.length("bytes of a writer id", 16)?;
    let writer = WriterId::try_from(reader.take(actor_length)?)
        .map_err(|_| DocumentError::Refused("its writer id is not 16 bytes"))?;
    let seq = reader.number()?;
    let first_op = reader.number()?;
    if seq == 0 || first_op == 0 {
        return Err(DocumentError::Refused("its numbers start below one"));
    }
    if reader.take(3)? != [0, 0, 0] {
        return Err(DocumentError::Refused("it has a time, a message or other actors"));
    }
    let facts = parse_facts(reader)?;
    Ok(Change { hash, deps, writer, seq, first_op, facts })
}

fn parse_deps(reader: &mut Reader<'_>) -> Result<Vec<ChangeHash>, DocumentError> {
    let count = reader.length("dependencies of one change", CHANGE_DEPS_MAX)?;
    let mut deps: Vec<ChangeHash> = Vec::with_capacity(count);
    for _ in 0..count {
        let dep = ChangeHash::try_from(reader.take(32)?)?;
        if deps.last().is_some_and(|last| *last >= dep) {
            return Err(DocumentError::Refused("its dependencies are not in order"));
        }
        deps.push(dep);
    }
    Ok(deps)
}

fn parse_facts(mut reader: Reader<'_>) -> Result<Vec<(FactId, String)>, DocumentError> {
    let [key, _insert, _action, meta, value, _preds] = parse_columns(&mut reader)?;
    let ids = read_strings(key, CHANGE_FACTS_MAX, FACT_ID_CHARS_MAX)?;
    let metas = read_numbers(meta, ids.len())?;
    let mut values = Reader::new(value);
    let mut seen = BTreeSet::new();
    let mut facts = Vec::with_capacity(ids.len());
    for (id, meta) in ids.into_iter().zip(metas) {
        let id: FactId = id.parse().map_err(|_| DocumentError::Refused("a fact id is malformed"))?;
        if meta & 0xf != STRING {
            return Err(DocumentError::Refused("a value is not a string"));
        }
        let length = match usize::try_from(meta >> 4) {
            Ok(length) if (1..=FACT_BYTES_MAX).contains(&length) => length,
            Ok(_) | Err(_) => return Err(DocumentError::BadBody(id)),
        };
        let body = std::str::from_utf8(values.take(length)?)
            .map_err(|_| DocumentError::Refused("a value is not UTF-8"))?;
        if !seen.insert(id.clone()) {
            return Err(DocumentError::Refused("a fact id is there twice"));
        }
        facts.push((id, body.to_owned()));
    }
    Ok(facts)
}

/// The columns must be exactly ours, and fill the rest of the change.
fn parse_columns<'a>(reader: &mut Reader<'a>) -> Result<[&'a [u8]; 6], DocumentError> {
    const OTHER: DocumentError = DocumentError::Refused("it has other columns than facts have");
    if reader.length("columns", COLUMNS.len())? != COLUMNS.len() {
        return Err(OTHER);
    }
    let mut lengths = [0; 6];
    for (spec, length) in COLUMNS.into_iter().zip(&mut lengths) {
        if reader.number()? != spec {
            return Err(OTHER);
        }
        *length = reader.length("bytes of one column", CHANGE_BYTES_MAX)?;
    }
    if lengths.iter().sum::<usize>() != reader.len() {
        return Err(DocumentError::Refused("its columns do not fill it"));
    }
    let mut columns: [&[u8]; 6] = [&[]; 6];
    for (column, length) in columns.iter_mut().zip(lengths) {
        *column = reader.take(length)?;
    }
    Ok(columns)
}

fn meta_of(length: usize) -> u64 {
    (u64::try_from(length).unwrap_or(u64::MAX >> 4) << 4) | STRING
}
