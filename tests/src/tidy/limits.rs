//! Every limit of `shared/src/limits.rs`, and of the files beneath it, is held by somebody.

use std::collections::BTreeSet;

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "every limit is used",
    check,
    refused: &[&[
        (LIMITS, "pub const A_MAX: u32 = 1;\npub const B_MAX: u32 = 2;"),
        ("agent/src/runtime/mod.rs", "fn f() { limits::A_MAX; }"),
        ("central/src/runtime.rs", "// B_MAX"),
    ]],
    allowed: &[
        &[
            (LIMITS, "pub const A_MAX: u32 = 1;\npub const B_MAX: u32 = A_MAX;"),
            ("agent/src/runtime/mod.rs", "use holdfast_shared::limits::{A_MAX};"),
            ("central/src/runtime.rs", "fn f() { g(limits::B_MAX) }"),
        ],
        // Not both products are there yet.
        &[(LIMITS, "pub const A_MAX: u32 = 1;"), ("agent/src/runtime/mod.rs", "")],
    ],
};

const LIMITS: &str = "shared/src/limits.rs";
const FAMILIES: &str = "shared/src/limits/";

fn names_limits(path: &str) -> bool {
    path == LIMITS || path.starts_with(FAMILIES)
}

fn check(tree: &Tree) -> Vec<Finding> {
    let whole = tree.has_module("agent/src/runtime") && tree.has_module("central/src/runtime");
    if !whole {
        return Vec::new();
    }
    let used: BTreeSet<&str> = tree
        .rust()
        .filter(|file| !names_limits(&file.path) && file.is_product())
        .flat_map(|file| file.code.iter().flat_map(|code| &code.words))
        .map(String::as_str)
        .collect();
    let mut findings = Vec::new();
    for limits in tree.rust().filter(|file| names_limits(&file.path)) {
        for (at, line) in limits.text.lines().enumerate() {
            let Some((name, _)) = line.strip_prefix("pub const ").and_then(|rest| rest.split_once(':'))
            else {
                continue;
            };
            if !used.contains(name) {
                let words = format!("`{name}`: nothing holds this limit");
                findings.push(Finding::new(&limits.path, at + 1, words));
            }
        }
    }
    findings
}
