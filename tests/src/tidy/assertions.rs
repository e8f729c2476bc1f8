//! A test that asserts nothing proves nothing.

use super::code::Function;
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "every test asserts",
    check,
    refused: &[
        &[("a/src/lib.rs", "#[cfg(test)] mod tests { #[test] fn t() { let _ = f(); } }")],
        &[("a/tests/t.rs", "#[tokio::test(flavor = \"multi_thread\")] async fn t() { f().await; }")],
        &[("a/tests/t.rs", "proptest! { #[test] fn t(x in 0..5) { f(x); } }")],
        &[("a/tests/t.rs", "#[test] fn t() { /* assert!(true) */ let _ = \"assert\"; }")],
    ],
    allowed: &[
        &[("a/tests/t.rs", "#[test] fn t() { assert_eq!(1, 1); } fn help() {}")],
        &[("a/tests/t.rs", "#[test] fn t() -> Result { f()?; Ok(()) }")],
        &[("a/tests/t.rs", "#[test] fn t() { f().unwrap_err(); }")],
        &[("a/tests/t.rs", "#[test] #[should_panic] fn t() { f(); }")],
        &[("a/tests/t.rs", "proptest! { #[test] fn t(x in 0..5) { prop_assert!(x < 5); } }")],
        &[("a/tests/t.rs", "#[test] fn t() { assert_level(&a, &b); }")],
    ],
};

/// Words that fail a test when what it says does not hold.
const ASSERTING: &[&str] = &["?", "unwrap", "expect", "unwrap_err", "expect_err", "panic", "unreachable"];
const ASSERTING_STARTS: &[&str] = &["assert", "prop_assert", "expect_", "must_"];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for test in file.code.iter().flat_map(|code| &code.functions).filter(|function| function.is_test) {
            if !asserts(test) {
                findings.push(Finding::new(
                    &file.path,
                    test.line,
                    format!("`{}` asserts nothing", test.name),
                ));
            }
        }
    }
    findings
}

fn asserts(test: &Function) -> bool {
    test.should_panic
        || test.words.iter().any(|word| {
            ASSERTING.contains(&word.as_str()) || ASSERTING_STARTS.iter().any(|start| word.starts_with(start))
        })
}
