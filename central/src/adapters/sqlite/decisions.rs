//! Saved decisions: what explains an order afterwards.

use super::coverage::Mattered;
use super::nodes_seen::Seeing;
use super::order_rows::order_of;
use super::row::{one, parsed, run, to_json};
use super::sql::sql;
use super::timeline::{Happened, central, note, refresh};
use super::{Result, coverage, gathering_rows, kpis};
use crate::core::routing::beside::Kept;
use crate::core::routing::decision::{Choice, Decision, Demand};
use holdfast_shared::ids::{DecisionId, OrderId, TenantId};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::sync::Arc;

/// What came last stands for all of its kind in a row, so that a long wait does not fill the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Held,
    Backordered,
}

fn wait(decision: &Decision) -> Option<Wait> {
    if decision.gather.is_some() {
        return None;
    }
    match decision.choice {
        Choice::Assign(_) => None,
        Choice::Hold { .. } => Some(Wait::Held),
        Choice::Backorder { .. } => Some(Wait::Backordered),
    }
}

/// What is to be known of an order's newest decision.
struct Last {
    decision: DecisionId,
    wait: Option<Wait>,
}

fn last(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Option<Last>> {
    one(conn, sql!(DECISIONS.last), [tenant.as_str(), order.as_str()], |row| {
        let wait = match row.get_ref("choice")?.as_str()? {
            _ if row.get("gathers")? => None,
            "hold" => Some(Wait::Held),
            "backorder" => Some(Wait::Backordered),
            _ => None,
        };
        Ok(Last { decision: parsed(row, "decision")?, wait })
    })
}

/// A decision as it is written.
#[derive(Debug)]
pub(super) struct Saved {
    decision: DecisionId,
    wait: Option<Wait>,
    record: String,
    beside: Option<Arc<Kept>>,
    /// Which parts of the policy mattered.
    pub(super) mattered: Mattered,
}

impl Saved {
    pub(super) fn of(decision: &Decision) -> Result<Self> {
        Ok(Self {
            decision: decision.decision.clone(),
            wait: wait(decision),
            record: match decision.inputs {
                Some(_) => to_json(&decision.head())?,
                None => to_json(decision)?,
            },
            beside: decision.inputs.clone(),
            mattered: Mattered::of(decision),
        })
    }
}

/// Of one that stands alone.
pub(super) fn record(conn: &Connection, tenant: &TenantId, order: &OrderId, saved: &Saved) -> Result<()> {
    if record_one(conn, &mut Seeing::default(), (tenant, order), saved)? {
        coverage::count(conn, tenant, order, &saved.mattered)?;
    }
    Ok(())
}

/// Whether it counts: it is neither there already, nor another look of one wait.
pub(super) fn record_one(
    conn: &Connection,
    seeing: &mut Seeing<'_>,
    (tenant, order): (&TenantId, &OrderId),
    saved: &Saved,
) -> Result<bool> {
    let last = last(conn, tenant, order)?;
    if last.as_ref().is_some_and(|last| last.decision == saved.decision) {
        // The next parcel of the same plan.
        return Ok(false);
    }
    let again = saved.wait.is_some() && last.and_then(|last| last.wait) == saved.wait;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":record": saved.record,
        ":looked": saved.beside.as_ref().map(|kept| kept.packed()),
    };
    let statement = if again { sql!(DECISIONS.replace) } else { sql!(DECISIONS.record) };
    let sequence: Option<i64> = one(conn, statement, params, |row| row.get("sequence"))?;
    if let Some((kept, sequence)) = saved.beside.as_ref().zip(sequence) {
        seeing.keep(conn, tenant, kept, sequence)?;
    }
    Ok(!again)
}

/// The units stay open. Told once, however often it is looked at until then.
pub(super) fn hold(
    conn: &Connection,
    demand: &Demand,
    decision: &Decision,
    until: UtcMs,
    now: UtcMs,
) -> Result<()> {
    let Demand { tenant, order, .. } = demand;
    let last = last(conn, tenant, order)?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":assignments": demand.assignments,
        ":until": until.0,
        ":at": decision.at.0,
        ":now": now.0,
    };
    if run(conn, sql!(ORDERS.hold_order), params)? == 0 {
        return Ok(());
    }
    record(conn, tenant, order, &Saved::of(decision)?)?;
    if last.and_then(|last| last.wait) == Some(Wait::Held) {
        return Ok(());
    }
    let happened = Happened {
        kind: "held",
        at: now,
        actor: &central()?,
        store: None,
        task: None,
        words: &decision.words,
    };
    note(conn, tenant, order, &happened)
}

pub(super) fn backorder(conn: &Connection, demand: &Demand, decision: &Decision, now: UtcMs) -> Result<()> {
    let Demand { tenant, order, .. } = demand;
    let (assignments, cancelling, _) = order_of(conn, tenant, order)?;
    if cancelling || assignments != demand.assignments || gathering_rows::is_open(conn, tenant, order)? {
        return Ok(());
    }
    let mut waiting = 0;
    for line in &demand.lines {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":order": order.as_str(), ":line": line.line.0,
        };
        waiting += run(conn, sql!(ORDERS.mark_backordered), params)?;
    }
    if waiting == 0 {
        return Ok(());
    }
    record(conn, tenant, order, &Saved::of(decision)?)?;
    // As of the decision, not of this write: stock that grew in between brings the order back.
    let params = named_params! {
        ":tenant": tenant.as_str(), ":order": order.as_str(), ":at": decision.at.0, ":now": now.0,
    };
    let first = run(conn, sql!(ORDERS.first_backorder), params)? > 0;
    run(conn, sql!(ORDERS.backordered_at), params)?;
    if first {
        kpis::unplaced(conn, (tenant, order), &decision.policy, now)?;
        let happened = Happened {
            kind: "backordered",
            at: now,
            actor: &central()?,
            store: None,
            task: None,
            words: &decision.words,
        };
        note(conn, tenant, order, &happened)?;
    }
    refresh(conn, tenant, order, now)
}
