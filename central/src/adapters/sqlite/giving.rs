//! What the assignments of one transaction share: numbers that are given out, what is known of the stores
//! that get them, and what is written down once for all of them.

use super::counters::{counter, incarnation};
use super::documents::{Authored, Digests, keep_with};
use super::pen::Statement;
use super::row::{one, run};
use super::sql::sql;
use super::state::State;
use super::{Result, access, error, ledger, older, timeline, window, work_hours};
use crate::core::fleet::{HourOfWork, hour_of};
use holdfast_shared::document::{Heads, StoredChange};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::TaskFact;
use holdfast_shared::ids::{DeviceId, DocumentId, FactId, OrderId, ReplicaId, StoreId, TenantId};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// Nothing of it is read by others before [`Giving::write_down`], which they must ask for first.
#[derive(Debug)]
pub(super) struct Giving<'c> {
    conn: &'c Connection,
    now: UtcMs,
    numbers: Option<Numbers>,
    stamp: Option<Hlc>,
    tenants: BTreeMap<TenantId, OfTenant>,
    stores: BTreeMap<(TenantId, StoreId), OfStore>,
}

/// The newest that were given out.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    incarnation: u32,
    fence: u64,
    fact: u64,
}

#[derive(Debug, Clone, Copy)]
struct OfTenant {
    /// A store has not told yet what it did before a restore.
    waits: bool,
    in_escrow: bool,
}

#[derive(Debug)]
struct OfStore {
    recovers: bool,
    replicas: Vec<ReplicaId>,
    digests: Digests,
    /// Tasks that it was given, and that are not counted yet.
    given: u32,
}

impl<'c> Giving<'c> {
    pub(super) const fn new(conn: &'c Connection, now: UtcMs) -> Self {
        Self { conn, now, numbers: None, stamp: None, tenants: BTreeMap::new(), stores: BTreeMap::new() }
    }

    /// Whether the order, or the store, stays as it is until all have told what they did before a restore.
    pub(super) fn must_wait(&mut self, tenant: &TenantId, store: &StoreId, order: &OrderId) -> Result<bool> {
        let held = self.tenant(tenant)?.waits && window::is_held(self.conn, tenant, order)?;
        Ok(held || self.store(tenant, store)?.recovers)
    }

    /// Whether any SKU of the tenant is promised out of what stores have ceded.
    pub(super) fn has_escrow(&mut self, tenant: &TenantId) -> Result<bool> {
        Ok(self.tenant(tenant)?.in_escrow)
    }

    /// With one replica it is known who will ask for the release; among several, the first that does.
    pub(super) fn only_replica(&mut self, tenant: &TenantId, store: &StoreId) -> Result<Option<ReplicaId>> {
        Ok(match self.store(tenant, store)?.replicas.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        })
    }

    /// Greater than every fence before it, over all incarnations.
    pub(super) fn fence(&mut self) -> Result<Fence> {
        let numbers = self.numbers()?;
        numbers.fence = numbers.fence.saturating_add(1);
        let number = u32::try_from(numbers.fence).map_err(error::unreadable)?;
        Ok(Fence { incarnation: numbers.incarnation, number })
    }

    /// The fact with which a task begins, whose document nobody has yet.
    pub(super) fn begin_task(&mut self, state: &mut State, statement: Statement<'_>) -> Result<Fact> {
        let Statement { tenant, store, task, fence, event, actor, after, trace } = statement;
        let numbers = self.numbers()?;
        numbers.fact = numbers.fact.saturating_add(1);
        let id = FactId::new(&DeviceId::new(timeline::CENTRAL)?, numbers.incarnation, numbers.fact)?;
        let at = state.hlc.tick(self.now);
        self.stamp = Some(at);
        let body = Body::Task(TaskFact { task: task.clone(), fence, event });
        let fact = Fact { id, at, actor, after, trace, body };
        let text = encode(&fact).map_err(error::unreadable)?;
        let (change, heads) =
            StoredChange::first(state.writer, &fact.id, &text).map_err(error::unreadable)?;
        let (conn, document) = (self.conn, DocumentId::Task(task.clone()));
        let author = ReplicaId::new(timeline::CENTRAL)?;
        let authored = Authored { tenant, store, document: &document, author: &author };
        let digests = &mut self.store(tenant, store)?.digests;
        keep_with(conn, &authored, digests, (&Heads::empty(), &heads), &[change])?;
        older::mark(conn, (tenant, store), &document, [&fact.body])?;
        ledger::record(conn, tenant, store, &document, &fact.id, &text)?;
        Ok(fact)
    }

    /// The store was given one task more.
    pub(super) fn count(&mut self, tenant: &TenantId, store: &StoreId) -> Result<()> {
        let of_store = self.store(tenant, store)?;
        of_store.given = of_store.given.saturating_add(1);
        Ok(())
    }

    /// From here on rows say all that was done, until more is done.
    pub(super) fn write_down(&mut self) -> Result<()> {
        let conn = self.conn;
        if let Some(Numbers { fence, fact, .. }) = self.numbers.take() {
            for (name, value) in [("fence", fence), ("fact", fact)] {
                let value = i64::try_from(value).map_err(error::unreadable)?;
                run(conn, sql!(DOCUMENTS.set_counter), named_params! { ":name": name, ":value": value })?;
            }
        }
        if let Some(stamp) = self.stamp.take() {
            run(conn, sql!(DOCUMENTS.set_clock), [stamp.to_string()])?;
        }
        for ((tenant, store), of_store) in std::mem::take(&mut self.stores) {
            if of_store.given == 0 {
                continue;
            }
            of_store.digests.write(conn, &tenant, &store)?;
            let given =
                HourOfWork { hour: hour_of(self.now), given: of_store.given, ..HourOfWork::default() };
            work_hours::add(conn, (&tenant, &store), &given)?;
        }
        Ok(())
    }

    fn numbers(&mut self) -> Result<&mut Numbers> {
        let read = match self.numbers {
            Some(known) => known,
            None => Numbers {
                incarnation: incarnation(self.conn)?,
                fence: counter(self.conn, "fence")?,
                fact: counter(self.conn, "fact")?,
            },
        };
        Ok(self.numbers.insert(read))
    }

    fn tenant(&mut self, tenant: &TenantId) -> Result<OfTenant> {
        if let Some(known) = self.tenants.get(tenant) {
            return Ok(*known);
        }
        let waits = window::is_open(self.conn, tenant)?;
        let in_escrow = one(self.conn, sql!(ESCROW.any_escrow), [tenant.as_str()], |_| Ok(()))?.is_some();
        let read = OfTenant { waits, in_escrow };
        self.tenants.insert(tenant.clone(), read);
        Ok(read)
    }

    fn store(&mut self, tenant: &TenantId, store: &StoreId) -> Result<&mut OfStore> {
        let (conn, key) = (self.conn, (tenant.clone(), store.clone()));
        match self.stores.entry(key) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(unknown) => Ok(unknown.insert(OfStore {
                recovers: window::store_recovers(conn, tenant, store)?,
                replicas: access::replicas(conn, tenant, store)?,
                digests: Digests::read(conn, tenant, store)?,
                given: 0,
            })),
        }
    }
}
