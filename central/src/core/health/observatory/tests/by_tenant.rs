//! Stores are judged by their own tenant's thresholds, and by others as soon as those are in force.

use super::super::*;
use crate::core::eligibility::Standing;
use crate::core::health::by_store::{ByStore, OfTenants};
use crate::core::health::freeze::Turn;
use crate::core::health::policy::HealthPolicy;
use crate::core::policy::version::PolicyVersion;
use crate::core::steering::{Steering, read_policy};
use crate::core::test_support::{at_ms, beat, record, tenant};
use std::collections::BTreeMap;
use std::sync::Arc;

fn in_force(texts: &[(&str, &str)]) -> OfTenants {
    let steering = |(tenant, text): &(&str, &str)| {
        let steering = Steering::new(PolicyVersion(1), read_policy(text).unwrap());
        let by_store: Arc<dyn ByStore> = Arc::new(steering);
        (tenant.parse().unwrap(), by_store)
    };
    texts.iter().map(steering).collect()
}

const PATIENT: &str = "[health.silence_ms]\nsoft = 60000\nhard = 120000\n";

/// Stores `leeds` of acme and of rival, both heard at 0.
fn two_tenants() -> (Observatory, Vec<StoreRecord>) {
    let mut records = vec![record("leeds"), record("leeds")];
    records[1].tenant = "rival".parse().unwrap();
    let mut observatory = Observatory::default();
    for record in &records {
        let mut beat = beat("leeds", "b1", 1);
        beat.tenant = record.tenant.clone();
        observatory.hear(beat, MonoMs(0));
    }
    observatory.evaluate(&records, at_ms(0));
    (observatory, records)
}

fn standings(observatory: &Observatory) -> Vec<Standing> {
    let by_name: BTreeMap<_, _> = observatory.eligibilities().iter().collect();
    by_name.values().map(|judged| judged.standing).collect()
}

fn look_each_second(observatory: &mut Observatory, from_s: i64, to_s: i64) {
    for second in from_s..=to_s {
        observatory.evaluate(&[], at_ms(second * 1_000));
    }
}

#[test]
fn each_tenant_has_its_own_thresholds_and_a_version_that_begins_counts_from_the_next_look() {
    let (mut observatory, _) = two_tenants();
    assert!(observatory.follow(in_force(&[("rival", PATIENT)])));
    look_each_second(&mut observatory, 1, 35);
    assert_eq!(standings(&observatory), [Standing::Ineligible, Standing::Eligible]);
    assert!(observatory.follow(OfTenants::new()), "it was rolled back");
    observatory.evaluate(&[], at_ms(35_500));
    assert_eq!(standings(&observatory), [Standing::Ineligible, Standing::Ineligible]);
}

#[test]
fn the_same_versions_change_nothing_and_judge_nobody_anew() {
    let (mut observatory, _) = two_tenants();
    let policies = in_force(&[("acme", PATIENT)]);
    assert!(observatory.follow(policies.clone()));
    observatory.evaluate(&[], at_ms(1_000));
    assert!(!observatory.follow(policies));
    assert!(!observatory.follow(in_force(&[("acme", PATIENT)])), "another version that says the same");
    assert_eq!(observatory.evaluate(&[], at_ms(1_001)).judged, 0);
}

#[test]
fn a_region_and_a_store_may_be_judged_otherwise_also_when_a_store_moves() {
    // Bath goes on speaking: were all of them silent, central would doubt its own ear.
    let mut records = vec![record("leeds"), record("york"), record("hull"), record("bath")];
    records[0].store.region = "north".parse().ok();
    let mut observatory = Observatory::default();
    for record in &records {
        observatory.hear(beat(record.store.store.as_str(), "b1", 1), MonoMs(0));
    }
    observatory.evaluate(&records, at_ms(0));
    let text = "[region.north.health]\nsilence_ms = { soft = 12500, hard = 90000 }\n\
                [store.hull.health]\nsilence_ms = { soft = 5000, hard = 31000 }\n";
    observatory.follow(in_force(&[("acme", text)]));
    let look = |observatory: &mut Observatory, from_s: i64, to_s: i64| {
        for second in from_s..=to_s {
            observatory.hear(beat("bath", "b1", second.unsigned_abs() + 1), MonoMs(second * 1_000));
            observatory.evaluate(&[], at_ms(second * 1_000));
        }
    };
    look(&mut observatory, 1, 6);
    let of = |observatory: &Observatory, name: &str| {
        observatory.eligibility(&StoreKey::new(tenant(), name.parse().unwrap())).unwrap().standing
    };
    assert_eq!(of(&observatory, "hull"), Standing::Suspect);
    assert_eq!(of(&observatory, "york"), Standing::Eligible);
    look(&mut observatory, 7, 31);
    let names = ["leeds", "york", "hull"];
    let out = [Standing::Suspect, Standing::Ineligible, Standing::Ineligible];
    assert_eq!(names.map(|name| of(&observatory, name)), out);
    records[0].store.region = None;
    observatory.evaluate(&records[..1], at_ms(31_500));
    assert_eq!(of(&observatory, "leeds"), Standing::Ineligible, "it lies in no region any more");
}

#[test]
fn the_lease_is_the_one_that_the_tenant_grants() {
    let (mut observatory, records) = two_tenants();
    observatory.follow(in_force(&[("rival", "[health]\nlease_ms = 5000\n")]));
    let lease = |observatory: &mut Observatory, record: &StoreRecord| {
        observatory.grant_lease(&key_of(record), at_ms(1_000)).0
    };
    assert_eq!(lease(&mut observatory, &records[0]), HealthPolicy::default().lease_ms);
    assert_eq!(lease(&mut observatory, &records[1]), 5_000);
    observatory.leases.begin(Vec::new(), MonoMs(1_000));
    assert!(observatory.lease_ended(&key_of(&records[1]), MonoMs(9_000)));
    assert!(!observatory.lease_ended(&key_of(&records[0]), MonoMs(9_000)));
}

#[test]
fn who_is_silent_for_the_observer_goes_by_the_thresholds_of_each_tenant() {
    let names = ["a", "b", "c", "d", "e"];
    let records: Vec<_> = names.iter().map(|name| record(name)).collect();
    let turn_at_13_s = |policies: OfTenants| {
        let mut observatory = Observatory::default();
        observatory.follow(policies);
        names.iter().for_each(|name| _ = observatory.hear(beat(name, "b1", 1), MonoMs(0)));
        observatory.evaluate(&records, at_ms(0));
        (1..=13).find_map(|second| observatory.evaluate(&[], at_ms(second * 1_000)).looked.turn)
    };
    assert!(matches!(turn_at_13_s(OfTenants::new()), Some(Turn::Froze { silent: 5, alive: 5 })));
    assert_eq!(turn_at_13_s(in_force(&[("acme", PATIENT)])), None);
}
