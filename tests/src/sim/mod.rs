//! The simulator: several stores and central in one thread, from one seed.
//!
//! What runs is the product: the agents' core, flows and SQLite adapter, central's core, flows and
//! SQLite adapter, and the real bytes of sync and heartbeats between them. What is simulated is the
//! rest of the world: time ([`world`] passes it in), chance ([`fate`] gives all of it, boot ids and
//! secrets too), the [`network`], crashes, and [`people`]. There is no runtime, no thread, no clock
//! and no waiting: each step must be complete when it is first polled.
//!
//! After every step [`checks`] reads both sides' files with an [`eye`] of its own and holds them
//! against the invariants. At the end the faults stop, staff finish their work, and within a
//! bounded time every order must have ended or wait for stock, no hold be left, and every store's
//! root and stock digest equal central's.
//!
//! A run that fails tells its seed, its step and the last lines of its trace, and happens again
//! from that seed. The order of a step is fixed: what was down comes back, faults strike, late
//! messages arrive, people act, signals and syncs go, central decides, all is checked.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

pub mod chain;
pub mod checks;
pub mod eye;
pub mod fate;
pub mod head_office;
pub mod network;
pub mod people;
pub mod shop;
pub mod world;

use anyhow::{Context, Result, anyhow, bail};
use fate::Fate;
use futures::FutureExt;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use world::World;

/// A run in which everything held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub seed: u64,
    /// Over the whole trace: the same seed gives the same.
    pub trace_hash: u64,
    /// How often each fault happened and each state was reached.
    pub marks: BTreeMap<&'static str, u64>,
    pub healing_steps: u64,
}

#[derive(Debug)]
pub struct Failure {
    pub seed: u64,
    pub step: u64,
    pub why: String,
    pub last_lines: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, why, last_lines } = self;
        write!(f, "seed {seed} failed at step {step}: {why}\nthe way to it:\n{last_lines}")
    }
}

impl std::error::Error for Failure {}

/// # Errors
/// What did not hold, with the way to it.
pub fn run(seed: u64, steps: u64) -> Result<Report, Box<Failure>> {
    let told = |fate: Option<&Fate>, why: String| {
        Box::new(Failure {
            seed,
            step: fate.map_or(0, Fate::step),
            why,
            last_lines: fate.map(Fate::last_lines).unwrap_or_default(),
        })
    };
    let mut world = match at_once(World::new(seed)) {
        Ok(world) => world,
        Err(error) => return Err(told(None, format!("{error:#}"))),
    };
    // A panic is a finding like any other, and needs its trace as much.
    let lived = catch_unwind(AssertUnwindSafe(|| live(&mut world, steps)));
    match lived.unwrap_or_else(|panic| Err(anyhow!("a panic: {}", words(&*panic)))) {
        Ok(healing_steps) => {
            Ok(Report { seed, trace_hash: world.fate.trace_hash(), marks: world.fate.marks(), healing_steps })
        }
        Err(error) => Err(told(Some(&world.fate), format!("{error:#}"))),
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words").to_owned()
}

fn live(world: &mut World, steps: u64) -> Result<u64> {
    for step in 0..steps {
        at_once(world.step(step))?;
    }
    at_once(world.begin_healing(steps))?;
    for healing in 0..World::healing_steps_max() {
        if at_once(world.heal(steps + healing))? {
            return Ok(healing);
        }
    }
    match at_once(world.unrest())? {
        None => bail!("it came to rest too late"),
        Some(unrest) => bail!("it never comes to rest: {unrest}"),
    }
}

/// The claim that nothing in here waits for a thread, a timer or a socket.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    future.now_or_never().context("a step waited for something outside of the simulation")?
}
