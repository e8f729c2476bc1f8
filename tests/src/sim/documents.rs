//! What each side believes of documents: what a store counts as safe at central is there, and what was
//! sealed adds up to what its writer told. And a box that tells it wrongly.

use super::dice::Dice;
use super::eye::{CentralEye, LedgerEye};
use super::shop::Shop;
use super::strike::speaking;
use super::world::World;
use anyhow::{Context, Result, ensure};
use holdfast_agent::ports::ledger::Replica;
use holdfast_central::flows::enrol::{enrol, offer_enrolment};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_central::ports::work::Work;
use holdfast_shared::document::{Bag, Heads, WriterId, unpack};
use holdfast_shared::domain::epoch::Closing;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Actor, BootId, DeviceId, DocumentId, FactId, Sku};
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::time::Hlc;
use holdfast_shared::wire::enrolment::EnrolRequest;
use holdfast_shared::wire::fact::{Epoch, encode};
use holdfast_shared::wire::sync::{DocumentFrame, SyncMessage};
use std::collections::{BTreeMap, BTreeSet};

/// What was found right, so that it is not looked at again.
#[derive(Debug, Default)]
pub struct Documents {
    seals: BTreeSet<String>,
    /// Whoever restores a box makes a new one of these: its marks are old.
    acked: Vec<BTreeMap<String, Vec<u8>>>,
}

impl Documents {
    /// `CONVERGE`: a document is sealed only as its writer closed it. How many are new.
    ///
    /// # Errors
    /// Which is not, or when a file cannot be read.
    pub fn look_at_seals(&mut self, central: &CentralEye) -> Result<u64> {
        let sealed = central.seals()?;
        let mut new = 0;
        for name in sealed.difference(&self.seals) {
            let document: DocumentId = name.parse()?;
            let (DocumentId::Stock { replica, .. }, Some(packed)) = (&document, central.archive(name)?)
            else {
                continue;
            };
            let bag = Bag::load(WriterId::new(replica, [0; 8]), unpack(&packed)?)?;
            let epoch = Epoch::of(bag.facts())?;
            ensure!(
                epoch.is_whole(),
                "CONVERGE: {name} was sealed with {} facts, and its writer told {:?}",
                epoch.counted.facts,
                epoch.told
            );
            new += 1;
        }
        self.seals = sealed;
        Ok(new)
    }

    /// `NO_LOST_ACK`: what a store counts as safe at this central is there. A store that has not heard
    /// of a restore yet counts what the central before it had; and for one that knows that it is kept
    /// apart, its branch is safe enough.
    ///
    /// # Errors
    /// What is not, or when a file cannot be read.
    pub fn look_at_acked(&mut self, shop: &Shop, store: &LedgerEye, central: &CentralEye) -> Result<()> {
        if store.incarnation()? != Some(central.incarnation()?) {
            return Ok(());
        }
        if self.acked.len() <= shop.index {
            self.acked.resize_with(shop.index + 1, BTreeMap::new);
        }
        let apart = store.is_apart()?;
        let known = self.acked.get_mut(shop.index).context("a store that nobody watches")?;
        for (name, acked) in store.acked()? {
            if known.get(&name) == Some(&acked) {
                continue;
            }
            for hash in Heads::from_bytes(&acked)?.iter() {
                let there = central.has_change(&name, hash.as_bytes())?;
                ensure!(
                    there || apart && central.keeps_change(&name, hash.as_bytes())?,
                    "NO_LOST_ACK: {} counts {name} as safe at central up to {hash}, and it is not there",
                    shop.name()
                );
            }
            known.insert(name, acked);
        }
        Ok(())
    }

    pub fn forget_acked(&mut self, shop: &Shop) {
        if let Some(known) = self.acked.get_mut(shop.index) {
            known.clear();
        }
    }
}

/// A document that says it is complete, and is not.
fn misclosed(replica: &ReplicaIdentity, sku: &Sku, name: &DocumentId, dice: &Dice) -> Result<DocumentFrame> {
    let device = DeviceId::new(replica.replica.as_str())?;
    let (actor, n) = (Actor::new("agent")?, dice.next() % 1_000_000_000 * 10);
    let mut bag = Bag::new(WriterId::new(&replica.replica, dice.next().to_le_bytes()));
    let mut counted = Closing::default();
    let mut facts = Vec::new();
    // Of no effect on what lies there: no more than the closing is wrong.
    let moved = [(1, Movement::Receipt), (-1, Movement::Sale)];
    let moved = moved
        .map(|(delta, movement)| Body::Stock(StockFact { sku: sku.clone(), delta, movement, note: None }));
    for (body, k) in moved.into_iter().zip(1..) {
        let at = Hlc::default();
        let id = FactId::new(&device, 1, n + k)?;
        let fact = Fact { id, at, actor: actor.clone(), after: None, trace: None, body };
        let text = encode(&fact)?;
        counted.count(&fact.id, &text);
        facts.push((fact.id, text));
    }
    counted.facts += 1;
    let id = FactId::new(&device, 1, n)?;
    let body = Body::Epoch(counted);
    let closing = Fact { id, at: Hlc::default(), actor, after: None, trace: None, body };
    let text = encode(&closing)?;
    facts.push((closing.id, text));
    bag.record(&facts)?;
    let none = Heads::empty();
    Ok(DocumentFrame::new(name, &none, &bag.heads(), bag.changes_since(&none)?))
}

impl World {
    /// A second box of a store, which never speaks again, closes its document with a count that is not
    /// right.
    pub(super) async fn close_wrongly(&mut self, dice: &Dice) -> Result<()> {
        let now = self.now();
        let Some(shop) = dice.pick(&self.shops) else { return Ok(()) };
        let (Some(ledger), Some(store)) = (&shop.ledger, self.office.store()) else { return Ok(()) };
        let (tenant, node) = (&shop.identity.tenant, &shop.identity.store);
        // A box that speaks may be given releases, and this one would keep them.
        let step = self.fate.step();
        if self.office.is_paused(step)
            || step < self.office.uplink_lost_until_step
            || !store.open_tasks(Some(tenant), Some(node), 1).await?.is_empty()
        {
            return Ok(());
        }
        let Ok(cut) = ledger.cut(shop.clock(now)).await else { return Ok(()) };
        let (code, secret) = (format!("{:016X}", dice.next()), format!("{:032x}", dice.next()));
        let offered = offer_enrolment(store, tenant, node, &code, now.utc).await;
        if self.office.excuse(offered, &self.fate)?.is_none() {
            return Ok(());
        }
        let asked = EnrolRequest { code, box_name: None };
        let enrolled = enrol(store, &asked, secret, String::from("sim:1883"), now.utc).await;
        let Some(enrolled) = self.office.excuse(enrolled, &self.fate)? else { return Ok(()) };
        let identity = ReplicaIdentity { replica: enrolled.replica, ..shop.identity.clone() };
        let boot = BootId::new(format!("wrong-{:x}", dice.next()))?;
        let name = DocumentId::Stock {
            store: node.clone(),
            replica: identity.replica.clone(),
            boot: boot.clone(),
            n: 1,
        };
        let mut request = speaking(cut);
        (request.replica, request.boot, request.boot_number) = (identity.replica.clone(), boot, 1);
        (request.previous_boot, request.spoken_boots) = (None, Vec::new());
        (request.own, request.first) = (Vec::new(), true);
        (request.root, request.stock_digest) = (SetHash::EMPTY, SetHash::EMPTY);
        let sku = dice.pick(&self.skus).context("no goods")?;
        request.documents = vec![misclosed(&identity, sku, &name, dice)?];
        self.checks.watcher.wrong_closing_made = true;
        self.fate.say(format_args!("{name} is closed with a count that is not right"));
        self.office.sync(&identity, &request.encode()?, &self.fate, now).await?;
        // A central of before would not know that box.
        self.office.backup = None;
        Ok(())
    }
}
