//! Nothing is left for later in the code: what is not there is left out cleanly.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "no placeholders",
    check,
    refused: &[
        &[("agent/src/core/a.rs", "// TODO: later\n")],
        &[("central/src/flows/a.sql", "-- FIXME\n")],
        &[("tests/run.sh", "# XXX\n")],
        &[("agent/src/core/a.rs", "fn f() { unimplemented!() }")],
        &[("agent/src/core/a.rs", "fn f() { todo!() }")],
    ],
    allowed: &[&[("agent/src/core/a.rs", "// a todo list; a mastodon\nconst XXXL: &str = \"size\";\n")]],
};

const REFUSED_WORDS: &[&str] = &["TODO", "FIXME", "XXX", "HACK", "unimplemented!", "todo!"];
const ENDINGS: &[&str] = &["rs", "sql", "sh", "js", "css", "html", "toml", "yml"];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let written = tree.files.iter().filter(|file| {
        // This folder names the words that it refuses.
        ENDINGS.iter().any(|ending| file.name().ends_with(&format!(".{ending}")))
            && !file.path.starts_with("tests/src/tidy/")
    });
    for file in written {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(word) = REFUSED_WORDS.iter().find(|word| has_word(line, word)) {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    format!("`{word}`: finish it or leave it out"),
                ));
            }
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let joins = |side: Option<char>| side.is_some_and(|char| char.is_alphanumeric() || char == '_');
        !joins(before) && (word.ends_with('!') || !joins(after))
    })
}
