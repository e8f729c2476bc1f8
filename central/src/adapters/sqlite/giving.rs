//! What the assignments of one transaction share: numbers that are given out, what is known of the stores
//! that get them, and what is written down once for all of them.

use super::counters::{counter, incarnation};
use super::coverage::{Counted, Mattered};
use super::documents::{Authored, Digests, keep_with, read_digests};
use super::kpis::Assigned;
use super::lessons::read_class;
use super::nodes_seen::{NodesSeen, Seeing};
use super::pen::Statement;
use super::row::{one, parsed_or_none, run};
use super::sql::sql;
use super::state::State;
use super::{Result, access, coverage, error, kpis, ledger, older, timeline, window, work_hours};
use crate::core::fleet::{HourOfWork, hour_of};
use crate::core::kpis::{Dims, Tally};
use crate::core::order::{OrderLine, OrderRequest};
use crate::core::stock::class::Channel;
use crate::ports::work::Assignment;
use holdfast_shared::document::{Heads, StoredChange};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::TaskFact;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{
    DeviceId, DocumentId, FactId, OrderId, RegionId, ReplicaId, Sku, StoreId, TenantId,
};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;
use rusqlite::{Connection, named_params};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Nothing of it is read by others before [`Giving::write_down`], which they must ask for first.
#[derive(Debug)]
pub(super) struct Giving<'c> {
    conn: &'c Connection,
    now: UtcMs,
    numbers: Option<Numbers>,
    stamp: Option<Hlc>,
    tenants: BTreeMap<TenantId, OfTenant>,
    stores: BTreeMap<(TenantId, StoreId), OfStore>,
    pub(super) seeing: Seeing<'c>,
    counted: Counted,
    /// By what orders are, for all of one kind.
    tallies: Vec<(TenantId, Dims, Tally)>,
    /// Told when all is written.
    assigned: Vec<(TenantId, Assigned)>,
}

/// The newest that were given out.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    incarnation: u32,
    fence: u64,
    fact: u64,
}

#[derive(Debug)]
struct OfTenant {
    /// A store has not told yet what it did before a restore.
    waits: bool,
    in_escrow: bool,
    classes: HashMap<Sku, String>,
}

#[derive(Debug)]
struct OfStore {
    recovers: bool,
    /// Asked for when a release is due.
    replicas: Option<Vec<ReplicaId>>,
    digests: Digests,
    region: Option<RegionId>,
    /// Tasks that it was given, and that are not counted yet.
    given: u32,
    tally: Tally,
}

impl<'c> Giving<'c> {
    pub(super) fn new(conn: &'c Connection, known: &'c NodesSeen, now: UtcMs) -> Self {
        Self {
            conn,
            now,
            numbers: None,
            stamp: None,
            tenants: BTreeMap::new(),
            stores: BTreeMap::new(),
            seeing: Seeing { known: Some(known), written: NodesSeen::default() },
            counted: Counted::default(),
            tallies: Vec::new(),
            assigned: Vec::new(),
        }
    }

    /// All is written. Tells what is known of nodes now.
    pub(super) fn over(mut self) -> Result<NodesSeen> {
        self.write_down()?;
        for (tenant, dims, tally) in &self.tallies {
            kpis::add_order(self.conn, tenant, dims, tally, self.now)?;
        }
        self.counted.write(self.conn)?;
        for (tenant, assigned) in &self.assigned {
            assigned.tell_metrics(tenant);
        }
        Ok(self.seeing.written)
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
        let conn = self.conn;
        let known = &mut self.store(tenant, store)?.replicas;
        let replicas = match known {
            Some(known) => known,
            None => known.insert(access::replicas(conn, tenant, store)?),
        };
        Ok(match replicas.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        })
    }

    /// The decision stands on record now. `asked`: all that the order asks for, where that is known.
    pub(super) fn count_decision(
        &mut self,
        (tenant, order): (&TenantId, &OrderId),
        mattered: &Mattered,
        asked: Option<&[OrderLine]>,
    ) -> Result<()> {
        let mut classes = BTreeSet::new();
        match asked {
            Some(lines) => {
                for line in lines {
                    classes.insert(self.class(tenant, &line.sku)?);
                }
            }
            None => classes.extend(coverage::classes_of(self.conn, tenant, order)?),
        }
        self.counted.add(tenant, mattered, classes);
        Ok(())
    }

    fn class(&mut self, tenant: &TenantId, sku: &Sku) -> Result<String> {
        let conn = self.conn;
        let classes = &mut self.tenant(tenant)?.classes;
        if let Some(class) = classes.get(sku) {
            return Ok(class.clone());
        }
        let key = [tenant.as_str(), sku.as_str()];
        let class = one(conn, sql!(LESSONS.class_of), key, read_class)?.unwrap_or_default();
        classes.insert(sku.clone(), class.as_str().to_owned());
        Ok(class.as_str().to_owned())
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

    /// What the assignment counts as, by what the order is and by where it went.
    pub(super) fn count_assigned(
        &mut self,
        assignment: &Assignment,
        request: &OrderRequest,
        assigned: Assigned,
    ) -> Result<()> {
        let Assignment { tenant, store, decision, .. } = assignment;
        let of_store = self.store(tenant, store)?;
        of_store.tally = of_store.tally.plus(&assigned.tally);
        let dims = Dims {
            channel: Channel::new(request.channel.clone()),
            kind: request.kind,
            policy: Some(decision.policy.clone()),
            node: None,
            region: None,
        };
        match self.tallies.iter_mut().find(|(of, known, _)| of == tenant && *known == dims) {
            Some((_, _, tally)) => *tally = tally.plus(&assigned.tally),
            None => self.tallies.push((tenant.clone(), dims, assigned.tally)),
        }
        self.assigned.push((tenant.clone(), assigned));
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
            if of_store.tally != Tally::default() {
                let region = of_store.region.as_ref();
                kpis::add_node(conn, (&tenant, &store), region, &of_store.tally, self.now)?;
            }
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

    fn tenant(&mut self, tenant: &TenantId) -> Result<&mut OfTenant> {
        let conn = self.conn;
        match self.tenants.entry(tenant.clone()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => Ok(unknown.insert(OfTenant {
                waits: window::is_open(conn, tenant)?,
                in_escrow: one(conn, sql!(ESCROW.any_escrow), [tenant.as_str()], |_| Ok(()))?.is_some(),
                classes: HashMap::new(),
            })),
        }
    }

    fn store(&mut self, tenant: &TenantId, store: &StoreId) -> Result<&mut OfStore> {
        let conn = self.conn;
        match self.stores.entry((tenant.clone(), store.clone())) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
                let read = one(conn, sql!(WORK.gets_work), params, |row| {
                    Ok(OfStore {
                        recovers: row.get::<_, bool>("recovers")? && Guard::RecoveryBeforeRouting.stands(),
                        replicas: None,
                        digests: read_digests(row)?,
                        region: parsed_or_none(row, "region")?,
                        given: 0,
                        tally: Tally::default(),
                    })
                })?;
                Ok(unknown.insert(read.ok_or_else(|| error::missing("replication"))?))
            }
        }
    }
}
