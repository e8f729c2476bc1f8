//! What sells fast is doubted sooner than what sells slowly, and the store goes on with the rest.

use super::*;
use crate::core::health::observatory::Observatory;
use crate::core::stock::class::SkuClass;

/// Hot SKUs from 1 min on suspect and from 2 min on out; warm ones from 3 min and 5 min, for pickups alone.
fn policy() -> HealthPolicy {
    let mut policy = HealthPolicy::default();
    let limits = |soft: i64, hard: i64| Limits {
        soft: soft * MINUTE,
        hard: Some(hard * MINUTE),
        slack_percent: 10,
        kinds: None,
    };
    policy.feed_age_ms_of.insert(SkuClass::new("hot"), limits(1, 2));
    let pickups = Some([FulfilmentKind::Pickup].into());
    policy.feed_age_ms_of.insert(SkuClass::new("warm"), Limits { kinds: pickups, ..limits(3, 5) });
    policy
}

/// What is said of classes by a store that was heard at 0, with so many facts that wait since so long.
fn said(unsynced: u64, sync_ok_ms_ago: Option<i64>, now: i64) -> Vec<(String, Standing)> {
    let record = record("leeds");
    let mut health = StoreHealth::new(false, MonoMs(0));
    let mut beat = beat("leeds", "b1", 1);
    beat.vitals.unsynced_facts = unsynced;
    beat.vitals.sync_ok_ms_ago = sync_ok_ms_ago;
    health.voices.insert(Voice::new(beat, MonoMs(0)));
    let policy = policy();
    let view =
        View { record: &record, health: &health, policy: &policy, physically_open: true, now: at_ms(now) };
    let of_classes = assess(&view).into_iter().filter(|reason| reason.signal == FEED_OF_CLASS);
    let names = |reason: &Reason| reason.classes.iter().flatten().map(SkuClass::to_string).collect();
    of_classes.map(|reason| (names(&reason), reason.standing)).collect()
}

#[test]
fn each_class_has_its_own_limit_and_the_strictest_is_out_first() {
    let hot = |standing| ("hot".to_owned(), standing);
    let warm = |standing| ("warm".to_owned(), standing);
    assert_eq!(said(0, Some(9 * MINUTE), 5_000), [], "nothing waits, however long ago it synced");
    assert_eq!(said(3, Some(59_000), 0), []);
    assert_eq!(said(3, Some(MINUTE), 0), [hot(Standing::Suspect)]);
    assert_eq!(said(3, Some(2 * MINUTE), 0), [hot(Standing::Ineligible)]);
    assert_eq!(said(3, Some(4 * MINUTE), 0), [hot(Standing::Ineligible), warm(Standing::Suspect)]);
    assert_eq!(said(3, Some(4 * MINUTE), MINUTE), [hot(Standing::Ineligible), warm(Standing::Ineligible)]);
    assert_eq!(said(0, Some(1_000), 2 * MINUTE), [hot(Standing::Ineligible)], "silent: it may have more");
}

/// A store that keeps beating, and cannot sync.
#[test]
fn a_class_goes_out_and_comes_back_and_the_store_keeps_its_standing() {
    let mut policy = policy();
    policy.feed_age_ms = Limits { soft: 20 * MINUTE, hard: None, slack_percent: 10, kinds: None };
    let mut observatory = Observatory::new(policy);
    let records = [record("leeds")];
    let mut told = Vec::new();
    for second in 0..=200_i64 {
        let now = at_ms(second * 1_000);
        if second % 5 == 0 {
            let mut beat = beat("leeds", "b1", second.unsigned_abs() + 1);
            // It cannot sync; for a while it is a little less far behind; at 150 s it has nothing left to tell.
            let (unsynced, behind_ms) = match second {
                ..130 => (7, second * 1_000),
                130..150 => (7, 115_000),
                150.. => (0, 0),
            };
            beat.vitals.unsynced_facts = unsynced;
            beat.vitals.sync_ok_ms_ago = Some(behind_ms);
            observatory.hear(beat, now.mono);
        }
        for change in observatory.evaluate(&records, now).changes {
            let classes: Vec<_> = change.after.reasons.iter().map(|reason| reason.standing).collect();
            told.push((second, change.after.standing, classes));
        }
    }
    let well = Standing::Eligible;
    let expected = [
        (0, well, vec![]),
        (60, well, vec![Standing::Suspect]),
        (120, well, vec![Standing::Ineligible]),
        (150, well, vec![]),
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_known_a_little_late_again_and_again_does_not_flap() {
    let record = record("leeds");
    let mut health = StoreHealth::new(false, MonoMs(0));
    let mut beat = beat("leeds", "b1", 1);
    beat.vitals.unsynced_facts = 1;
    beat.vitals.sync_ok_ms_ago = Some(115_000);
    health.voices.insert(Voice::new(beat, MonoMs(0)));
    health.class_standings.insert(SkuClass::new("hot"), Standing::Ineligible);
    let policy = policy();
    let view =
        View { record: &record, health: &health, policy: &policy, physically_open: true, now: at_ms(0) };
    let hot = assess(&view).into_iter().find(|reason| reason.signal == FEED_OF_CLASS).unwrap();
    assert_eq!(hot.standing, Standing::Ineligible, "it comes back some way below its limit");
    let words =
        "what it did with hot SKUs is known up to 115 s ago (limit 2 min), so they are not promised here";
    assert_eq!(hot.words, words);
}
