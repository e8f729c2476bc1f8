//! Every invariant stands in ARCHITECTURE.md with the file that guards it and a test that bites.

use std::collections::BTreeSet;

use super::documents::{backticked, exists};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "invariants have a guard and a test",
    check,
    // The smallest document that is right has eleven rows; see the tests below.
    refused: &[&[("ARCHITECTURE.md", "| `NO_DOUBLE_SHIP` | `a.rs` | `no_such_test` |"), ("a.rs", "")]],
    allowed: &[&[("README.md", "")]],
};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const INVARIANTS: &[&str] = &[
    "NO_DOUBLE_SHIP",
    "NO_OVERSELL",
    "NO_LOST_ACK",
    "ONCE",
    "CONVERGE",
    "LEGAL",
    "NO_ORPHAN",
    "FAIL_STATIC",
    "BOUNDED",
    "ISOLATED",
    "EXPLAINED",
];

fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(ARCHITECTURE) else { return Vec::new() };
    let tests: BTreeSet<&str> = tree
        .rust()
        .flat_map(|file| file.code.iter().flat_map(|code| &code.functions))
        .filter(|function| function.is_test)
        .map(|function| function.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for name in INVARIANTS {
        // The row of the table in which the invariant stands first.
        let rows = document.text.lines().enumerate();
        let row = rows.filter(|(_, line)| line.starts_with('|')).find(|(_, line)| {
            let first = line.split('|').nth(1).unwrap_or_default();
            first.trim().trim_matches(['*', '`']) == *name
        });
        let Some((at, row)) = row else {
            findings.push(Finding::new(ARCHITECTURE, 0, format!("`{name}` has no row in a table")));
            continue;
        };
        let is_file = |text: &str| text.ends_with(".rs") || text.ends_with(".sql");
        if !backticked(row).any(|text| is_file(text) && exists(tree, text)) {
            findings.push(Finding::new(ARCHITECTURE, at + 1, format!("`{name}` names no guard that exists")));
        }
        // A test may be named with its module: `fold::tests::it_bites`.
        let is_test = |text: &str| tests.contains(text.rsplit("::").next().unwrap_or(text));
        if !backticked(row).any(is_test) {
            findings.push(Finding::new(ARCHITECTURE, at + 1, format!("`{name}` names no test that exists")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_for(row_end: &str, guard: &str) -> Vec<Finding> {
        let text: String = INVARIANTS.iter().map(|name| format!("| {name} | {row_end} |\n")).collect();
        let text: &'static str = Box::leak(text.into_boxed_str());
        let guard: &'static str = Box::leak(guard.to_owned().into_boxed_str());
        check(&Tree::of(Box::leak(Box::new([(ARCHITECTURE, text), ("agent/src/core/a.rs", guard)]))))
    }

    #[test]
    fn a_row_with_guard_and_test_is_allowed() {
        assert_eq!(findings_for("`core/a.rs` | `a::it_bites`", "#[test] fn it_bites() { assert!(x); }"), []);
    }

    #[test]
    fn a_guard_or_a_test_that_is_gone_is_refused() {
        let missing_guard = findings_for("`core/b.rs` | `it_bites`", "#[test] fn it_bites() { assert!(x); }");
        assert_eq!(missing_guard.len(), INVARIANTS.len());
        let missing_test = findings_for("`core/a.rs` | `it_bites`", "fn it_bites() {}");
        assert_eq!(missing_test.len(), INVARIANTS.len());
    }
}
