//! What nodes were when decisions looked at them: written once, however many decisions speak of it.

use super::row::{one, run};
use super::sql::sql;
use super::{Result, error};
use crate::core::routing::beside::{Kept, SeenKey};
use crate::core::routing::seen::KnownNode;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::NODES_SEEN_MAX;
use rusqlite::{Connection, named_params};
use std::collections::HashMap;

/// A row tells its newest decision but for so many: nothing is written of a node that one decision after the other
/// names.
pub(super) const GIVE_OR_TAKE: i64 = 10_000;

/// Nodes whose rows are there, and by which decision each was used when its row was written last.
#[derive(Debug, Default)]
pub(super) struct NodesSeen {
    of_tenants: HashMap<TenantId, HashMap<SeenKey, i64>>,
    count: usize,
}

impl NodesSeen {
    fn used_by(&self, tenant: &TenantId, node: &SeenKey) -> Option<i64> {
        self.of_tenants.get(tenant)?.get(node).copied()
    }

    /// Only of what was committed, or goes with the transaction that writes it.
    pub(super) fn learn(&mut self, written: Self) {
        if self.count.saturating_add(written.count) > NODES_SEEN_MAX {
            *self = Self::default();
        }
        for (tenant, nodes) in written.of_tenants {
            let known = self.of_tenants.entry(tenant).or_default();
            let before = known.len();
            known.extend(nodes);
            self.count = self.count.saturating_add(known.len().saturating_sub(before));
        }
    }

    fn add(&mut self, tenant: &TenantId, node: SeenKey, sequence: i64) {
        if !self.of_tenants.contains_key(tenant) {
            self.of_tenants.insert(tenant.clone(), HashMap::new());
        }
        if let Some(nodes) = self.of_tenants.get_mut(tenant) {
            let is_new = nodes.insert(node, sequence).is_none();
            self.count = self.count.saturating_add(usize::from(is_new));
        }
    }
}

/// Rows of this transaction beside those that were known before it.
#[derive(Debug, Default)]
pub(super) struct Seeing<'k> {
    pub(super) known: Option<&'k NodesSeen>,
    pub(super) written: NodesSeen,
}

impl Seeing<'_> {
    /// The decision of this sequence speaks of these.
    pub(super) fn keep(
        &mut self,
        conn: &Connection,
        tenant: &TenantId,
        kept: &Kept,
        sequence: i64,
    ) -> Result<()> {
        for seen in kept.nodes() {
            let node = seen.key();
            let before = self.known.and_then(|known| known.used_by(tenant, node));
            let used_by = before.max(self.written.used_by(tenant, node));
            if used_by.is_some_and(|used_by| sequence <= used_by.saturating_add(GIVE_OR_TAKE)) {
                continue;
            }
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":node": node.as_bytes(),
                ":said": seen.text(),
                ":sequence": sequence,
                ":give_or_take": GIVE_OR_TAKE / 2,
            };
            // One that is there already, and is told of a decision not long before this one, stays as it is.
            let told = run(conn, sql!(DECISIONS.see_node), params)? > 0;
            let used_by = if told { sequence } else { sequence.saturating_sub(GIVE_OR_TAKE / 2) };
            self.written.add(tenant, *node, used_by);
        }
        Ok(())
    }
}

/// Reads many decisions whose nodes are mostly the same.
#[derive(Debug)]
pub(super) struct Nodes<'c> {
    conn: &'c Connection,
    tenant: &'c TenantId,
    known: HashMap<SeenKey, Option<KnownNode>>,
}

impl<'c> Nodes<'c> {
    pub(super) fn of(conn: &'c Connection, tenant: &'c TenantId) -> Self {
        Self { conn, tenant, known: HashMap::new() }
    }

    pub(super) fn read<'k>(&mut self, nodes: impl Iterator<Item = &'k SeenKey>) -> Result<()> {
        for node in nodes {
            if self.known.contains_key(node) {
                continue;
            }
            let key = (self.tenant.as_str(), node.as_bytes());
            let said: Option<String> = one(self.conn, sql!(DECISIONS.node), key, |row| row.get("said"))?;
            let known =
                said.map(|said| serde_json::from_str(&said)).transpose().map_err(error::unreadable)?;
            self.known.insert(*node, known);
        }
        Ok(())
    }

    pub(super) fn get(&self, node: &SeenKey) -> Option<KnownNode> {
        self.known.get(node)?.clone()
    }
}
