//! Versions of policies. What a step may do is core's word, asked in the transaction that writes it.

use super::policy_rows::{freeze_of, missing, note, read_record, stored};
use super::row::{below, fetch, list, one, paged, parsed, run};
use super::sql::sql;
use super::{Result, SqliteStore, rollouts};
use crate::core::policy::version::{
    PolicyAct, PolicyEvent, PolicyFreeze, PolicyRecord, PolicyState, PolicyVersion, Refusal, Step, may,
};
use crate::ports::policies::{InForce, NewPolicy, Policies, Stepped, StoredPolicy};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, SkuClass, TenantId};
use holdfast_shared::limits::{POLICY_CLASSES_MAX, POLICY_VERSIONS_MAX};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeSet;

const FREEZE: &str = "freeze";
const THAW: &str = "thaw";

fn read_event(row: &Row<'_>) -> rusqlite::Result<(i64, PolicyEvent)> {
    let event = PolicyEvent {
        version: row.get::<_, Option<u32>>("version")?.map(PolicyVersion),
        at: UtcMs(row.get("at")?),
        actor: parsed(row, "actor")?,
        act: row.get("act")?,
        reason: row.get("reason")?,
    };
    Ok((row.get("sequence")?, event))
}

fn read_due(row: &Row<'_>) -> rusqlite::Result<(TenantId, PolicyVersion, Step)> {
    let step = Step {
        act: PolicyAct::Activate,
        actor: parsed(row, "scheduled_by")?,
        reason: row.get("scheduled_reason")?,
        effective_at: None,
        // Whoever set the time had to say so then.
        big_bang: true,
    };
    Ok((parsed(row, "tenant")?, PolicyVersion(row.get("version")?), step))
}

fn read_in_force(row: &Row<'_>) -> rusqlite::Result<InForce> {
    let version = PolicyVersion(row.get("version")?);
    Ok(InForce { tenant: parsed(row, "tenant")?, version, canonical: row.get("canonical")? })
}

#[async_trait]
impl Policies for SqliteStore {
    async fn draft_policy(&self, tenant: &TenantId, policy: &NewPolicy, now: UtcMs) -> Result<PolicyRecord> {
        let (tenant, policy) = (tenant.clone(), policy.clone());
        self.write(move |conn, _| draft(conn, &tenant, &policy, now)).await
    }

    async fn policy(&self, tenant: &TenantId, version: PolicyVersion) -> Result<Option<StoredPolicy>> {
        let tenant = tenant.clone();
        self.read(move |conn| stored(conn, &tenant, version)).await
    }

    async fn policies(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<PolicyRecord>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":below": below(&page)?, ":rows": fetch(&page),
            };
            let rows = list(conn, sql!(POLICIES.policies), params, |row| {
                let record = read_record(row)?;
                Ok((i64::from(record.version.0), record))
            })?;
            Ok(paged(rows, &page))
        })
        .await
    }

    async fn policies_in_force(&self) -> Result<Vec<InForce>> {
        self.read(move |conn| list(conn, sql!(POLICIES.policies_in_force), [], read_in_force)).await
    }

    async fn step_policy(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
        step: &Step,
        now: UtcMs,
    ) -> Result<Stepped> {
        let (tenant, step) = (tenant.clone(), step.clone());
        self.write(move |conn, _| take_step(conn, &tenant, version, &step, now)).await
    }

    async fn due_policies(&self, now: UtcMs, limit: u32) -> Result<Vec<(TenantId, PolicyVersion, Step)>> {
        let params = (now.0, limit);
        self.read(move |conn| list(conn, sql!(POLICIES.due_policies), params, read_due)).await
    }

    async fn policy_freeze(&self, tenant: &TenantId) -> Result<Option<PolicyFreeze>> {
        let tenant = tenant.clone();
        self.read(move |conn| freeze_of(conn, &tenant)).await
    }

    async fn freeze_policies(&self, tenant: &TenantId, freeze: &PolicyFreeze) -> Result<bool> {
        let (tenant, freeze) = (tenant.clone(), freeze.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":by": freeze.by.as_str(),
                ":reason": freeze.reason,
                ":since": freeze.since.0,
                ":until": freeze.until.0,
            };
            let frozen = run(conn, sql!(POLICIES.freeze_policies), params)? > 0;
            if frozen {
                note(conn, &tenant, None, (FREEZE, &freeze.by, &freeze.reason), freeze.since)?;
            }
            Ok(frozen)
        })
        .await
    }

    async fn thaw_policies(&self, tenant: &TenantId, by: &Actor, reason: &str, now: UtcMs) -> Result<bool> {
        let (tenant, by, reason) = (tenant.clone(), by.clone(), reason.to_owned());
        self.write(move |conn, _| {
            let ended = run(conn, sql!(POLICIES.thaw_policies), (tenant.as_str(), now.0))? > 0;
            if ended {
                note(conn, &tenant, None, (THAW, &by, &reason), now)?;
            }
            Ok(ended)
        })
        .await
    }

    async fn policy_history(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<PolicyEvent>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":below": below(&page)?, ":rows": fetch(&page),
            };
            Ok(paged(list(conn, sql!(POLICIES.policy_history), params, read_event)?, &page))
        })
        .await
    }

    async fn sku_classes(&self, tenant: &TenantId) -> Result<BTreeSet<SkuClass>> {
        let tenant = tenant.clone();
        self.read(move |conn| {
            let params = (tenant.as_str(), POLICY_CLASSES_MAX);
            let classes: Vec<String> =
                list(conn, sql!(POLICIES.sku_classes), params, |row| row.get("class"))?;
            // A class that is no well-formed name cannot be named by a policy either.
            Ok(classes.into_iter().filter_map(|class| SkuClass::new(class).ok()).collect())
        })
        .await
    }
}

fn draft(conn: &Connection, tenant: &TenantId, policy: &NewPolicy, now: UtcMs) -> Result<PolicyRecord> {
    let newest: Option<u32> = one(conn, sql!(POLICIES.newest_version), [tenant.as_str()], |row| row.get(0))?;
    let version = PolicyVersion(newest.unwrap_or_default().saturating_add(1));
    if version.0 > POLICY_VERSIONS_MAX {
        let what = format!("this tenant has {POLICY_VERSIONS_MAX} versions of policies already");
        return Err(StoreError { code: Code::InvalidRequest, what, source: None });
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":version": version.0,
        ":text": policy.text,
        ":canonical": policy.canonical,
        ":hash": policy.hash.0,
        ":author": policy.author.as_str(),
        ":reason": policy.reason,
        ":now": now.0,
    };
    run(conn, sql!(POLICIES.draft_policy), params)?;
    let said = (PolicyAct::Draft.as_str(), &policy.author, policy.reason.as_str());
    note(conn, tenant, Some(version), said, now)?;
    Ok(stored(conn, tenant, version)?.ok_or_else(missing)?.record)
}

fn take_step(
    conn: &Connection,
    tenant: &TenantId,
    version: PolicyVersion,
    step: &Step,
    now: UtcMs,
) -> Result<Stepped> {
    if version == PolicyVersion::BUILT_IN {
        return back_to_built_in(conn, tenant, step, now);
    }
    let Some(StoredPolicy { record, .. }) = stored(conn, tenant, version)? else {
        return Ok(Stepped::Unknown);
    };
    let freeze = freeze_of(conn, tenant)?;
    let tried = rollouts::was_tried(conn, tenant, version)?;
    if let Err(refusal) = may(&record, step, freeze.as_ref(), tried, now) {
        return Ok(Stepped::Refused(refusal));
    }
    match step.act {
        // A trial compares with what is in force: when that changes, it is over.
        PolicyAct::Activate | PolicyAct::RollBack => {
            rollouts::end(conn, tenant, step, now)?;
            retire(conn, tenant, step, now)?;
        }
        PolicyAct::Withdraw if rollouts::is_open(conn, tenant, version)? => {
            rollouts::end(conn, tenant, step, now)?;
        }
        PolicyAct::Draft
        | PolicyAct::Approve
        | PolicyAct::Schedule
        | PolicyAct::Retire
        | PolicyAct::Withdraw => {}
    }
    let (was, key) = (record.state.as_str(), (tenant.as_str(), version.0));
    let changed = match step.act {
        PolicyAct::Approve => {
            let params = named_params! {
                ":tenant": key.0, ":version": key.1, ":was": was, ":actor": step.actor.as_str(), ":now": now.0,
            };
            run(conn, sql!(POLICIES.approve_policy), params)?
        }
        PolicyAct::Schedule => {
            let params = named_params! {
                ":tenant": key.0, ":version": key.1, ":was": was, ":actor": step.actor.as_str(),
                ":reason": step.reason, ":effective_at": step.effective_at.map(|at| at.0),
            };
            run(conn, sql!(POLICIES.schedule_policy), params)?
        }
        PolicyAct::Activate | PolicyAct::RollBack => {
            let params = named_params! { ":tenant": key.0, ":version": key.1, ":was": was, ":now": now.0 };
            run(conn, sql!(POLICIES.activate_policy), params)?
        }
        PolicyAct::Withdraw => {
            let params = named_params! { ":tenant": key.0, ":version": key.1, ":was": was };
            run(conn, sql!(POLICIES.withdraw_policy), params)?
        }
        // Never asked for by itself: a draft has no version yet, and one retires when another begins.
        PolicyAct::Draft | PolicyAct::Retire => {
            let refusal = Refusal::State { version, state: record.state, act: step.act };
            return Ok(Stepped::Refused(refusal));
        }
    };
    if changed != 1 {
        return Err(missing());
    }
    note(conn, tenant, Some(version), (step.act.as_str(), &step.actor, &step.reason), now)?;
    Ok(Stepped::Done(Some(stored(conn, tenant, version)?.ok_or_else(missing)?.record)))
}

/// Ends what is in force, if anything is. Which that was.
fn retire(conn: &Connection, tenant: &TenantId, step: &Step, now: UtcMs) -> Result<Option<PolicyVersion>> {
    let active: Option<u32> = one(conn, sql!(POLICIES.active_version), [tenant.as_str()], |row| row.get(0))?;
    let Some(active) = active else { return Ok(None) };
    let params = named_params! { ":tenant": tenant.as_str(), ":version": active, ":now": now.0 };
    run(conn, sql!(POLICIES.retire_policy), params)?;
    let said = (PolicyAct::Retire.as_str(), &step.actor, step.reason.as_str());
    note(conn, tenant, Some(PolicyVersion(active)), said, now)?;
    Ok(Some(PolicyVersion(active)))
}

fn back_to_built_in(conn: &Connection, tenant: &TenantId, step: &Step, now: UtcMs) -> Result<Stepped> {
    let refused = |state| {
        let refusal = Refusal::State { version: PolicyVersion::BUILT_IN, state, act: step.act };
        Ok(Stepped::Refused(refusal))
    };
    if step.act != PolicyAct::RollBack {
        return refused(PolicyState::Retired);
    }
    if retire(conn, tenant, step, now)?.is_none() {
        return refused(PolicyState::Active);
    }
    rollouts::end(conn, tenant, step, now)?;
    let said = (step.act.as_str(), &step.actor, step.reason.as_str());
    note(conn, tenant, Some(PolicyVersion::BUILT_IN), said, now)?;
    Ok(Stepped::Done(None))
}
