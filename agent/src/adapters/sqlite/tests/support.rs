//! A store's file, and central as far as a ledger's tests need it.

use crate::adapters::sqlite::SqliteLedger;
use crate::core::command::{Answer, Command, Intent};
use crate::core::testing::{at, intent};
use crate::ports::ledger::{Cut, Executed, Identity, Import, ImportItem, Ledger, LedgerError, Replica};
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::document::{Bag, Heads, Incoming, Root, WriterId};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{
    FulfilmentKind, Offer, OfferLine, ReleasePoint, TaskEvent, TaskFact, TaskState,
};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BootId, DocumentId, FactId, LineNo, ReplicaId, Sku};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::{decode, encode};
use holdfast_shared::wire::sync::{
    Baseline, BaselinePosition, DocumentFrame, DocumentHeads, DocumentProblem, EscrowTargets, LabelReport,
    ParcelNews, SYNC_VERSION, Seal, SyncResponse,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tempfile::TempDir;

pub(super) const NOW: i64 = 1_000_000;

/// One data directory, over several starts of the agent.
pub(super) struct Disk {
    pub dir: TempDir,
    boots: u32,
}

impl Disk {
    pub(super) fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), boots: 0 }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("agent.db")
    }

    /// A start before enrolment.
    pub(super) fn alone(&mut self) -> SqliteLedger {
        self.start(None)
    }

    pub(super) fn enrolled(&mut self) -> SqliteLedger {
        self.start(Some("leeds"))
    }

    pub(super) fn start(&mut self, store: Option<&str>) -> SqliteLedger {
        self.boots += 1;
        let boot: BootId = format!("b{}", self.boots).parse().unwrap();
        let identity = store.map(|store| identity(store, &boot));
        SqliteLedger::open(&Place::File(self.path()), Options::default(), boot, identity).unwrap()
    }
}

/// Everything into the one file: the last connection to close takes the log in.
pub(super) async fn close(ledger: SqliteLedger, disk: &Disk) {
    ledger.stop().await;
    drop(ledger);
    let last = rusqlite::Connection::open(disk.path()).unwrap();
    last.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

pub(super) fn identity(store: &str, boot: &BootId) -> Identity {
    Identity {
        tenant: "acme".parse().unwrap(),
        store: store.parse().unwrap(),
        replica: format!("{store}-a").parse().unwrap(),
        boot: boot.clone(),
    }
}

pub(super) fn line(sku: &str, on_hand: Option<i64>) -> ImportItem {
    ImportItem {
        sku: sku.parse().unwrap(),
        name: Some(format!("Article {sku}")),
        barcode: None,
        class: None,
        on_hand,
    }
}

pub(super) async fn stock(ledger: &SqliteLedger, items: &[(&str, i64)]) {
    let items = items.iter().map(|(sku, units)| line(sku, Some(*units))).collect();
    ledger.import(items, Box::new(|_| {}), at(NOW)).await.unwrap();
}

pub(super) async fn run(ledger: &SqliteLedger, key: &str, command: Command) -> Result<Executed, LedgerError> {
    run_as(ledger, intent(key), command).await
}

pub(super) async fn run_as(
    ledger: &SqliteLedger,
    mut intent: Intent,
    command: Command,
) -> Result<Executed, LedgerError> {
    intent.request_hash = *blake3::hash(format!("{command:?}").as_bytes()).as_bytes();
    ledger.execute(intent, command, at(NOW)).await
}

pub(super) fn code(result: Result<Executed, LedgerError>) -> Code {
    match result.unwrap_err() {
        LedgerError::Refused(refusal) => refusal.code(),
        LedgerError::KeyReused => Code::IdempotencyKeyReused,
        LedgerError::Unavailable { code, .. } => code,
    }
}

pub(super) fn state(executed: &Executed) -> &TaskState {
    match &executed.answer {
        Answer::Task { state } => state,
        other => panic!("{other:?}"),
    }
}

/// On hand, reserved, available.
pub(super) async fn units(ledger: &SqliteLedger, sku: &str) -> (i64, i64, i64) {
    let found = ledger.positions(&[sku.parse().unwrap()]).await.unwrap();
    let position = &found[0];
    (position.on_hand, position.reserved, position.available)
}

/// Central as it answers one store: bags, a log of its own changes, nothing else.
pub(super) struct FakeCentral {
    pub bags: BTreeMap<DocumentId, Bag>,
    writer: WriterId,
    pub incarnation: u64,
    /// The newest version of sync that it speaks.
    pub version: u16,
    /// Documents that end with what is there of them, told with every answer.
    pub sealed: BTreeSet<DocumentId>,
    /// What it wants of scarce SKUs.
    pub escrow: EscrowTargets,
    /// What it tells of parcels, and what it was told of labels.
    pub parcels: ParcelNews,
    pub labels: Vec<LabelReport>,
    facts: u64,
}

impl FakeCentral {
    pub(super) fn new() -> Self {
        let replica = ReplicaId::new("central").unwrap();
        Self {
            bags: BTreeMap::new(),
            writer: WriterId::new(&replica, [9; 8]),
            incarnation: 1,
            version: SYNC_VERSION,
            sealed: BTreeSet::new(),
            escrow: EscrowTargets::default(),
            parcels: ParcelNews::default(),
            labels: Vec::new(),
            facts: 0,
        }
    }

    pub(super) fn offer(&mut self, task: &str, lines: &[(&str, i64)]) {
        let lines = (1..).zip(lines).map(|(n, (sku, quantity))| OfferLine {
            line: LineNo(n),
            sku: sku.parse().unwrap(),
            quantity: *quantity,
            ceded: self.escrow.targets.iter().any(|target| target.sku.as_str() == *sku),
        });
        let offer = Offer {
            order: "o".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            kind: FulfilmentKind::Ship,
            release_point: ReleasePoint::Packed,
            lines: lines.collect(),
            accept_by: UtcMs(NOW + 60_000),
            promise_by: None,
            note: None,
        };
        self.say(task, TaskEvent::Offered(offer));
    }

    pub(super) fn release(&mut self, task: &str) {
        self.say(task, TaskEvent::Released { replica: "leeds-a".parse().unwrap() });
    }

    pub(super) fn recall(&mut self, task: &str) {
        self.say(task, TaskEvent::Recalled { reason: "moved".into() });
    }

    pub(super) fn say(&mut self, task: &str, event: TaskEvent) {
        self.facts += 1;
        let (id, text) = task_fact("central", self.facts, task, event);
        let bag = self.bag(&DocumentId::Task(task.parse().unwrap()));
        bag.record(&[(id, text)]).unwrap();
    }

    pub(super) fn bag(&mut self, name: &DocumentId) -> &mut Bag {
        let writer = self.writer;
        self.bags.entry(name.clone()).or_insert_with(|| Bag::new(writer))
    }

    pub(super) fn facts_of(&self, document: &str) -> usize {
        self.bags.get(&document.parse().unwrap()).map_or(0, Bag::len)
    }

    pub(super) fn stock_facts(&self) -> usize {
        self.stock_texts().count()
    }

    /// But for what documents say of themselves.
    pub(super) fn stock_texts(&self) -> impl Iterator<Item = String> {
        let stock = self.bags.iter().filter(|(name, _)| matches!(name, DocumentId::Stock { .. }));
        stock.flat_map(|(_, bag)| bag.facts()).map(|(_, text)| text).filter(|text| !text.contains("closed"))
    }

    pub(super) fn root(&self) -> Root {
        let heads: Vec<_> = self.bags.iter().map(|(name, bag)| (name, bag.heads())).collect();
        heads.iter().map(|(name, heads)| (*name, heads)).collect()
    }

    fn seals(&self) -> Vec<Seal> {
        let sealed = self.sealed.iter().map(|name| (name, &self.bags[name]));
        sealed.map(|(name, bag)| Seal::new(name, &bag.heads(), u64::try_from(bag.len()).unwrap())).collect()
    }

    /// What sealed documents add up to, in one piece.
    fn baseline(&self) -> Baseline {
        let mut stock: BTreeMap<Sku, (i64, i64)> = BTreeMap::new();
        let mut root = Root::default();
        for name in &self.sealed {
            let bag = &self.bags[name];
            root.open(name, &bag.heads());
            for (id, text) in bag.facts() {
                if let Body::Stock(fact) = decode(&id, &text).unwrap().body {
                    let (units, rights) = stock.entry(fact.sku.clone()).or_default();
                    *units += fact.delta;
                    *rights += fact.rights();
                }
            }
        }
        let positions =
            stock.into_iter().map(|(sku, (units, rights))| BaselinePosition { sku, units, rights }).collect();
        Baseline { sealed_root: root.hash(), positions, next: None }
    }

    /// Takes a cut in, and answers with every task document in full: central's side is not what is
    /// tested here, and what is known is skipped. One that never heard of central gets all. What is
    /// sealed comes when it is asked for.
    pub(super) fn sync(&mut self, cut: &Cut) -> SyncResponse {
        let mut errors = Vec::new();
        let mut acknowledged = Vec::new();
        for frame in &cut.documents {
            let name = frame.document().unwrap();
            let (base, heads) = (frame.base().unwrap(), frame.heads().unwrap());
            let bag = self.bag(&name);
            let incoming = Incoming { base: &base, heads: &heads, changes: &frame.changes };
            if let Err(error) = bag.merge(&incoming, &|_| true) {
                errors.push(DocumentProblem::from_error(frame.name(), &error));
            }
            acknowledged.push(DocumentHeads::new(&name, &bag.heads()));
        }
        self.labels.extend(cut.label_reports.clone());
        // Who lost something, and says so, gets all of the others as well.
        let all = cut.incarnation.is_none() || cut.speaker.rehydrating;
        let asked = |name: &DocumentId| cut.asks.iter().any(|ask| ask.document().as_ref() == Ok(name));
        let told = self.bags.iter().filter(|(name, _)| match (self.sealed.contains(*name), name) {
            (true, _) => asked(name),
            (false, DocumentId::Task(_)) => true,
            (false, DocumentId::Stock { replica, .. }) => all || replica.as_str() == "central",
        });
        let documents = told.map(|(name, bag)| {
            let empty = Heads::empty();
            DocumentFrame::new(name, &empty, &bag.heads(), bag.changes_since(&empty).unwrap())
        });
        SyncResponse {
            superseded: None,
            quarantined: None,
            seals: self.seals(),
            baseline: cut.baseline.as_ref().map(|_| self.baseline()),
            losses_noted: Vec::new(),
            parcels: (self.parcels.digest() != cut.parcels).then(|| self.parcels.clone()),
            labels_noted: cut.label_reports.iter().map(|report| report.id.clone()).collect(),
            escrow: (self.escrow.digest() != cut.escrow).then(|| self.escrow.clone()),
            version: self.version,
            incarnation: self.incarnation,
            cursor: 1,
            central_time: UtcMs(NOW),
            hlc: Hlc { wall: UtcMs(NOW), counter: 0 },
            lease_ms: 60_000,
            next_sync_ms: 1_000,
            root: self.root().hash(),
            level: self.root().hash() == cut.root,
            documents: documents.collect(),
            acknowledged,
            errors,
            more: false,
            rehydrate: false,
        }
    }
}

/// Of the orders that [`FakeCentral`] offers.
pub(super) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(super) fn task_fact(device: &str, n: u64, task: &str, event: TaskEvent) -> (FactId, String) {
    let fact = Fact {
        id: FactId::new(&device.parse().unwrap(), 1, n).unwrap(),
        at: Hlc { wall: UtcMs(NOW + i64::try_from(n).unwrap()), counter: 0 },
        actor: "central".parse().unwrap(),
        after: None,
        // As central writes them: the trace comes with the offer.
        trace: matches!(event, TaskEvent::Offered(_)).then(|| TRACE.parse().unwrap()),
        body: Body::Task(TaskFact { task: task.parse().unwrap(), fence: "1.1".parse().unwrap(), event }),
    };
    let text = encode(&fact).unwrap();
    (fact.id, text)
}

/// One round, nothing lost.
pub(super) async fn sync(ledger: &SqliteLedger, central: &mut FakeCentral) -> bool {
    let cut = ledger.cut(at(NOW)).await.unwrap();
    let response = central.sync(&cut);
    let absorbed = ledger.absorb(&response, at(NOW)).await.unwrap();
    assert_eq!(absorbed.problems, Vec::<String>::new());
    absorbed.level
}

pub(super) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}
