//! From paths of files to paths of modules, and from what a file writes to what it means.

use super::code::PathUse;

/// The crates whose modules the rules follow: their source folder and their name in code.
pub(super) const CRATES: &[(&str, &str)] = &[
    ("agent/src", "holdfast_agent"),
    ("central/src", "holdfast_central"),
    ("shared/platform/src", "holdfast_platform"),
    ("shared/src", "holdfast_shared"),
    ("tests/src", "holdfast_tests"),
    ("src", "holdfast"),
];

/// The module that a file of a crate holds, `agent/src/core/task.rs` being `[core, task]`.
pub(super) fn module_of(path: &str, source: &str) -> Option<Vec<String>> {
    let inner = path.strip_prefix(source)?.strip_prefix('/')?.strip_suffix(".rs")?;
    let mut segments: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    Some(segments)
}

/// Where a path leads inside its own crate; nothing when it leads to another crate.
pub(super) fn resolve(module: &[String], used: &PathUse, crate_name: &str) -> Option<Vec<String>> {
    let mut place: Vec<String> = module.iter().chain(&used.inside).cloned().collect();
    let mut rest = used.segments.as_slice();
    let (first, tail) = rest.split_first()?;
    if first == "crate" || first == crate_name {
        place.clear();
        rest = tail;
    } else if first == "self" {
        rest = tail;
    } else if first == "super" {
        while let Some((first, tail)) = rest.split_first()
            && first == "super"
        {
            place.pop();
            rest = tail;
        }
    } else {
        return None;
    }
    place.extend(rest.iter().cloned());
    Some(place)
}
