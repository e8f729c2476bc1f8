//! The simulator: many stores and central in one thread, from one seed.
//!
//! What runs is the product: the agents' core, flows and SQLite adapter, central's core, flows and
//! SQLite adapter, and the real bytes of sync and heartbeats between them. What is simulated is the
//! rest of the world: time ([`world`] passes it in), chance ([`fate`] gives all of it, boot ids and
//! secrets too), the [`network`], disks ([`disk`], and the mishaps of the platform's writer), kills,
//! backups, clocks, [`people`] and [`staff`] with the goods on their [`floor`]. There is no runtime, no
//! thread, no clock and no waiting: each step must be complete when it is first polled.
//!
//! A seed is a [`plan`]: how many stores, how many steps, and which of the [`kind`]s of faults happen
//! at all and how often. Whatever happens by chance is drawn from the seed, the step and what it is,
//! so that any of it can be left out and the rest stays: that is how [`shrink`] finds the few things
//! that a failure needs. [`many`] runs seed after seed.
//!
//! After every step [`checks`] and [`watcher`] read both sides' files with an [`eye`] of their own and
//! hold them against the invariants. At the end the faults stop, staff finish their work, and within
//! a bounded time every order must have ended or wait for stock, no hold be left, and every task,
//! root and stock digest be equal on both sides.
//!
//! The order of a step is fixed: what was down comes back, faults strike, late messages arrive,
//! people act, signals and syncs go, central decides, all is checked.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

pub mod cards;
pub mod carrier;
pub mod chain;
pub mod checks;
mod claims;
mod customers;
mod deliveries;
pub mod dice;
pub mod disk;
pub mod documents;
pub mod eye;
pub mod fate;
pub mod floor;
pub mod head_office;
pub mod kind;
mod labels;
pub mod left;
pub mod many;
mod money;
pub mod network;
mod outside;
pub mod overrides;
pub mod parcels;
pub mod people;
pub mod plan;
mod rest;
pub mod restore;
mod road;
pub mod scarce;
mod seen;
pub mod shop;
pub mod shrink;
pub mod staff;
mod strike;
mod turns;
pub mod twins;
pub mod watcher;
pub mod window;
pub mod world;

use anyhow::{Context, Result, anyhow, bail};
use futures::FutureExt;
use holdfast_shared::guard::Guard;
use plan::{Event, Plan};
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use strike::HEALING_STEPS_MAX;
use world::World;

/// A run in which everything held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub plan: Plan,
    /// Over the whole trace: the same plan gives the same.
    pub trace_hash: u64,
    /// How often each fault happened and each state was reached.
    pub marks: BTreeMap<&'static str, u64>,
    pub healing_steps: u64,
    pub lived_ms: i64,
}

#[derive(Debug, Clone)]
pub struct Failure {
    pub plan: Plan,
    pub step: u64,
    pub why: String,
    /// What happened by chance until then.
    pub happened: Vec<Event>,
    pub last_lines: String,
    /// Of the order that it is about, if it names one.
    pub timeline: Vec<String>,
}

impl Failure {
    /// The invariant that did not hold, or the first words of what was said.
    #[must_use]
    pub fn invariant(&self) -> String {
        self.why.chars().take_while(|letter| !matches!(letter, ':' | '0'..='9')).collect()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, step, why, last_lines, .. } = self;
        write!(f, "seed {} failed at step {step}: {why}\nthe way to it:\n{last_lines}", plan.seed)
    }
}

impl std::error::Error for Failure {}

/// # Errors
/// What did not hold, with the way to it.
pub fn run(plan: &Plan) -> Result<Report, Box<Failure>> {
    Guard::take_away(plan.broken);
    let done = attempt(plan);
    Guard::take_away(None);
    done
}

fn attempt(plan: &Plan) -> Result<Report, Box<Failure>> {
    let mut world = match at_once(World::new(plan.clone())) {
        Ok(world) => world,
        Err(error) => return Err(told(plan, None, &error)),
    };
    // A panic is a finding like any other, and needs its trace as much.
    let lived = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    match lived.unwrap_or_else(|panic| Err(anyhow!("a panic: {}", words(&*panic)))) {
        Ok(healing_steps) => Ok(Report {
            plan: plan.clone(),
            trace_hash: world.fate.trace_hash(),
            marks: world.fate.marks(),
            healing_steps,
            lived_ms: world.lived_ms(),
        }),
        Err(error) => Err(told(plan, Some(&world), &error)),
    }
}

fn told(plan: &Plan, world: Option<&World>, error: &anyhow::Error) -> Box<Failure> {
    let why = format!("{error:#}");
    let timeline = match (world, order_in(&why)) {
        (Some(world), Some(order)) => world.timeline(&order),
        _ => Vec::new(),
    };
    Box::new(Failure {
        plan: plan.clone(),
        step: world.map_or(0, |world| world.fate.step()),
        why,
        happened: world.map(|world| world.fate.happened()).unwrap_or_default(),
        last_lines: world.map(|world| world.fate.last_lines()).unwrap_or_default(),
        timeline,
    })
}

/// The order that a text speaks of: orders are o0, o1, ..., and their tasks o1-1, o1-2.
fn order_in(text: &str) -> Option<String> {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let named = |word: &&str| {
        word.strip_prefix('o').is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
    };
    words.find(named).map(str::to_owned)
}

impl World {
    /// The trace of an order, and what every ledger says about it.
    #[must_use]
    pub fn timeline(&self, order: &str) -> Vec<String> {
        let mut lines = self.fate.lines_about(order);
        lines.extend(self.checks.facts_about(order));
        lines
    }
}

/// Runs it and tells the timeline of one order, whatever becomes of the run.
///
/// # Errors
/// When the chain cannot be built.
pub fn timeline(plan: &Plan, order: &str) -> Result<Vec<String>> {
    let mut world = at_once(World::new(plan.clone()))?;
    Guard::take_away(plan.broken);
    let lived = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    Guard::take_away(None);
    let mut lines = world.timeline(order);
    if let Ok(Err(error)) = lived {
        lines.push(format!("{error:#}"));
    }
    Ok(lines)
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words").to_owned()
}

fn live(world: &mut World) -> Result<u64> {
    let steps = world.fate.plan().steps;
    for step in 1..=steps {
        at_once(world.step(step))?;
    }
    at_once(world.begin_healing(steps + 1))?;
    for healing in 0..HEALING_STEPS_MAX {
        if at_once(world.heal(steps + 2 + healing))? {
            return Ok(healing);
        }
    }
    match at_once(world.unrest())? {
        None => bail!("LIVENESS: it came to rest too late"),
        Some(unrest) => bail!("{unrest}, and it never comes to rest"),
    }
}

/// The claim that nothing in here waits for a thread, a timer or a socket.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    future.now_or_never().context("a step waited for something outside of the simulation")?
}

/// The commit that this was built or is run from, as far as it can be told.
#[must_use]
pub fn commit() -> String {
    let told = std::process::Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty", "--abbrev=12"])
        .output();
    match told {
        Ok(told) if told.status.success() => String::from_utf8_lossy(&told.stdout).trim().to_owned(),
        Ok(_) | Err(_) => String::from("unknown"),
    }
}

/// Something that happened is not to happen.
#[must_use]
pub fn without(plan: &Plan, events: &[Event]) -> Plan {
    let mut plan = plan.clone();
    plan.without.extend(events.iter().copied());
    plan
}

/// The command line that runs it again.
#[must_use]
pub fn replay_of(plan: &Plan) -> String {
    let broken = plan.broken.map(|guard| format!(" --break {}", guard.name())).unwrap_or_default();
    let often: String = plan.often.iter().map(|kind| format!(" --often {}", kind.mark())).collect();
    let Plan { seed, steps, stores, .. } = plan;
    format!("holdfast-sim --seed {seed} --steps {steps} --stores {stores}{broken}{often}")
}
