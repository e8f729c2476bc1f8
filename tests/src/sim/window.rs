//! What a restore of central lost, read from the file before it and the file after it, and what the
//! product may do until every store has told: its own list of losses is held against the truth.

use super::eye::CentralEye;
use super::head_office::HeadOffice;
use anyhow::{Context, Result, bail, ensure};
use holdfast_central::ports::recovery::{Lost, Recoveries};
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{FactId, OrderId, ReplicaId, StoreId, TaskId, TenantId};
use holdfast_shared::wire::fact::decode;
use rusqlite::{OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

const ORDERS: &str = "SELECT order_id FROM orders";
const TASKS: &str = "SELECT task, order_id FROM task";
const COUNTER: &str = "SELECT value FROM counter WHERE name = ?1";
const ADOPTED: &str = "SELECT adopted FROM orders WHERE order_id = ?1";
/// What other goods stand in for is not given up: it counts again when it left after all.
const GIVEN_UP: &str = "SELECT order_id, sum(max(0, cancelled - replaced)) FROM order_line GROUP BY order_id";
const REPLAYING: &str =
    "SELECT 1 FROM recovery_replica WHERE store = ?1 AND replica = ?2 AND replayed_at IS NULL";
const SEQUENCE: &str = "SELECT sequence FROM replication WHERE store = ?1";
const OF_CENTRAL: &str = "SELECT fact, text FROM fact WHERE fact GLOB ?1";
const FACT_ANYWHERE: &str = "SELECT 1 FROM fact WHERE fact = ?1";

/// What a file of central holds, as far as a restore can lose it.
#[derive(Debug, Default)]
pub struct Holdings {
    pub orders: BTreeSet<OrderId>,
    pub tasks: BTreeMap<TaskId, OrderId>,
    cancelled: BTreeMap<OrderId, i64>,
    pub incarnation: u64,
    pub fact: u64,
}

/// The time in which central waits for what the stores know.
#[derive(Debug)]
pub struct Window {
    /// What the backup shows: none of these orders moves.
    held: BTreeSet<OrderId>,
    cancelled: BTreeMap<OrderId, i64>,
    lost_orders: BTreeSet<OrderId>,
    before: u64,
    /// Central's own facts that were given out and are not in the backup: above the first, up to the second.
    lost_facts: (u64, u64),
    /// The witness beside the file told central what had been given out.
    witnessed: bool,
    /// It is not the first restore.
    again: bool,
    pub over: bool,
}

impl CentralEye {
    /// # Errors
    /// When the file cannot be read.
    pub fn holdings(&self) -> Result<Holdings> {
        let mut statement = self.connection.prepare_cached(ORDERS)?;
        let orders = statement.query_map([], |row| row.get::<_, String>(0))?;
        let orders = orders.map(|order| Ok(order?.parse()?)).collect::<Result<_>>()?;
        let mut statement = self.connection.prepare_cached(GIVEN_UP)?;
        let cancelled = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let cancelled = cancelled.map(|row| row.map_err(anyhow::Error::from)).map(|row| {
            let (order, units) = row?;
            Ok((order.parse()?, units))
        });
        let cancelled = cancelled.collect::<Result<_>>()?;
        let mut statement = self.connection.prepare_cached(TASKS)?;
        let tasks =
            statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let tasks = tasks.map(|row| row.map_err(anyhow::Error::from)).map(|row| {
            let (task, order) = row?;
            Ok((task.parse()?, order.parse()?))
        });
        Ok(Holdings {
            orders,
            tasks: tasks.collect::<Result<_>>()?,
            cancelled,
            incarnation: self.counter("incarnation")?,
            fact: self.counter("fact")?,
        })
    }

    fn counter(&self, name: &str) -> Result<u64> {
        let value: i64 = self.connection.prepare_cached(COUNTER)?.query_row([name], |row| row.get(0))?;
        Ok(u64::try_from(value)?)
    }

    /// How the order came: 0 from a storefront, 1 from a store alone, 2 from both.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn adopted(&self, order: &OrderId) -> Result<Option<u8>> {
        let mut statement = self.connection.prepare_cached(ADOPTED)?;
        Ok(statement.query_row([order.as_str()], |row| row.get(0)).optional()?)
    }

    /// Whether central does not have all yet that this replica can tell of before the restore.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_replaying(&self, store: &StoreId, replica: &ReplicaId) -> Result<bool> {
        Ok(self.connection.prepare_cached(REPLAYING)?.exists([store.as_str(), replica.as_str()])?)
    }

    /// Whether a box that has heard this much has heard more than this file ever said.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_surpassed(&self, store: &StoreId, incarnation: Option<u64>, cursor: u64) -> Result<bool> {
        let said: i64 =
            self.connection.prepare_cached(SEQUENCE)?.query_row([store.as_str()], |row| row.get(0))?;
        let ours = self.counter("incarnation")?;
        Ok(incarnation.is_some_and(|heard| heard > ours || heard == ours && cursor > said.unsigned_abs()))
    }

    fn has_fact_of_central(&self, incarnation: u64, number: u64) -> Result<bool> {
        let id = format!("central.{incarnation}.{number}");
        Ok(self.connection.prepare_cached(FACT_ANYWHERE)?.exists([id])?)
    }

    /// What central said in this incarnation, by task.
    fn said_since(&self, incarnation: u64) -> Result<Vec<(TaskId, TaskEvent)>> {
        let mut statement = self.connection.prepare_cached(OF_CENTRAL)?;
        let mut rows = statement.query(params![format!("central.{incarnation}.*")])?;
        let mut said = Vec::new();
        while let Some(row) = rows.next()? {
            let id: FactId = row.get::<_, String>(0)?.parse()?;
            if let Body::Task(fact) = decode(&id, &row.get::<_, String>(1)?)?.body {
                said.push((fact.task, fact.event));
            }
        }
        Ok(said)
    }
}

impl Window {
    #[must_use]
    /// `given`: how many facts of the backup's incarnation central ever made.
    pub fn between(was: &Holdings, is: &Holdings, given: u64, witnessed: bool) -> Self {
        let same = was.incarnation == is.incarnation;
        Self {
            held: is.orders.clone(),
            cancelled: is.cancelled.clone(),
            lost_orders: was.orders.difference(&is.orders).cloned().collect(),
            before: is.incarnation,
            lost_facts: (is.fact, given),
            witnessed: witnessed && same,
            again: was.incarnation > 1,
            over: false,
        }
    }

    /// Central has not found out yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_unaware(&self, eye: &CentralEye) -> Result<bool> {
        Ok(eye.counter("incarnation")? <= self.before)
    }

    /// Whether the window came to its end with this look.
    ///
    /// # Errors
    /// What moved too early, or is lost and not listed, or listed and not lost.
    pub async fn look(
        &mut self,
        eye: &CentralEye,
        office: &HeadOffice,
        tenant: &TenantId,
        lost_tasks: &BTreeMap<TaskId, OrderId>,
    ) -> Result<bool> {
        let Some(store) = office.store().filter(|_| !self.over) else { return Ok(false) };
        let Some(told) = store.recovery(tenant).await? else { return Ok(false) };
        if u64::from(told.incarnation) <= self.before {
            return Ok(false);
        }
        if told.over {
            self.over = true;
            self.compare(eye, &told.lost)?;
            return Ok(true);
        }
        self.nothing_moves(eye, u64::from(told.incarnation), lost_tasks)?;
        Ok(false)
    }

    fn nothing_moves(
        &self,
        eye: &CentralEye,
        incarnation: u64,
        lost_tasks: &BTreeMap<TaskId, OrderId>,
    ) -> Result<()> {
        let now = eye.holdings()?;
        for (task, event) in eye.said_since(incarnation)? {
            let order = now.tasks.get(&task).or_else(|| lost_tasks.get(&task));
            let order = order.context("central speaks of a task of no order")?;
            let early = match &event {
                // Whoever asks for a lost order again may get it twice.
                TaskEvent::Released { .. } => true,
                TaskEvent::Offered(_) | TaskEvent::Readopted | TaskEvent::Recalled { .. } => {
                    self.held.contains(order)
                }
                _ => false,
            };
            ensure!(!early, "NO_DOUBLE_SHIP: {task}: {event:?} before every store had told");
        }
        let more = |order: &&OrderId| now.cancelled.get(*order) > self.cancelled.get(*order);
        if let Some(order) = self.held.iter().find(more) {
            bail!("NO_DOUBLE_SHIP: units of {order} were cancelled for good before every store had told");
        }
        Ok(())
    }

    /// `NO_LOST_ACK`: what is lost is on the list, and nothing else is.
    fn compare(&self, eye: &CentralEye, listed: &Lost) -> Result<()> {
        let (above, up_to) = self.lost_facts;
        let on_list = numbers(&listed.facts)?;
        for number in above + 1..=up_to {
            let here = eye.has_fact_of_central(self.before, number)?;
            let told = on_list.iter().any(|(from, to)| (*from..=*to).contains(&number));
            let id = format!("central.{}.{number}", self.before);
            ensure!(!(here && told), "NO_LOST_ACK: {id} is told to be lost, and is here: {:?}", listed.facts);
            ensure!(
                here || told || !self.witnessed,
                "NO_LOST_ACK: {id} is lost and not told: {:?}",
                listed.facts
            );
        }
        if let Some((from, to)) = on_list.iter().find(|(from, to)| *from <= above || *to > up_to) {
            bail!("NO_LOST_ACK: facts {from} to {to} are told to be lost, of {above} to {up_to}");
        }
        let mut missing = 0;
        for order in &self.lost_orders {
            let came_back = eye.adopted(order)?.is_some_and(|adopted| adopted > 0);
            missing += u64::from(!came_back);
        }
        // Whether one that comes back of an incarnation before was lost once more cannot be told.
        let right = if self.again {
            listed.orders.is_none_or(|told| told >= missing)
        } else {
            listed.orders == self.witnessed.then_some(missing)
        };
        ensure!(
            right,
            "NO_LOST_ACK: {missing} orders of {:?} did not come back, and {:?} are told to be lost",
            self.lost_orders,
            listed.orders
        );
        Ok(())
    }
}

/// Ranges such as `1.7` and `1.9 to 1.12`.
fn numbers(ranges: &[String]) -> Result<Vec<(u64, u64)>> {
    let number = |text: &str| -> Result<u64> {
        let (_, number) = text.split_once('.').context("a number without its incarnation")?;
        Ok(number.parse()?)
    };
    ranges
        .iter()
        .map(|range| match range.split_once(" to ") {
            Some((from, to)) => Ok((number(from)?, number(to)?)),
            None => number(range).map(|one| (one, one)),
        })
        .collect()
}
