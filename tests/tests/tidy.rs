//! The house rules hold for the working tree, and each rule can fail.

use std::path::Path;

use holdfast_tests::tidy::{Example, RULES, Tree};

#[test]
fn the_house_rules_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests crate lies in the workspace");
    let tree = Tree::read(root).expect("the working tree is readable");
    assert!(tree.file("Cargo.toml").is_some(), "the workspace is at {}", root.display());
    let mut report = String::new();
    for rule in RULES {
        let mut findings = (rule.check)(&tree);
        findings.sort();
        for finding in findings {
            report.push_str(&format!("{}\n    {finding}\n", rule.name));
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_rule_refuses_what_it_is_there_for() {
    for rule in RULES.iter().filter(|rule| rule.name != "files and functions stay small") {
        assert!(!rule.refused.is_empty(), "`{}` shows nothing that it refuses", rule.name);
        for example in rule.refused {
            assert!(
                !(rule.check)(&Tree::of(example)).is_empty(),
                "`{}` allows {}",
                rule.name,
                shown(example)
            );
        }
    }
}

#[test]
fn no_rule_refuses_what_is_right() {
    for rule in RULES {
        assert!(!rule.allowed.is_empty(), "`{}` shows nothing that it allows", rule.name);
        for example in rule.allowed {
            let findings = (rule.check)(&Tree::of(example));
            assert!(findings.is_empty(), "`{}` refuses {}: {findings:?}", rule.name, shown(example));
        }
    }
}

#[test]
fn every_file_of_rust_is_read() {
    let tree = Tree::of(&[("agent/src/lib.rs", "fn f() { crate::core::g() }")]);
    let file = tree.file("agent/src/lib.rs").expect("the file is in the tree");
    assert_eq!(file.code.as_ref().map(|code| code.paths.len()), Some(1));
}

fn shown(example: Example) -> String {
    example.iter().map(|(path, text)| format!("{path}: {text}")).collect::<Vec<_>>().join(" | ")
}
