//! The house rules, as tests.
//!
//! A rule reads a [`Tree`] and answers with what it found wrong. Each rule is one file and one
//! line in [`RULES`]. It carries small trees that it must refuse and trees that it must allow, so
//! that a rule which cannot fail is itself a failure (`tests/tests/tidy.rs` runs both). Rules read
//! tokens, not text, wherever a comment or a string could fool them.
//!
//! A rule about a room that does not exist yet has nothing to say; it starts to bite with the
//! first file of that room.

mod assertions;
pub mod code;
mod crates;
mod cycles;
mod dead_files;
mod dependencies;
mod documents;
mod essay;
mod invariants;
mod limits;
mod modules;
mod placeholders;
mod rooms;
mod schemas;
mod size;
mod sql_inline;
mod tree;
mod unused;

pub use tree::{File, Tree};

/// Every rule. Adding one is one file and one line here.
pub const RULES: &[Rule] = &[
    assertions::RULE,
    crates::RULE,
    cycles::RULE,
    dead_files::RULE,
    dependencies::RULE,
    documents::RULE,
    essay::RULE,
    invariants::RULE,
    limits::RULE,
    placeholders::RULE,
    rooms::RULE,
    schemas::RULE,
    size::RULE,
    sql_inline::RULE,
    unused::RULE,
];

/// A small tree for trying a rule: path and text of each file.
pub type Example = &'static [(&'static str, &'static str)];

/// One house rule.
#[derive(Debug)]
pub struct Rule {
    pub name: &'static str,
    pub check: fn(&Tree) -> Vec<Finding>,
    /// Trees that the rule must find fault with.
    pub refused: &'static [Example],
    /// Trees that the rule must leave alone.
    pub allowed: &'static [Example],
}

/// Something that a rule found wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// Counted from 1; 0 speaks of the file as a whole.
    pub line: usize,
    pub message: String,
}

impl Finding {
    #[must_use]
    pub fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 {
            write!(out, "{}: {}", self.path, self.message)
        } else {
            write!(out, "{}:{}: {}", self.path, self.line, self.message)
        }
    }
}
