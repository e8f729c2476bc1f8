//! Golden scenarios: what was decided, what the other side says of it, and what the difference is called
//! (`golden/*.txt`).

use super::legacy::{LegacyDecision, Ours, compare};
use super::version::{Sides, compare as compare_with};
use super::words::Foreign;
use super::{Compared, Outcome, Tolerance};
use crate::core::policy::version::PolicyVersion;
use crate::core::routing::Guide;
use crate::core::routing::decision::{Decision, Recorded};
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::test_scene::Scene;
use crate::core::steering::{Steering, read_policy};
use holdfast_shared::ids::{LineNo, Sku, StoreId};
use holdfast_shared::time::UtcMs;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

/// Lines that begin with a word of this file; the others are of the scene.
struct Told<'a> {
    live: Arc<Steering>,
    candidate: Option<Steering>,
    legacy: Vec<LegacyDecision>,
    scenes: Vec<Scene>,
    over: bool,
    forgets: bool,
    undecided: bool,
    stores: BTreeSet<&'a str>,
}

fn steering(version: u32, lines: &[&str]) -> Steering {
    let text = lines.join("\n");
    Steering::new(PolicyVersion(version), read_policy(&text).unwrap_or_else(|found| panic!("{found:?}")))
}

/// `LINE UNITS NODE KIND AT [name=value ...]`; `-` is no node.
fn legacy(text: &str) -> LegacyDecision {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [line, units, node, kind, at, rest @ ..] = words.as_slice() else { panic!("{text}") };
    let given = |name: &str| {
        let of = rest.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        of.map(|value| Foreign::new(value).unwrap())
    };
    LegacyDecision {
        id: Foreign::new(text).unwrap(),
        order: Foreign::new("o1").unwrap(),
        line: LineNo(line.parse().unwrap()),
        sku: given("sku"),
        channel: given("channel"),
        node: (*node != "-").then(|| Foreign::new(*node).unwrap()),
        kind: Foreign::new(*kind).unwrap(),
        promised_at: given("arrives").map(|at| clock(at.as_str())),
        quantity: units.parse().unwrap(),
        decided_at: clock(at),
        exception: given("exception"),
    }
}

/// `23T14:30` of March 2026, in UTC.
fn clock(text: &str) -> UtcMs {
    let at: jiff::Timestamp = format!("2026-03-{text}:00Z").parse().unwrap();
    UtcMs(at.as_millisecond())
}

fn read(text: &str) -> Told<'_> {
    let (mut live, mut candidate, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    let (mut parts, mut promised) = (vec![String::new()], None);
    let (mut over, mut forgets, mut undecided) = (false, false, false);
    for line in text.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("live", rest) => live.push(rest),
            ("candidate", rest) => candidate.push(rest),
            ("legacy", rest) => rows.push(legacy(rest)),
            ("then", _) => parts.push(String::new()),
            ("over", _) => over = true,
            ("promised_by", at) => promised = Some(clock(at)),
            ("forgotten", _) => forgets = true,
            ("undecided", _) => undecided = true,
            (_, _) => writeln!(parts.last_mut().unwrap(), "{line}").unwrap(),
        }
    }
    let names = text.lines().filter_map(|line| line.strip_prefix("store ")?.split_whitespace().next());
    Told {
        live: Arc::new(steering(1, &live)),
        candidate: (!candidate.is_empty()).then(|| steering(2, &candidate)),
        legacy: rows,
        scenes: parts.iter().map(|part| scene(part, promised)).collect(),
        over,
        forgets,
        undecided,
        stores: names.collect(),
    }
}

fn scene(text: &str, promised: Option<UtcMs>) -> Scene {
    let mut scene = Scene::parse(text);
    scene.demand.promise_by = promised;
    scene
}

fn decide(told: &Told<'_>) -> Vec<(Decision, Option<Recorded>)> {
    let decided = (1..).zip(&told.scenes).map(|(number, scene)| {
        let fleet = FleetIndex::of(scene.nodes.clone());
        let id = format!("d{number}").parse().unwrap();
        let guide = Guide::of(&told.live.routing).with_carriers(&told.live.carriers);
        let decision = guide.route(&scene.demand, &fleet, id, scene.now);
        let inputs = Recorded::of(&scene.demand, &fleet, &decision);
        (decision, (!told.forgets).then_some(inputs))
    });
    decided.collect()
}

fn compared(told: &Told<'_>) -> Vec<Option<Compared>> {
    let decisions = decide(told);
    let order = Foreign::new("o1").unwrap();
    if let Some(candidate) = &told.candidate {
        let (was, inputs) = &decisions[0];
        let sides = Sides { live: Some(&told.live), candidate, tolerance: Tolerance::default() };
        return compare_with(was, inputs.as_ref(), &order, sides).into_iter().map(Some).collect();
    }
    let demand = &told.scenes[0].demand;
    let skus: BTreeMap<LineNo, Sku> = demand.lines.iter().map(|line| (line.line, line.sku.clone())).collect();
    let stores: BTreeSet<StoreId> = told.stores.iter().map(|name| name.parse().unwrap()).collect();
    let decisions = if told.undecided { Vec::new() } else { decisions };
    let ours = Ours {
        order: &order,
        kind: demand.kind,
        channel: "web",
        promised: demand.promise_by,
        skus: &skus,
        decisions: &decisions,
        stores: &stores,
    };
    let live = |_: &Decision| Some(Arc::clone(&told.live));
    let lines: BTreeSet<LineNo> =
        skus.keys().copied().chain(told.legacy.iter().map(|row| row.line)).collect();
    let of_line = |line: LineNo| {
        let rows: Vec<LegacyDecision> = told.legacy.iter().filter(|row| row.line == line).cloned().collect();
        compare(&rows, line, &ours, &live, told.over)
    };
    lines.into_iter().map(of_line).collect()
}

fn render(compared: &[Option<Compared>]) -> String {
    let mut text = String::new();
    for line in compared {
        let Some(line) = line else {
            text.push_str("waits\n");
            continue;
        };
        match &line.outcome {
            Outcome::Equal => writeln!(text, "line {}: equal", line.line).unwrap(),
            Outcome::NotCompared => writeln!(text, "line {}: not compared", line.line).unwrap(),
            Outcome::Differs(found) => {
                let rule = found.rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
                let (class, severity) = (found.class.as_str(), found.severity.as_str());
                writeln!(text, "line {}: {class}{rule}, {severity}", line.line).unwrap();
                writeln!(text, "  {}", found.words).unwrap();
            }
        }
    }
    text
}

#[test]
fn golden_differences_are_called_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/shadow/golden");
    let rewrite = std::env::var_os("HOLDFAST_REWRITE_GOLDEN").is_some();
    let mut seen = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (scene, expected) = text.split_once("---\n").unwrap();
        let got = render(&compared(&read(scene)));
        if rewrite {
            std::fs::write(&path, format!("{scene}---\n{got}")).unwrap();
        } else if got != expected {
            writeln!(wrong, "{}\n{got}", path.display()).unwrap();
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen >= 16, "{seen} scenarios");
}
