//! The record of orders, read for a replay.

use super::decision_rows::DecisionRow;
use super::nodes_seen::Nodes;
use super::row::{from_json, list, one, parsed, to_json, word};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::replay::record::{Past, Pick};
use crate::ports::replays::{DecisionAt, Replays};
use async_trait::async_trait;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::named_params;

#[async_trait]
impl Replays for SqliteStore {
    async fn orders_placed(
        &self,
        tenant: &TenantId,
        from: UtcMs,
        until: UtcMs,
        limit: u32,
    ) -> Result<Vec<OrderId>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":from": from.0, ":until": until.0, ":rows": limit,
            };
            list(conn, sql!(REPLAYS.orders_placed), params, |row| parsed(row, "order_id"))
        })
        .await
    }

    async fn known_orders(&self, tenant: &TenantId, orders: &[OrderId]) -> Result<Vec<OrderId>> {
        let (tenant, orders) = (tenant.clone(), to_json(&orders)?);
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":orders": orders };
            list(conn, sql!(REPLAYS.known_orders), params, |row| parsed(row, "order_id"))
        })
        .await
    }

    async fn decision_times(&self, tenant: &TenantId, orders: &[OrderId]) -> Result<Vec<DecisionAt>> {
        let (tenant, orders) = (tenant.clone(), to_json(&orders)?);
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":orders": orders };
            list(conn, sql!(REPLAYS.decision_times), params, |row| {
                Ok(DecisionAt {
                    at: word(row, "at")?,
                    sequence: row.get("sequence")?,
                    order: parsed(row, "order_id")?,
                })
            })
        })
        .await
    }

    async fn past_decisions(&self, tenant: &TenantId, sequences: &[i64]) -> Result<Vec<Past>> {
        let (tenant, sequences) = (tenant.clone(), sequences.to_vec());
        self.read(move |conn| {
            let (mut found, mut nodes) = (Vec::new(), Nodes::of(conn, &tenant));
            for sequence in sequences {
                let params = named_params! { ":tenant": tenant.as_str(), ":sequence": sequence };
                if let Some(row) = one(conn, sql!(REPLAYS.past_decision), params, DecisionRow::read)? {
                    found.push(row.complete(&mut nodes)?);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn picks(&self, tenant: &TenantId, orders: &[OrderId]) -> Result<Vec<Pick>> {
        let (tenant, orders) = (tenant.clone(), to_json(&orders)?);
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":orders": orders };
            let tasks: Vec<TaskState> =
                list(conn, sql!(REPLAYS.tasks_of_orders), params, |row| from_json(row, "state"))?;
            Ok(tasks.iter().flat_map(Pick::of).collect())
        })
        .await
    }
}
