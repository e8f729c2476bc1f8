//! Decisions as they are read: the head, and what lies beside it.

use super::Result;
use super::nodes_seen::Nodes;
use super::row::{from_json, list, unreadable};
use super::sql::sql;
use crate::core::replay::record::Past;
use crate::core::routing::decision::{Decision, Recorded};
use crate::core::routing::kept::Unpacked;
use holdfast_shared::ids::{OrderId, TenantId};
use rusqlite::{Connection, Row};

/// A row, before it is known what its nodes were.
#[derive(Debug)]
pub(super) struct DecisionRow {
    decision: Decision,
    inputs: Option<Recorded>,
    beside: Option<Unpacked>,
}

impl DecisionRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let inputs = row.get_ref("inputs")?.as_str_or_null()?.map(|_| from_json(row, "inputs"));
        Ok(Self { decision: from_json(row, "record")?, inputs: inputs.transpose()?, beside: beside(row)? })
    }

    pub(super) fn complete(self, nodes: &mut Nodes<'_>) -> Result<Past> {
        let Self { decision, inputs, beside } = self;
        let Some(beside) = beside else { return Ok(Past { decision, inputs }) };
        nodes.read(beside.nodes())?;
        let (rungs, inputs) = beside.complete(|node| nodes.get(node));
        Ok(Past { decision: Decision { rungs, ..decision }, inputs: Some(inputs) })
    }
}

fn beside(row: &Row<'_>) -> rusqlite::Result<Option<Unpacked>> {
    let packed = row.get_ref("looked")?.as_blob_or_null()?;
    packed.map(|packed| Unpacked::of(packed).map_err(unreadable)).transpose()
}

/// Decisions of an order, the oldest first, without what they were made from.
pub(super) fn decisions(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<Decision>> {
    list(conn, sql!(DECISIONS.decisions), [tenant.as_str(), order.as_str()], |row| {
        let head: Decision = from_json(row, "record")?;
        Ok(match beside(row)? {
            Some(beside) => Decision { rungs: beside.into_rungs(), ..head },
            None => head,
        })
    })
}

pub(super) fn recorded(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Vec<(Decision, Option<Recorded>)>> {
    let key = [tenant.as_str(), order.as_str()];
    let mut nodes = Nodes::of(conn, tenant);
    let rows = list(conn, sql!(DECISIONS.recorded), key, DecisionRow::read)?;
    let complete = rows.into_iter().map(|row| row.complete(&mut nodes));
    complete.map(|past| past.map(|past| (past.decision, past.inputs))).collect()
}

#[cfg(test)]
mod tests;
