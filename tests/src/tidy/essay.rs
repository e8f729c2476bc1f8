//! The `lib.rs` of a crate opens with an essay: what it is for, its rooms, the way data takes.

use super::{File, Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "a crate opens with an essay",
    check,
    refused: &[&[
        ("a/Cargo.toml", ""),
        ("a/src/lib.rs", "pub mod b;"),
        ("a/src/b.rs", ""),
        ("a/src/c.rs", ""),
        ("a/src/d.rs", ""),
        ("a/src/e.rs", ""),
        ("a/src/f.rs", ""),
    ]],
    allowed: &[
        &[("a/Cargo.toml", ""), ("a/src/lib.rs", "pub mod b;"), ("a/src/b.rs", "")],
        &[
            ("a/Cargo.toml", ""),
            ("a/src/lib.rs", "//! 1\n//! 2\n//! 3\n//! 4\n//! 5\n//! 6\n//! 7\n//! 8\npub mod b;"),
            ("a/src/b.rs", ""),
            ("a/src/c.rs", ""),
            ("a/src/d.rs", ""),
            ("a/src/e.rs", ""),
            ("a/src/f.rs", ""),
        ],
    ],
};

/// A crate of fewer files explains itself.
const FILES_MIN: usize = 6;
const ESSAY_LINES_MIN: usize = 8;
/// Grown to more than a crate of a few files before it has one is what the rule refuses; these
/// are still being filled, and hold no runtime yet.
const FILLED_WHEN: &[(&str, &str)] =
    &[("agent", "agent/src/runtime"), ("central", "central/src/runtime"), ("shared", "central/src/runtime")];

fn check(tree: &Tree) -> Vec<Finding> {
    let folders = tree.files.iter().filter(|file| file.name() == "Cargo.toml").map(File::folder);
    let mut findings = Vec::new();
    for folder in folders {
        let unfilled = FILLED_WHEN.iter().any(|(name, runtime)| *name == folder && !tree.has_module(runtime));
        let source = if folder.is_empty() { "src".to_owned() } else { format!("{folder}/src") };
        let Some(library) = tree.file(&format!("{source}/lib.rs")) else { continue };
        let files = tree.rust().filter(|file| file.path.starts_with(&format!("{source}/"))).count();
        let essay = library.text.lines().take_while(|line| line.starts_with("//!")).count();
        if files >= FILES_MIN && essay < ESSAY_LINES_MIN && !unfilled {
            let message =
                format!("opens with {essay} lines of essay; a crate of {files} files needs a screen");
            findings.push(Finding::new(&library.path, 1, message));
        }
    }
    findings
}
