//! SQL lives in `.sql` files, or as short constants in one `sql.rs` beside the adapter.

use super::{File, Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "SQL lives in files of its own",
    check,
    refused: &[
        &[("agent/src/adapters/sqlite/read.rs", "fn f() { q(\"SELECT sku FROM stock\") }")],
        &[("central/src/adapters/sqlite/a.rs", "fn f() { q(\"\\n  insert into orders values (1)\") }")],
        &[("central/src/adapters/sqlite/a.rs", "fn f() { q(r#\"UPDATE orders SET state = 'x'\"#) }")],
        &[("src/main.rs", "fn f() { q(\"DELETE FROM orders\") }")],
        &[("central/src/adapters/sqlite/a.rs", "fn f() { q(\"WITH a AS (SELECT 1) SELECT * FROM a\") }")],
    ],
    allowed: &[
        &[("agent/src/adapters/sqlite/sql.rs", "const A: &str = \"SELECT sku FROM stock\";")],
        &[("agent/src/adapters/sqlite/a.rs", "fn f() { q(\"PRAGMA user_version\") }")],
        &[("agent/src/adapters/http/a.rs", "const HINT: &str = \"Select a store from the list\";")],
        &[("agent/src/adapters/http/a.rs", "const HINT: &str = \"Update the set of stores\";")],
        &[("agent/src/adapters/sqlite/a.rs", "#[cfg(test)] mod tests { fn f() { q(\"SELECT 1 FROM a\") } }")],
        &[("tests/tests/a.rs", "fn f() { q(\"DELETE FROM orders\") }")],
    ],
};

/// First word of a statement, and a word that must follow it somewhere.
const STATEMENTS: &[(&str, &str)] = &[
    ("SELECT", ""),
    ("INSERT", "INTO"),
    ("REPLACE", "INTO"),
    ("UPDATE", "SET"),
    ("DELETE", "FROM"),
    ("WITH", "SELECT"),
    ("CREATE", "TABLE"),
    ("ALTER", "TABLE"),
];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.is_product() && !is_home_of_sql(file)) {
        for literal in file.code.iter().flat_map(|code| &code.literals) {
            if !literal.in_test && is_statement(&literal.text) {
                let message = "SQL inline: move it to a .sql file, or to the adapter's sql.rs";
                findings.push(Finding::new(&file.path, literal.line, message));
            }
        }
    }
    findings
}

fn is_home_of_sql(file: &File) -> bool {
    file.name() == "sql.rs" || file.folder().ends_with("/sql")
}

fn is_statement(literal: &str) -> bool {
    let Some((_, text)) = literal.split_once('"') else { return false };
    let text = text.replace("\\n", " ");
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return false };
    // A sentence begins with one capital; a statement is in one case.
    let one_case = [str::to_uppercase, str::to_lowercase].iter().any(|case| case(first) == first);
    let upper = first.to_uppercase();
    let rest: Vec<String> = words.map(str::to_uppercase).collect();
    one_case
        && STATEMENTS.iter().any(|(start, follow)| {
            // `select` alone is a word of English; with another word behind it in capitals it is not.
            let followed = follow.is_empty() && (first == upper || rest.iter().any(|word| word == "FROM"));
            upper == *start && !rest.is_empty() && (followed || rest.iter().any(|word| word == follow))
        })
}
