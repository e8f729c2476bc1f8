//! Looks into the files beside the processes that own them: what an invariant is checked against
//! must not come from the code that could break it.

use anyhow::{Context, Result};
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{FactId, LineNo, OrderId, StoreId, TaskId};
use holdfast_shared::wire::fact::decode;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const NEW_FACTS: &str = "SELECT seq, id, text FROM fact WHERE seq > ?1 ORDER BY seq";
const FACTS: &str = "SELECT count(*) FROM fact";
const TASKS: &str = "SELECT task, state FROM task";
const TASKS_OF_STORE: &str = "SELECT task, state FROM task WHERE store = ?1";
const HELD: &str = "SELECT quantity FROM hold WHERE task = ?1 AND line = ?2";
const ORDER: &str = "SELECT 1 FROM orders WHERE order_id = ?1";
const ORDERS_IN: &str = "SELECT coalesce(group_concat(order_id, ', '), '') FROM orders WHERE state = ?1";
const PHASE: &str = "SELECT phase FROM task WHERE task = ?1";
/// Goods that a manager let go, and that had been released without the store's knowledge, need none.
const OVERRIDE: &str = "SELECT 1 FROM exception WHERE category = 'override' AND task = ?1
    UNION ALL SELECT 1 FROM task WHERE task = ?1
        AND json_extract(state, '$.release') IS NOT NULL AND json_extract(state, '$.let_go') IS NULL";
const CONTRADICTION: &str = "SELECT 1 FROM exception WHERE category = 'contradiction' AND task = ?1";
const STATE: &str = "SELECT state FROM task WHERE task = ?1";
const INCARNATION: &str = "SELECT value FROM counter WHERE name = 'incarnation'";
const INCARNATION_HEARD: &str = "SELECT incarnation FROM agent";
const ACKED: &str = "SELECT name, acked FROM document WHERE sealed_at IS NULL AND acked <> x''";
const KEPT_APART: &str = "SELECT quarantined IS NOT NULL FROM agent";
/// Sealed here, and what it comes to counts here.
const COUNTS: &str = "SELECT 1 FROM document, agent
    WHERE name = ?1 AND sealed_at IS NOT NULL AND baseline_wanted = 0";
const CARRIED: &str = "SELECT document FROM fact WHERE store = ?1 AND fact = ?2";
const SEALS: &str = "SELECT document FROM seal";
const ARCHIVE: &str = "SELECT changes FROM archive WHERE document = ?1";
/// What was sealed is all there, and its changes are not rows any more.
const CHANGE: &str = "SELECT 1 FROM document_change WHERE document = ?1 AND hash = ?2
    UNION ALL SELECT 1 FROM seal WHERE document = ?1";
const FACT: &str = "SELECT 1 FROM fact WHERE store = ?1 AND fact = ?2";
const STANDING: &str = "SELECT json_extract(eligibility, '$.standing') FROM eligibility_change
    WHERE store = ?1 ORDER BY sequence DESC LIMIT 1";
const EVENTS: &str = "SELECT entry, kind, task, store, words FROM order_event
    WHERE entry > ?1 AND kind IN ('allocated', 'released', 'recalled', 'readopted', 'taken_back', 'declined', 'put_back')
    ORDER BY entry";

const HISTORY: &str = "SELECT coalesce(task, order_id) || ' ' || kind || ': ' || words FROM order_event
    WHERE order_id = ?1 ORDER BY entry";

/// Each must find nothing, in whatever state the chain is.
const NEVER: &[(&str, &str)] = &[
    (
        "NO_OVERSELL: a hold took more than the position allowed",
        "SELECT task || '/' || line FROM hold WHERE taken > available LIMIT 1",
    ),
    (
        "NO_OVERSELL: reserved is not the sum of the holds",
        "SELECT store || '/' || sku FROM position p WHERE (reserved, rights_held) <>
            (SELECT coalesce(sum(quantity), 0), coalesce(sum(quantity * ceded), 0) FROM (
                SELECT sku, store, quantity, ceded FROM hold UNION ALL SELECT sku, store, quantity, ceded FROM cart_hold) h
                WHERE h.sku = p.sku AND h.store = p.store) LIMIT 1",
    ),
    (
        // Two boxes with one disk may both have handed it over.
        "NO_OVERSELL: more left of a SKU than its store had ceded",
        "SELECT p.store || '/' || p.sku FROM position p JOIN replication r ON r.tenant = p.tenant AND r.store = p.store
            WHERE p.rights < 0 AND r.level = 1 AND r.rights_compared = 1
            AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.tenant = p.tenant AND q.store = p.store) LIMIT 1",
    ),
    (
        "LEGAL: a line has more units than were ordered",
        "SELECT order_id || '/' || line FROM order_line
            WHERE open + finished + cancelled > quantity + surplus LIMIT 1",
    ),
    (
        "NO_ORPHAN: units of a line are nowhere",
        "SELECT l.order_id || '/' || l.line FROM order_line l
            WHERE l.open + l.finished + l.cancelled < l.quantity AND NOT EXISTS (
                SELECT 1 FROM task t WHERE t.order_id = l.order_id AND t.ended_at IS NULL) LIMIT 1",
    ),
];

/// A task without the decision that made it.
const UNEXPLAINED: &str = "SELECT task FROM task t WHERE NOT EXISTS (
    SELECT 1 FROM decision d WHERE d.order_id = t.order_id)";

fn open(file: &Path) -> Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).context("the eye cannot open a file")
}

fn states(connection: &Connection, sql: &str, of: &[&str]) -> Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(rusqlite::params_from_iter(of), |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// On a store's ledger. Open for the whole run, so that closing the agent tidies nothing up.
#[derive(Debug)]
pub struct LedgerEye {
    connection: Connection,
    seen_to: i64,
}

impl LedgerEye {
    /// # Errors
    /// When the file cannot be read.
    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self { connection: open(file)?, seen_to: 0 })
    }

    /// The same facts in another file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn moved(&mut self, file: &Path) -> Result<()> {
        self.connection = open(file)?;
        Ok(())
    }

    /// Facts recorded since the last look, in the order in which the ledger got them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn news(&mut self) -> Result<Vec<Fact>> {
        let mut statement = self.connection.prepare_cached(NEW_FACTS)?;
        let mut rows = statement.query([self.seen_to])?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            self.seen_to = row.get(0)?;
            let id: FactId = row.get::<_, String>(1)?.parse()?;
            facts.push(decode(&id, &row.get::<_, String>(2)?)?);
        }
        Ok(facts)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn count(&self) -> Result<usize> {
        let count: i64 = self.connection.prepare_cached(FACTS)?.query_row([], |row| row.get(0))?;
        Ok(usize::try_from(count)?)
    }

    /// What its tasks come to, as the agent wrote it down.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tasks(&self) -> Result<BTreeMap<String, String>> {
        states(&self.connection, TASKS, &[])
    }

    /// The incarnation of central that this store knows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incarnation(&self) -> Result<Option<i64>> {
        Ok(self.connection.prepare_cached(INCARNATION_HEARD)?.query_row([], |row| row.get(0))?)
    }

    /// Whether the box has been told that what it says is kept apart.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_apart(&self) -> Result<bool> {
        Ok(self.connection.prepare_cached(KEPT_APART)?.query_row([], |row| row.get(0))?)
    }

    /// Whether the store has at least the sum of a document that is sealed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_sum_of(&self, document: &str) -> Result<bool> {
        Ok(self.connection.prepare_cached(COUNTS)?.exists([document])?)
    }

    /// Of each open document the heads that central has, as the store believes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn acked(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut statement = self.connection.prepare_cached(ACKED)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A line of an order's timeline.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: String,
    pub task: TaskId,
    pub store: StoreId,
    pub words: String,
}

/// On central's file.
#[derive(Debug)]
pub struct CentralEye {
    pub(super) connection: Connection,
    seen_to: i64,
}

impl CentralEye {
    /// # Errors
    /// When the file cannot be read.
    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self { connection: open(file)?, seen_to: 0 })
    }

    /// The same file elsewhere.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn moved(&mut self, file: &Path) -> Result<()> {
        self.connection = open(file)?;
        Ok(())
    }

    /// An older copy of it, to be read from its first event on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn went_back(&mut self, file: &Path) -> Result<()> {
        self.seen_to = 0;
        self.moved(file)
    }

    /// Tasks without the decision that made them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn unexplained(&self) -> Result<Vec<TaskId>> {
        let mut statement = self.connection.prepare_cached(UNEXPLAINED)?;
        let tasks = statement.query_map([], |row| row.get::<_, String>(0))?;
        tasks.map(|task| Ok(task?.parse()?)).collect()
    }

    /// What central wrote down about an order, as people read it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(&self, order: &str) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare_cached(HISTORY)?;
        let lines = statement.query_map([order], |row| row.get(0))?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// Units that central sets aside for a line of a task; none when it never did.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn held(&self, task: &TaskId, line: LineNo) -> Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached(HELD)?;
        Ok(statement.query_row(params![task.as_str(), line.0], |row| row.get(0)).optional()?)
    }

    /// The orders in this state, in words.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn orders_in(&self, state: &str) -> Result<String> {
        let mut statement = self.connection.prepare_cached(ORDERS_IN)?;
        Ok(statement.query_row([state], |row| row.get(0))?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn has_order(&self, order: &OrderId) -> Result<bool> {
        Ok(self.connection.prepare_cached(ORDER)?.exists([order.as_str()])?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn has_fact(&self, store: &StoreId, fact: &FactId) -> Result<bool> {
        Ok(self.connection.prepare_cached(FACT)?.exists([store.as_str(), fact.as_str()])?)
    }

    /// The document that a fact counts with.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn document_of(&self, store: &StoreId, fact: &FactId) -> Result<Option<String>> {
        let mut statement = self.connection.prepare_cached(CARRIED)?;
        Ok(statement.query_row([store.as_str(), fact.as_str()], |row| row.get(0)).optional()?)
    }

    /// Whether it is on record that a person overrode the release of this task.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_override(&self, task: &TaskId) -> Result<bool> {
        Ok(self.connection.prepare_cached(OVERRIDE)?.exists([task.as_str()])?)
    }

    /// Whether people hear that what was said of this task does not fit together.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_contradiction(&self, task: &TaskId) -> Result<bool> {
        Ok(self.connection.prepare_cached(CONTRADICTION)?.exists([task.as_str()])?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn phase(&self, task: &TaskId) -> Result<Option<String>> {
        let mut statement = self.connection.prepare_cached(PHASE)?;
        Ok(statement.query_row([task.as_str()], |row| row.get(0)).optional()?)
    }

    /// The assignment that a task is at.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fence(&self, task: &TaskId) -> Result<Option<Fence>> {
        let mut statement = self.connection.prepare_cached(STATE)?;
        let state: Option<String> = statement.query_row([task.as_str()], |row| row.get(0)).optional()?;
        let state: Option<TaskState> = state.map(|state| serde_json::from_str(&state)).transpose()?;
        Ok(state.map(|state| state.fence))
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn incarnation(&self) -> Result<i64> {
        Ok(self.connection.prepare_cached(INCARNATION)?.query_row([], |row| row.get(0))?)
    }

    /// Names of the documents that are sealed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn seals(&self) -> Result<BTreeSet<String>> {
        let mut statement = self.connection.prepare_cached(SEALS)?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// The changes of a sealed document.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn archive(&self, document: &str) -> Result<Option<Vec<u8>>> {
        let mut statement = self.connection.prepare_cached(ARCHIVE)?;
        Ok(statement.query_row([document], |row| row.get(0)).optional()?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn has_change(&self, document: &str, hash: &[u8; 32]) -> Result<bool> {
        Ok(self.connection.prepare_cached(CHANGE)?.exists(params![document, hash])?)
    }

    /// # Errors
    /// When the file cannot be read.
    pub fn tasks(&self, store: &StoreId) -> Result<BTreeMap<String, String>> {
        states(&self.connection, TASKS_OF_STORE, &[store.as_str()])
    }

    /// The newest word on record about whether this store may get work.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn standing(&self, store: &StoreId) -> Result<Option<String>> {
        let mut statement = self.connection.prepare_cached(STANDING)?;
        Ok(statement.query_row([store.as_str()], |row| row.get(0)).optional()?)
    }

    /// Given away, released and recalled since the last look.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn news(&mut self) -> Result<Vec<Event>> {
        let mut statement = self.connection.prepare_cached(EVENTS)?;
        let mut rows = statement.query([self.seen_to])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            self.seen_to = row.get(0)?;
            let (task, store): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let (Some(task), Some(store)) = (task, store) else { continue };
            let (task, store) = (task.parse()?, store.parse()?);
            events.push(Event { kind: row.get(1)?, task, store, words: row.get(4)? });
        }
        Ok(events)
    }

    /// What must never be, and where it is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn never(&self) -> Result<Option<String>> {
        for (what, sql) in NEVER {
            let found: Option<String> =
                self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
            if let Some(found) = found {
                return Ok(Some(format!("{what}: {found}")));
            }
        }
        Ok(None)
    }
}
