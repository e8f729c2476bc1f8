//! Documents name only files that exist.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "documents name files that exist",
    check,
    refused: &[
        &[("README.md", "See `tests/gone.rs`."), ("tests/run", "")],
        &[("ARCHITECTURE.md", "in `core/task/fold.rs`"), ("agent/src/core/task.rs", "")],
        &[("CONTRIBUTING.md", "`agent/src/core/gone/*.rs`"), ("agent/src/core/task.rs", "")],
        &[("DECISIONS.md", "[page](docs/gone.md)")],
    ],
    allowed: &[
        &[
            (
                "README.md",
                "`tests/run`, `tests/`, `core/task.rs`, `task.rs`, `agent/src/*/task.rs`, [it](tests/run)",
            ),
            ("tests/run", ""),
            ("agent/src/core/task.rs", ""),
        ],
        &[(
            "README.md",
            "`GET /v1/orders`, `/etc/holdfast/agent.toml`, `a/b`, `cargo run`, `holdfast/v1/{tenant}`, `target/x.rs`",
        )],
        // A room that nobody has opened yet.
        &[("CONTRIBUTING.md", "`central/src/core/routing/rules/*.rs`"), ("central/src/lib.rs", "")],
    ],
};

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "DECISIONS.md"];
const FILE_ENDINGS: &[&str] = &[".rs", ".md", ".sql", ".sh", ".toml", ".service", ".yml"];
const ROOMS: &[&str] = &["core", "ports", "flows", "adapters", "runtime"];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for document in DOCUMENTS.iter().filter_map(|path| tree.file(path)) {
        for (at, line) in document.text.lines().enumerate() {
            for named in backticked(line).chain(links(line)) {
                // The four may speak of each other before all are written.
                let unwritten = DOCUMENTS.contains(&named) || is_unopened_room(tree, named);
                if looks_like_path(tree, named) && !unwritten && !exists(tree, named) {
                    findings.push(Finding::new(&document.path, at + 1, format!("`{named}` does not exist")));
                }
            }
        }
    }
    findings
}

/// What stands between backticks in a line.
pub(super) fn backticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

fn looks_like_path(tree: &Tree, text: &str) -> bool {
    let foreign = text.contains(|char: char| char.is_whitespace() || "{}<>()=,;\"'$:#".contains(char));
    if text.is_empty() || foreign || text.starts_with(['/', '-', '~', '.']) || text.starts_with("target/") {
        return false;
    }
    let first = text.split('/').next().unwrap_or_default();
    FILE_ENDINGS.iter().any(|ending| text.ends_with(ending) && text.len() > ending.len())
        || (text.contains('/') && tree.has_folder(first))
}

fn is_unopened_room(tree: &Tree, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [side @ ("agent" | "central"), "src", room, ..] if ROOMS.contains(room) => {
            !tree.has_module(&format!("{side}/src/{room}"))
        }
        _ => false,
    }
}

/// The whole path, or its last parts, when those say enough where one looks; `*` stands for
/// anything inside one part.
pub(super) fn exists(tree: &Tree, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let first_known = path.split_once('/').is_some_and(|(first, _)| tree.has_folder(first));
    if tree.has(path) {
        return true;
    }
    let wanted: Vec<&str> = path.split('/').collect();
    tree.files.iter().any(|file| {
        let parts: Vec<&str> = file.path.split('/').collect();
        let from = if first_known { 0 } else { parts.len().saturating_sub(wanted.len()) };
        let same_length = parts.len() == from + wanted.len();
        same_length && parts.iter().skip(from).zip(&wanted).all(|(part, wanted)| matches_part(part, wanted))
    })
}

fn matches_part(part: &str, wanted: &str) -> bool {
    match wanted.split_once('*') {
        Some((start, end)) => {
            part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end)
        }
        None => part == wanted,
    }
}
