//! What comes over MQTT: payloads by themselves, and central that hears them under a topic.

use super::dice::Dice;
use super::{Target, Verdict};
use crate::conformance::world;
use holdfast_central::adapters::sqlite::SqliteStore;
use holdfast_central::core::health::observatory::Observatory;
use holdfast_central::core::health::policy::HealthPolicy;
use holdfast_central::flows::Watch;
use holdfast_central::flows::evaluate::evaluate;
use holdfast_central::flows::hear::{Outcome, hear};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_platform::sqlite::{Mode, Options, Place};
use holdfast_shared::wire::signal::{self, Freshness, Heartbeat, Poke, Presence};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};

const KINDS: [&str; 4] = ["heartbeat", "freshness", "presence", "poke"];

/// Payloads as a store sends them.
fn payloads() -> [&'static str; 4] {
    [
        include_str!("../../corpus/signals/heartbeat.json"),
        include_str!("../../corpus/signals/freshness.json"),
        include_str!("../../corpus/signals/presence.json"),
        include_str!("../../corpus/signals/poke.json"),
    ]
}

fn reads_back<T: DeserializeOwned + Serialize + PartialEq>(payload: &[u8]) -> Result<bool, String> {
    let Ok(signal) = signal::decode::<T>(payload) else { return Ok(false) };
    let again = signal::encode(&signal).map_err(|error| error.to_string())?;
    match signal::decode::<T>(&again) {
        Ok(same) if same == signal => Ok(true),
        // What is written fully may be longer than the limit.
        Err(signal::BadSignal::TooLong(_)) => Ok(true),
        _ => Err("it does not read back as what it was".to_owned()),
    }
}

#[derive(Debug)]
pub struct Signals;

impl Target for Signals {
    fn seeds(&self) -> Vec<Vec<u8>> {
        payloads().iter().map(|text| text.as_bytes().to_vec()).collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.text(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let taken = [
            reads_back::<Heartbeat>(input)?,
            reads_back::<Freshness>(input)?,
            reads_back::<Presence>(input)?,
            reads_back::<Poke>(input)?,
        ];
        Ok(if taken.contains(&true) { Verdict::Taken } else { Verdict::Refused })
    }
}

/// A topic, a line's end, a payload.
pub struct Hearing {
    runtime: Runtime,
    storage: SqliteStore,
    watch: Watch,
    sender: ReplicaIdentity,
    now_ms: i64,
}

impl std::fmt::Debug for Hearing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hearing").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}

impl Hearing {
    #[must_use]
    pub fn open() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options = Options { mode: Mode::Inline, ..Options::default() };
        let storage = SqliteStore::open(&Place::Memory, options, [7; 8]).unwrap();
        let sender = runtime.block_on(world::stocked(&storage, "leeds", 5)).identity;
        let watch = Watch::new(Observatory::new(HealthPolicy::default()));
        Self { runtime, storage, watch, sender, now_ms: 1_000 }
    }
}

impl Target for Hearing {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let one = |(kind, payload)| format!("holdfast/v1/acme/leeds/{kind}\n{payload}").into_bytes();
        KINDS.into_iter().zip(payloads()).map(one).collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        dice.text(input)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        self.now_ms += 1_000;
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let topic = String::from_utf8_lossy(&input[..end]);
        let payload = input.get(end + 1..).unwrap_or_default();
        let now = world::at(self.now_ms);
        let heard = hear(&self.storage, &self.watch, &topic, Some(&self.sender), payload, now);
        let outcome = self.runtime.block_on(heard).map_err(|error| format!("it failed: {error}"))?;
        // Whatever was believed, the fleet can be judged by it.
        self.runtime
            .block_on(evaluate(&self.storage, &self.watch, now))
            .map_err(|error| format!("the fleet cannot be judged: {error}"))?;
        Ok(match outcome {
            Outcome::Heard(_) | Outcome::Own => Verdict::Taken,
            Outcome::Unreadable | Outcome::Foreign => Verdict::Refused,
        })
    }
}
