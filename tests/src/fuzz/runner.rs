//! Runs a target over its corpus and over made-up inputs, and stops at the first that is wrong.

use super::dice::Dice;
use super::{Target, Verdict, corpus};
use anyhow::{Context, Result};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_shared::time::MonoMs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What one input may take at the most, beside what was there before it. A sync message may unpack to
/// 16 MiB, of which there are two or three copies on its way.
pub const BYTES_MAX: usize = 96 * 1024 * 1024;
/// Generous: machines are slow and busy, and a hang is much longer.
const HANG_MS: i64 = 20_000;
const INPUTS_KEPT: usize = 64;

/// Measures what an input takes in memory.
pub trait Meter {
    fn begin(&self);
    /// The most that was taken since.
    fn taken(&self) -> usize;
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub target: String,
    pub what: String,
    pub input: Vec<u8>,
}

impl Finding {
    /// Where the input was written, to be replayed.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let name = blake3_name(&self.input);
        let path = folder.join(format!("{}-{name}", self.target));
        std::fs::write(&path, &self.input)?;
        Ok(path)
    }
}

fn blake3_name(input: &[u8]) -> String {
    let mut set = holdfast_shared::set_hash::SetHash::EMPTY;
    set.insert(input);
    set.hex().chars().take(16).collect()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub replayed: u64,
    pub taken: u64,
    pub refused: u64,
    pub bytes_most: usize,
}

/// How long to make up inputs.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    Inputs(u64),
    Ms(i64),
}

/// The corpus, then inputs made up from the seed.
pub fn run(
    name: &str,
    target: &mut dyn Target,
    (seed, until): (u64, Until),
    meter: &dyn Meter,
    findings: &Path,
) -> Result<std::result::Result<Tally, Finding>> {
    let mut round =
        Round { name, target, meter, tally: Tally::default(), watch: Watch::begin(name, findings)? };
    let mut known = round.target.seeds();
    for (_, input) in corpus::inputs(name)? {
        if let Err(finding) = round.input(&input) {
            return Ok(Err(finding));
        }
        round.tally.replayed += 1;
        known.push(input);
    }
    let mut dice = Dice::new(seed);
    let begun = SystemClock.now().mono;
    let mut made = 0;
    loop {
        let over = match until {
            Until::Inputs(inputs) => made >= inputs,
            Until::Ms(ms) => SystemClock.now().mono.since(begun) >= ms,
        };
        if over {
            return Ok(Ok(round.tally));
        }
        made += 1;
        let from = dice.roll(known.len());
        let input = round.target.mutate(&mut dice, &known[from]);
        match round.input(&input) {
            Err(finding) => return Ok(Err(finding)),
            // What was taken is a good beginning for what may be taken too.
            Ok(Verdict::Taken) if dice.roll(4) == 0 => {
                if known.len() < INPUTS_KEPT {
                    known.push(input);
                } else {
                    let place = dice.roll(known.len());
                    known[place] = input;
                }
            }
            Ok(Verdict::Taken | Verdict::Refused) => {}
        }
    }
}

struct Round<'a> {
    name: &'a str,
    target: &'a mut dyn Target,
    meter: &'a dyn Meter,
    tally: Tally,
    watch: Watch,
}

impl Round<'_> {
    fn input(&mut self, input: &[u8]) -> std::result::Result<Verdict, Finding> {
        let wrong = |what: String| Finding { target: self.name.to_owned(), what, input: input.to_vec() };
        self.watch.begins(input);
        self.meter.begin();
        let target = &mut *self.target;
        let outcome = catch_unwind(AssertUnwindSafe(|| target.run(input)));
        let bytes = self.meter.taken();
        self.watch.ends();
        let verdict = match outcome {
            Err(panic) => return Err(wrong(format!("it panicked: {}", words(&*panic)))),
            Ok(Err(what)) => return Err(wrong(what)),
            Ok(Ok(verdict)) => verdict,
        };
        if bytes > BYTES_MAX {
            return Err(wrong(format!("it took {bytes} bytes; the limit is {BYTES_MAX}")));
        }
        self.tally.bytes_most = self.tally.bytes_most.max(bytes);
        match verdict {
            Verdict::Taken => self.tally.taken += 1,
            Verdict::Refused => self.tally.refused += 1,
        }
        Ok(verdict)
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

type Open = Option<(MonoMs, Vec<u8>)>;

/// Ends the process when an input takes too long: nothing else can end what hangs.
struct Watch {
    open: Arc<Mutex<Open>>,
    /// Its end tells the thread to end.
    _alive: Sender<()>,
}

impl Watch {
    fn begin(name: &str, findings: &Path) -> Result<Self> {
        let open: Arc<Mutex<Open>> = Arc::default();
        let (alive, ends) = channel::<()>();
        let (seen, name, findings) = (Arc::clone(&open), name.to_owned(), findings.to_owned());
        let watch = move || {
            while ends.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout) {
                let open = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some((since, input)) = open
                    && SystemClock.now().mono.since(since) > HANG_MS
                {
                    hangs(Finding { target: name.clone(), what: "it hangs".to_owned(), input }, &findings);
                }
            }
        };
        std::thread::Builder::new().name("watch".to_owned()).spawn(watch).context("no thread to watch")?;
        Ok(Self { open, _alive: alive })
    }

    fn begins(&self, input: &[u8]) {
        let now = SystemClock.now().mono;
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, input.to_vec()));
    }

    fn ends(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it does not come back")]
#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
fn hangs(finding: Finding, folder: &Path) {
    let path = finding.write(folder).unwrap_or_default();
    eprintln!("{}: an input takes more than {HANG_MS} ms: {}", finding.target, path.display());
    std::process::abort();
}
