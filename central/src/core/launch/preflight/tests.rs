use super::*;
use crate::core::steering::lint::Weight;
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;

fn good() -> Scene {
    let systems: BTreeMap<Truth, String> =
        Truth::ALL.into_iter().map(|truth| (truth, format!("the {}", truth.as_str()))).collect();
    Scene {
        now: UtcMs(100 * HOUR_MS),
        terms: LaunchTerms {
            systems,
            escalation: Some("ann, +44 20".to_owned()),
            consumers: vec!["erp".to_owned()],
        },
        channels: vec![channel("web", "key:shop"), channel("app", "key:app")],
        keys: vec![KeySeen {
            key: "shop".to_owned(),
            name: "shop".to_owned(),
            scopes: vec!["orders_write"],
            places_orders: true,
            last_used: Some(UtcMs(99 * HOUR_MS)),
        }],
        stores: vec![store("leeds"), store("york")],
        sync_version: 4,
        events_documented: true,
        settings: vec![("offers.accept_within_ms", 60_000)],
        keyless_write: Tried::AsItShould,
        trace: Tried::AsItShould,
        backup: BackupSeen::Newest(UtcMs(90 * HOUR_MS)),
        witness_apart: Some(true),
        hearing: Hearing { canary_ms_ago: Some(2_000), missing_ms: 15_000, frozen: false },
        advice: Vec::new(),
        wrong_clocks: 0,
    }
}

fn channel(channel: &str, actor: &str) -> ChannelSeen {
    ChannelSeen { channel: channel.to_owned(), actor: actor.to_owned(), orders: 3, last_at: UtcMs(0) }
}

fn store(store: &str) -> StoreSeen {
    StoreSeen { store: store.parse().unwrap(), boxes: 1, level: true, sync_version: 4 }
}

/// The lines that are not fine.
fn trouble(scene: &Scene) -> Vec<(&'static str, Finding)> {
    checklist(scene)
        .into_iter()
        .filter(|line| line.finding != Finding::Ok)
        .inspect(|line| assert!(line.to_do.as_ref().is_some_and(|words| !words.is_empty()), "{line:?}"))
        .map(|line| (line.check, line.finding))
        .collect()
}

#[test]
fn a_chain_that_is_ready_has_nothing_to_do() {
    assert_eq!(trouble(&good()), []);
    assert!(checklist(&good()).iter().all(|line| !line.why.is_empty()));
}

#[test]
fn each_thing_that_is_missing_is_its_own_line() {
    use Finding::{Gap, Unknown};
    type Change = fn(&mut Scene);
    let cases: [(Change, &[(&str, Finding)]); 20] = [
        (|scene| _ = scene.terms.systems.remove(&Truth::Pricing), &[("systems", Gap)]),
        (|scene| scene.terms.escalation = None, &[("escalation", Gap)]),
        (|scene| scene.terms.consumers.clear(), &[("consumers", Gap)]),
        (|scene| scene.channels.clear(), &[("channels", Unknown)]),
        (|scene| scene.channels[1].actor = "key:shop".to_owned(), &[("channels", Gap), ("channels", Gap)]),
        (|scene| scene.keys[0].places_orders = false, &[("keys", Gap)]),
        (|scene| scene.keys[0].last_used = None, &[("keys", Unknown)]),
        (|scene| scene.events_documented = false, &[("events", Gap)]),
        (|scene| scene.settings[0].1 = 0, &[("limits", Gap)]),
        (|scene| scene.keyless_write = Tried::Otherwise("taken".to_owned()), &[("idempotent_writes", Gap)]),
        (|scene| scene.trace = Tried::Otherwise("another".to_owned()), &[("correlation", Gap)]),
        (|scene| scene.backup = BackupSeen::Nowhere, &[("backup", Unknown)]),
        (|scene| scene.backup = BackupSeen::None, &[("backup", Gap)]),
        (|scene| scene.backup = BackupSeen::Newest(UtcMs(73 * HOUR_MS)), &[("backup", Gap)]),
        (|scene| scene.witness_apart = Some(false), &[("witness", Gap)]),
        (|scene| scene.hearing.canary_ms_ago = Some(15_000), &[("broker", Gap)]),
        (|scene| scene.hearing.canary_ms_ago = None, &[("broker", Unknown)]),
        (|scene| scene.hearing.frozen = true, &[("observer", Gap)]),
        (|scene| scene.wrong_clocks = 1, &[("clocks", Gap)]),
        (|scene| scene.stores.clear(), &[("enrolled", Gap), ("level", Unknown)]),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut scene = good();
        change(&mut scene);
        assert_eq!(trouble(&scene), expected, "case {index}");
    }
}

#[test]
fn stores_that_are_not_ready_are_named_up_to_some() {
    let mut scene = good();
    scene.stores[0].level = false;
    scene.stores[1].sync_version = 3;
    scene.stores.push(StoreSeen { boxes: 0, level: false, sync_version: 0, ..store("hull") });
    scene.stores.push(StoreSeen { sync_version: 0, level: false, ..store("bath") });
    use Finding::{Gap, Unknown};
    let expected = [("enrolled", Gap), ("level", Gap), ("versions", Gap), ("versions", Unknown)];
    assert_eq!(trouble(&scene), expected);
    let told: Vec<String> = checklist(&scene).into_iter().map(|line| line.what).collect();
    for words in ["1 of 4 stores have no box: hull", "2 are not level: leeds, bath", "never heard: bath"] {
        assert!(told.iter().any(|line| line.contains(words)), "{words} is not in {told:?}");
    }
    scene.stores = (0..15).map(|n| StoreSeen { level: false, ..store(&format!("s{n}")) }).collect();
    assert!(checklist(&scene).iter().any(|line| line.what.ends_with("and 5 more")));
}

#[test]
fn what_the_linter_finds_is_a_gap_unless_it_only_notes() {
    let advice = |weight| Advice {
        weight,
        at: "region north".to_owned(),
        what: "only leeds serves ship there".to_owned(),
        remedy: "let a second node serve it".to_owned(),
    };
    let noted = Scene { advice: vec![advice(Weight::Note)], ..good() };
    assert_eq!(trouble(&noted), []);
    let risky = Scene { advice: vec![advice(Weight::Note), advice(Weight::Risk)], ..good() };
    assert_eq!(trouble(&risky), [("nodes", Finding::Gap)]);
}
