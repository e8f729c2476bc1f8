//! Fuzzes the parsers that face a network, for as long as one likes.
//!
//! `holdfast-fuzz --seconds 60` gives each target a minute; `--target NAME` takes one; `--seed N` makes
//! up other inputs; `--replay FILE` tries one input (with `--target`); `--write-corpus` writes the seeds.

#![allow(clippy::print_stdout, reason = "a command line tool tells what it found")]

use anyhow::{Context, Result, bail};
use holdfast_tests::fuzz::runner::{Meter, Until, run};
use holdfast_tests::fuzz::{TARGETS, corpus};
use peak_alloc::PeakAlloc;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

struct Counted;

impl Meter for Counted {
    fn begin(&self) {
        MEMORY.reset_peak_usage();
    }

    fn taken(&self) -> usize {
        MEMORY.peak_usage().saturating_sub(MEMORY.current_usage())
    }
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--write-corpus" => {
                corpus::write()?;
                return Ok(ExitCode::SUCCESS);
            }
            "--target" | "--seconds" | "--seed" | "--replay" => {
                given
                    .insert(name.clone(), arguments.next().with_context(|| format!("{name} needs a value"))?);
            }
            other => {
                bail!("unknown argument {other}; see --target, --seconds, --seed, --replay, --write-corpus")
            }
        }
    }
    let seconds: i64 = given.get("--seconds").map_or(Ok(10), |text| text.parse())?;
    let seed: u64 = given.get("--seed").map_or(Ok(1), |text| text.parse())?;
    let wanted = given.get("--target");
    if let (Some(file), Some(target)) = (given.get("--replay"), wanted) {
        let (_, make) = TARGETS.iter().find(|(name, _)| name == target).context("no such target")?;
        let input = std::fs::read(file)?;
        println!("{:?}", make().run(&input));
        return Ok(ExitCode::SUCCESS);
    }
    // A panic is told with its input; the trace of each that is caught inside would fill the screen.
    std::panic::set_hook(Box::new(|_| {}));
    let mut ended = ExitCode::SUCCESS;
    for (name, make) in TARGETS.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name)) {
        let findings = Path::new("fuzz-findings");
        match run(name, &mut *make(), (seed, Until::Ms(seconds * 1_000)), &Counted, findings)? {
            Ok(tally) => println!("{name}: {tally:?}"),
            Err(finding) => {
                let path = finding.write(findings)?;
                println!("{name}: {} (seed {seed}); the input is in {}", finding.what, path.display());
                ended = ExitCode::FAILURE;
            }
        }
    }
    Ok(ended)
}
