//! Which parts of policies mattered: counted in the transaction that saves the decision. And the words of
//! those who looked at a version.

use super::row::{list, parsed, run, to_json, unsigned, word};
use super::sql::sql;
use super::{Result, SqliteStore};
use crate::core::launch::coverage::{Part, Use, Used, uses};
use crate::core::launch::sign_off::{Refusal, SignOff, may_sign};
use crate::core::policy::version::PolicyVersion;
use crate::core::routing::decision::{Choice, Decision};
use crate::core::stock::report::Day;
use crate::ports::coverage::Coverage;
use async_trait::async_trait;
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::limits::POLICY_CLASSES_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use serde::Serialize;
use std::collections::BTreeMap;

fn read_used(row: &Row<'_>) -> rusqlite::Result<Used> {
    Ok(Used {
        part: word(row, "part")?,
        name: row.get("name")?,
        decided: unsigned(row, "decided")?,
        refused: unsigned(row, "refused")?,
        last_day: Day(row.get("last_day")?),
    })
}

fn read_sign_off(row: &Row<'_>) -> rusqlite::Result<SignOff> {
    Ok(SignOff {
        role: word(row, "role")?,
        name: row.get("name")?,
        actor: parsed(row, "actor")?,
        note: row.get("note")?,
        at: UtcMs(row.get("at")?),
    })
}

#[async_trait]
impl Coverage for SqliteStore {
    async fn uses(&self, tenant: &TenantId, policy: &str, from: Day) -> Result<Vec<Used>> {
        let (tenant, policy) = (tenant.clone(), policy.to_owned());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":policy": policy, ":from": from.0, ":rows": POLICY_CLASSES_MAX,
            };
            list(conn, sql!(COVERAGE.uses), params, read_used)
        })
        .await
    }

    async fn sign_off(
        &self,
        tenant: &TenantId,
        version: PolicyVersion,
        word: &SignOff,
    ) -> Result<std::result::Result<Vec<SignOff>, Refusal>> {
        let (tenant, word) = (tenant.clone(), word.clone());
        self.write(move |conn, _| sign(conn, &tenant, version, &word)).await
    }

    async fn sign_offs(&self, tenant: &TenantId, version: PolicyVersion) -> Result<Vec<SignOff>> {
        let tenant = tenant.clone();
        self.read(move |conn| sign_offs(conn, &tenant, version)).await
    }
}

fn sign_offs(conn: &Connection, tenant: &TenantId, version: PolicyVersion) -> Result<Vec<SignOff>> {
    list(conn, sql!(COVERAGE.sign_offs), (tenant.as_str(), version.0), read_sign_off)
}

fn sign(
    conn: &Connection,
    tenant: &TenantId,
    version: PolicyVersion,
    word: &SignOff,
) -> Result<std::result::Result<Vec<SignOff>, Refusal>> {
    if let Err(refusal) = may_sign(&sign_offs(conn, tenant, version)?, word.role, &word.actor) {
        return Ok(Err(refusal));
    }
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":version": version.0,
        ":role": word.role.as_str(),
        ":name": word.name,
        ":actor": word.actor.as_str(),
        ":note": word.note,
        ":now": word.at.0,
    };
    run(conn, sql!(COVERAGE.sign_off), params)?;
    Ok(Ok(sign_offs(conn, tenant, version)?))
}

/// What a decision counts for, worked out before the transaction that saves it.
#[derive(Debug)]
pub(super) struct Mattered {
    policy: String,
    day: Day,
    assigned: bool,
    uses: Vec<Use>,
}

impl Mattered {
    pub(super) fn of(decision: &Decision) -> Self {
        Self {
            policy: decision.policy.clone(),
            day: Day::of(decision.at),
            assigned: matches!(decision.choice, Choice::Assign(_)) && decision.gather.is_none(),
            uses: uses(decision),
        }
    }
}

/// Classes of what an order asks for.
pub(super) fn classes_of(conn: &Connection, tenant: &TenantId, order: &OrderId) -> Result<Vec<String>> {
    let key = [tenant.as_str(), order.as_str()];
    list(conn, sql!(COVERAGE.classes_of_order), key, |row| row.get("class"))
}

/// Counts a decision that is on record for the first time.
pub(super) fn count(
    conn: &Connection,
    tenant: &TenantId,
    order: &OrderId,
    mattered: &Mattered,
) -> Result<()> {
    let mut counted = Counted::default();
    counted.add(tenant, mattered, classes_of(conn, tenant, order)?);
    counted.write(conn)
}

/// Decisions that have come to stand on record, summed up to be written together.
#[derive(Debug, Default)]
pub(super) struct Counted(Vec<OfPolicy>);

/// Of one tenant's policy, on one day.
#[derive(Debug)]
struct OfPolicy {
    tenant: TenantId,
    policy: String,
    day: Day,
    parts: BTreeMap<Part, BTreeMap<String, (u64, u64)>>,
}

#[derive(Serialize)]
struct Sum<'a> {
    part: Part,
    name: &'a str,
    decided: u64,
    refused: u64,
}

impl Counted {
    pub(super) fn add(
        &mut self,
        tenant: &TenantId,
        mattered: &Mattered,
        classes: impl IntoIterator<Item = String>,
    ) {
        let Mattered { policy, day, assigned, uses } = mattered;
        let is_same = |of: &OfPolicy| of.policy == *policy && of.tenant == *tenant && of.day == *day;
        let place = self.0.iter().position(is_same).unwrap_or(self.0.len());
        if place == self.0.len() {
            let (tenant, policy) = (tenant.clone(), policy.clone());
            self.0.push(OfPolicy { tenant, policy, day: *day, parts: BTreeMap::new() });
        }
        let Some(of) = self.0.get_mut(place) else { return };
        for one in uses {
            of.add(one);
        }
        for class in classes {
            of.add(&Use::of_class(class, *assigned));
        }
    }

    pub(super) fn write(&self, conn: &Connection) -> Result<()> {
        for OfPolicy { tenant, policy, day, parts } in &self.0 {
            let mut all = Vec::new();
            for (part, names) in parts {
                for (name, (decided, refused)) in names {
                    all.push(Sum { part: *part, name, decided: *decided, refused: *refused });
                }
            }
            let params = named_params! {
                ":day": day.0, ":tenant": tenant.as_str(), ":policy": policy, ":uses": to_json(&all)?,
            };
            run(conn, sql!(COVERAGE.count_uses), params)?;
        }
        Ok(())
    }
}

impl OfPolicy {
    fn add(&mut self, one: &Use) {
        let names = self.parts.entry(one.part).or_default();
        if !names.contains_key(&one.name) {
            names.insert(one.name.clone(), (0, 0));
        }
        if let Some((decided, refused)) = names.get_mut(&one.name) {
            *decided = decided.saturating_add(one.decided.into());
            *refused = refused.saturating_add(one.refused.into());
        }
    }
}

/// Days that nobody asks about any more.
pub(super) fn drop_before(conn: &Connection, before: Day) -> Result<()> {
    run(conn, sql!(COVERAGE.drop_uses), named_params! { ":before": before.0 })?;
    Ok(())
}
