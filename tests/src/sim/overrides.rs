//! People who know better: work is taken back whatever was released, and goods are let go while central
//! cannot be asked. Either may send goods twice; then somebody answers for it, and it is on record.

use super::dice::Dice;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use super::left::as_ordered;
use super::scarce;
use super::shop::Shop;
use super::world::World;
use anyhow::Result;
use holdfast_agent::core::command::TaskAct;
use holdfast_central::flows::FlowError;
use holdfast_central::flows::take_back::take_back;
use holdfast_central::ports::work::{TaskRow, Work};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::{Offer, Status, TaskEvent, TaskState};
use holdfast_shared::ids::{Actor, LineNo, OrderId, ReplicaId, Sku, StoreId, TaskId};
use holdfast_shared::time::Now;
use std::collections::{BTreeMap, BTreeSet};

/// Tasks that a person answers for, and what each store was given to do.
#[derive(Debug, Default)]
pub struct Overrides {
    offers: BTreeMap<TaskId, Offer>,
    tasks: BTreeSet<TaskId>,
    /// Somebody at central did.
    taken_back: BTreeSet<TaskId>,
    /// At which boxes a manager did.
    let_go: BTreeSet<(TaskId, ReplicaId)>,
}

impl Overrides {
    pub fn offered(&mut self, task: &TaskId, offer: &Offer) {
        self.offers.insert(task.clone(), offer.clone());
    }

    /// Whether a store was given this SKU in place of a line of the order.
    pub fn stands_in(&self, order: &OrderId, line: LineNo, sku: &Sku) -> bool {
        let offers = self.offers.values().filter(|offer| offer.order == *order);
        offers
            .flat_map(|offer| &offer.lines)
            .any(|offered| offered.line != line && as_ordered(offered.line) == line && offered.sku == *sku)
    }

    /// What the paper says that is packed with the goods.
    pub fn note_of(&self, task: &TaskId) -> Option<&str> {
        self.offers.get(task)?.note.as_deref()
    }

    /// What a store was asked for, once it knows.
    pub fn offer(&self, task: &TaskId) -> Option<&Offer> {
        self.offers.get(task)
    }

    pub fn order_of(&self, task: &TaskId) -> Option<&OrderId> {
        self.offers.get(task).map(|offer| &offer.order)
    }

    pub fn taken_back(&mut self, task: &TaskId) {
        self.tasks.insert(task.clone());
        self.taken_back.insert(task.clone());
    }

    pub fn let_go(&mut self, task: &TaskId, replica: &ReplicaId) {
        self.tasks.insert(task.clone());
        self.let_go.insert((task.clone(), replica.clone()));
    }

    pub const fn tasks(&self) -> &BTreeSet<TaskId> {
        &self.tasks
    }

    pub fn concerns(&self, order: &OrderId) -> bool {
        self.tasks.iter().any(|task| self.order_of(task) == Some(order))
    }

    /// Whether one of these stores has been given work of the order.
    pub fn is_given_to(&self, order: &OrderId, stores: &BTreeSet<StoreId>) -> bool {
        self.offers.values().any(|offer| offer.order == *order && stores.contains(&offer.store))
    }

    /// Units that may leave beyond what was ordered: those of the tasks that were overridden, once for
    /// each person who did it without the others.
    pub fn answered_for(&self, order: &OrderId, line: Option<LineNo>, sku: Option<&Sku>) -> i64 {
        let managers = self.let_go.iter().map(|(task, _)| task);
        let words = self.taken_back.iter().chain(managers);
        let offers = words.filter_map(|task| self.offers.get(task));
        let lines = offers.filter(|offer| offer.order == *order).flat_map(|offer| &offer.lines);
        let meant = lines.filter(|offered| {
            line.is_none_or(|line| as_ordered(offered.line) == line)
                && sku.is_none_or(|sku| offered.sku == *sku)
        });
        meant.map(|offered| offered.quantity).sum()
    }
}

/// Whether somebody gave a word of their own.
#[must_use]
pub fn is_override(fact: &Fact) -> bool {
    match &fact.body {
        Body::Task(said) => matches!(said.event, TaskEvent::TakenBack { .. } | TaskEvent::LetGo { .. }),
        Body::Stock(_) | Body::Epoch(_) => false,
    }
}

/// Whether goods that left against a recall are a person's doing: the store let them go, or they were
/// taken back without its knowledge. `facts` are the store's, in the order in which it learned them.
pub fn excuses(state: &TaskState, facts: &[Fact]) -> bool {
    let place = |wanted: fn(&TaskEvent) -> bool| {
        facts.iter().position(|fact| matches!(&fact.body, Body::Task(said) if wanted(&said.event)))
    };
    let taken_back = place(|event| matches!(event, TaskEvent::TakenBack { .. }));
    let left = place(|event| matches!(event, TaskEvent::HandedOver { .. }));
    state.let_go.is_some() || taken_back.zip(left).is_some_and(|(told, left)| left < told)
}

impl World {
    /// Persons and boxes that do as they think.
    pub(super) async fn know_better(&mut self) -> Result<()> {
        if let Some(dice) = self.fate.strikes(Kind::TakesBack, 0) {
            takes_back(&self.office, &dice, &self.fate, self.now()).await?;
        }
        if let Some(dice) = self.fate.strikes(Kind::ClosedWrongly, 0) {
            self.close_wrongly(&dice).await?;
        }
        if let Some(dice) = self.fate.strikes(Kind::Escrowed, 0) {
            let chain = (&self.tenant, self.skus.as_slice(), self.shops.as_slice());
            scarce::escrow(&self.office, chain, &dice, &self.fate, self.now()).await?;
        }
        Ok(())
    }
}

/// A person at central moves what central would never move by itself.
async fn takes_back(office: &HeadOffice, dice: &Dice, fate: &Fate, now: Now) -> Result<()> {
    let Some(store) = office.store().filter(|_| !office.is_paused(fate.step())) else { return Ok(()) };
    let open: Vec<TaskRow> = store.open_tasks(None, None, 100).await?;
    // Nobody overrides what would go its way anyway, if there is something else.
    let bound: Vec<&TaskRow> = open.iter().filter(|row| row.state.release.is_some()).collect();
    let Some(row) = dice.pick(&bound).copied().or_else(|| dice.pick(&open)) else { return Ok(()) };
    let (task, said) = (&row.state.task, ("the van broke down", &Actor::new("key:ann")?));
    let done = take_back(store, &office.pokes, &row.tenant, task, said, office.clock(now)).await;
    match done {
        Err(FlowError::Refused { what, .. }) => fate.say(what),
        other => {
            let Some(done) = office.excuse(other, fate)? else { return Ok(()) };
            fate.say(format_args!("a person takes {task} back: {done:?}"));
            fate.mark(match (done.already, done.released) {
                (true, _) => "taken_back_already",
                (false, true) => "release_taken_back",
                (false, false) => "work_taken_back",
            });
        }
    }
    Ok(())
}

/// The driver waits, and central has not answered.
pub fn lets_go(shop: &Shop, task: &TaskState, fate: &Fate) -> Option<TaskAct> {
    if task.status() != Status::AwaitingRelease {
        return None;
    }
    fate.strikes(Kind::LetGo, shop.index)?;
    Some(TaskAct::LetGo { reason: String::from("the driver waits"), central_answers: !shop.unanswered })
}
