//! The alert rules that the package ships ask for series that central really has.

use std::collections::BTreeSet;
use std::path::Path;

const RULES: &str = include_str!("../../../../packaging/central/alerts.yml");

fn series(text: &str) -> BTreeSet<&str> {
    let name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    text.split(|letter| !name(letter)).filter(|word| word.starts_with("holdfast_")).collect()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
            sources(&path, text);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_series_that_an_alert_asks_for_is_told() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let asked = series(RULES);
    assert!(asked.len() >= 6, "{asked:?}");
    for name in asked {
        assert!(text.contains(&format!("\"{name}\"")), "nobody tells {name}");
    }
}

#[test]
fn every_alert_says_whom_it_hurts_and_what_to_do() {
    let alerts = RULES.matches("- alert: ").count();
    assert_eq!(alerts, 9);
    for field in ["severity: ", "summary: ", "impact: ", "action: "] {
        assert_eq!(RULES.matches(field).count(), alerts, "{field}");
    }
}
