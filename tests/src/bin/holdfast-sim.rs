//! The simulator by hand: many seeds, one seed again, a guard taken away, an order's timeline.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "it is a command line, and tells how long it took"
)]

use anyhow::{Context, Result, bail};
use clap::Parser;
use holdfast_shared::guard::Guard;
use holdfast_tests::sim::kind::Kind;
use holdfast_tests::sim::many::{Sum, run_all};
use holdfast_tests::sim::plan::Plan;
use holdfast_tests::sim::shrink::shrink;
use holdfast_tests::sim::{Failure, commit, replay_of, timeline};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Runs real agents and a real central in a simulated world, from a seed.
///
/// Leaves with 0 when everything held, with 1 when something did not, and with 2 when a guard was
/// taken away and nobody noticed.
#[derive(Debug, Parser)]
#[command(name = "holdfast-sim", version)]
struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This one alone
    #[arg(long)]
    seed: Option<u64>,
    /// Steps before the healing; each seed has its own number
    #[arg(long)]
    steps: Option<u64>,
    /// Stores, 1 to 50; each seed has its own number
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=50))]
    stores: Option<u64>,
    /// Takes a guard of the product away, to see it noticed
    #[arg(long = "break", value_name = "GUARD")]
    broken: Option<String>,
    /// Names the guards that can be taken away
    #[arg(long)]
    list_breaks: bool,
    /// Leaves a kind of fault or act out; may be given several times
    #[arg(long, value_name = "KIND")]
    without: Vec<String>,
    /// Makes a kind of fault or act happen often; may be given several times
    #[arg(long, value_name = "KIND")]
    often: Vec<String>,
    /// Threads, each with worlds of its own
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Tells everything about one order of a seed, such as o3
    #[arg(long, value_name = "ORDER", requires = "seed")]
    timeline: Option<String>,
    /// Goes on after the first failure
    #[arg(long)]
    keep_going: bool,
    /// Runs that making a failing schedule shorter may take
    #[arg(long, default_value_t = 300)]
    shrink_runs: u32,
    /// Prints how often each state was reached
    #[arg(long)]
    marks: bool,
}

impl Options {
    fn plan(&self, seed: u64, broken: Option<Guard>, without: &[Kind], often: &[Kind]) -> Plan {
        let stores = self.stores.and_then(|stores| usize::try_from(stores).ok());
        let mut plan = Plan::of(seed).sized(self.steps, stores).breaking(broken).often(often);
        plan.without_kinds.extend(without);
        plan
    }

    fn guard(&self) -> Result<Option<Guard>> {
        let named = |name: &String| Guard::named(name).with_context(|| format!("no guard is called {name}"));
        self.broken.as_ref().map(named).transpose()
    }
}

fn kinds(names: &[String]) -> Result<Vec<Kind>> {
    let named = |name: &String| Kind::named(name).with_context(|| format!("nothing is called {name}"));
    names.iter().map(named).collect()
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if options.list_breaks {
        for guard in Guard::ALL {
            println!("{}", guard.name());
        }
        return Ok(ExitCode::SUCCESS);
    }
    // A panic is caught and told with its seed; what it prints by itself says less.
    std::panic::set_hook(Box::new(|_| {}));
    let (broken, without, often) = (options.guard()?, kinds(&options.without)?, kinds(&options.often)?);
    if let (Some(order), Some(seed)) = (&options.timeline, options.seed) {
        let lines = timeline(&options.plan(seed, broken, &without, &often), order)?;
        if lines.is_empty() {
            bail!("seed {seed} has no order {order}");
        }
        lines.iter().for_each(|line| println!("{line}"));
        return Ok(ExitCode::SUCCESS);
    }
    let (from, seeds) = options.seed.map_or((options.from, options.seeds), |seed| (seed, 1));
    let began = Instant::now();
    let told = std::sync::Mutex::new((began, 0));
    let plan = |seed| options.plan(seed, broken, &without, &often);
    let go_on = |sum: &Sum| {
        progress(sum, seeds, began, &told);
        options.keep_going || sum.failures.is_empty()
    };
    let sum = run_all(from, seeds, options.jobs, &plan, &go_on);
    summary(&sum, began.elapsed(), options.marks);
    if let Some(failure) = sum.failures.first() {
        explain(failure, options.shrink_runs);
    }
    Ok(match (broken, sum.failures.is_empty()) {
        (None, true) => ExitCode::SUCCESS,
        (Some(guard), true) => {
            println!("{} was taken away, and nobody noticed", guard.name());
            ExitCode::from(2)
        }
        (_, false) => ExitCode::from(1),
    })
}

fn progress(sum: &Sum, seeds: u64, began: Instant, told: &std::sync::Mutex<(Instant, usize)>) {
    const EVERY: Duration = Duration::from_secs(10);
    let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for failure in sum.failures.iter().skip(told.1) {
        println!("seed {} at step {}: {}", failure.plan.seed, failure.step, failure.why);
    }
    told.1 = sum.failures.len();
    if told.0.elapsed() < EVERY {
        return;
    }
    told.0 = Instant::now();
    let per_s = rate(sum, began.elapsed());
    eprintln!("{} of {seeds} seeds, {per_s:.1} a second, {} failed", sum.seeds, sum.failures.len());
}

fn rate(sum: &Sum, took: Duration) -> f64 {
    let done = u32::try_from(sum.seeds).unwrap_or(u32::MAX);
    f64::from(done) / took.as_secs_f64().max(0.001)
}

fn summary(sum: &Sum, took: Duration, marks: bool) {
    let per_day_ms = took.as_secs_f64() * 1_000.0 / sum.store_days().max(0.000_001);
    println!(
        "{} seeds held and {} failed in {:.1} s: {:.1} seeds a second; {:.1} store-days, {per_day_ms:.0} ms each; \
         the longest healing took {} steps",
        sum.seeds,
        sum.failures.len(),
        took.as_secs_f64(),
        rate(sum, took),
        sum.store_days(),
        sum.healing_steps_max
    );
    if marks {
        sum.marks.iter().for_each(|(mark, times)| println!("{times:>9} {mark}"));
    }
    let never: Vec<_> = Kind::ALL
        .iter()
        .filter(|kind| !sum.marks.contains_key(kind.mark()))
        .map(|kind| kind.mark())
        .collect();
    println!("{} states reached", sum.marks.len());
    if sum.seeds > 1 {
        println!("faults and acts that never happened: {never:?}");
    }
}

fn explain(found: &Failure, runs: u32) {
    println!("\nseed {} of {}: {}", found.plan.seed, commit(), found.why);
    println!("again: {}", replay_of(&found.plan));
    let short = shrink(found, runs);
    let (steps, stores, events) = (short.plan.steps, short.plan.stores, short.happened.len());
    println!("\nmade shorter: {steps} steps, {stores} stores, {events} things that happened:");
    short.happened.iter().for_each(|event| println!("  {event}"));
    println!("then at step {}: {}", short.step, short.why);
    println!("\nthe way to it:\n{}", short.last_lines);
    if !short.timeline.is_empty() {
        println!("\nthe order's timeline:");
        short.timeline.iter().for_each(|line| println!("  {line}"));
    }
}
