//! Where things stand in the text of a document: from a byte to its line and its path, and back.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// One step of a path: `ladder`, `[2]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Line and column of a byte, both counted from 1, the column in characters.
pub(super) fn line_and_column(text: &str, at: usize) -> (u32, u32) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (small(line), small(column))
}

/// As a person writes it: `routing.ladder[2].radius_km`.
pub(super) fn written(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// A path as [`written`] gives it, and as faults of sections name it.
pub(super) fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|key| !key.is_empty()).map(|key| Step::Key(key.to_owned())));
        for piece in pieces {
            let index = piece.trim_end_matches(']');
            steps.push(index.parse().map_or_else(|_| Step::Key(index.to_owned()), Step::Index));
        }
    }
    steps
}

/// The path of the innermost thing that stands at this byte.
pub(super) fn path_at(root: &DeTable<'_>, at: usize) -> Option<Vec<Step>> {
    let mut best = None;
    in_table(root, at, &mut Vec::new(), &mut best);
    best.map(|(_, path)| path)
}

type Best = Option<(usize, Vec<Step>)>;

// TOML's own nesting limit bounds the recursion, here and below.
fn in_table(table: &DeTable<'_>, at: usize, above: &mut Vec<Step>, best: &mut Best) {
    for (key, value) in table {
        above.push(Step::Key(key.get_ref().to_string()));
        offer(&key.span(), at, above, best);
        in_value(value, at, above, best);
        above.pop();
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, at: usize, above: &mut Vec<Step>, best: &mut Best) {
    offer(&value.span(), at, above, best);
    if let Some(table) = value.get_ref().as_table() {
        in_table(table, at, above, best);
    }
    for (index, element) in value.get_ref().as_array().into_iter().flat_map(|array| array.iter().enumerate())
    {
        above.push(Step::Index(index));
        in_value(element, at, above, best);
        above.pop();
    }
}

/// The shortest span wins; of equal ones the deeper, which is offered later.
fn offer(span: &Range<usize>, at: usize, path: &[Step], best: &mut Best) {
    let inside = span.contains(&at) || span.start == at;
    if inside && best.as_ref().is_none_or(|(length, _)| span.len() <= *length) {
        *best = Some((span.len(), path.to_vec()));
    }
}

/// Where the thing of this path stands, or the nearest thing above it that is in the text.
pub(super) fn nearest(root: &DeTable<'_>, path: &[Step]) -> Option<usize> {
    let mut found = None;
    let mut table = Some(root);
    let mut array: Option<&DeArray<'_>> = None;
    for step in path {
        let (start, value) = match step {
            Step::Key(key) => {
                let Some((known, value)) = table.and_then(|table| table.get_key_value(key.as_str())) else {
                    break;
                };
                (known.span().start, value)
            }
            Step::Index(index) => {
                let Some(value) = array.and_then(|array| array.get(*index)) else { break };
                (value.span().start, value)
            }
        };
        found = Some(start);
        table = value.get_ref().as_table();
        array = value.get_ref().as_array();
    }
    found
}

/// The values of the table within a section that the thing of this path stands in, each with its byte.
/// Layers may have said each of them.
pub(super) fn beside<'t>(values: &'t DeTable<'_>, path: &[Step]) -> Vec<(&'t str, usize)> {
    let Some((_, [first, rest @ ..])) = path.split_last().filter(|(_, above)| !above.is_empty()) else {
        return Vec::new();
    };
    let mut table = Some(values);
    for step in std::iter::once(first).chain(rest) {
        table = match step {
            Step::Key(key) => table.and_then(|table| table.get(key.as_str())?.get_ref().as_table()),
            // A list is of one layer as a whole.
            Step::Index(_) => None,
        };
    }
    let told = table.into_iter().flat_map(|table| table.iter());
    told.map(|(key, value)| (key.get_ref().as_ref(), value.span().start)).collect()
}

/// Takes the thing of this path out. Whether it was there.
pub(super) fn take_out(table: &mut DeTable<'_>, path: &[Step]) -> bool {
    let Some((Step::Key(key), rest)) = path.split_first() else { return false };
    if rest.is_empty() {
        return table.remove(key.as_str()).is_some();
    }
    table.get_mut(key.as_str()).is_some_and(|value| take_out_of_value(value.get_mut(), rest))
}

fn take_out_of_value(value: &mut DeValue<'_>, path: &[Step]) -> bool {
    match (value, path) {
        (DeValue::Table(table), _) => take_out(table, path),
        (DeValue::Array(array), [Step::Index(index)]) => {
            let known = *index < array.len();
            let mut left = DeArray::new();
            for (_, element) in array.iter().enumerate().filter(|(at, _)| at != index) {
                left.push(element.clone());
            }
            *array = left;
            known
        }
        (DeValue::Array(array), [Step::Index(index), rest @ ..]) => {
            array.get_mut(*index).is_some_and(|element| take_out_of_value(element.get_mut(), rest))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[a]\nb = 1\n[[a.c]]\nd = 2\n[[a.c]]\nd = 'é' # x\ne = [1, 2]\n";

    #[test]
    fn a_byte_has_its_line_and_path_and_a_path_its_byte() {
        let root = DeTable::parse(TEXT).unwrap();
        let at = TEXT.find("'é'").unwrap();
        assert_eq!(line_and_column(TEXT, at), (6, 5));
        assert_eq!(written(&path_at(root.get_ref(), at).unwrap()), "a.c[1].d");
        assert_eq!(nearest(root.get_ref(), &steps("a.c[1].d")), TEXT.rfind("d ="));
        assert_eq!(written(&path_at(root.get_ref(), TEXT.find("2]").unwrap()).unwrap()), "a.c[1].e[1]");
        assert_eq!(line_and_column(TEXT, TEXT.find(" # x").unwrap()), (6, 8), "columns count characters");
    }

    #[test]
    fn what_is_not_in_the_text_is_told_where_it_would_stand() {
        let root = DeTable::parse(TEXT).unwrap();
        assert_eq!(nearest(root.get_ref(), &steps("a.c[0].missing")), TEXT.find("[[a.c]]"));
        assert_eq!(nearest(root.get_ref(), &steps("nothing")), None);
    }

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let mut root = DeTable::parse(TEXT).unwrap().into_inner();
        assert!(take_out(&mut root, &steps("a.c[0]")));
        assert!(!take_out(&mut root, &steps("a.x")));
        let at = TEXT.find("'é'").unwrap();
        assert_eq!(written(&path_at(&root, at).unwrap()), "a.c[0].d");
        assert!(take_out(&mut root, &steps("a.c[0].e[0]")));
        assert_eq!(path_at(&root, TEXT.find("1, 2]").unwrap()), Some(steps("a.c[0].e")));
    }
}
