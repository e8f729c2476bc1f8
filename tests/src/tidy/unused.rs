//! No crate declares a dependency that none of its files mentions.

use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "every dependency is used",
    check,
    refused: &[
        &[
            ("agent/Cargo.toml", "[dependencies]\nrust-embed.workspace = true\n"),
            ("agent/src/runtime.rs", "use embed::E;"),
            ("central/src/runtime.rs", ""),
        ],
        &[
            ("Cargo.toml", "[dev-dependencies]\nserde.workspace = true\n"),
            ("agent/Cargo.toml", ""),
            ("agent/src/runtime.rs", "use serde::Serialize;"),
            ("central/src/runtime.rs", ""),
        ],
    ],
    allowed: &[
        &[
            (
                "agent/Cargo.toml",
                "[dependencies]\nrust-embed.workspace = true\nserde_bytes.workspace = true\n",
            ),
            ("agent/src/runtime.rs", "use rust_embed::E;\n#[serde(with = \"serde_bytes\")] struct S;"),
            ("central/src/runtime.rs", ""),
        ],
        // Not both products are there yet.
        &[("agent/Cargo.toml", "[dependencies]\nserde.workspace = true\n"), ("agent/src/lib.rs", "")],
    ],
};

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !tree.has_module("agent/src/runtime") || !tree.has_module("central/src/runtime") {
        return findings;
    }
    let manifests: Vec<_> = tree.files.iter().filter(|file| file.name() == "Cargo.toml").collect();
    for manifest in &manifests {
        let prefix =
            if manifest.folder().is_empty() { String::new() } else { format!("{}/", manifest.folder()) };
        // A crate inside this crate's folder has a manifest of its own.
        let inner: Vec<&str> = manifests
            .iter()
            .map(|other| other.folder())
            .filter(|folder| *folder != manifest.folder() && folder.starts_with(&prefix))
            .collect();
        let own: Vec<&str> = tree
            .rust()
            .filter(|file| file.path.starts_with(&prefix))
            .filter(|file| !inner.iter().any(|folder| file.path.starts_with(&format!("{folder}/"))))
            .map(|file| file.text.as_str())
            .collect();
        for (line, name) in declared(&manifest.text) {
            let word = name.replace('-', "_");
            if !own.iter().any(|text| text.contains(&word)) {
                findings.push(Finding::new(&manifest.path, line, format!("nothing uses `{name}`")));
            }
        }
    }
    findings
}

/// The dependencies of a crate, of the product and of its tests, each with its line.
fn declared(manifest: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        if let Some(section) = line.strip_prefix('[') {
            inside = matches!(section.trim_end_matches(']'), "dependencies" | "dev-dependencies");
        } else if let Some((name, _)) = line.split_once(['.', ' ', '=']).filter(|_| inside) {
            found.extend((!name.is_empty() && !name.starts_with('#')).then_some((at + 1, name)));
        }
    }
    found
}
