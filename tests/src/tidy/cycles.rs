//! No circle among modules that stand side by side, at any depth.
//!
//! A parent and its children may know each other: a module file names its children anyway. The
//! exceptions have their reason beside them, and the list only shrinks.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::{CRATES, module_of, resolve};
use super::{Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "modules have no circles",
    check: |tree| check(tree, EXCEPTIONS),
    refused: &[
        &[("shared/src/a.rs", "use crate::b::B;"), ("shared/src/b.rs", "use super::a::A;")],
        &[
            ("agent/src/core/a/mod.rs", "mod deep;"),
            ("agent/src/core/a/deep.rs", "use crate::core::b::B;"),
            ("agent/src/core/b.rs", "use crate::core::c::C;"),
            ("agent/src/core/c.rs", "fn f() { crate::core::a::g() }"),
        ],
    ],
    allowed: &[
        &[("shared/src/a.rs", "use crate::b::B;"), ("shared/src/b.rs", "use std::fmt;")],
        &[("shared/src/a/mod.rs", "mod b; use self::b::B;"), ("shared/src/a/b.rs", "use super::A;")],
        &[
            ("shared/src/a.rs", "use crate::b::B;"),
            ("shared/src/b.rs", "#[cfg(test)] mod tests { use crate::a::A; }"),
        ],
    ],
};

#[derive(Debug, Clone, Copy)]
struct Exception {
    folder: &'static str,
    /// The modules of the circle; one of fewer among them is excused too.
    circle: &'static [&'static str],
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

type Edges = BTreeMap<String, BTreeSet<String>>;

fn check(tree: &Tree, exceptions: &[Exception]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; exceptions.len()];
    for (source, name) in CRATES {
        for (folder, edges) in siblings(tree, source, name) {
            for circle in circles(&edges) {
                let within =
                    |it: &Exception| circle.iter().all(|module| it.circle.contains(&module.as_str()));
                let excused = exceptions.iter().position(|it| it.folder == folder && within(it));
                match excused.and_then(|at| used.get_mut(at)) {
                    Some(slot) => *slot = true,
                    None => {
                        let message = format!("a circle: {}", circle.join(" <-> "));
                        findings.push(Finding::new(&folder, 0, message));
                    }
                }
            }
        }
    }
    for (entry, used) in exceptions.iter().zip(used) {
        if !used || entry.reason.is_empty() {
            let message =
                format!("the exception for {} needs a circle and a reason", entry.circle.join(" <-> "));
            findings.push(Finding::new(entry.folder, 0, message));
        }
    }
    findings
}

/// Per folder: which of its modules uses which other.
fn siblings(tree: &Tree, source: &str, name: &str) -> BTreeMap<String, Edges> {
    let mut folders: BTreeMap<String, Edges> = BTreeMap::new();
    for file in tree.rust().filter(|file| !file.is_test_file()) {
        let Some(module) = module_of(&file.path, source) else { continue };
        for used in file.code.iter().flat_map(|code| &code.paths).filter(|used| !used.in_test) {
            let Some(target) = resolve(&module, used, name) else { continue };
            let shared = module.iter().zip(&target).take_while(|(own, other)| own == other).count();
            let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) else { continue };
            let parents = module.iter().take(shared).fold(source.to_owned(), |path, next| path + "/" + next);
            if tree.has_module(&format!("{parents}/{to}")) {
                folders.entry(parents).or_default().entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    folders
}

fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> =
        edges.keys().map(|from| (from, reach(edges, from))).collect();
    let mutual = |one: &String, two: &String| {
        reached.get(one).is_some_and(|set| set.contains(two))
            && reached.get(two).is_some_and(|set| set.contains(one))
    };
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for from in edges.keys() {
        let circle: Vec<String> = edges.keys().filter(|to| mutual(from, to)).cloned().collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reach(edges: &Edges, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(next) = open.pop() {
        for to in edges.get(next).into_iter().flatten() {
            if seen.insert(to.clone()) {
                open.push(to);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXCUSE: Exception = Exception { folder: "shared/src", circle: &["a", "b"], reason: "twins" };

    fn twins() -> Tree {
        Tree::of(&[("shared/src/a.rs", "use crate::b::B;"), ("shared/src/b.rs", "use crate::a::A;")])
    }

    #[test]
    fn an_exception_excuses_its_own_circle_only() {
        assert_eq!(check(&twins(), &[EXCUSE]), []);
        assert_eq!(check(&twins(), &[Exception { folder: "agent/src", ..EXCUSE }]).len(), 2);
    }

    #[test]
    fn an_exception_that_is_not_needed_or_not_explained_is_refused() {
        assert_eq!(check(&Tree::of(&[("shared/src/a.rs", "")]), &[EXCUSE]).len(), 1);
        assert_eq!(check(&twins(), &[Exception { reason: "", ..EXCUSE }]).len(), 1);
    }
}
