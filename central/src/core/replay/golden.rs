//! Golden days: orders and stores, and what another policy would have made of them, as text.

use super::run::{Answer, Report};
use super::table::Row;
use super::terms::Figure;
use super::test_scene::Day;
use std::fmt::Write;

fn figure(figure: Option<&Figure>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{} of {}", figure.value, figure.of))
}

fn row(row: &Row) -> String {
    let (candidate, reference) = (figure(row.candidate.as_ref()), figure(row.reference.as_ref()));
    format!("  {} ({}): {candidate}, was {reference}, {}\n", row.term, row.unit, row.verdict.as_str())
}

fn answer(name: &str, answer: &Answer) -> String {
    let mut text = format!("{name}: {} cases, {} changed\n", answer.cases, answer.changed);
    for told in answer.score.iter().filter(|row| row.candidate.is_some() || row.reference.is_some()) {
        text.push_str(&row(told));
    }
    for change in &answer.most_changed {
        writeln!(text, "  {}: {}; {}", change.order, change.words, change.cause).unwrap();
    }
    text
}

fn render(report: &Report) -> String {
    let record = &report.record;
    let head = format!(
        "{} orders, {} decisions: {} whole, {} cut, {} without inputs, {} as decided\n",
        record.orders, record.decisions, record.whole, record.cut, record.without_inputs, record.as_decided
    );
    head + &answer("alone", &report.alone) + &answer("sequence", &report.sequence)
}

#[test]
fn golden_days_are_replayed_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/replay/golden");
    let rewrite = std::env::var_os("HOLDFAST_REWRITE_GOLDEN").is_some();
    let (mut seen, mut wrong) = (0, String::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (scene, expected) = text.split_once("---\n").unwrap();
        let day = Day::parse(scene);
        let got = render(&day.replayed(&day.candidate));
        if rewrite {
            std::fs::write(&path, format!("{scene}---\n{got}")).unwrap();
        } else if got != expected {
            writeln!(wrong, "{}\n{got}", path.display()).unwrap();
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 8, "{seen} days");
}
