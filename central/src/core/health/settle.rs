//! Takes over what a judgement says about the store's own way out and back in.

use super::policy::HealthPolicy;
use super::signals::{SIGNALS, Signal};
use super::store::{Out, StoreHealth};
use crate::core::eligibility::{Eligibility, Reason, Standing};
use crate::core::stock::class::SkuClass;
use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::time::MonoMs;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of work; none named: all.
type Kinds = Option<BTreeSet<FulfilmentKind>>;

/// Whether anything about it is now otherwise, so that the next judgement may be.
pub(super) fn settle(
    health: &mut StoreHealth,
    judged: &Eligibility,
    policy: &HealthPolicy,
    now: MonoMs,
) -> bool {
    let before = (health.standings.clone(), health.class_standings.clone(), health.out.clone());
    let mut excluded: Option<Kinds> = None;
    for signal in SIGNALS {
        let Some(reason) = worst_of(*signal, judged) else {
            health.standings.remove(signal.name());
            continue;
        };
        if reason.standing == Standing::Ineligible && signal.must_be_proven() {
            excluded = Some(both(excluded, reason.kinds.clone()));
        }
        health.standings.insert(signal.name(), reason.standing);
    }
    health.class_standings = class_standings(judged);
    match excluded.filter(|_| health.last_word().is_some()) {
        Some(kinds) => go_out(health, judged, kinds, policy, now),
        None if health.owes(policy, now).is_none() => health.out = None,
        None => {}
    }
    (&before.0, &before.1, &before.2) != (&health.standings, &health.class_standings, &health.out)
}

fn class_standings(judged: &Eligibility) -> BTreeMap<SkuClass, Standing> {
    let of_reason = |reason: &Reason| {
        let standing = reason.standing;
        reason.classes.clone().unwrap_or_default().into_iter().map(move |class| (class, standing))
    };
    judged.reasons.iter().flat_map(of_reason).collect()
}

fn go_out(health: &mut StoreHealth, judged: &Eligibility, kinds: Kinds, policy: &HealthPolicy, now: MonoMs) {
    let was_out = health.is_out();
    let dark = judged.fail_over && health.silent_ms(now) >= policy.silence_ms.soft;
    let before = health.out.take();
    let since = before.as_ref().map_or(now, |out| out.since);
    let kinds = both(before.as_ref().map(|out| out.kinds.clone()), kinds);
    // What it showed before it went dark says nothing about after.
    let shown = before.filter(|_| !dark);
    health.out = Some(Out {
        since,
        kinds,
        good_beats: shown.as_ref().map_or(0, |out| out.good_beats),
        synced: shown.as_ref().is_some_and(|out| out.synced),
        equal: shown.as_ref().is_some_and(|out| out.equal),
    });
    if health.is_out() && !was_out {
        health.note_went_out(now);
    }
}

fn worst_of<'a>(signal: &dyn Signal, judged: &'a Eligibility) -> Option<&'a Reason> {
    let of_signal =
        judged.reasons.iter().filter(|reason| reason.is_about_the_store() && reason.signal == signal.name());
    of_signal.max_by_key(|reason| reason.standing)
}

fn both(before: Option<Kinds>, more: Kinds) -> Kinds {
    match before {
        None => more,
        Some(before) => before.zip(more).map(|(before, more)| &before | &more),
    }
}
