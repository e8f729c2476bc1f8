//! No two types of one side have the same name in its OpenAPI document: the later one would silently stand for both.

use std::collections::BTreeMap;

use super::{File, Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "schemas have names of their own",
    check,
    refused: &[
        &[
            ("central/src/a.rs", "#[derive(Serialize, ToSchema)]\npub struct Plan {}"),
            ("central/src/b.rs", "#[derive(ToSchema)]\n#[serde(deny_unknown_fields)]\nenum Plan {}"),
        ],
        &[
            ("agent/src/a.rs", "#[derive(ToSchema)]\n#[schema(as = Place)]\nstruct Spot {}"),
            ("shared/src/b.rs", "#[derive(\n    ToSchema,\n)]\npub struct Place;"),
        ],
    ],
    allowed: &[
        &[
            ("central/src/a.rs", "#[derive(ToSchema)]\n/// One.\npub struct Plan {}"),
            ("central/src/b.rs", "#[derive(ToSchema)]\n#[schema(as = OtherPlan)]\npub struct Plan {}"),
            ("central/src/c.rs", "#[derive(Debug)]\nstruct Plan;"),
            ("agent/src/a.rs", "#[derive(ToSchema)]\nstruct Plan {}"),
        ],
        &[("central/src/a.rs", "// #[derive(ToSchema)] struct A;\n#[derive(ToSchema)]\nstruct A;")],
    ],
};

/// Whose types meet in one document.
const SIDES: &[&[&str]] = &[&["central/src/", "shared/src/"], &["agent/src/", "shared/src/"]];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for side in SIDES {
        let mut first: BTreeMap<String, &str> = BTreeMap::new();
        let of_side = |file: &&File| file.is_product() && side.iter().any(|room| file.path.starts_with(room));
        for file in tree.rust().filter(of_side) {
            for (line, name) in schemas(&file.text) {
                if let Some(other) = first.get(name.as_str()) {
                    let words = format!("the schema `{name}` is also in {other}: say #[schema(as = ...)]");
                    findings.push(Finding::new(&file.path, line, words));
                } else {
                    first.insert(name, &file.path);
                }
            }
        }
    }
    findings
}

/// The names that types have in documents, with the lines where they are declared.
fn schemas(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut derives, mut renamed, mut within) = (false, None, false);
    for (at, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with("//") {
            continue;
        }
        if code.starts_with("#[derive(") || within {
            within = !code.contains(")]");
            derives |= code.contains("ToSchema");
            continue;
        }
        if let Some((_, name)) = code.split_once("#[schema(as = ") {
            renamed = name.split([')', ',']).next().map(str::to_owned);
        }
        if code.is_empty() || code.starts_with('#') {
            continue;
        }
        if let (true, Some(name)) = (derives, declared(code)) {
            found.push((at + 1, renamed.unwrap_or(name)));
        }
        (derives, renamed) = (false, None);
    }
    found
}

fn declared(code: &str) -> Option<String> {
    let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.find(|word| matches!(*word, "struct" | "enum"))?;
    words.next().map(str::to_owned)
}
