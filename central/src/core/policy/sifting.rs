//! Reads one section of a document and finds everything that is wrong with it: what the reader
//! stumbles over is told, taken out, and the rest is read again.

use super::Fault;
use super::found::Found;
use super::places::{Step, beside, line_and_column, nearest, path_at, steps, take_out, written};
use super::section::{Elsewhere, Kind, Whole};
use holdfast_shared::limits::POLICY_FINDINGS_MAX;
use std::ops::Range;
use toml::de::DeTable;
use toml::{Spanned, Table};

/// Keys this close to a known one are taken for a slip of the fingers.
const SIMILAR_MIN: f64 = 0.7;

/// The text of a document with its tree, for naming places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) root: &'a DeTable<'a>,
    /// Bytes of it that a person wrote; what stands behind them is as it was without the document.
    pub(super) own: usize,
}

impl Text<'_> {
    pub(super) fn found(&self, at: usize, path: String, what: impl Into<String>) -> Found {
        let (line, column) = line_and_column(self.text, at);
        Found { line, column, at: path, what: what.into() }
    }

    /// At the thing of this path, or where it would stand.
    pub(super) fn found_under(&self, path: &[Step], what: impl Into<String>) -> Found {
        self.found(nearest(self.root, path).unwrap_or(0), written(path), what)
    }
}

/// Reads a section, from the tenant's own values with layers laid over them.
///
/// `values` keeps the places of the text that each value came from. None when something in it could
/// not be read; then everything that could not stands in `found`.
///
/// `under` is the path of the section, or of what a layer says about it.
pub(super) fn sift(
    text: Text<'_>,
    kind: &Kind,
    (under, span): (&[Step], Range<usize>),
    mut values: DeTable<'_>,
    found: &mut Vec<Found>,
) -> Option<Table> {
    let mut unread = false;
    let mut told: Vec<Vec<Step>> = Vec::new();
    loop {
        let error = match (kind.read)(Spanned::new(span.clone(), values.clone())) {
            Ok(_) if unread => return None,
            Ok(Whole { values: complete, faults }) => {
                for fault in &faults {
                    note(found, told_of(text, &values, (under, span.start), fault));
                }
                return faults.is_empty().then_some(complete);
            }
            Err(error) => error,
        };
        let at = error.span().map_or(span.start, |span| span.start);
        let path = path_at(text.root, at).unwrap_or_else(|| under.to_vec());
        // What was taken out because of its value is missed next: that is no second thing.
        let missed = error.message().strip_prefix("missing field ").map(|field| field.trim_matches('`'));
        let missed = missed.map(|field| [path.as_slice(), &[Step::Key(field.to_owned())]].concat());
        if missed.is_none_or(|missed| !told.contains(&missed)) {
            note(found, text.found(at, written(&path), words(error.message(), &path, kind.elsewhere)));
        }
        told.push(path);
        unread |= !error.message().starts_with("unknown field");
        let taken = path_at(&values, at).is_some_and(|path| take_out(&mut values, &path));
        if !taken || found.len() >= POLICY_FINDINGS_MAX {
            return None;
        }
    }
}

/// A fault of values that different layers say names the line of each.
fn told_of(text: Text<'_>, values: &DeTable<'_>, (under, start): (&[Step], usize), fault: &Fault) -> Found {
    let below = steps(&fault.at);
    let path = written(&[under, &below].concat());
    let said_by = |at: usize| {
        let mut path = path_at(text.root, at).filter(|_| at < text.own)?;
        path.truncate(path.len().saturating_sub(below.len()));
        Some(path)
    };
    // Those that it speaks of: its own value, and others that it names.
    let speaks_of = |key: &str| {
        let own = matches!(below.last(), Some(Step::Key(own)) if own == key);
        own || fault
            .what
            .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .any(|word| word == key)
    };
    let pieces: Vec<(&str, usize, Option<Vec<Step>>)> = beside(values, &below)
        .into_iter()
        .filter(|(key, _)| speaks_of(key))
        .map(|(key, at)| (key, at, said_by(at)))
        .collect();
    let first = pieces.first().map(|(_, _, layer)| layer);
    if pieces.iter().all(|(_, _, layer)| Some(layer) == first) {
        let at = nearest(values, &below).filter(|at| *at < text.own).unwrap_or(start);
        return text.found(at, path, fault.what.clone());
    }
    let own = pieces.iter().find(|(_, _, layer)| layer.as_deref() == Some(under));
    let words = pieces.iter().map(|(key, at, layer)| match layer {
        Some(layer) => {
            format!("{key} is said in line {} by {}", line_and_column(text.text, *at).0, written(layer))
        }
        None => format!("{key} stands so where this document says nothing of it"),
    });
    let words: Vec<String> = words.collect();
    let what = format!("{}; {}", fault.what, words.join(", "));
    text.found(own.map_or(start, |(_, at, _)| *at), path, what)
}

/// The same place is read once for each layer over it: told once.
pub(super) fn note(found: &mut Vec<Found>, one: Found) {
    let same = |other: &Found| (other.line, other.column, &other.what) == (one.line, one.column, &one.what);
    if found.len() < POLICY_FINDINGS_MAX && !found.iter().any(same) {
        found.push(one);
    }
}

/// What the reader of TOML says, in words that name the remedy.
fn words(message: &str, path: &[Step], elsewhere: &[Elsewhere]) -> String {
    let key = match path.last() {
        Some(Step::Key(key)) => key.as_str(),
        Some(Step::Index(_)) | None => "",
    };
    let message = message.replace('\n', ", ");
    let Some((_, rest)) = message.split_once("unknown field") else {
        if let Some((said, rest)) = message.split_once("unknown variant ") {
            let known = ticked(rest);
            let (wrong, known) = known.split_first().unwrap_or((&key, &[]));
            return format!("{said}`{wrong}` is none of the words here{}", suggestion(wrong, known));
        }
        return message;
    };
    let known = ticked(rest);
    let (wrong, known) = known.split_first().unwrap_or((&key, &[]));
    let said = elsewhere.iter().find(|(name, _)| name == wrong);
    said.map_or_else(|| unknown_key(wrong, known), |(_, why)| format!("`{wrong}` {why}"))
}

/// A key that nothing asks for, with the known one that it is most like.
pub(super) fn unknown_key(key: &str, known: &[&str]) -> String {
    format!("`{key}` is not known here{}", suggestion(key, known))
}

fn suggestion(wrong: &str, known: &[&str]) -> String {
    let like = |known: &str| strsim::jaro_winkler(wrong, known);
    let best = known.iter().copied().max_by(|one, other| like(one).total_cmp(&like(other)));
    match best.filter(|best| like(best) >= SIMILAR_MIN) {
        Some(best) => format!("; did you mean `{best}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; known are {}", known.join(", ")),
    }
}

/// The words between backticks.
fn ticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
