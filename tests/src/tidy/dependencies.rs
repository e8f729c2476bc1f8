//! Every dependency has its reason in one line of DECISIONS.md, and no line outlives its crate.

use std::collections::BTreeSet;

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "every dependency has a reason",
    check,
    refused: &[
        &[("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n"), (DECISIONS, "")],
        &[("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n")],
        &[
            ("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n"),
            (DECISIONS, "| crate | why |\n|---|---|\n| `serde` | |\n"),
        ],
        &[
            ("Cargo.toml", "[workspace.dependencies]\n"),
            (DECISIONS, "| crate | why |\n|---|---|\n| `gone` | once needed |\n"),
        ],
        &[("Cargo.toml", ""), ("agent/Cargo.toml", "[dependencies]\nserde = \"1\"\n")],
    ],
    allowed: &[&[
        (
            "Cargo.toml",
            "[workspace.dependencies]\nmine = { path = \"mine\" }\nserde = { version = \"1\" }\n[package]\n",
        ),
        (
            DECISIONS,
            "| crate | why |\n|---|---|\n| `serde` | forms |\n\n| other | table |\n|---|---|\n| `x` | y |\n",
        ),
        ("agent/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
    ]],
};

const DECISIONS: &str = "DECISIONS.md";

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let chosen = chosen_crates(tree);
    let reasons = crates_with_reasons(tree);
    for (name, line) in &chosen {
        if !reasons.iter().any(|(known, _)| known == name) {
            findings.push(Finding::new(
                "Cargo.toml",
                *line,
                format!("`{name}` has no reason in {DECISIONS}"),
            ));
        }
    }
    let names: BTreeSet<&String> = chosen.iter().map(|(name, _)| name).collect();
    for (name, line) in reasons.iter().filter(|(name, _)| !names.contains(name)) {
        findings.push(Finding::new(DECISIONS, *line, format!("`{name}` is no dependency any more")));
    }
    for file in tree.files.iter().filter(|file| file.name() == "Cargo.toml" && file.path != "Cargo.toml") {
        for (at, line) in dependency_lines(&file.text, |section| section.ends_with("dependencies")) {
            if !line.contains("workspace = true") {
                findings.push(Finding::new(
                    &file.path,
                    at,
                    "a version belongs into the workspace's Cargo.toml",
                ));
            }
        }
    }
    findings
}

/// Crates of others in the workspace's table, each with its line.
fn chosen_crates(tree: &Tree) -> Vec<(String, usize)> {
    let text = tree.file("Cargo.toml").map_or("", |file| file.text.as_str());
    dependency_lines(text, |section| section == "workspace.dependencies")
        .filter(|(_, line)| !line.contains("path = "))
        .filter_map(|(at, line)| Some((line.split(['=', '.']).next()?.trim().to_owned(), at)))
        .collect()
}

fn dependency_lines(text: &str, wanted: fn(&str) -> bool) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        if let Some(section) = line.strip_prefix('[') {
            inside = wanted(section.trim_end_matches(']'));
            return None;
        }
        (inside && line.contains('=') && !line.starts_with('#')).then_some((at + 1, line))
    })
}

/// Rows of the tables whose first column is headed `crate`, if their reason is not empty.
fn crates_with_reasons(tree: &Tree) -> Vec<(String, usize)> {
    let text = tree.file(DECISIONS).map_or("", |file| file.text.as_str());
    let mut inside = false;
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", "crate", ..] => inside = true,
            ["", name, reason, ..] if inside && name.starts_with('`') && !reason.is_empty() => {
                rows.push((name.trim_matches('`').to_owned(), at + 1));
            }
            ["", _, ..] => {}
            _ => inside = false,
        }
    }
    rows
}
