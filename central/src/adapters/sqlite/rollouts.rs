//! Versions on trial. Their history is that of policies.

use super::policy_rows::{freeze_of, note, stored};
use super::row::{below, fetch, from_json, list, one, paged, parsed, run, to_json, unsigned, word};
use super::sql::sql;
use super::{Result, SqliteStore, error, shadow_book};
use crate::core::policy::version::{PolicyState, PolicyVersion, Step};
use crate::core::rollout::guardrails::Reading;
use crate::core::rollout::{Plan, Rollout, RolloutState, Wish, may, may_start};
use crate::core::steering::policy_name;
use crate::core::stock::report::Day;
use crate::ports::rollouts::{OpenOrder, Rollouts, Running, Tried};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{SkuClass, TenantId};
use holdfast_shared::limits::{ROLLOUT_MEASURED_MAX, ROLLOUT_SUBJECTS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeSet;

fn read_rollout(row: &Row<'_>) -> rusqlite::Result<Rollout> {
    Ok(Rollout {
        version: PolicyVersion(row.get("version")?),
        plan: from_json(row, "plan")?,
        state: word(row, "state")?,
        percent: row.get("percent")?,
        started_at: UtcMs(row.get("started_at")?),
        changed_at: UtcMs(row.get("changed_at")?),
        decisions_from: row.get("decisions_from")?,
    })
}

fn read_open_order(row: &Row<'_>) -> rusqlite::Result<OpenOrder> {
    let named: Vec<Option<String>> = from_json(row, "classes")?;
    let classes: BTreeSet<SkuClass> =
        named.iter().flatten().filter_map(|class| SkuClass::new(class.as_str()).ok()).collect();
    let unclassed = classes.len() < named.len();
    Ok(OpenOrder {
        order: parsed(row, "order_id")?,
        request: from_json(row, "request")?,
        classes,
        unclassed,
        in_stock: row.get("in_stock")?,
        simple_shipping: row.get("simple_shipping")?,
    })
}

fn read_reading(row: &Row<'_>) -> rusqlite::Result<Reading> {
    Ok(Reading {
        orders: row.get("orders")?,
        errors: row.get("errors")?,
        latency_ms: row.get("latency_ms")?,
        open_exceptions: row.get("open_exceptions")?,
        mismatched: row.get("mismatched")?,
        ..Reading::default()
    })
}

#[async_trait]
impl Rollouts for SqliteStore {
    async fn start_rollout(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
        plan: &Plan,
        wish: &Wish,
        now: UtcMs,
    ) -> Result<Tried> {
        let (tenant, plan, wish) = (tenant.clone(), plan.clone(), wish.clone());
        self.write(move |conn, _| start(conn, &tenant, version, &plan, &wish, now)).await
    }

    async fn step_rollout(&self, tenant: &TenantId, wish: &Wish, now: UtcMs) -> Result<Tried> {
        let (tenant, wish) = (tenant.clone(), wish.clone());
        self.write(move |conn, _| step(conn, &tenant, &wish, now)).await
    }

    async fn rollouts(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<(u64, Rollout)>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":below": below(&page)?, ":rows": fetch(&page),
            };
            let rows = list(conn, sql!(ROLLOUTS.rollouts), params, |row| {
                Ok((row.get("rollout")?, (unsigned(row, "rollout")?, read_rollout(row)?)))
            })?;
            Ok(paged(rows, &page))
        })
        .await
    }

    async fn rollout_by_number(
        &self,
        tenant: &TenantId,
        number: u64,
    ) -> Result<Option<(Rollout, Reading, bool)>> {
        let tenant = tenant.clone();
        let Ok(number) = i64::try_from(number) else { return Ok(None) };
        self.read(move |conn| {
            let key = (tenant.as_str(), number);
            let Some(found) = one(conn, sql!(ROLLOUTS.rollout_by_number), key, read_rollout)? else {
                return Ok(None);
            };
            let reading = measure(conn, &tenant, &found)?;
            let is_newest = newest(conn, &tenant)?.is_some_and(|(newest, _)| newest == number);
            Ok(Some((found, reading, is_newest)))
        })
        .await
    }

    async fn rollout(&self, tenant: &TenantId) -> Result<Option<(Rollout, Reading)>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let Some((_, rollout)) = newest(conn, &tenant)? else { return Ok(None) };
            let reading = measure(conn, &tenant, &rollout)?;
            Ok(Some((rollout, reading)))
        })
        .await
    }

    async fn rollouts_running(&self) -> Result<Vec<Running>> {
        self.read(move |conn| {
            list(conn, sql!(ROLLOUTS.rollouts_running), [], |row| {
                let (tenant, rollout) = (parsed(row, "tenant")?, read_rollout(row)?);
                Ok(Running { tenant, rollout, canonical: row.get("canonical")? })
            })
        })
        .await
    }

    async fn open_orders(&self, tenant: &TenantId) -> Result<Vec<OpenOrder>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = (tenant.as_str(), ROLLOUT_SUBJECTS_MAX);
            list(conn, sql!(ROLLOUTS.open_orders), params, read_open_order)
        })
        .await
    }
}

fn newest(conn: &Connection, tenant: &TenantId) -> Result<Option<(i64, Rollout)>> {
    let read = |row: &Row<'_>| Ok((row.get("rollout")?, read_rollout(row)?));
    one(conn, sql!(ROLLOUTS.newest_rollout), [tenant.as_str()], read)
}

fn is_over(state: RolloutState) -> bool {
    match state {
        RolloutState::Running | RolloutState::Paused => false,
        RolloutState::Finished | RolloutState::RolledBack => true,
    }
}

fn open(conn: &Connection, tenant: &TenantId) -> Result<Option<Rollout>> {
    let newest = newest(conn, tenant)?.map(|(_, rollout)| rollout);
    Ok(newest.filter(|rollout| !is_over(rollout.state)))
}

/// Whether a trial of this version is not over.
pub(super) fn is_open(conn: &Connection, tenant: &TenantId, version: PolicyVersion) -> Result<bool> {
    Ok(open(conn, tenant)?.is_some_and(|rollout| rollout.version == version))
}

pub(super) fn was_tried(conn: &Connection, tenant: &TenantId, version: PolicyVersion) -> Result<bool> {
    Ok(one(conn, sql!(ROLLOUTS.was_tried), (tenant.as_str(), version.0), |_| Ok(()))?.is_some())
}

/// Ends the trial that is not over, because of a step of policies.
pub(super) fn end(conn: &Connection, tenant: &TenantId, step: &Step, now: UtcMs) -> Result<()> {
    let Some(rollout) = open(conn, tenant)? else { return Ok(()) };
    run(conn, sql!(ROLLOUTS.end_rollout), named_params! { ":tenant": tenant.as_str(), ":now": now.0 })?;
    let said = ("rollout_roll_back", &step.actor, step.reason.as_str());
    note(conn, tenant, Some(rollout.version), said, now)
}

fn start(
    conn: &Connection,
    tenant: &TenantId,
    version: PolicyVersion,
    plan: &Plan,
    wish: &Wish,
    now: UtcMs,
) -> Result<Tried> {
    let Some(policy) = stored(conn, tenant, version)? else { return Ok(Tried::Unknown) };
    if policy.record.state != PolicyState::Approved {
        return Ok(Tried::NotApproved(policy.record.state));
    }
    if let Some(rollout) = open(conn, tenant)? {
        return Ok(Tried::Another(rollout.version));
    }
    let percent = wish.percent.unwrap_or_default();
    let shown = shadow_book::shown(conn, tenant, version, Day(0))?;
    if let Err(refusal) = may_start(plan, percent, &shown, freeze_of(conn, tenant)?.as_ref(), now) {
        return Ok(Tried::Refused(refusal));
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":version": version.0,
        ":percent": percent,
        ":plan": to_json(plan)?,
        ":now": now.0,
    };
    run(conn, sql!(ROLLOUTS.start_rollout), params)?;
    if let Some(why) = &plan.shadow.override_reason {
        note(conn, tenant, Some(version), ("shadow_override", &wish.actor, why), now)?;
    }
    done(conn, tenant, version, wish, now)
}

fn step(conn: &Connection, tenant: &TenantId, wish: &Wish, now: UtcMs) -> Result<Tried> {
    let Some((id, rollout)) = newest(conn, tenant)? else { return Ok(Tried::Unknown) };
    let reading = measure(conn, tenant, &rollout)?;
    let freeze = freeze_of(conn, tenant)?;
    let (state, percent) = match may(&rollout, wish, &reading, freeze.as_ref(), now) {
        Ok(next) => next,
        Err(refusal) => return Ok(Tried::Refused(refusal)),
    };
    let params = named_params! {
        ":rollout": id,
        ":was": rollout.state.as_str(),
        ":state": state.as_str(),
        ":percent": percent,
        ":now": now.0,
    };
    if run(conn, sql!(ROLLOUTS.step_rollout), params)? != 1 {
        return Err(error::missing("rollout"));
    }
    done(conn, tenant, rollout.version, wish, now)
}

fn done(
    conn: &Connection,
    tenant: &TenantId,
    version: PolicyVersion,
    wish: &Wish,
    now: UtcMs,
) -> Result<Tried> {
    let act = format!("rollout_{}", wish.act.as_str());
    note(conn, tenant, Some(version), (&act, &wish.actor, &wish.reason), now)?;
    let (_, rollout) = newest(conn, tenant)?.ok_or_else(|| error::missing("rollout"))?;
    Ok(Tried::Done(Box::new(rollout)))
}

/// From the decisions that were saved under the version's name since the trial started.
fn measure(conn: &Connection, tenant: &TenantId, rollout: &Rollout) -> Result<Reading> {
    let policy = stored(conn, tenant, rollout.version)?.ok_or_else(|| error::missing("policy_version"))?;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":from": rollout.decisions_from,
        ":policy": policy_name(rollout.version, &policy.record.hash),
        ":most": ROLLOUT_MEASURED_MAX,
    };
    let reading = one(conn, sql!(ROLLOUTS.measure_rollout), params, read_reading)?;
    let shadow = shadow_book::shown(conn, tenant, rollout.version, Day::of(rollout.started_at))?;
    Ok(Reading { shadow, ..reading.ok_or_else(|| error::missing("rollout"))? })
}
