//! A store's replica, as far as sync can see it: documents, a cursor, and what it heard.

use super::world::sku;
use holdfast_central::ports::Storage;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::replication::Exchanged;
use holdfast_shared::document::{Bag, Heads, Incoming, Root, WriterId};
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{HoldRef, Movement, OnHand, StockFact, digest_element, rights_element};
use holdfast_shared::domain::task::{TaskEvent, TaskFact, TaskState};
use holdfast_shared::domain::task_fold::fold;
use holdfast_shared::ids::{Actor, BootId, DocumentId, FactId, LineNo, ReplicaId, Sku, TaskId};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::{Hlc, Now};
use holdfast_shared::wire::fact::{Epoch, decode, encode, since};
use holdfast_shared::wire::sync::{
    DocumentFrame, DocumentHeads, EscrowTarget, EscrowTargets, LabelReport, ParcelNews, SYNC_VERSION,
    SyncMessage, SyncRequest, SyncResponse,
};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

#[derive(Debug)]
pub struct Agent {
    pub identity: ReplicaIdentity,
    pub incarnation: Option<u64>,
    pub cursor: u64,
    pub asks: Vec<DocumentHeads>,
    pub documents: BTreeMap<DocumentId, Bag>,
    /// What central said is safe there.
    pub acknowledged: BTreeMap<DocumentId, Heads>,
    /// Of the sync that it speaks: it knows nothing that came later.
    pub version: u16,
    /// Added to the digest that it tells, to play a store that has drifted.
    pub drifted: bool,
    /// What central wants to be ceded, and what is asked back of it.
    pub wanted: EscrowTargets,
    pub asked_back: Vec<EscrowTarget>,
    /// What it was told of parcels, and labels that it could not make.
    pub parcels: ParcelNews,
    pub label_reports: Vec<LabelReport>,
    /// It fetches what its disk lost.
    pub rehydrating: bool,
    writer: WriterId,
    boot: BootId,
    facts: u64,
    clock: i64,
}

impl Agent {
    #[must_use]
    pub fn new(identity: ReplicaIdentity) -> Self {
        Self::booted(identity, 1)
    }

    /// A process start: another boot, another writer, empty hands.
    #[must_use]
    pub fn booted(identity: ReplicaIdentity, boot: u8) -> Self {
        Self {
            writer: WriterId::new(&identity.replica, [boot; 8]),
            boot: BootId::new(format!("boot{boot}")).unwrap(),
            identity,
            incarnation: None,
            cursor: 0,
            asks: Vec::new(),
            documents: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            version: SYNC_VERSION,
            drifted: false,
            wanted: EscrowTargets::default(),
            asked_back: Vec::new(),
            parcels: ParcelNews::default(),
            label_reports: Vec::new(),
            rehydrating: false,
            facts: u64::from(boot) * 1_000,
            clock: super::world::BEGIN,
        }
    }

    #[must_use]
    pub fn stock_document(&self) -> DocumentId {
        DocumentId::Stock {
            store: self.identity.store.clone(),
            replica: self.identity.replica.clone(),
            boot: self.boot.clone(),
            n: 1,
        }
    }

    pub fn fact(&mut self, after: Option<FactId>, body: Body) -> Fact {
        self.facts += 1;
        self.clock += 1;
        Fact {
            id: format!("{}.1.{}", self.identity.replica, self.facts).parse().unwrap(),
            at: Hlc { wall: holdfast_shared::time::UtcMs(self.clock), counter: 0 },
            actor: Actor::new("ann").unwrap(),
            after,
            trace: None,
            body,
        }
    }

    pub fn put(&mut self, document: &DocumentId, fact: &Fact) {
        let writer = self.writer;
        let bag = self.documents.entry(document.clone()).or_insert_with(|| Bag::new(writer));
        bag.record(&[(fact.id.clone(), encode(fact).unwrap())]).unwrap();
    }

    /// Central said so, in a change of its own, and told only this replica.
    pub fn hear_of_central(&mut self, document: &DocumentId, fact: &Fact) {
        let central = ReplicaId::new("central").unwrap();
        let mut bag = Bag::new(WriterId::new(
            &central,
            blake3::hash(fact.id.as_str().as_bytes()).as_bytes()[..8].try_into().unwrap(),
        ));
        let recorded = bag.record(&[(fact.id.clone(), encode(fact).unwrap())]).unwrap();
        let changes: Vec<ByteBuf> =
            recorded.changes.into_iter().map(|change| ByteBuf::from(change.bytes)).collect();
        let (base, heads) = (Heads::empty(), bag.heads());
        let writer = self.writer;
        let own = self.documents.entry(document.clone()).or_insert_with(|| Bag::new(writer));
        own.merge(&Incoming { base: &base, heads: &heads, changes: &changes }, &|_| true).unwrap();
    }

    pub fn stock(&mut self, sku: &Sku, delta: i64, movement: Movement) {
        let body = Body::Stock(StockFact { sku: sku.clone(), delta, movement, note: None });
        let fact = self.fact(None, body);
        let document = self.stock_document();
        self.put(&document, &fact);
    }

    pub fn opening(&mut self, text: &str, units: i64) {
        self.stock(&sku(text), units, Movement::Opening);
    }

    pub fn sale(&mut self, text: &str, units: i64) {
        self.stock(&sku(text), -units, Movement::Sale);
    }

    /// Goods of another store, with what stands on the parcel.
    pub fn transfer_in(&mut self, text: &str, units: i64, from: &str, note: &str) {
        let movement = Movement::TransferIn { from: super::world::store_id(from) };
        let note = Some(note.to_owned());
        let fact = self.fact(None, Body::Stock(StockFact { sku: sku(text), delta: units, movement, note }));
        let document = self.stock_document();
        self.put(&document, &fact);
    }

    /// Goods of an order, over the counter.
    pub fn bring_back(&mut self, text: &str, units: i64, of: &ReturnRef, condition: Condition) {
        let movement = Movement::BroughtBack { of: of.clone(), condition, units };
        self.stock(&sku(text), condition.adds(units), movement);
    }

    fn facts_of(bag: &Bag) -> Vec<Fact> {
        bag.facts().map(|(id, text)| decode(&id, &text).unwrap()).collect()
    }

    #[must_use]
    pub fn task(&self, task: &TaskId) -> Option<TaskState> {
        let bag = self.documents.get(&DocumentId::Task(task.clone()))?;
        fold(&Self::facts_of(bag)).map(|folded| folded.state)
    }

    /// Says it whether it may or not: central must be safe from a wrong agent.
    pub fn say(&mut self, task: &TaskId, event: TaskEvent) {
        let state = self.task(task).unwrap();
        let body = Body::Task(TaskFact { task: task.clone(), fence: state.fence, event });
        let fact = self.fact(Some(state.newest), body);
        self.put(&DocumentId::Task(task.clone()), &fact);
    }

    /// Accepts, picks everything and packs.
    pub fn pack(&mut self, task: &TaskId) {
        self.say(task, TaskEvent::Accepted);
        self.say(task, TaskEvent::PickingStarted);
        for line in self.task(task).unwrap().lines {
            self.say(task, TaskEvent::Picked { line: line.line, quantity: line.open() });
        }
        self.say(task, TaskEvent::Packed);
    }

    fn hold(&self, task: &TaskId, line: LineNo) -> HoldRef {
        let state = self.task(task).unwrap();
        HoldRef { task: task.clone(), line, fence: state.fence, ceded: state.line(line).unwrap().ceded }
    }

    pub fn hand_over(&mut self, task: &TaskId) {
        // Of a line that was not there at all nothing moves.
        for line in self.task(task).unwrap().lines.into_iter().filter(|line| line.picked > 0) {
            let hold = self.hold(task, line.line);
            self.stock(&line.sku, -line.picked, Movement::HandOver { hold });
        }
        self.say(task, TaskEvent::HandedOver { to: None });
    }

    pub fn put_back(&mut self, task: &TaskId) {
        for line in self.task(task).unwrap().lines.into_iter().filter(|line| line.quantity > line.short) {
            let (hold, quantity) = (self.hold(task, line.line), line.quantity - line.short);
            self.stock(&line.sku, 0, Movement::PutBack { hold, quantity });
        }
        self.say(task, TaskEvent::PutBack);
    }

    pub fn short(&mut self, task: &TaskId, line: LineNo, missing: i64) {
        let text = self.task(task).unwrap().line(line).unwrap().sku.clone();
        let hold = self.hold(task, line);
        self.stock(&text, -missing, Movement::ShortPick { hold });
        self.say(task, TaskEvent::Short { line, missing });
    }

    #[must_use]
    pub fn root(&self) -> SetHash {
        let heads: Vec<_> = self.documents.iter().map(|(id, bag)| (id.clone(), bag.heads())).collect();
        heads.iter().map(|(id, heads)| (id, heads)).collect::<Root>().hash()
    }

    fn positions(&self) -> BTreeMap<Sku, OnHand> {
        let mut positions: BTreeMap<Sku, OnHand> = BTreeMap::new();
        let mut counted = std::collections::BTreeSet::new();
        for fact in self.documents.values().flat_map(Self::facts_of) {
            if let Body::Stock(stock) = &fact.body
                && counted.insert(fact.id.clone())
            {
                positions.entry(stock.sku.clone()).or_default().apply(stock, fact.at);
            }
        }
        positions
    }

    /// What the store has ceded of `A`, as it knows.
    #[must_use]
    pub fn rights(&self) -> i64 {
        self.positions().get(&sku("A")).map_or(0, |stock| stock.rights)
    }

    pub fn cede(&mut self, text: &str, units: i64) {
        self.stock(&sku(text), 0, Movement::Ceded { units });
    }

    #[must_use]
    pub fn stock_digest(&self) -> SetHash {
        let mut digest = SetHash::EMPTY;
        for (sku, stock) in self.positions() {
            let elements = [digest_element(&sku, stock.units), rights_element(&sku, stock.rights)];
            elements.iter().flatten().for_each(|element| digest.insert(element));
        }
        if self.drifted {
            digest.insert(b"drift");
        }
        digest
    }

    /// Everything that central has not acknowledged.
    #[must_use]
    pub fn request(&self) -> SyncRequest {
        let mut documents = Vec::new();
        for (id, bag) in &self.documents {
            let base = self.acknowledged.get(id).cloned().unwrap_or_default();
            let changes = bag.changes_since(&base).unwrap();
            if !changes.is_empty() {
                documents.push(DocumentFrame::new(id, &base, &bag.heads(), changes));
            }
        }
        SyncRequest {
            incarnation: self.incarnation,
            cursor: self.cursor,
            root: self.root(),
            stock_digest: self.stock_digest(),
            documents,
            asks: self.asks.clone(),
            escrow: self.wanted.digest(),
            asked_back: self.asked_back.clone(),
            parcels: Some(self.parcels.digest()),
            shows_labels: true,
            label_reports: self.label_reports.clone(),
            rehydrating: self.rehydrating,
            ..SyncRequest::bare(
                self.identity.store.clone(),
                self.identity.replica.clone(),
                self.boot.clone(),
                Hlc { wall: holdfast_shared::time::UtcMs(self.clock), counter: 0 },
            )
        }
        .in_version(self.version)
    }

    /// Reads like an agent of its time, which takes nothing of a document with a kind of fact in it
    /// that it does not know.
    fn read_strictly(&self, response: &SyncResponse) {
        assert_eq!(response.version, self.version);
        assert_eq!(response.clone().in_version(self.version), *response);
        let bags = response
            .documents
            .iter()
            .filter_map(|frame| self.documents.get(&frame.document().unwrap()).map(Self::facts_of));
        for fact in bags.flatten() {
            assert!(
                since(&fact.body) <= self.version,
                "{fact:?} is news to an agent of version {}",
                self.version
            );
        }
    }

    /// The last word of its stock document.
    pub fn close_day(&mut self) {
        let document = self.stock_document();
        let counted = Epoch::of(self.documents[&document].facts()).unwrap().counted;
        let fact = self.fact(None, Body::Epoch(counted));
        self.put(&document, &fact);
    }

    pub fn absorb(&mut self, response: &SyncResponse) {
        if self.incarnation.is_some_and(|known| known != response.incarnation) {
            self.acknowledged.clear();
        }
        for frame in &response.documents {
            let document = frame.document().unwrap();
            let writer = self.writer;
            let bag = self.documents.entry(document.clone()).or_insert_with(|| Bag::new(writer));
            let (base, heads) = (frame.base().unwrap(), frame.heads().unwrap());
            let incoming = Incoming { base: &base, heads: &heads, changes: &frame.changes };
            bag.merge(&incoming, &|_| true).unwrap();
            self.acknowledged.insert(document, heads);
        }
        for known in &response.acknowledged {
            self.acknowledged.insert(known.document().unwrap(), known.heads().unwrap());
        }
        self.read_strictly(response);
        if let Some(wanted) = &response.escrow {
            self.wanted = wanted.clone();
        }
        if let Some(told) = &response.parcels {
            self.parcels = told.clone();
        }
        self.label_reports.retain(|report| !response.labels_noted.contains(&report.id));
        self.clock = self.clock.max(response.hlc.wall.0);
        self.cursor = response.cursor;
        self.incarnation = Some(response.incarnation);
    }

    pub async fn sync(&mut self, storage: &dyn Storage, now: Now) -> Exchanged {
        let request = SyncRequest::decode(&self.request().encode().unwrap()).unwrap();
        let mut exchanged = storage.exchange(&self.identity, None, &request, now).await.unwrap();
        exchanged.response = SyncResponse::decode(&exchanged.response.encode().unwrap()).unwrap();
        self.absorb(&exchanged.response);
        exchanged
    }

    /// Sends what it has; the answer is lost on the way.
    pub async fn sync_unheard(&self, storage: &dyn Storage, now: Now) -> Exchanged {
        storage.exchange(&self.identity, None, &self.request(), now).await.unwrap()
    }
}
