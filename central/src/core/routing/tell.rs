//! What is saved of a search, and its words. Only who is listed is put into words.

use super::decision::{Candidate, DemandLine, Missed, Parcel, Plan, RungRecord, SUSPECTS_TOO, Verdict, Word};
use super::fetched::Fetched;
use super::fleet_index::NodeNo;
use super::hold::Waiting;
use super::policy::Rung;
use super::rules::{About, Ask, Numbered, RULES, Rule};
use super::search::{Found, Looked, Picked, Search, Walk};
use crate::core::carriers::Journey;
use crate::core::eligibility::Standing;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// Whether it was refused, how far it is, and what was looked at: in the order in which they are told.
type Told<'w> = (bool, u64, &'w Looked);

/// Those that could take it first, then the nearest; the rest is counted by rule.
pub(super) fn record<'w>(search: &Search<'_>, walk: &'w Walk<'_>) -> RungRecord {
    let told_max = search.policy.candidates_told_max;
    let of_node = |looked: &&Looked| looked.refused.is_none_or(|no| no.rule.about() != About::Rung);
    // A chord is no negative number, and so its bits stand in the order of the numbers.
    let key = |looked: &'w Looked| (looked.refused.is_some(), looked.chord_squared.to_bits(), looked);
    let mut listed = Vec::with_capacity(walk.looked.len());
    listed.extend(walk.looked.iter().filter(of_node).map(key));
    let order = |one: &Told<'w>, other: &Told<'w>| {
        let near = (one.0, one.1).cmp(&(other.0, other.1));
        near.then_with(|| search.id(one.2.node).cmp(&search.id(other.2.node)))
    };
    if told_max < listed.len() {
        listed.select_nth_unstable_by(told_max, order);
        listed.truncate(told_max);
    }
    listed.sort_unstable_by(order);
    let listed: Vec<&Looked> = listed.into_iter().map(|(_, _, looked)| looked).collect();
    let (ask, mut room) = (search.ask(walk.rung, walk.suspects_too), Fetched::default());
    let told = listed.iter().map(|looked| candidate(search, walk, &ask, looked, &mut room));
    let mut candidates = Vec::with_capacity(listed.len());
    candidates.extend(told.flatten());
    RungRecord { rung: name(walk), candidates, left_out: left_out(search, walk, &listed) }
}

fn name(walk: &Walk<'_>) -> String {
    match walk.suspects_too {
        true => format!("{}{SUSPECTS_TOO}", walk.rung.name),
        false => walk.rung.name.clone(),
    }
}

/// All but those that are told, by rule.
fn left_out(search: &Search<'_>, walk: &Walk<'_>, told: &[&Looked]) -> BTreeMap<Word, u32> {
    let (mut refusals, mut scored) = (walk.refusals, walk.terms.len());
    for looked in told {
        let Some(no) = looked.refused else {
            scored = scored.saturating_sub(1);
            continue;
        };
        if let Some(count) = refusals.get_mut(no.number) {
            *count = count.saturating_sub(1);
        }
    }
    let mut left_out: BTreeMap<Word, u32> = BTreeMap::new();
    let mut count = |rule: &'static str, more: usize| {
        if more > 0 {
            let count = left_out.entry(Word::Borrowed(rule)).or_default();
            *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        }
    };
    count("scored", scored);
    for (rule, refused) in RULES.iter().zip(refusals).filter(|(_, refused)| *refused > 0) {
        count(rule.name(), usize::try_from(refused).unwrap_or(usize::MAX));
    }
    let of_kinds = search.fleet.of_kinds(walk.rung);
    count("node_kind", search.fleet.len().saturating_sub(of_kinds));
    count(beyond(search, Some(walk.rung)), of_kinds.saturating_sub(walk.looked.len()));
    left_out
}

/// The rule that speaks for nodes that were not even looked at.
fn beyond(search: &Search<'_>, rung: Option<&Rung>) -> &'static str {
    match rung {
        _ if search.demand.pickup_store.is_some() => "pickup_store",
        Some(rung) if !rung.region.is_any() => "region",
        Some(_) | None => "radius",
    }
}

fn candidate<'a>(
    search: &Search<'a>,
    walk: &Walk<'_>,
    ask: &Ask<'_>,
    looked: &Looked,
    room: &mut Fetched<'a>,
) -> Option<Candidate> {
    let verdict = match looked.refused {
        Some(no) => {
            let words = no.rule.why(ask, &search.see(looked.node, room)?);
            Verdict::Refused { rule: no.rule.name().into(), words }
        }
        None => Verdict::Scored { score: looked.score?, terms: walk.terms.get(looked.terms)?.clone() },
    };
    Some(Candidate { store: search.id(looked.node)?.clone(), distance_km: looked.distance_km(), verdict })
}

/// The plan, and one sentence about it.
pub(super) fn plan(search: &Search<'_>, found: &Found<'_>) -> (Plan, String) {
    let parcels: Vec<Parcel> =
        found.parcels.iter().filter_map(|picked| parcel(search, found, picked)).collect();
    let told: Vec<&str> = parcels.iter().map(|parcel| parcel.words.as_str()).collect();
    let words = told.join(" ");
    (Plan { rung: found.rung.name.clone(), parcels }, words)
}

fn parcel(search: &Search<'_>, found: &Found<'_>, picked: &Picked) -> Option<Parcel> {
    let (store, lines) = (search.id(picked.node)?.clone(), search.lines(picked));
    // Written piece by piece, as each decision has two of these; to write into a text cannot fail.
    let mut words = String::with_capacity(PARCEL_WORDS_LIKELY);
    let _ = write!(words, "{store} takes ");
    goods(&mut words, &lines);
    words.push_str(if is_all(search, &lines) { ": " } else { ", a part of it: " });
    match &search.demand.pickup_store {
        Some(_) => words.push_str("the customer collects there"),
        None => _ = write!(words, "{}, {:.1} km away", found.rung.words, picked.distance_km),
    }
    suspicion(&mut words, search, picked.node);
    words.push('.');
    let journey = journey(search, picked, &lines);
    Some(Parcel { store, lines, words, journey })
}

fn journey(search: &Search<'_>, picked: &Picked, lines: &[DemandLine]) -> Option<Journey> {
    let of = search.fleet.sender(picked.node)?;
    let units = lines.iter().map(|line| line.quantity).fold(0, i64::saturating_add);
    search.dates?.journey(search.demand, of, picked.distance_km, units)?.ok()
}

fn is_all(search: &Search<'_>, lines: &[DemandLine]) -> bool {
    lines.len() == search.wanted.len()
        && lines.iter().zip(&search.wanted).all(|(line, wanted)| line.quantity == wanted.line.quantity)
}

fn suspicion(words: &mut String, search: &Search<'_>, node: NodeNo) {
    let kind = search.demand.kind;
    match search.fleet.glance(node).map(|glance| glance.for_kind(kind).standing) {
        Some(Standing::Eligible) | None => {}
        Some(Standing::Suspect | Standing::Ineligible) => {
            let Some(node) = search.fleet.node(node) else { return };
            let why = node.eligibility.why_for(kind);
            let _ = write!(words, "; it is suspect ({why}), and no eligible node could take it");
        }
    }
}

const GOODS_TOLD_MAX: usize = 3;

/// Most of them fit.
const PARCEL_WORDS_LIKELY: usize = 128;

fn goods(words: &mut String, lines: &[DemandLine]) {
    for (place, line) in lines.iter().take(GOODS_TOLD_MAX).enumerate() {
        let and = if place > 0 { ", " } else { "" };
        let _ = write!(words, "{and}{} x {}", line.quantity, line.sku);
    }
    let more = lines.len().saturating_sub(GOODS_TOLD_MAX);
    if more > 0 {
        let _ = write!(words, " and {more} more");
    }
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
        let rule = best.refused?.rule;
        let mut room = Fetched::default();
        let words = rule.why(&search.ask(walk.rung, false), &search.see(best.node, &mut room)?).to_string();
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
        if let Some(Numbered { rule, .. }) = looked.refused
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
