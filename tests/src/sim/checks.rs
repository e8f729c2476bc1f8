//! What must hold after every step, read from the ledgers and not from the code that keeps it.

use super::documents::Documents;
use super::eye::LedgerEye;
use super::head_office::HeadOffice;
use super::left::{Ledger, Sent};
use super::overrides::is_override;
use super::seen::Seen;
use super::shop::Shop;
use super::watcher::Watcher;
use anyhow::{Context, Result, ensure};
use holdfast_central::flows::place_order::PlaceOrder;
use holdfast_shared::domain::task::{Offer, Phase};
use holdfast_shared::ids::{OrderId, TaskId, TenantId};

#[derive(Debug)]
pub struct Checks {
    pub watcher: Watcher,
    shops: Vec<Seen>,
    ledger: Ledger,
    documents: Documents,
}

impl Checks {
    /// # Errors
    /// When a file cannot be read.
    pub fn new(office: &HeadOffice, shops: &[Shop]) -> Result<Self> {
        let mut seen: Vec<Seen> = shops.iter().map(Seen::new).collect::<Result<_>>()?;
        for one in &mut seen {
            one.alone = shops.iter().filter(|shop| shop.identity.store == one.store).count() == 1;
        }
        let mut watcher = Watcher::new(office)?;
        watcher.shared = seen.iter().filter(|one| !one.alone).map(|one| one.store.clone()).collect();
        Ok(Self { watcher, shops: seen, ledger: Ledger::default(), documents: Documents::default() })
    }

    /// Known from the first attempt on: what was not answered may have been written down.
    pub fn ordered(&mut self, wish: &PlaceOrder) {
        self.ledger.ordered(wish);
    }

    /// There is one box more.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn cloned(&mut self, shop: &Shop) -> Result<()> {
        self.watcher.cloned.insert(shop.identity.store.clone());
        for seen in self.shops.iter_mut().filter(|seen| seen.store == shop.identity.store) {
            (seen.alone, seen.books_are_whole) = (false, false);
        }
        self.shops.push(Seen { alone: false, books_are_whole: false, ..Seen::new(shop)? });
        Ok(())
    }

    /// A last look at a box.
    ///
    /// # Errors
    /// What does not hold.
    pub fn switched_off(&mut self, shop: &Shop) -> Result<()> {
        let seen = self.shops.get_mut(shop.index).context("a box that nobody watches")?;
        seen.look(shop, &mut self.ledger, &self.watcher)
    }

    /// The box has an empty file, and another identity.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn began_anew(&mut self, shop: &Shop) -> Result<()> {
        let seen = self.shops.get_mut(shop.index).context("a box that nobody watches")?;
        *seen = Seen { alone: false, books_are_whole: false, ..Seen::new(shop)? };
        Ok(())
    }

    /// The box has another file with the same in it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn moved(&mut self, shop: &Shop) -> Result<()> {
        self.shops.get_mut(shop.index).context("a store that nobody watches")?.eye.moved(&shop.file)
    }

    /// The box has an older file: what it knew since is gone, and what central has of it is owed.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn restored(&mut self, shop: &mut Shop) -> Result<()> {
        let seen = self.shops.get_mut(shop.index).context("a store that nobody watches")?;
        let mut fresh = Seen { alone: seen.alone, books_are_whole: false, ..Seen::new(shop)? };
        fresh.known = fresh.eye.news()?.into_iter().map(|fact| fact.id).collect();
        for fact in shop.acknowledged.iter().filter(|fact| !fresh.known.contains(*fact)) {
            if self.watcher.eye.has_fact(&shop.identity.store, fact)? {
                fresh.owed.insert(fact.clone());
            }
        }
        fresh.owed.extend(seen.owed.iter().cloned());
        let forgot =
            seen.facts.iter().filter(|(_, facts)| facts.iter().any(|fact| !fresh.known.contains(&fact.id)));
        self.watcher.forgotten.extend(forgot.map(|(task, _)| task.clone()));
        self.documents.forget_acked(shop);
        shop.acknowledged.retain(|fact| fresh.known.contains(fact));
        fresh.known.clear();
        fresh.eye = LedgerEye::open(&shop.file)?;
        *seen = fresh;
        // What it says again its siblings hear.
        for seen in self.shops.iter_mut().filter(|seen| seen.store == shop.identity.store) {
            seen.books_are_whole = false;
        }
        Ok(())
    }

    /// Whether no box lacks what it once had.
    #[must_use]
    pub fn owe_nothing(&self) -> bool {
        self.shops.iter().all(|seen| seen.owed.is_subset(&seen.known))
    }

    /// # Errors
    /// What does not hold.
    pub async fn look(&mut self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId) -> Result<()> {
        for task in self.watcher.taken_back() {
            self.ledger.overrides.taken_back(&task);
        }
        for shop in shops {
            let seen = self.shops.get_mut(shop.index).context("a store that nobody watches")?;
            let looked = seen.look(shop, &mut self.ledger, &self.watcher);
            looked.map_err(|error| anyhow::anyhow!("{error:#}, at {}", shop.name()))?;
        }
        // Who answers for goods that left is known only now: another box of the store may have been told.
        for shop in shops {
            for (task, sku, units) in std::mem::take(&mut shop.floor().left) {
                let what = (&task, &sku, units);
                self.ledger.carried_out(&shop.identity.store, what, &self.watcher.cloned)?;
            }
        }
        self.watcher.look_at_books(office, tenant, &self.ledger.overrides).await
    }

    /// What a store was asked for.
    #[must_use]
    pub fn offer(&self, task: &TaskId) -> Option<&Offer> {
        self.ledger.overrides.offer(task)
    }

    /// Whether somebody answers for goods of the order that left otherwise than central said, or two boxes with one
    /// disk did what each of them was told.
    #[must_use]
    pub fn is_answered_for(&self, order: &OrderId) -> bool {
        let overrides = &self.ledger.overrides;
        overrides.concerns(order) || overrides.is_given_to(order, &self.watcher.cloned)
    }

    /// Goods that were carried out for another store since somebody asked.
    pub fn sent(&mut self) -> Vec<Sent> {
        self.ledger.sent()
    }

    /// How many documents were sealed since the last look.
    ///
    /// # Errors
    /// What does not hold of documents.
    pub fn look_at_documents(&mut self, shops: &[Shop]) -> Result<u64> {
        let central = &self.watcher.eye;
        for shop in shops {
            if self.watcher.may_lack(shop)? {
                continue;
            }
            let seen = self.shops.get(shop.index).context("a store that nobody watches")?;
            self.documents.look_at_acked(shop, &seen.eye, central)?;
        }
        self.documents.look_at_seals(central)
    }

    /// What is not level yet, beyond roots and digests: each task comes to the same on both sides.
    ///
    /// # Errors
    /// What can never come right.
    pub fn unequal(&self, office: &HeadOffice, shops: &[Shop], tenant: &TenantId) -> Result<Option<String>> {
        for shop in shops.iter().filter(|shop| !shop.retired) {
            let seen = self.shops.get(shop.index).context("a store that nobody watches")?;
            let theirs = self.watcher.eye.tasks(&shop.identity.store)?;
            for (task, state) in seen.eye.tasks()? {
                if theirs.get(&task) != Some(&state) {
                    return Ok(Some(format!(
                        "CONVERGE: {task} is {state} at {}, and {:?} at central",
                        shop.name(),
                        theirs.get(&task)
                    )));
                }
            }
            for task in &seen.handed_over {
                let phase = self.watcher.eye.phase(task)?;
                ensure!(
                    phase.as_deref() == Some(Phase::HandedOver.as_str()),
                    "LEGAL: {task} has left {}, and is {phase:?}",
                    shop.name()
                );
            }
            if let Some(fact) = seen.lacks(&self.watcher)? {
                return Ok(Some(format!("NO_LOST_ACK: {fact} is safe at central and not back")));
            }
        }
        for task in self.ledger.overrides.tasks() {
            let eye = &self.watcher.eye;
            // Of two boxes with one disk, or of two lives of one box, one put back what the other let go.
            let twofold = |seen: &Seen| {
                let cloned = self.watcher.cloned.contains(&seen.store);
                seen.facts.contains_key(task) && (cloned || !seen.books_are_whole)
            };
            let known =
                eye.has_override(task)? || self.shops.iter().any(twofold) && eye.has_contradiction(task)?;
            if self.is_told(task)? && !known {
                return Ok(Some(format!("EXPLAINED: a person overrode {task}, and it is not on record")));
            }
        }
        self.watcher.look_at_standings(office, shops, tenant)?;
        Ok(None)
    }

    /// What a disk forgot that central never heard of is on no record, and what a box did that was kept
    /// apart is in its branch.
    fn is_told(&self, task: &TaskId) -> Result<bool> {
        let eye = &self.watcher.eye;
        for seen in &self.shops {
            let facts = seen.facts.get(task).into_iter().flatten();
            for fact in facts.filter(|fact| is_override(fact)) {
                if eye.has_fact(&seen.store, &fact.id)? || !eye.is_kept(&seen.store, &fact.id)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What central wrote down about an order, and what all ledgers say, store by store.
    #[must_use]
    pub fn facts_about(&self, order: &str) -> Vec<String> {
        let history = self.watcher.eye.history(order).unwrap_or_default();
        let mut lines: Vec<String> = history.iter().map(|line| format!("central: {line}")).collect();
        for (index, seen) in self.shops.iter().enumerate() {
            for (task, facts) in &seen.facts {
                if task.as_str().split('-').next() == Some(order) {
                    for fact in facts {
                        let after =
                            fact.after.as_ref().map_or(String::new(), |after| format!(" after {after}"));
                        lines.push(format!("box {index}: {} {}{after} {:?}", fact.at, fact.id, fact.body));
                    }
                }
            }
        }
        lines
    }
}
