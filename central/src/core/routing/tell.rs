//! What is saved of a search, and its words. Only who is listed is put into words.

use super::decision::{Candidate, DemandLine, Missed, Parcel, Plan, RungRecord, SUSPECTS_TOO, Verdict, Word};
use super::fleet_index::NodeNo;
use super::hold::Waiting;
use super::policy::Rung;
use super::rules::{About, Rule};
use super::scorers::terms;
use super::search::{Found, Looked, Picked, Search, Walk};
use crate::core::carriers::Journey;
use crate::core::eligibility::Standing;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// Those that could take it first, then the nearest; the rest is counted by rule.
pub(super) fn record(search: &Search<'_>, walk: &Walk<'_>) -> RungRecord {
    let told_max = search.policy.candidates_told_max;
    let of_node = |looked: &&Looked| looked.refused.is_none_or(|rule| rule.about() != About::Rung);
    let mut listed: Vec<&Looked> = walk.looked.iter().filter(of_node).collect();
    let order = |one: &&Looked, other: &&Looked| order(search, one, other);
    if told_max < listed.len() {
        listed.select_nth_unstable_by(told_max, order);
    }
    let cut = told_max.min(listed.len());
    let (told, counted) = listed.split_at_mut(cut);
    told.sort_by(order);
    let mut left_out: BTreeMap<Word, u32> = BTreeMap::new();
    let mut count = |rule: &'static str, more: usize| {
        if more > 0 {
            let count = left_out.entry(Word::Borrowed(rule)).or_default();
            *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        }
    };
    for looked in &*counted {
        count(looked.refused.map_or("scored", Rule::name), 1);
    }
    for rule in
        walk.looked.iter().filter_map(|looked| looked.refused).filter(|rule| rule.about() == About::Rung)
    {
        count(rule.name(), 1);
    }
    let of_kinds = search.fleet.of_kinds(walk.rung);
    count("node_kind", search.fleet.len().saturating_sub(of_kinds));
    count(beyond(search, Some(walk.rung)), of_kinds.saturating_sub(walk.looked.len()));
    let candidates = told.iter().filter_map(|looked| candidate(search, walk, looked)).collect();
    let rung = match walk.suspects_too {
        true => format!("{}{SUSPECTS_TOO}", walk.rung.name),
        false => walk.rung.name.clone(),
    };
    RungRecord { rung, candidates, left_out }
}

/// The rule that speaks for nodes that were not even looked at.
fn beyond(search: &Search<'_>, rung: Option<&Rung>) -> &'static str {
    match rung {
        _ if search.demand.pickup_store.is_some() => "pickup_store",
        Some(rung) if !rung.region.is_any() => "region",
        Some(_) | None => "radius",
    }
}

fn order(search: &Search<'_>, one: &Looked, other: &Looked) -> Ordering {
    let refused = one.refused.is_some().cmp(&other.refused.is_some());
    refused
        .then(one.distance_km.total_cmp(&other.distance_km))
        .then_with(|| search.id(one.node).cmp(&search.id(other.node)))
}

fn candidate(search: &Search<'_>, walk: &Walk<'_>, looked: &Looked) -> Option<Candidate> {
    let verdict = match looked.refused {
        Some(rule) => {
            Verdict::Refused { rule: rule.name().into(), words: words(search, walk, looked, rule)? }
        }
        None => {
            let mut room = Vec::new();
            let seen = search.see(looked.node, &mut room)?;
            let terms = terms(&search.ask(walk.rung, walk.suspects_too), &seen);
            Verdict::Scored { score: looked.score?, terms }
        }
    };
    Some(Candidate { store: search.id(looked.node)?.clone(), distance_km: looked.distance_km, verdict })
}

fn words(search: &Search<'_>, walk: &Walk<'_>, looked: &Looked, rule: &'static dyn Rule) -> Option<String> {
    let mut room = Vec::new();
    let seen = search.see(looked.node, &mut room)?;
    Some(rule.words(&search.ask(walk.rung, walk.suspects_too), &seen))
}

/// The plan, and one sentence about it.
pub(super) fn plan(search: &Search<'_>, found: &Found<'_>) -> (Plan, String) {
    let parcel = |picked: &Picked| {
        let store = search.id(picked.node)?.clone();
        let what = goods(&picked.lines);
        let how = match &search.demand.pickup_store {
            Some(_) => String::from("the customer collects there"),
            None => format!("{}, {:.1} km away", found.rung.words, picked.distance_km),
        };
        let part = if is_all(search, &picked.lines) { "" } else { ", a part of it" };
        let suspect = suspicion(search, picked.node);
        let words = format!("{store} takes {what}{part}: {how}{suspect}.");
        Some(Parcel { store, lines: picked.lines.clone(), words, journey: journey(search, picked) })
    };
    let parcels: Vec<Parcel> = found.parcels.iter().filter_map(parcel).collect();
    let told: Vec<&str> = parcels.iter().map(|parcel| parcel.words.as_str()).collect();
    let words = told.join(" ");
    (Plan { rung: found.rung.name.clone(), parcels }, words)
}

fn journey(search: &Search<'_>, picked: &Picked) -> Option<Journey> {
    let node = search.fleet.node(picked.node)?;
    let units = picked.lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add);
    search.dates?.journey(search.demand, node, picked.distance_km, units)?.ok()
}

fn is_all(search: &Search<'_>, lines: &[DemandLine]) -> bool {
    lines.len() == search.wanted.len()
        && lines.iter().zip(&search.wanted).all(|(line, wanted)| line.quantity == wanted.line.quantity)
}

fn suspicion(search: &Search<'_>, node: NodeNo) -> String {
    let Some(node) = search.fleet.node(node) else { return String::new() };
    let kind = search.demand.kind;
    match node.eligibility.standing_for(kind) {
        Standing::Eligible => String::new(),
        Standing::Suspect | Standing::Ineligible => {
            format!(
                "; it is suspect ({}), and no eligible node could take it",
                node.eligibility.why_for(kind)
            )
        }
    }
}

const GOODS_TOLD_MAX: usize = 3;

fn goods(lines: &[DemandLine]) -> String {
    let told: Vec<String> =
        lines.iter().take(GOODS_TOLD_MAX).map(|line| format!("{} x {}", line.quantity, line.sku)).collect();
    let more = lines.len().saturating_sub(told.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", told.join(", "))
}

/// The best of those that only today kept out, if it would have been chosen instead.
pub(super) fn missed(search: &Search<'_>, walks: &[Walk<'_>], found: Option<&Found<'_>>) -> Option<Missed> {
    walks.iter().filter(|walk| !walk.suspects_too).find_map(|walk| {
        let out = walk.looked.iter().filter(|looked| looked.refused.is_some());
        let best = search.best(out)?;
        let same = found.filter(|found| found.rung.name == walk.rung.name && !found.suspects_too);
        let chosen: Option<f64> = same.map(|found| found.parcels.iter().map(|parcel| parcel.score).sum());
        if chosen.is_some_and(|chosen| best.score.is_none_or(|score| score >= chosen)) {
            return None;
        }
        let rule = best.refused?;
        let words = words(search, walk, best, rule)?;
        let store = search.id(best.node)?.clone();
        Some(Missed { store, rung: walk.rung.name.clone(), rule: rule.name().to_owned(), words })
    })
}

/// Why it waits, and the sentence for the timeline.
pub(super) fn hold(
    search: &Search<'_>,
    waiting: &Waiting<'_>,
    found: &Found<'_>,
) -> Option<(String, String)> {
    let store = search.id(waiting.node)?;
    let now_best: Vec<&str> =
        found.parcels.iter().filter_map(|parcel| Some(search.id(parcel.node)?.as_str())).collect();
    let opens = jiff::Timestamp::from_millisecond(waiting.opens.0).ok()?;
    let why = format!(
        "{store} opens at {opens:.0} and could take it on the rung {}; {} could now, {:.0} km worse",
        waiting.rung.name,
        now_best.join(" and "),
        waiting.saves
    );
    let words = format!("Waits for a better node: {why}.");
    Some((why, words))
}

/// Why nobody takes it: how many nodes each rule refused, by the last telling rule of each.
pub(super) fn backorder(search: &Search<'_>, walks: &[Walk<'_>]) -> (String, String) {
    let mut last_word: HashMap<NodeNo, &'static dyn Rule> = HashMap::new();
    for looked in walks.iter().flat_map(|walk| &walk.looked) {
        if let Some(rule) = looked.refused
            && (rule.about() != About::Rung || !last_word.contains_key(&looked.node))
        {
            last_word.insert(looked.node, rule);
        }
    }
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    let unseen = search.fleet.len().saturating_sub(last_word.len());
    let names = last_word.values().map(|rule| (rule.name(), 1));
    for (rule, more) in names.chain((unseen > 0).then_some((beyond(search, None), unseen))) {
        let count = by_rule.entry(rule).or_default();
        *count = count.saturating_add(more);
    }
    let why = if search.wanted.is_empty() {
        String::from("nothing is asked for")
    } else if by_rule.is_empty() {
        String::from("there is no node")
    } else {
        let told: Vec<String> =
            by_rule.iter().map(|(rule, count)| format!("{count} by {}", rule.replace('_', " "))).collect();
        format!("nodes refused: {}", told.join(", "))
    };
    let words = format!("Backordered: no node can take it now ({why}).");
    (why, words)
}
