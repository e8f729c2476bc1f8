//! Looks into the files beside the processes that own them: what an invariant is checked against
//! must not come from the code that could break it.

use anyhow::{Context, Result};
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::ids::{FactId, LineNo, TaskId};
use holdfast_shared::wire::fact::decode;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::Path;

const NEW_FACTS: &str = "SELECT seq, id, text FROM fact WHERE seq > ?1 ORDER BY seq";
const FACTS: &str = "SELECT count(*) FROM fact";
const HELD: &str = "SELECT quantity FROM hold WHERE task = ?1 AND line = ?2";

/// On a store's ledger. Open for the whole run, so that closing the agent tidies nothing up.
#[derive(Debug)]
pub struct LedgerEye {
    connection: Connection,
    seen_to: i64,
}

fn open(file: &Path) -> Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).context("the eye cannot open a file")
}

impl LedgerEye {
    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self { connection: open(file)?, seen_to: 0 })
    }

    /// Facts recorded since the last look, in the order in which the ledger got them.
    pub fn news(&mut self) -> Result<Vec<Fact>> {
        let mut statement = self.connection.prepare_cached(NEW_FACTS)?;
        let rows = statement.query_map([self.seen_to], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut facts = Vec::new();
        for row in rows {
            let (seq, id, text) = row?;
            self.seen_to = seq;
            let id: FactId = id.parse()?;
            facts.push(decode(&id, &text)?);
        }
        Ok(facts)
    }

    pub fn count(&self) -> Result<usize> {
        let count: i64 = self.connection.prepare_cached(FACTS)?.query_row([], |row| row.get(0))?;
        Ok(usize::try_from(count)?)
    }
}

/// On central's file.
#[derive(Debug)]
pub struct CentralEye(Connection);

impl CentralEye {
    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self(open(file)?))
    }

    /// Units that central sets aside for a line of a task; none when it never did.
    pub fn held(&self, task: &TaskId, line: LineNo) -> Result<Option<i64>> {
        let mut statement = self.0.prepare_cached(HELD)?;
        Ok(statement.query_row(params![task.as_str(), line.0], |row| row.get(0)).optional()?)
    }
}
