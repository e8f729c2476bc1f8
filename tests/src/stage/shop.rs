//! A store's box on the stage: the real ledger on its own file, and the flow that syncs it.

use super::office::Office;
use async_trait::async_trait;
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Command, Intent};
use holdfast_agent::flows::sync::{Conversation, converse};
use holdfast_agent::flows::vitals::{self, Inputs};
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_agent::ports::ledger::{Executed, Identity, Import, ImportItem, Ledger, LedgerError};
use holdfast_agent::ports::machine::MachineVitals;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_platform::sqlite::{IntegrityCheck, Mode, Options, Place, witness_path};
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::{Actor, BootId, DeviceId, FactId, IdempotencyKey, Sku};
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::signal::Heartbeat;
use holdfast_shared::wire::sync::{SyncRequest, SyncResponse};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

#[derive(Debug)]
pub struct Shop {
    pub name: String,
    pub identity: ReplicaIdentity,
    file: PathBuf,
    ledger: Option<SqliteLedger>,
    boots: u32,
    intents: u64,
    beats: u64,
    /// What its wall clock is wrong by.
    pub skew_ms: i64,
    /// Requests do not reach central.
    pub cut_off: bool,
    /// The wire is cut after so many messages of the next conversation.
    messages_left: Option<u32>,
    /// The requests of the last conversation, as they were sent.
    pub sent: Vec<SyncRequest>,
    pub clock_offset_ms: Option<i64>,
    /// The ids of facts that its devices were told are recorded.
    pub acknowledged: Vec<FactId>,
}

impl Shop {
    pub(super) fn stopped(name: &str, identity: ReplicaIdentity, file: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            identity,
            file,
            ledger: None,
            boots: 0,
            intents: 0,
            beats: 0,
            skew_ms: 0,
            cut_off: false,
            messages_left: None,
            sent: Vec::new(),
            clock_offset_ms: None,
            acknowledged: Vec::new(),
        }
    }

    pub(super) fn start(name: &str, identity: ReplicaIdentity, file: PathBuf) -> Self {
        let mut shop = Self::stopped(name, identity, file);
        shop.boot();
        shop
    }

    #[must_use]
    pub fn ledger(&self) -> &SqliteLedger {
        self.ledger.as_ref().unwrap_or_else(|| panic!("box {} is down", self.name))
    }

    /// Its database, as it lies.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    pub fn boot(&mut self) {
        self.boot_checked(IntegrityCheck::default());
    }

    pub(crate) fn boot_checked(&mut self, check: IntegrityCheck) {
        self.boots += 1;
        // Boots of two boxes with one image differ, as random ones do.
        let boot = BootId::new(format!("{}-{}", self.name, self.boots)).unwrap();
        let ReplicaIdentity { tenant, store, replica } = self.identity.clone();
        let identity = Identity { tenant, store, replica, boot: boot.clone() };
        let options = Options { mode: Mode::Inline, check, ..Options::default() };
        let place = Place::File(self.file.clone());
        self.ledger = Some(SqliteLedger::open(&place, options, boot, Some(identity)).unwrap());
    }

    /// The next conversation ends after so many messages, because the wire is cut.
    pub const fn cut_off_after(&mut self, messages: u32) {
        self.messages_left = Some(messages);
    }

    /// Without a goodbye.
    pub fn stop(&mut self) {
        self.ledger = None;
    }

    /// Its own clocks: the wall may be wrong, the other began at its own zero.
    #[must_use]
    pub fn clock(&self, now: Now) -> Now {
        Now { utc: now.utc.plus(self.skew_ms), mono: now.mono.plus(1_000_000) }
    }

    pub(super) fn copy_disk(&self, to: &Path) {
        let from = rusqlite::Connection::open(&self.file).unwrap();
        from.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
    }

    /// The whole disk: the witness of what was there goes with it.
    pub(super) fn replace_disk(&self, copy: &Path) {
        replace(&self.file, copy);
        let _ = std::fs::remove_file(witness_path(&self.file));
    }

    pub(super) async fn open_stock(&self, stock: &[(&str, i64)], now: Now) {
        let item = |(sku, units): &(&str, i64)| ImportItem {
            sku: Sku::new(*sku).unwrap(),
            name: Some(format!("thing {sku}")),
            barcode: None,
            class: None,
            on_hand: Some(*units),
        };
        let items = stock.iter().map(item).collect();
        self.ledger().import(items, Box::new(|_| {}), self.clock(now)).await.unwrap();
    }

    pub(super) async fn say(&mut self, command: Command, now: Now) -> Result<Executed, LedgerError> {
        self.intents += 1;
        let device = DeviceId::new(format!("handheld-{}", self.name)).unwrap();
        let id = FactId::new(&device, 1, self.intents).unwrap();
        let intent = Intent {
            device,
            actor: Actor::new("amy").unwrap(),
            key: IdempotencyKey::new(id.as_str()).unwrap(),
            request_hash: [0; 32],
            fact_id: Some(id.clone()),
            trace: None,
        };
        let done = self.ledger().execute(intent, command, self.clock(now)).await?;
        self.acknowledged.push(id);
        Ok(done)
    }

    pub(super) async fn converse(&mut self, office: &Office, now: Now) -> Conversation {
        let clock = self.clock(now);
        self.ledger().named(self.name.clone()).await.unwrap();
        let left = if self.cut_off { 0 } else { self.messages_left.take().unwrap_or(u32::MAX) };
        let wire =
            Wire { office, identity: &self.identity, left: Mutex::new(left), sent: Mutex::default(), now };
        let told = converse(self.ledger(), &wire, None, &|| clock).await;
        self.sent = wire.sent.into_inner().unwrap();
        self.clock_offset_ms = told.clock_offset_ms.or(self.clock_offset_ms);
        told
    }

    pub(super) async fn heartbeat(&mut self, now: Now) -> Option<Heartbeat> {
        let ledger = self.ledger.clone()?;
        let summary = ledger.summary().await.unwrap();
        self.beats += 1;
        let ReplicaIdentity { tenant, store, replica } = self.identity.clone();
        let boot = BootId::new(format!("{}-{}", self.name, self.boots)).unwrap();
        Some(vitals::heartbeat(&Inputs {
            identity: &Identity { tenant, store, replica, boot },
            sequence: self.beats,
            version: "0.0.0",
            now: self.clock(now),
            started_at: self.clock(now).mono,
            summary: &summary,
            devices: &[],
            pos_seen: None,
            handheld_seen: None,
            machine: &MachineVitals::default(),
            synced_at: Some(self.clock(now).mono),
            clock_offset_ms: self.clock_offset_ms,
        }))
    }
}

/// The database and what lies beside it become the copy.
pub(super) fn replace(file: &Path, copy: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(PathBuf::from(format!("{}{suffix}", file.display())));
    }
    std::fs::copy(copy, file).unwrap();
}

/// Central at the other end of a wire.
struct Wire<'a> {
    office: &'a Office,
    identity: &'a ReplicaIdentity,
    /// Messages until it is cut.
    left: Mutex<u32>,
    sent: Mutex<Vec<SyncRequest>>,
    now: Now,
}

impl Wire<'_> {
    fn carries(&self) -> bool {
        let mut left = self.left.lock().unwrap();
        let carries = *left > 0 && self.office.is_up();
        *left = left.saturating_sub(1);
        carries
    }
}

#[async_trait]
impl Central for Wire<'_> {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        self.sent.lock().unwrap().push(request.clone());
        if !self.carries() {
            return Err(CentralError::Unreachable {
                url: String::from("stage://central"),
                source: Box::from("the wire is cut"),
            });
        }
        Ok(self.office.sync(self.identity, request, self.now).await)
    }

    async fn enrol(&self, _request: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        let problem = Problem::new(Code::NotFound, "boxes on the stage are enrolled from the start");
        Err(CentralError::Refused(Box::new(problem)))
    }
}
