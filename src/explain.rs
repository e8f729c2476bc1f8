//! One order at a terminal: what happened, who had it under which fence, and the whole of each decision.

use crate::client::CentralClient;
use crate::told::text;
use anyhow::{Context, Result};
use holdfast_central::core::carriers::Journey;
use holdfast_central::core::fences::FenceStep;
use holdfast_central::core::gathering::Gathering;
use holdfast_central::core::routing::again::Again;
use holdfast_central::core::routing::decision::{
    Candidate, Choice, Decision, DemandLine, Plan, RungRecord, Verdict,
};
use holdfast_central::core::substitution::Substitution;
use holdfast_shared::ids::StoreId;
use holdfast_shared::time::UtcMs;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

#[derive(Deserialize)]
struct Explained {
    decisions: Vec<Decision>,
    /// A central of before it told them has none.
    #[serde(default)]
    fences: Vec<FenceStep>,
    #[serde(default)]
    substitutions: Vec<Substitution>,
    gathering: Option<Gathering>,
    /// As many as there are decisions, where another policy was asked about.
    #[serde(default)]
    instead: Vec<Again>,
}

/// What happened to an order, and for each decision what was looked at and why it was refused.
pub async fn explain(
    central: &CentralClient,
    order: &str,
    policy: Option<u32>,
    as_json: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let timeline = central.get(&format!("/v1/orders/{order}/timeline")).await?;
    let other = policy.map(|version| format!("?policy={version}")).unwrap_or_default();
    let explained = central.get(&format!("/v1/orders/{order}/explain{other}")).await?;
    if as_json {
        let whole = json!({ "timeline": timeline, "explain": explained });
        writeln!(out, "{}", serde_json::to_string_pretty(&whole)?)?;
        return Ok(());
    }
    write_order(&timeline, explained, out)
}

fn write_order(timeline: &Value, explained: Value, out: &mut dyn Write) -> Result<()> {
    write_timeline(timeline, out)?;
    let explained: Explained = serde_json::from_value(explained)
        .context("central tells of its decisions as another version of it does: ask again with --json")?;
    write_fences(&explained.fences, out)?;
    write_substitutions(&explained.substitutions, out)?;
    if let Some(gathering) = &explained.gathering {
        write_gathering(gathering, out)?;
    }
    for decision in &explained.decisions {
        write_decision(decision, out)?;
        for again in explained.instead.iter().filter(|again| again.decision == decision.decision) {
            write_again(again, out)?;
        }
    }
    Ok(())
}

fn write_again(again: &Again, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "  under policy {}: {}", again.policy, again.difference)?;
    if let Some(instead) = again.instead.as_ref().filter(|_| !again.same) {
        writeln!(out, "      {}", instead.words)?;
    }
    if again.unrecorded > 0 {
        writeln!(out, "      not known: {} nodes of which nothing is kept", again.unrecorded)?;
    }
    Ok(())
}

fn write_timeline(timeline: &Value, out: &mut dyn Write) -> Result<()> {
    for event in timeline.get("events").and_then(Value::as_array).into_iter().flatten() {
        let sequence = event.get("sequence").and_then(Value::as_u64).unwrap_or_default();
        writeln!(out, "{sequence:>4}  {:<16} {}", text(event, "/kind"), text(event, "/words"))?;
        if let Some(clock) = event.get("store_clock") {
            writeln!(out, "{:22} at {}: {}", "", text(event, "/at"), doubt(clock))?;
        }
    }
    Ok(())
}

fn doubt(clock: &Value) -> String {
    let (words, said, came) = (text(clock, "/words"), text(clock, "/said_at"), text(clock, "/received_at"));
    format!("{words} and said {said}; central heard of it at {came}")
}

fn write_fences(fences: &[FenceStep], out: &mut dyn Write) -> Result<()> {
    if fences.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nfences")?;
    let counts = fences.iter().map(|step| step.fence).max();
    for step in fences {
        let mark = if Some(step.fence) == counts { "*" } else { " " };
        let fence = step.fence.to_string();
        writeln!(out, "{mark} {fence:<8} {}  {:<16} {}", at(step.at), step.kind, step.words)?;
    }
    Ok(())
}

fn write_substitutions(substitutions: &[Substitution], out: &mut dyn Write) -> Result<()> {
    if substitutions.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nsubstitutions")?;
    for told in substitutions {
        let line = told.new_line.map(|line| format!(", as line {line}")).unwrap_or_default();
        writeln!(out, "  {:<3} {:<10} {}{line}", told.number, told.state.as_str(), told.words)?;
        for passed in &told.passed {
            writeln!(out, "      not {}: {}", passed.sku, passed.why)?;
        }
    }
    Ok(())
}

/// The same for the order that waits and for the one by which its goods travel.
fn write_gathering(gathering: &Gathering, out: &mut dyn Write) -> Result<()> {
    let Gathering { order, child, store, began_at, due_at, .. } = gathering;
    writeln!(out, "\ngathering of {order} at {store} since {}, its goods travel as {child}", at(*began_at))?;
    for units in &gathering.units {
        writeln!(out, "      {} of {} x {} have come", units.arrived, units.wanted, units.sku)?;
    }
    match (gathering.ended_at, gathering.ended_by) {
        (Some(ended_at), Some(by)) => writeln!(out, "      ended at {}: {}", at(ended_at), by.words())?,
        _ => writeln!(out, "      waited for until {}", at(*due_at))?,
    }
    Ok(())
}

fn write_decision(decision: &Decision, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "\ndecision {} at {}: {}", decision.decision, at(decision.at), decision.words)?;
    writeln!(out, "  policy {}", decision.policy)?;
    writeln!(out, "  asked for {}", goods(&decision.demand))?;
    for rung in &decision.rungs {
        write_rung(rung, &chosen(rung, &decision.choice), out)?;
    }
    match &decision.choice {
        Choice::Assign(plan) => write_plan("chosen", plan, out)?,
        Choice::Hold { until, store, why } => {
            writeln!(out, "  held for {store} until {}: {why}", at(*until))?;
        }
        Choice::Backorder { why } => writeln!(out, "  backordered: {why}")?,
    }
    if let Some(gather) = &decision.gather {
        let (store, by) = (gather.store.clone(), gather.arrives_by.map(at));
        writeln!(out, "  instead gathered at {store}: {} there", goods(&gather.own))?;
        let feeders = Plan { rung: format!("the way to {store}"), parcels: gather.feeders.clone() };
        write_plan("feeders", &feeders, out)?;
        writeln!(out, "      all of it there by {}", by.as_deref().unwrap_or("a time that nobody can say"))?;
    }
    if let Some(plan) = &decision.runner_up {
        write_plan("runner-up", plan, out)?;
    }
    if let Some(missed) = &decision.missed {
        let (store, rung) = (&missed.store, &missed.rung);
        writeln!(out, "  best possible: {store} on {rung}, refused by {}: {}", missed.rule, missed.words)?;
    }
    Ok(())
}

/// Those of a rung that get a parcel.
fn chosen<'d>(rung: &RungRecord, choice: &'d Choice) -> BTreeSet<&'d StoreId> {
    match choice {
        Choice::Assign(plan) if rung.is_of(&plan.rung) => {
            plan.parcels.iter().map(|parcel| &parcel.store).collect()
        }
        Choice::Assign(_) | Choice::Hold { .. } | Choice::Backorder { .. } => BTreeSet::new(),
    }
}

/// Those that could take it as a table, best first; then who was refused by what, and the rest in counts.
fn write_rung(rung: &RungRecord, chosen: &BTreeSet<&StoreId>, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "  rung {}", rung.rung)?;
    let mut scored: Vec<_> = rung.candidates.iter().filter_map(by_term).collect();
    scored.sort_by(|one, other| one.1.total_cmp(&other.1));
    let names: BTreeSet<&str> = scored.iter().flat_map(|(_, _, terms)| terms.keys().copied()).collect();
    if !scored.is_empty() {
        let head: String = names.iter().map(|name| format!("  {name:>10}")).collect();
        writeln!(out, "      {:<20} {:>10} {:>9}{head}", "could take it", "km", "score")?;
    }
    for (candidate, score, terms) in scored {
        let mark = if chosen.contains(&candidate.store) { "*" } else { " " };
        let term = |name: &&str| terms.get(*name).map_or_else(|| "-".to_owned(), |term| format!("{term:.2}"));
        let row: String = names.iter().map(|name| format!("  {:>10}", term(name))).collect();
        let (store, km) = (candidate.store.as_str(), candidate.distance_km);
        writeln!(out, "    {mark} {store:<20} {km:>10.1} {score:>9.2}{row}")?;
    }
    for candidate in &rung.candidates {
        if let Verdict::Refused { rule, words } = &candidate.verdict {
            let (store, km) = (candidate.store.as_str(), candidate.distance_km);
            writeln!(out, "      {store:<20} {km:>10.1} refused by {rule}: {words}")?;
        }
    }
    if !rung.left_out.is_empty() {
        let counts: Vec<String> =
            rung.left_out.iter().map(|(rule, count)| format!("{count} by {rule}")).collect();
        writeln!(out, "      not listed: {}", counts.join(", "))?;
    }
    if rung.candidates.is_empty() && rung.left_out.is_empty() {
        writeln!(out, "      nobody to ask")?;
    }
    Ok(())
}

fn by_term(candidate: &Candidate) -> Option<(&Candidate, f64, BTreeMap<&str, f64>)> {
    match &candidate.verdict {
        Verdict::Scored { score, terms } => Some((candidate, *score, terms.by_name())),
        Verdict::Refused { .. } => None,
    }
}

fn write_plan(what: &str, plan: &Plan, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "  {what} on {}", plan.rung)?;
    for parcel in &plan.parcels {
        writeln!(out, "      {:<20} {}", parcel.store.as_str(), goods(&parcel.lines))?;
        if let Some(journey) = &parcel.journey {
            writeln!(out, "      {:<20} {}", "", way(journey))?;
        }
    }
    Ok(())
}

fn way(journey: &Journey) -> String {
    let Journey { service, ready_at, hand_over_by, arrives_by, days, cost } = journey;
    let cost = cost.as_ref().map(|cost| format!(", for {cost}")).unwrap_or_default();
    match service {
        Some(service) => format!(
            "{service}: hand over by {}, arrives by {} ({days} days){cost}",
            at(*hand_over_by),
            at(*arrives_by)
        ),
        None => format!("collected there, ready at {}", at(*ready_at)),
    }
}

fn goods(lines: &[DemandLine]) -> String {
    let told: Vec<String> =
        lines.iter().map(|line| format!("{} x {} (line {})", line.quantity, line.sku, line.line)).collect();
    told.join(", ")
}

/// As the API writes it.
fn at(time: UtcMs) -> String {
    json!(time).as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
