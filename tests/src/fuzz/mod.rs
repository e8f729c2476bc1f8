//! Fuzzing of every parser that faces a network.
//!
//! A [`Target`] is one parser or one door with what stands behind it. It gives its own seeds, changes
//! inputs in ways that get past its first check ([`dice`] for bytes and text, [`chunk`] for changes
//! whose checksum is repaired, [`messages`] for sync messages that are packed again), and judges what
//! came of an input: taken, refused, or wrong. Wrong is what must never be: a panic, an input that
//! takes too long or too much memory, an answer that is none, and silent loss: whatever is taken must
//! read the same when it is written again, and what is not taken must be told.
//!
//! [`runner`] replays the corpus (`tests/corpus`), then makes up inputs from a seed, the same ones for
//! the same seed. Adding a target is one file and one line in [`TARGETS`].

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

pub mod absorb;
pub mod changes;
pub mod chunk;
pub mod corpus;
pub mod dice;
pub mod doors;
pub mod exchange;
pub mod files;
pub mod messages;
pub mod runner;
pub mod signals;
pub mod words;

use dice::Dice;

/// What came of an input that nothing is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    Refused,
}

pub trait Target {
    /// Good inputs, made by the product's own code.
    fn seeds(&self) -> Vec<Vec<u8>>;
    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8>;
    /// # Errors
    /// What is wrong.
    fn run(&mut self, input: &[u8]) -> Result<Verdict, String>;
}

type Make = fn() -> Box<dyn Target>;

pub const TARGETS: &[(&str, Make)] = &[
    ("sync_request", || Box::new(messages::Requests)),
    ("sync_response", || Box::new(messages::Responses)),
    ("changes", || Box::new(changes::Changes)),
    ("exchange", || Box::new(exchange::Central::open())),
    ("absorb", || Box::new(absorb::Store::open())),
    ("signals", || Box::new(signals::Signals)),
    ("hearing", || Box::new(signals::Hearing::open())),
    ("topics", || Box::new(words::Topics)),
    ("facts", || Box::new(words::Facts)),
    ("ids", || Box::new(words::Ids)),
    ("heads", || Box::new(words::HeadsBytes)),
    ("import_csv", || Box::new(files::Imports::csv())),
    ("import_json_lines", || Box::new(files::Imports::json_lines())),
    ("http_central", || Box::new(doors::Doors::central())),
    ("http_agent", || Box::new(doors::Doors::agent())),
];
