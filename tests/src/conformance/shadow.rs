//! Versions in shadow and the decisions of another system: counted once, settled by people, swept.

use super::world::{assigned, at, new_order, order_id, placed, request, sku, stocked, tenant};
use holdfast_central::core::exception::Category;
use holdfast_central::core::policy::document::PolicyHash;
use holdfast_central::core::policy::version::PolicyVersion;
use holdfast_central::core::shadow::judge::Finding;
use holdfast_central::core::shadow::legacy::LegacyDecision;
use holdfast_central::core::shadow::report::{Counted, summary};
use holdfast_central::core::shadow::words::{Against, DiffClass, DiffSeverity, Foreign, Triage};
use holdfast_central::core::shadow::{Compared, NewShadow, Outcome, Refusal, Tolerance};
use holdfast_central::core::stock::report::Day;
use holdfast_central::ports::legacy::{OrderNamed, Taken, TakenOrFull};
use holdfast_central::ports::policies::NewPolicy;
use holdfast_central::ports::shadow::{Cursor, DiffFilter, Judgement, OpenShadow, ShadowStarted};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::ids::{Actor, LineNo};
use holdfast_shared::limits::SHADOW_DIFFS_A_DAY_MAX;

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn name(text: &str) -> Foreign {
    Foreign::new(text).unwrap()
}

fn page() -> PageRequest {
    PageRequest { cursor: None, limit: 50 }
}

async fn drafted(storage: &dyn Storage, text: &str) -> PolicyVersion {
    let hash = PolicyHash(super::world::hash(text));
    let (author, reason) = (actor("ann"), "a trial".to_owned());
    let policy = NewPolicy { text: text.to_owned(), canonical: text.to_owned(), hash, author, reason };
    storage.draft_policy(&tenant(), &policy, at(0).utc).await.unwrap().version
}

async fn begin(storage: &dyn Storage, version: PolicyVersion) -> ShadowStarted {
    let new = NewShadow {
        version,
        author: actor("ann"),
        owner: actor("bob"),
        reason: "does it keep our promises?".to_owned(),
        tolerance: Tolerance::default(),
        ends_at: at(1_000_000).utc,
    };
    storage.start_shadow(&tenant(), &new, at(1).utc).await.unwrap()
}

fn line(order: &str, differs: Option<&str>) -> Compared {
    let found = |rule: &str| Finding {
        class: DiffClass::Rules,
        severity: DiffSeverity::Minor,
        rule: Some(rule.to_owned()),
        words: "another node".to_owned(),
    };
    Compared {
        order: name(order),
        line: LineNo(1),
        decision: None,
        sku: Some(sku("A")),
        here: None,
        there: None,
        outcome: differs.map_or(Outcome::Equal, |rule| Outcome::Differs(found(rule))),
    }
}

async fn open(storage: &dyn Storage) -> OpenShadow {
    storage.shadows_open().await.unwrap().remove(0)
}

/// Puts the version in shadow, and has it asked about so many lines, of which some differ.
pub(super) async fn seen(storage: &dyn Storage, version: PolicyVersion, lines: u32, differ: u32) {
    assert!(matches!(begin(storage, version).await, ShadowStarted::Done(_)));
    let open = open(storage).await;
    let compared: Vec<Compared> =
        (0..lines).map(|n| line(&format!("o{n}"), (n < differ).then_some("radius"))).collect();
    let up_to = Cursor(open.compared_up_to.0 + 1);
    assert!(storage.note_shadow(&open, &compared, up_to, at(39).utc).await.unwrap());
}

/// One more line, which differs.
pub(super) async fn differs(storage: &dyn Storage, open: &OpenShadow, n: u32) {
    let compared = [line(&format!("more{n}"), Some("radius"))];
    let up_to = Cursor(open.compared_up_to.0 + 1);
    assert!(storage.note_shadow(open, &compared, up_to, at(41).utc).await.unwrap());
}

async fn counted(storage: &dyn Storage, against: Against) -> Vec<(Counted, u64)> {
    let days = (Day(0), Day(i64::MAX));
    let tally = storage.shadow_tally(&tenant(), days).await.unwrap();
    let of_it = tally.into_iter().filter(|row| row.against == against && row.lines > 0);
    of_it.map(|row| (row.counted, row.lines)).collect()
}

pub async fn one_version_is_in_shadow_at_a_time_and_its_life_is_on_record(storage: &dyn Storage) {
    let (first, second) = (drafted(storage, "a = 1").await, drafted(storage, "a = 2").await);
    assert_eq!(begin(storage, PolicyVersion(9)).await, ShadowStarted::Unknown);
    let in_force = begin(storage, PolicyVersion::BUILT_IN).await;
    assert_eq!(in_force, ShadowStarted::Refused(Refusal::InForce(PolicyVersion::BUILT_IN)));
    assert!(matches!(begin(storage, first).await, ShadowStarted::Done(_)));
    assert_eq!(begin(storage, second).await, ShadowStarted::Refused(Refusal::Another(first)));
    assert_eq!(open(storage).await.canonical.as_deref(), Some("a = 1"));
    let ended = storage.stop_shadow(&tenant(), &actor("bob"), "seen enough", at(5).utc).await.unwrap();
    assert_eq!(ended.unwrap().ended.unwrap().reason, "seen enough");
    assert!(storage.shadows_open().await.unwrap().is_empty());
    assert_eq!(storage.stop_shadow(&tenant(), &actor("bob"), "again", at(6).utc).await.unwrap(), None);
    assert!(matches!(begin(storage, second).await, ShadowStarted::Done(_)));
    let history = storage.policy_history(&tenant(), &page()).await.unwrap();
    let acts: Vec<&str> = history.rows.iter().map(|event| event.act.as_str()).collect();
    assert_eq!(acts[..3], ["shadow_start", "shadow_stop", "shadow_start"]);
}

pub async fn a_shadow_is_asked_once_about_each_decision(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 9).await;
    placed(storage, "before", &[("A", 1)]).await;
    assigned(storage, "before", "leeds").await;
    let version = drafted(storage, "a = 1").await;
    begin(storage, version).await;
    for order in ["o1", "o2", "o3"] {
        placed(storage, order, &[("A", 1)]).await;
        assigned(storage, order, "leeds").await;
    }
    let first = open(storage).await;
    let some = storage.decided_after(&tenant(), first.compared_up_to, 2).await.unwrap();
    let orders: Vec<&str> = some.rows.iter().map(|row| row.order.as_str()).collect();
    assert_eq!(
        (orders, some.more),
        (vec!["o1", "o2"], true),
        "from its start on, and no more than asked for"
    );
    let compared = [line("o1", None), line("o2", Some("radius"))];
    assert!(storage.note_shadow(&first, &compared, some.up_to, at(2).utc).await.unwrap());
    assert!(!storage.note_shadow(&first, &compared, some.up_to, at(2).utc).await.unwrap(), "once");
    let told = summary(counted(storage, Against::Version(version)).await);
    assert_eq!((told.equal, told.different), (1, 1));
    let second = open(storage).await;
    let rest = storage.decided_after(&tenant(), second.compared_up_to, 2).await.unwrap();
    assert_eq!((rest.rows.len(), rest.more), (1, false));
    storage.stop_shadow(&tenant(), &actor("bob"), "enough", at(3).utc).await.unwrap();
    assert!(!storage.note_shadow(&second, &[line("o3", None)], rest.up_to, at(4).utc).await.unwrap());
    let orders = storage.orders(&tenant(), &[], &page()).await.unwrap();
    assert_eq!(orders.rows.len(), 4, "orders are what they were");
}

pub async fn a_difference_is_settled_alone_or_with_those_alike(storage: &dyn Storage) {
    let version = drafted(storage, "a = 1").await;
    begin(storage, version).await;
    let open = open(storage).await;
    let compared = [
        line("o1", Some("radius")),
        line("o2", Some("radius")),
        line("o3", Some("stock")),
        line("o4", Some("radius")),
    ];
    storage.note_shadow(&open, &compared, Cursor(open.compared_up_to.0 + 1), at(2).utc).await.unwrap();
    let filter = DiffFilter { triage: Some(Triage::Open), ..DiffFilter::default() };
    let diffs = storage.shadow_diffs(&tenant(), &filter, &page()).await.unwrap().rows;
    assert_eq!(diffs.iter().map(|diff| diff.order.as_str()).collect::<Vec<_>>(), ["o4", "o3", "o2", "o1"]);
    let settle = |diff: u64, alike: bool, triage: Triage| async move {
        let judgement = Judgement { diff, alike, triage, by: actor("cy"), reason: "meant".to_owned() };
        storage.triage_diff(&tenant(), &judgement, at(3).utc).await.unwrap()
    };
    assert_eq!(settle(diffs[0].diff, false, Triage::Defect).await, Some(1));
    assert_eq!(settle(diffs[3].diff, true, Triage::PolicyDifference).await, Some(2));
    assert_eq!(settle(99_999, false, Triage::Defect).await, None);
    let told = summary(counted(storage, Against::Version(version)).await);
    assert_eq!((told.different, told.mismatched), (4, 2), "what is meant is no mismatch");
    assert_eq!(settle(diffs[3].diff, false, Triage::Open).await, Some(1));
    assert_eq!(summary(counted(storage, Against::Version(version)).await).mismatched, 3);
    let left = storage.shadow_diffs(&tenant(), &filter, &page()).await.unwrap().rows;
    assert_eq!(left.iter().map(|diff| diff.order.as_str()).collect::<Vec<_>>(), ["o3", "o1"]);
    let day = Day::of(at(2).utc);
    let tops = storage.shadow_tops(&tenant(), day, Against::Version(version)).await.unwrap();
    assert_eq!((tops.rules[0].name.as_str(), tops.rules[0].lines), ("radius", 3));
    assert_eq!((tops.skus[0].name.as_str(), tops.skus[0].lines), ("A", 4));
}

pub async fn what_a_day_has_no_room_for_is_counted_and_not_kept(storage: &dyn Storage) {
    let version = drafted(storage, "a = 1").await;
    begin(storage, version).await;
    let first = open(storage).await;
    let full = SHADOW_DIFFS_A_DAY_MAX;
    let many: Vec<Compared> = (0..full).map(|n| line(&format!("o{n}"), Some("radius"))).collect();
    storage.note_shadow(&first, &many, Cursor(first.compared_up_to.0 + 1), at(2).utc).await.unwrap();
    let next = open(storage).await;
    let beyond = [line("beyond", Some("stock")), line("equal", None)];
    storage.note_shadow(&next, &beyond, Cursor(next.compared_up_to.0 + 1), at(3).utc).await.unwrap();
    let told = summary(counted(storage, Against::Version(version)).await);
    assert_eq!((told.equal, told.different), (1, u64::from(full) + 1));
    let newest = storage.shadow_diffs(&tenant(), &DiffFilter::default(), &page()).await.unwrap().rows;
    assert_eq!(newest[0].order.as_str(), format!("o{}", full - 1), "the newest that had room");
    let tomorrow = open(storage).await;
    let compared = [line("tomorrow", Some("stock"))];
    let up_to = Cursor(tomorrow.compared_up_to.0 + 1);
    storage.note_shadow(&tomorrow, &compared, up_to, at(86_400_000).utc).await.unwrap();
    let newest = storage.shadow_diffs(&tenant(), &DiffFilter::default(), &page()).await.unwrap().rows;
    assert_eq!(newest[0].order.as_str(), "tomorrow");
}

fn told(id: &str, order: &str, quantity: i64) -> LegacyDecision {
    LegacyDecision {
        id: name(id),
        order: name(order),
        line: LineNo(1),
        sku: None,
        channel: None,
        node: Some(name("LEEDS")),
        kind: name("ship"),
        promised_at: None,
        quantity,
        decided_at: at(0).utc,
        exception: None,
    }
}

async fn take(storage: &dyn Storage, batch: &[LegacyDecision]) -> Taken {
    match storage.take_legacy(&tenant(), batch, at(10).utc).await.unwrap() {
        TakenOrFull::Taken(taken) => taken,
        TakenOrFull::Full => panic!("full"),
    }
}

pub async fn what_another_system_says_counts_once(storage: &dyn Storage) {
    let batch = [told("a", "o1", 1), told("b", "o1", 1)];
    assert_eq!(take(storage, &batch).await, Taken { taken: 2, ..Taken::default() });
    assert_eq!(take(storage, &batch).await, Taken { repeated: 2, ..Taken::default() });
    let other = take(storage, &[told("a", "o1", 7)]).await;
    assert_eq!(other, Taken { conflicting: vec![name("a")], ..Taken::default() });
    assert!(storage.legacy_due(at(9).utc, 10).await.unwrap().is_empty());
    let due = storage.legacy_due(at(10).utc, 10).await.unwrap();
    assert_eq!((due.len(), due[0].rows.len()), (1, 2), "the parts of a line come together");
    storage.put_off_legacy(&due[0], at(50).utc).await.unwrap();
    assert!(storage.legacy_due(at(49).utc, 10).await.unwrap().is_empty());
    let found = line("o1", Some("stock"));
    assert!(storage.note_legacy(&due[0], &found, at(50).utc).await.unwrap());
    assert!(!storage.note_legacy(&due[0], &found, at(50).utc).await.unwrap());
    assert!(storage.legacy_due(at(99).utc, 10).await.unwrap().is_empty());
    assert_eq!(take(storage, &[told("c", "o1", 1)]).await.taken, 1);
    assert!(storage.legacy_due(at(99).utc, 10).await.unwrap().is_empty(), "a line is compared once");
    assert_eq!(summary(counted(storage, Against::Legacy).await).compared, 1);
}

pub async fn a_line_that_was_missing_is_counted_anew_when_it_comes(storage: &dyn Storage) {
    let _leeds = stocked(storage, "leeds", 9).await;
    take(storage, &[told("a", "elsewhere", 1)]).await;
    placed(storage, "o1", &[("A", 1)]).await;
    assigned(storage, "o1", "leeds").await;
    assert!(!storage.legacy_spoke_of(&tenant(), &order_id("o1"), LineNo(1)).await.unwrap());
    let feed = storage.legacy_feeds().await.unwrap().remove(0);
    let missing = line("o1", Some("nothing was heard of it"));
    let up_to = Cursor(feed.looked_up_to.0 + 1);
    assert!(storage.note_unheard(&feed, std::slice::from_ref(&missing), up_to, at(20).utc).await.unwrap());
    assert!(!storage.note_unheard(&feed, &[missing], up_to, at(20).utc).await.unwrap(), "once");
    assert_eq!(summary(counted(storage, Against::Legacy).await).different, 1);
    take(storage, &[told("b", "o1", 1)]).await;
    assert!(storage.legacy_spoke_of(&tenant(), &order_id("o1"), LineNo(1)).await.unwrap());
    let due = storage.legacy_due(at(30).utc, 10).await.unwrap();
    let late = due.iter().find(|due| due.order.as_str() == "o1").unwrap();
    assert!(storage.note_legacy(late, &line("o1", None), at(30).utc).await.unwrap());
    let told = summary(counted(storage, Against::Legacy).await);
    assert_eq!((told.compared, told.different), (1, 0));
    assert!(storage.shadow_diffs(&tenant(), &DiffFilter::default(), &page()).await.unwrap().rows.is_empty());
}

async fn with_reference(storage: &dyn Storage, order: &str, reference: &str) {
    let mut request = request(FulfilmentKind::Ship, &[("A", 1)]);
    request.reference = Some(reference.to_owned());
    let order = new_order(order, order, request);
    storage.place(order).await.unwrap();
}

pub async fn an_order_is_found_by_its_id_or_its_reference(storage: &dyn Storage) {
    with_reference(storage, "o1", "WEB 17").await;
    with_reference(storage, "o2", "twice").await;
    with_reference(storage, "o3", "twice").await;
    let named =
        |text: &'static str| async move { storage.order_named(&tenant(), &name(text)).await.unwrap() };
    for text in ["o1", "WEB 17"] {
        let OrderNamed::One(known) = named(text).await else { panic!("{text} is not known") };
        assert_eq!((known.order, known.skus.len()), (order_id("o1"), 1));
    }
    assert_eq!(named("twice").await, OrderNamed::Several(2));
    assert_eq!(named("web 17").await, OrderNamed::Unknown);
}

pub async fn old_comparisons_are_swept(storage: &dyn Storage) {
    let version = drafted(storage, "a = 1").await;
    seen(storage, version, 3, 2).await;
    take(storage, &[told("a", "o1", 1)]).await;
    let due = storage.legacy_due(at(10).utc, 10).await.unwrap();
    storage.note_legacy(&due[0], &line("o1", None), at(10).utc).await.unwrap();
    let today = Day::of(at(39).utc);
    assert!(!storage.sweep_shadow(today).await.unwrap());
    assert_eq!(summary(counted(storage, Against::Version(version)).await).compared, 3, "not before its time");
    assert!(!storage.sweep_shadow(Day(today.0 + 1)).await.unwrap());
    assert!(counted(storage, Against::Version(version)).await.is_empty());
    assert!(counted(storage, Against::Legacy).await.is_empty());
    assert!(storage.shadow_diffs(&tenant(), &DiffFilter::default(), &page()).await.unwrap().rows.is_empty());
    assert_eq!(take(storage, &[told("a", "o1", 1)]).await.taken, 1, "nobody remembers the id");
}

/// How often it was told, while somebody is to look at it.
async fn alarm(storage: &dyn Storage) -> Option<u32> {
    let open = storage.exceptions(&tenant(), true, &page()).await.unwrap().rows;
    let mut told = open.into_iter().filter(|one| one.category == Category::ShadowCritical);
    let first = told.next().map(|one| one.times);
    assert!(told.next().is_none(), "one for each side and class");
    first
}

async fn critical(storage: &dyn Storage, orders: &[&str]) {
    let open = open(storage).await;
    let mut compared: Vec<Compared> = orders.iter().map(|order| line(order, Some("stock"))).collect();
    for line in &mut compared {
        if let Outcome::Differs(found) = &mut line.outcome {
            found.severity = DiffSeverity::Critical;
        }
    }
    let up_to = Cursor(open.compared_up_to.0 + 1);
    assert!(storage.note_shadow(&open, &compared, up_to, at(41).utc).await.unwrap());
}

pub async fn a_critical_difference_is_told_once_for_its_class_until_all_are_settled(storage: &dyn Storage) {
    let version = drafted(storage, "a = 1").await;
    seen(storage, version, 3, 3).await;
    assert_eq!(alarm(storage).await, None, "what is minor waits for its reader");
    critical(storage, &["c1", "c2"]).await;
    critical(storage, &["c3"]).await;
    assert_eq!(alarm(storage).await, Some(3));
    let filter = DiffFilter { severity: Some(DiffSeverity::Critical), ..DiffFilter::default() };
    let found = storage.shadow_diffs(&tenant(), &filter, &page()).await.unwrap().rows;
    for (left, diff) in (0..found.len()).rev().zip(&found) {
        let judgement = Judgement {
            diff: diff.diff,
            triage: Triage::Defect,
            by: actor("bob"),
            reason: "to be mended".to_owned(),
            alike: false,
        };
        storage.triage_diff(&tenant(), &judgement, at(50).utc).await.unwrap();
        assert_eq!(alarm(storage).await.is_some(), left > 0, "{left} are left");
    }
    critical(storage, &["c4"]).await;
    storage.stop_shadow(&tenant(), &actor("bob"), "seen enough", at(60).utc).await.unwrap();
    assert_eq!(alarm(storage).await, None, "nobody needs to look any more");
}
