//! Findings on record, and what central mends by itself: each is read anew in the transaction that mends it.

use super::exceptions::{is_open, raise, set_failure, settle};
use super::row::{count, list, one, parsed, parsed_or_none, run, word};
use super::sql::sql;
use super::{Result, ledger, stock, tasks, timeline};
use crate::core::exception::clock::moment;
use crate::core::exception::{Category, Failure, NewException, Severity};
use crate::core::reconcile::finding::{Difference, Finding, FindingId, FindingState, Scope};
use crate::core::reconcile::kinds::{Mend, exception_key, row as of_kind};
use crate::core::reconcile::life::Step;
use crate::ports::reconcile::Followed;
use holdfast_shared::ids::{Actor, OrderId, Sku, StoreId, TaskId, TenantId};
use holdfast_shared::limits::RECONCILE_SCOPE_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Finding> {
    let at = |column: &str| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(UtcMs));
    Ok(Finding {
        finding: FindingId(row.get("finding")?),
        kind: word(row, "kind")?,
        subject: row.get("subject")?,
        state: word(row, "state")?,
        order: parsed_or_none(row, "order_id")?,
        task: parsed_or_none(row, "task")?,
        store: parsed_or_none(row, "store")?,
        sku: parsed_or_none(row, "sku")?,
        expected: row.get("expected")?,
        found: row.get("found")?,
        words: row.get("words")?,
        decide_by: at("decide_by")?,
        found_at: UtcMs(row.get("found_at")?),
        seen_at: UtcMs(row.get("seen_at")?),
        looks: count(row, "looks")?,
        attempts: count(row, "attempts")?,
        acted_at: at("acted_at")?,
        ended_at: at("ended_at")?,
        how: row.get("how")?,
    })
}

pub(super) fn known(conn: &Connection, tenant: &TenantId, scope: &Scope) -> Result<Vec<Finding>> {
    let scope = scope.to_string();
    let params = named_params! { ":tenant": tenant.as_str(), ":scope": scope, ":rows": RECONCILE_SCOPE_MAX };
    list(conn, sql!(RECONCILE.known), params, read)
}

struct Pen<'a> {
    conn: &'a Connection,
    tenant: &'a TenantId,
    scope: String,
    now: UtcMs,
}

pub(super) fn follow(
    conn: &Connection,
    tenant: &TenantId,
    scope: &Scope,
    steps: Vec<Step>,
    now: UtcMs,
) -> Result<Followed> {
    let pen = Pen { conn, tenant, scope: scope.to_string(), now };
    let mut followed = Followed::default();
    let add = |count: &mut u32| *count = count.saturating_add(1);
    for step in steps {
        match step {
            Step::Open(difference) => {
                pen.open(&difference)?;
                add(&mut followed.found);
            }
            Step::Forget(finding) => {
                let params = named_params! { ":tenant": tenant.as_str(), ":finding": finding.finding.0 };
                run(conn, sql!(RECONCILE.forget), params)?;
                add(&mut followed.forgotten);
            }
            Step::See(finding, difference) => pen.see_again(&finding, &difference)?,
            Step::Confirm(finding, difference) => {
                pen.see(&finding, &difference)?;
                pen.set_state(&finding, FindingState::Confirmed)?;
                add(&mut followed.confirmed);
            }
            Step::Mend(finding, difference, mend) => {
                pen.see(&finding, &difference)?;
                let params = named_params! {
                    ":tenant": tenant.as_str(), ":finding": finding.finding.0, ":now": now.0,
                };
                run(conn, sql!(RECONCILE.attempt), params)?;
                followed.ask.extend(pen.mend(&difference, mend)?);
                add(&mut followed.mended);
            }
            Step::Escalate(finding, difference, category, severity) => {
                pen.see(&finding, &difference)?;
                pen.set_state(&finding, FindingState::Escalated)?;
                pen.tell(&difference, category, severity)?;
                add(&mut followed.escalated);
            }
            Step::End(finding, how) => {
                pen.end(&finding, how)?;
                add(&mut followed.ended);
            }
        }
    }
    Ok(followed)
}

impl Pen<'_> {
    fn open(&self, difference: &Difference) -> Result<()> {
        let params = named_params! {
            ":tenant": self.tenant.as_str(),
            ":kind": difference.kind.as_str(),
            ":scope": self.scope,
            ":subject": difference.subject,
            ":order": difference.order.as_ref().map(OrderId::as_str),
            ":task": difference.task.as_ref().map(TaskId::as_str),
            ":store": difference.store.as_ref().map(StoreId::as_str),
            ":sku": difference.sku.as_ref().map(Sku::as_str),
            ":expected": difference.expected,
            ":found": difference.found,
            ":words": difference.words,
            ":decide_by": difference.decide_by.map(|at| at.0),
            ":now": self.now.0,
        };
        run(self.conn, sql!(RECONCILE.open), params)?;
        Ok(())
    }

    fn see(&self, finding: &Finding, difference: &Difference) -> Result<()> {
        let params = named_params! {
            ":tenant": self.tenant.as_str(),
            ":finding": finding.finding.0,
            ":expected": difference.expected,
            ":found": difference.found,
            ":words": difference.words,
            ":now": self.now.0,
        };
        run(self.conn, sql!(RECONCILE.see), params)?;
        Ok(())
    }

    /// A person resolved the exception and the difference is still there: it settles anew, and is told again.
    fn see_again(&self, finding: &Finding, difference: &Difference) -> Result<()> {
        self.see(finding, difference)?;
        let key = exception_key(finding.kind, &finding.subject);
        if finding.state == FindingState::Escalated && !is_open(self.conn, self.tenant, &key)? {
            let params = named_params! {
                ":tenant": self.tenant.as_str(), ":finding": finding.finding.0, ":now": self.now.0,
            };
            run(self.conn, sql!(RECONCILE.settle_anew), params)?;
        }
        Ok(())
    }

    fn set_state(&self, finding: &Finding, state: FindingState) -> Result<()> {
        let params = named_params! {
            ":tenant": self.tenant.as_str(), ":finding": finding.finding.0, ":state": state.as_str(),
        };
        run(self.conn, sql!(RECONCILE.set_state), params)?;
        Ok(())
    }

    fn end(&self, finding: &Finding, how: &str) -> Result<()> {
        let params = named_params! {
            ":tenant": self.tenant.as_str(),
            ":finding": finding.finding.0,
            ":how": how,
            ":now": self.now.0,
        };
        run(self.conn, sql!(RECONCILE.end), params)?;
        let key = exception_key(finding.kind, &finding.subject);
        settle(self.conn, self.tenant, &key, "the books agree again", self.now)?;
        Ok(())
    }

    /// A person is told, with what exactly was compared.
    fn tell(&self, difference: &Difference, category: Category, severity: Severity) -> Result<()> {
        let key = exception_key(difference.kind, &difference.subject);
        let until =
            difference.decide_by.map(|by| format!(" Decide until {}.", moment(by))).unwrap_or_default();
        let exception = NewException {
            key: key.clone(),
            category,
            severity,
            order: difference.order.clone(),
            task: difference.task.clone(),
            store: difference.store.clone(),
            detail: difference.words.clone(),
            suggestion: format!("Look at what is proposed: {}.{until}", of_kind(difference.kind).why),
        };
        raise(self.conn, self.tenant, &exception, self.now)?;
        let values = [("expected", &*difference.expected), ("found", &*difference.found)];
        let failure = Failure::new(difference.kind.as_str(), Some(difference.field), &values);
        set_failure(self.conn, self.tenant, &key, &failure)
    }

    /// The store that is to be asked, where one is.
    fn mend(&self, difference: &Difference, mend: Mend) -> Result<Option<StoreId>> {
        let (conn, tenant, now) = (self.conn, self.tenant, self.now);
        match (mend, &difference.order, &difference.task, &difference.store, &difference.sku) {
            (Mend::FoldOrder, Some(order), ..) => timeline::refresh(conn, tenant, order, now)?,
            (Mend::FoldTask, Some(order), Some(task), ..) => {
                if let Some(folded) = ledger::folded(conn, tenant, task)? {
                    tasks::save(conn, tenant, &folded.state, now)?;
                    timeline::refresh(conn, tenant, order, now)?;
                }
            }
            (Mend::EndHold, _, Some(task), ..) => {
                let ended = tasks::load(conn, tenant, task)?.is_some_and(|state| state.phase.is_final());
                if ended {
                    stock::end_holds(conn, tenant, task, now)?;
                }
            }
            (Mend::SumHolds, _, _, Some(store), Some(sku)) => {
                let params = named_params! {
                    ":tenant": tenant.as_str(), ":sku": sku.as_str(), ":store": store.as_str(),
                };
                run(conn, sql!(RECONCILE.sum_holds), params)?;
            }
            (Mend::Poke, _, _, store, _) => return Ok(store.clone()),
            (Mend::FoldOrder | Mend::FoldTask | Mend::EndHold | Mend::SumHolds, ..) => {}
        }
        Ok(None)
    }
}

/// A person says that it stays as it is.
pub(super) fn accept(
    conn: &Connection,
    tenant: &TenantId,
    finding: FindingId,
    (reason, actor): (&str, &Actor),
    now: UtcMs,
) -> Result<bool> {
    let how = format!("accepted by {actor}: {reason}");
    let params = named_params! { ":tenant": tenant.as_str(), ":finding": finding.0, ":how": how };
    let told = one(conn, sql!(RECONCILE.accept), params, |row| {
        Ok((word(row, "kind")?, row.get::<_, String>("subject")?))
    })?;
    let Some((kind, subject)) = told else { return Ok(false) };
    settle(conn, tenant, &exception_key(kind, &subject), &how, now)?;
    Ok(true)
}

/// The same, said of the exception that tells of it.
pub(super) fn accept_told(conn: &Connection, tenant: &TenantId, key: &str, how: &str) -> Result<()> {
    let told = key.strip_prefix("reconcile/").and_then(|rest| rest.split_once('/'));
    if let Some((kind, subject)) = told {
        let params =
            named_params! { ":tenant": tenant.as_str(), ":kind": kind, ":subject": subject, ":how": how };
        run(conn, sql!(RECONCILE.accept_told), params)?;
    }
    Ok(())
}

pub(super) fn due(conn: &Connection, seen_before: UtcMs, limit: u32) -> Result<Vec<(TenantId, Scope)>> {
    let params = named_params! { ":seen_before": seen_before.0, ":rows": limit };
    list(conn, sql!(RECONCILE.due), params, |row| Ok((parsed(row, "tenant")?, parsed(row, "scope")?)))
}
