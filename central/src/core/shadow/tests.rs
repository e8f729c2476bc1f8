use super::judge::{Because, Case, Evidence, OF_DATA, judge};
use super::severity::severity;
use super::version::{Sides, compare};
use super::words::{DiffClass, DiffSeverity};
use super::*;
use crate::core::routing::Guide;
use crate::core::routing::decision::Recorded;
use crate::core::routing::fleet_index::FleetIndex;
use crate::core::routing::rules::RULES;
use crate::core::routing::test_scene::Scene;
use crate::core::shadow::words::Against;
use crate::core::steering::{Steering, read_policy};
use holdfast_shared::money::Money;
use proptest::prelude::*;

fn name(text: &str) -> Foreign {
    Foreign::new(text).unwrap()
}

/// Two units, all of them from there.
fn from(node: &str) -> Said {
    Said {
        nodes: [(name(node), 2)].into(),
        wanted: 2,
        kind: name("ship"),
        promise: None,
        cost: None,
        exception: None,
        waits_for: None,
        at: UtcMs(0),
    }
}

fn nobody() -> Said {
    Said { nodes: [].into(), exception: Some(name("backorder")), ..from("leeds") }
}

fn arriving(node: &str, hours: i64) -> Said {
    Said { promise: Some(UtcMs(hours * 3_600_000)), ..from(node) }
}

fn costing(node: &str, minor: i64) -> Said {
    Said { cost: Some(Money { minor, currency: "EUR".parse().unwrap() }), ..from(node) }
}

fn class(evidence: &Evidence, here: Option<&Said>, there: Option<&Said>) -> Option<DiffClass> {
    let tolerance = Tolerance::default();
    let case = Case { here, there, promised: None, tolerance, against: Against::Legacy, evidence };
    judge(&case).map(|found| found.class)
}

fn because(rule: &str, refused: bool) -> Option<Because> {
    Some(Because { rule: rule.into(), words: "so".into(), refused })
}

#[test]
fn each_class_has_its_evidence_and_the_surest_counts() {
    let (leeds, york) = (from("leeds"), from("york"));
    let told = |evidence: Evidence| class(&evidence, Some(&leeds), Some(&york)).unwrap();
    let none = Evidence::default;
    let unmapped = Some("the node is not known".to_owned());
    let same_then = Some("asked as of then".to_owned());
    let unseen = Some("a cart".to_owned());
    for (evidence, expected) in [
        (none(), DiffClass::Unclassified),
        (Evidence { because: because("stock", true), ..none() }, DiffClass::Data),
        (Evidence { because: because("eligible", true), ..none() }, DiffClass::Data),
        (Evidence { because: because("radius", true), ..none() }, DiffClass::Rules),
        (Evidence { because: because("distance", false), ..none() }, DiffClass::Rules),
        // Both saw the same stock: it is the rule that is another one.
        (Evidence { because: because("stock", true), same_inputs: true, ..none() }, DiffClass::Rules),
        (Evidence { unseen: unseen.clone(), because: because("radius", true), ..none() }, DiffClass::Data),
        (Evidence { same_then: same_then.clone(), unseen, ..none() }, DiffClass::Timing),
        (Evidence { unmapped: unmapped.clone(), same_then, ..none() }, DiffClass::Mapping),
    ] {
        assert_eq!(told(evidence.clone()), expected, "{evidence:?}");
    }
    assert_eq!(class(&none(), None, Some(&york)), Some(DiffClass::MissingHere));
    assert_eq!(class(&none(), Some(&leeds), None), Some(DiffClass::MissingThere));
    let renamed = Evidence { unmapped, ..none() };
    assert_eq!(class(&renamed, Some(&leeds), Some(&leeds)), Some(DiffClass::Mapping), "equal but for a name");
    assert_eq!(class(&none(), Some(&leeds), Some(&leeds)), None);
}

#[test]
fn rules_of_data_are_rules_of_routing() {
    for rule in OF_DATA {
        assert!(RULES.iter().any(|known| known.name() == rule), "{rule}");
    }
}

#[test]
fn what_is_worse_for_the_customer_is_graver_and_what_is_better_never_is() {
    let at = |hours: i64| Some(UtcMs(hours * 3_600_000));
    let grave = |tried: &Said, trusted: &Said, promised| {
        severity(Some(tried), Some(trusted), promised, Tolerance::default())
    };
    for (tried, trusted, promised, expected) in [
        (nobody(), from("leeds"), None, DiffSeverity::Critical),
        (from("leeds"), nobody(), None, DiffSeverity::Minor),
        (arriving("york", 30), arriving("leeds", 20), at(24), DiffSeverity::Critical),
        (arriving("york", 20), arriving("leeds", 30), at(24), DiffSeverity::Minor),
        (arriving("york", 30), arriving("leeds", 26), at(24), DiffSeverity::Major),
        (arriving("york", 23), arriving("leeds", 20), at(24), DiffSeverity::Major),
        (arriving("york", 21), arriving("leeds", 20), at(24), DiffSeverity::Minor),
        (costing("york", 601), costing("leeds", 500), None, DiffSeverity::Major),
        (costing("york", 600), costing("leeds", 500), None, DiffSeverity::Minor),
        (arriving("leeds", 23), arriving("leeds", 20), at(24), DiffSeverity::Major),
        (from("leeds"), from("leeds"), None, DiffSeverity::None),
    ] {
        assert_eq!(grave(&tried, &trusted, promised), expected, "{tried:?} {trusted:?}");
    }
    assert_eq!(severity(None, Some(&from("leeds")), None, Tolerance::default()), DiffSeverity::Critical);
}

#[test]
fn the_side_that_is_to_take_over_is_the_one_that_is_measured() {
    let (here, there) = (from("leeds"), nobody());
    let evidence = Evidence::default();
    let case = |against| Case {
        here: Some(&here),
        there: Some(&there),
        promised: None,
        tolerance: Tolerance::default(),
        against,
        evidence: &evidence,
    };
    let candidate = judge(&case(Against::Version(PolicyVersion(2)))).unwrap();
    assert_eq!(candidate.severity, DiffSeverity::Critical, "the candidate would lose it");
    let legacy = judge(&case(Against::Legacy)).unwrap();
    assert_eq!(legacy.severity, DiffSeverity::Minor, "central does better than what was before it");
}

#[test]
fn a_shadow_has_an_end_and_is_not_what_decides_already() {
    let new = |version, ends_at| NewShadow {
        version: PolicyVersion(version),
        author: "key:ann".parse().unwrap(),
        owner: "key:bob".parse().unwrap(),
        reason: "why".into(),
        tolerance: Tolerance::default(),
        ends_at: UtcMs(ends_at),
    };
    let may = |new: &NewShadow| may_start(new, PolicyVersion(1), UtcMs(10));
    assert_eq!(may(&new(2, 11)), Ok(()));
    assert_eq!(may(&new(2, 10)), Err(Refusal::Length));
    assert_eq!(may(&new(2, 11 + SHADOW_MS_MAX)), Err(Refusal::Length));
    assert_eq!(may(&new(1, 11)), Err(Refusal::InForce(PolicyVersion(1))));
    let loose = Tolerance { later_ms: -1, ..Tolerance::default() };
    assert_eq!(may(&NewShadow { tolerance: loose, ..new(2, 11) }), Err(Refusal::Tolerance));
}

#[test]
fn names_of_others_are_bounded_and_sides_have_one_spelling() {
    assert!(Foreign::new("x".repeat(64)).is_ok() && Foreign::new("x".repeat(65)).is_err());
    assert!(Foreign::new(" ").is_err() && Foreign::new("a\nb").is_err());
    assert!(name("Store-LEEDS").resembles("store_leeds") && !name("leeds2").resembles("leeds"));
    for side in [Against::Legacy, Against::Version(PolicyVersion(3))] {
        assert_eq!(side.to_string().parse(), Ok(side));
    }
    assert!("v".parse::<Against>().is_err());
}

fn scene() -> (Scene, Steering, Steering) {
    let scene = Scene::parse("line TEA 2\nnow 10:00\nstore leeds 5 TEA=5\nstore york 20 TEA=5\n");
    let version = |number| Steering::new(PolicyVersion(number), read_policy("").unwrap());
    (scene, version(1), version(2))
}

#[test]
fn what_the_inputs_do_not_tell_is_not_called_a_rule() {
    let (scene, live, candidate) = scene();
    // The decision was made with york alone before it, as for a cart that has units there.
    let few = FleetIndex::of(scene.nodes[1..].to_vec());
    let guide = Guide::of(&live.routing).with_carriers(&live.carriers);
    let was = guide.route(&scene.demand, &few, "d1".parse().unwrap(), scene.now);
    let inputs = Recorded { demand: scene.demand.clone(), nodes: scene.nodes, unrecorded: 0 };
    let sides = |live| Sides { live, candidate: &candidate, tolerance: Tolerance::default() };
    let class = |live| match compare(&was, Some(&inputs), &name("o1"), sides(live)).remove(0).outcome {
        Outcome::Differs(found) => found.class,
        other => panic!("{other:?}"),
    };
    assert_eq!(class(Some(&live)), DiffClass::Data);
    assert_eq!(class(None), DiffClass::Rules, "nobody can ask the version that decided any more");
}

proptest! {
    /// Whatever the stores have and wherever they are: a version that says the same differs nowhere.
    #[test]
    fn a_version_with_the_same_words_differs_in_no_line(
        nodes in prop::collection::vec((1..400_u32, 0..6_i64, 0..6_i64, 0..40_u32), 1..10),
        (teas, cups) in (1..6_i64, 1..4_i64),
    ) {
        let mut text = format!("line TEA {teas}\nline CUP {cups}\nnow 10:00\n");
        for (n, (km, tea, cup, load)) in nodes.iter().enumerate() {
            text += &format!("store s{n} {km} TEA={tea} CUP={cup} load={load}/40\n");
        }
        let scene = Scene::parse(&text);
        let version = |number| Steering::new(PolicyVersion(number), read_policy("").unwrap());
        let (live, candidate) = (version(1), version(2));
        let fleet = FleetIndex::of(scene.nodes.clone());
        let guide = Guide::of(&live.routing).with_carriers(&live.carriers);
        let was = guide.route(&scene.demand, &fleet, "d1".parse().unwrap(), scene.now);
        let inputs = Recorded::of(&scene.demand, &fleet, &was);
        let sides = Sides { live: Some(&live), candidate: &candidate, tolerance: Tolerance::default() };
        for line in compare(&was, Some(&inputs), &name("o1"), sides) {
            prop_assert_eq!(&line.outcome, &Outcome::Equal, "{:?}", line);
        }
    }
}
