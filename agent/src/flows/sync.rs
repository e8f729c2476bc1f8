//! One conversation with central: cut, send, absorb, until both sides are level, there is nothing
//! new to say, or the rounds are used up. Each round stands alone; losing any of it loses time.

use crate::core::central_time::CentralTime;
use crate::ports::central::{Central, CentralError};
use crate::ports::ledger::{Absorbed, Cut, LedgerError, Replica};
use futures::future::join;
use holdfast_shared::ids::TaskId;
use holdfast_shared::limits::SYNC_ROUNDS_MAX;
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::{MonoMs, Now};
use holdfast_shared::wire::sync::{BaselineAsk, SYNC_VERSION, SyncRequest, SyncResponse};

#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error(transparent)]
    Central(#[from] CentralError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Until when central leaves accepted work here. A courtesy about effort: no safety rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub granted_ms: i64,
    /// When the request was sent: central counts from later, so this side ends it first.
    pub since: MonoMs,
}

impl Lease {
    #[must_use]
    pub const fn ends_at(self) -> MonoMs {
        self.since.plus(self.granted_ms)
    }
}

/// What a conversation came to. What earlier rounds brought stays when a later one fails.
#[derive(Debug, Default)]
pub struct Conversation {
    pub rounds: usize,
    /// Facts that came from central.
    pub facts: u64,
    pub tasks: Vec<TaskId>,
    /// Other goods are expected from other stores.
    pub parcels: bool,
    /// Bytes of changes, before compression.
    pub sent_bytes: usize,
    pub received_bytes: usize,
    pub level: bool,
    pub lease: Option<Lease>,
    /// Our wall clock minus central's, as of the middle of the last round.
    pub clock_offset_ms: Option<i64>,
    /// The same, told by the clock that does not jump.
    pub central_time: Option<CentralTime>,
    pub next_sync_ms: Option<u64>,
    pub problems: Vec<String>,
    pub failed: Option<SyncError>,
}

/// What a round starts from. Starting from the same again would end the same.
#[derive(Debug, PartialEq, Eq)]
struct Start {
    root: SetHash,
    unsynced: u64,
    incarnation: Option<u64>,
    cursor: u64,
    asks: usize,
    baseline: Option<BaselineAsk>,
    rehydrating: bool,
    challenge: Option<String>,
    documents: usize,
    bytes: usize,
}

impl Start {
    fn of(cut: &Cut) -> Self {
        Self {
            root: cut.root,
            unsynced: cut.unsynced,
            incarnation: cut.incarnation,
            cursor: cut.cursor,
            asks: cut.asks.len(),
            baseline: cut.baseline.clone(),
            rehydrating: cut.speaker.rehydrating,
            challenge: cut.speaker.challenge.clone(),
            documents: cut.documents.len(),
            bytes: cut.documents.iter().map(|frame| frame.change_bytes()).sum(),
        }
    }
}

/// `health` is the heartbeat, for as long as MQTT is lost; it goes with the first round.
pub async fn converse(
    replica: &(impl Replica + ?Sized),
    central: &(impl Central + ?Sized),
    mut health: Option<String>,
    now: &(dyn Fn() -> Now + Send + Sync),
) -> Conversation {
    let mut told = Conversation::default();
    let mut before = None;
    while told.rounds < SYNC_ROUNDS_MAX {
        match round(replica, central, health.take(), now, &mut before, &mut told).await {
            Ok(Go::On) => {}
            Ok(Go::Stop) => break,
            Err(error) => {
                told.failed = Some(error);
                break;
            }
        }
    }
    told
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

async fn round(
    replica: &(impl Replica + ?Sized),
    central: &(impl Central + ?Sized),
    health: Option<String>,
    now: &(dyn Fn() -> Now + Send + Sync),
    before: &mut Option<Start>,
    told: &mut Conversation,
) -> Result<Go, SyncError> {
    let asked = now();
    let cut = replica.cut(asked).await?;
    let start = Start::of(&cut);
    if before.as_ref() == Some(&start) {
        return Ok(Go::Stop);
    }
    *before = Some(start);
    let more_here = cut.more;
    let request = request(cut, health);
    told.sent_bytes += request.documents.iter().map(|frame| frame.change_bytes()).sum::<usize>();
    let sent = now();
    let ask = async { (central.sync(&request).await, now()) };
    // Only when central has answered already: what is carried for nobody comes to many small changes.
    let prepare =
        async { if more_here && told.rounds > 0 { replica.carry_ahead(sent).await } else { Ok(()) } };
    let ((response, heard), prepared) = join(ask, prepare).await;
    let response = response?;
    told.rounds += 1;
    let absorbed = replica.absorb(&response, heard).await?;
    let level = absorbed.level;
    note(told, &response, absorbed, sent, heard);
    prepared?;
    Ok(if level && !more_here && !response.more { Go::Stop } else { Go::On })
}

/// What a cut says to central.
#[must_use]
pub fn request(cut: Cut, health: Option<String>) -> SyncRequest {
    let speaker = cut.speaker;
    SyncRequest {
        boot_number: speaker.boot_number,
        previous_boot: speaker.previous_boot,
        spoken_boots: speaker.spoken_boots,
        resumed: Some(speaker.resumed),
        first: speaker.first,
        own: speaker.own,
        rehydrating: speaker.rehydrating,
        challenge: speaker.challenge,
        box_name: speaker.box_name,
        losses: cut.losses,
        baseline: cut.baseline,
        escrow: cut.escrow,
        asked_back: cut.asked_back,
        parcels: Some(cut.parcels),
        shows_labels: true,
        label_reports: cut.label_reports,
        version: SYNC_VERSION,
        store: cut.identity.store,
        replica: cut.identity.replica,
        boot: cut.identity.boot,
        incarnation: cut.incarnation,
        cursor: cut.cursor,
        root: cut.root,
        stock_digest: cut.stock_digest,
        unsynced: cut.unsynced,
        sent_at: cut.sent_at,
        documents: cut.documents,
        asks: cut.asks,
        health,
        more: cut.more,
    }
}

fn note(told: &mut Conversation, response: &SyncResponse, absorbed: Absorbed, sent: Now, heard: Now) {
    told.received_bytes += response.documents.iter().map(|frame| frame.change_bytes()).sum::<usize>();
    told.facts = told.facts.saturating_add(absorbed.facts);
    for task in absorbed.tasks {
        if !told.tasks.contains(&task) {
            told.tasks.push(task);
        }
    }
    told.parcels |= absorbed.parcels;
    // A problem that the last round still had is one; earlier ones were mended on the way.
    told.problems = absorbed.problems;
    told.level = absorbed.level;
    let granted_ms = i64::try_from(response.lease_ms).unwrap_or(i64::MAX);
    told.lease = Some(Lease { granted_ms, since: sent.mono });
    // Central's clock was read somewhere between sending and hearing.
    let middle = sent.utc.plus(heard.mono.since(sent.mono) / 2);
    told.clock_offset_ms = Some(middle.since(response.central_time));
    let at = sent.mono.plus(heard.mono.since(sent.mono) / 2);
    told.central_time = Some(CentralTime { heard: response.central_time, at });
    told.next_sync_ms = Some(response.next_sync_ms);
}

#[cfg(test)]
mod tests;
