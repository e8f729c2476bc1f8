//! Golden scenarios: a scene and what is decided of it, as text (`golden/*.txt`).

use super::decision::{Choice, Decision, Plan, Verdict};
use super::test_scene::{Scene, decide};
use std::fmt::Write;

fn parcels(plan: &Plan) -> String {
    let parcel = |parcel: &super::decision::Parcel| {
        let lines: Vec<String> =
            parcel.lines.iter().map(|line| format!("{} x {}", line.quantity, line.sku)).collect();
        format!("{} {}", parcel.store, lines.join(", "))
    };
    plan.parcels.iter().map(parcel).collect::<Vec<_>>().join("; ")
}

fn render(decision: &Decision) -> String {
    let mut text = String::new();
    for record in &decision.rungs {
        for candidate in &record.candidates {
            let verdict = match &candidate.verdict {
                Verdict::Refused { rule, words } => format!("no, {rule}: {words}"),
                Verdict::Scored { score, terms } => {
                    let terms: Vec<String> =
                        terms.by_name().iter().map(|(name, term)| format!("{name} {term:.1}")).collect();
                    format!("yes, {score:.1} ({})", terms.join(", "))
                }
            };
            writeln!(
                text,
                "[{}] {} ({:.0} km): {verdict}",
                record.rung, candidate.store, candidate.distance_km
            )
            .unwrap();
        }
        if !record.left_out.is_empty() {
            let counts: Vec<String> =
                record.left_out.iter().map(|(rule, count)| format!("{count} by {rule}")).collect();
            writeln!(text, "[{}] not listed: {}", record.rung, counts.join(", ")).unwrap();
        }
    }
    match &decision.choice {
        Choice::Assign(plan) => writeln!(text, "plan: {}", parcels(plan)).unwrap(),
        Choice::Hold { .. } | Choice::Backorder { .. } => {}
    }
    if let Some(plan) = &decision.runner_up {
        writeln!(text, "plan B, {}: {}", plan.rung, parcels(plan)).unwrap();
    }
    if let Some(missed) = &decision.missed {
        writeln!(text, "missed: {} on {}, {}: {}", missed.store, missed.rung, missed.rule, missed.words)
            .unwrap();
    }
    text + &decision.words + "\n"
}

/// Line by line, what was expected and what came instead.
fn difference(expected: &str, got: &str) -> String {
    let mut told = String::new();
    let (expected, got): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), got.lines().collect());
    for line in expected.iter().filter(|line| !got.contains(line)) {
        writeln!(told, "  - {line}").unwrap();
    }
    for line in got.iter().filter(|line| !expected.contains(line)) {
        writeln!(told, "  + {line}").unwrap();
    }
    if told.is_empty() { String::from("  the same lines in another order\n") } else { told }
}

#[test]
fn golden_scenarios_decide_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/routing/golden");
    let rewrite = std::env::var_os("HOLDFAST_REWRITE_GOLDEN").is_some();
    let mut seen = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (scene, expected) = text.split_once("---\n").unwrap();
        let got = render(&decide(&Scene::parse(scene)));
        if rewrite {
            std::fs::write(&path, format!("{scene}---\n{got}")).unwrap();
        } else if got != expected {
            writeln!(wrong, "{}\n{}", path.display(), difference(expected, &got)).unwrap();
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 75, "{seen} scenarios");
}
