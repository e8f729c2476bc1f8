//! No file of Rust that no `mod` reaches, and no SQL that nothing includes.

use std::collections::BTreeSet;

use super::code::ModDeclaration;
use super::{File, Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "every file is reached",
    check,
    refused: &[
        &[("a/Cargo.toml", ""), ("a/src/lib.rs", "mod used;"), ("a/src/used.rs", ""), ("a/src/dead.rs", "")],
        &[
            ("a/Cargo.toml", ""),
            ("a/src/lib.rs", "// mod dead;\nmod b;"),
            ("a/src/b.rs", ""),
            ("a/src/dead.rs", ""),
        ],
        &[
            ("a/Cargo.toml", ""),
            ("a/src/lib.rs", "const A: &str = include_str!(\"x.sql\");"),
            ("a/src/y.sql", ""),
        ],
    ],
    allowed: &[
        &[
            ("a/Cargo.toml", ""),
            ("a/src/lib.rs", "mod b; #[path = \"odd/name.rs\"] mod d; mod e { mod f; }"),
            ("a/src/b.rs", "#[cfg(test)] mod c;"),
            ("a/src/b/c.rs", ""),
            ("a/src/odd/name.rs", ""),
            ("a/src/e/f.rs", ""),
            ("a/tests/t.rs", "mod help;"),
            ("a/tests/help/mod.rs", ""),
        ],
        &[
            ("a/Cargo.toml", ""),
            ("a/src/lib.rs", "const A: &str = include_str!(\"sql/x.sql\");"),
            ("a/src/sql/x.sql", ""),
        ],
        &[
            ("a/Cargo.toml", ""),
            ("a/src/lib.rs", "embed_migrations!(\"migrations\");"),
            ("a/migrations/V1__a.sql", ""),
        ],
        &[("a/Cargo.toml", ""), ("a/src/lib.rs", "embed_migrations!(\"src/m\");"), ("a/src/m/V1__a.sql", "")],
    ],
};

fn check(tree: &Tree) -> Vec<Finding> {
    let crates: Vec<&str> =
        tree.files.iter().filter(|file| file.name() == "Cargo.toml").map(File::folder).collect();
    let mut findings = Vec::new();
    let reached = reached_rust(tree, &crates);
    for file in tree.rust().filter(|file| !reached.contains(&file.path)) {
        findings.push(Finding::new(&file.path, 0, "no `mod` reaches this file"));
    }
    let included = included_paths(tree, &crates);
    for file in tree.files.iter().filter(|file| file.path.ends_with(".sql")) {
        // The file itself, or a folder that a macro embeds as a whole.
        if !included.contains(&file.path) && !included.contains(file.folder()) {
            findings.push(Finding::new(&file.path, 0, "nothing includes this SQL"));
        }
    }
    findings
}

/// What cargo compiles without being told: libraries, binaries, tests, benches, examples.
fn is_root(path: &str, crates: &[&str]) -> bool {
    crates.iter().any(|folder| {
        let inner = if folder.is_empty() { Some(path) } else { path.strip_prefix(&format!("{folder}/")) };
        let parts: Vec<&str> = inner.unwrap_or_default().split('/').collect();
        matches!(
            parts.as_slice(),
            ["build.rs"]
                | ["src", "lib.rs" | "main.rs"]
                | ["src", "bin", _]
                | ["src", "bin", _, "main.rs"]
                | ["tests" | "benches" | "examples" | "fuzz_targets", _]
                | ["tests" | "benches" | "examples", _, "main.rs"]
        )
    })
}

fn reached_rust(tree: &Tree, crates: &[&str]) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&File> = tree.rust().filter(|file| is_root(&file.path, crates)).collect();
    while let Some(file) = open.pop() {
        if !reached.insert(file.path.clone()) {
            continue;
        }
        let own_folder = is_root(&file.path, crates) || file.name() == "mod.rs";
        for module in file.code.iter().flat_map(|code| &code.modules) {
            let places = places_of(file, own_folder, module);
            open.extend(places.iter().filter_map(|place| tree.file(place)));
        }
    }
    reached
}

fn places_of(file: &File, own_folder: bool, module: &ModDeclaration) -> Vec<String> {
    let mut folder = file.folder().to_owned();
    if let (Some(path), true) = (&module.path_attribute, module.inside.is_empty()) {
        return vec![join(&folder, path)];
    }
    if !own_folder {
        folder = join(&folder, file.name().trim_end_matches(".rs"));
    }
    for part in &module.inside {
        folder = join(&folder, part);
    }
    let name = module.path_attribute.clone().unwrap_or_else(|| module.name.clone() + ".rs");
    vec![join(&folder, &name), join(&folder, &format!("{}/mod.rs", module.name))]
}

/// Every path that a string in code could mean, from its file's folder and from its crate's root.
fn included_paths(tree: &Tree, crates: &[&str]) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for file in tree.rust() {
        let owner = crates.iter().filter(|folder| file.path.starts_with(**folder)).max_by_key(|it| it.len());
        for literal in file.code.iter().flat_map(|code| &code.literals) {
            let text = literal.text.trim_matches('"').trim_matches('/');
            if text.is_empty() || text.contains(char::is_whitespace) {
                continue;
            }
            paths.insert(join(file.folder(), text));
            paths.extend(owner.map(|folder| join(folder, text)));
        }
    }
    paths
}

fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
