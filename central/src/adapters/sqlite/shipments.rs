//! Parcels: their facts, and the rows, states and news that follow from each of them in the same transaction.

use super::contacts::find;
use super::row::{from_json, list, one, parsed, run, to_json};
use super::shipment_news::tell;
use super::shipment_rows::{enter, facts_of};
use super::sql::sql;
use super::timeline::fold_state;
use super::{Result, SqliteStore, tracking_inbox, window};
use crate::core::parcel::fact::{AskId, ParcelFact, Said};
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::news::news;
use crate::core::parcel::notice::{NoticeOutcome, ReceivedTracking, TrackingNotice};
use crate::ports::shipments::{Account, NewParcelFact, ParcelKey, Shipment, Shipments, Written};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{CarrierAccount, OrderId, TaskId, TenantId};
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

fn read_key(row: &Row<'_>) -> rusqlite::Result<ParcelKey> {
    Ok(ParcelKey { tenant: parsed(row, "tenant")?, task: parsed(row, "task")? })
}

fn set_accounts(conn: &Connection, accounts: &[Account]) -> Result<()> {
    let kept: Vec<&TenantId> = accounts.iter().map(|account| &account.tenant).collect();
    run(conn, sql!(SHIPMENTS.forget_accounts), named_params! { ":kept": to_json(&kept)? })?;
    for account in accounts {
        let params = named_params! {
            ":tenant": account.tenant.as_str(),
            ":name": account.name.as_str(),
            ":services": to_json(&account.services)?,
        };
        run(conn, sql!(SHIPMENTS.put_account), params)?;
    }
    Ok(())
}

fn load(conn: &Connection, key: &ParcelKey) -> Result<Option<Shipment>> {
    let names = [key.tenant.as_str(), key.task.as_str()];
    let head = one(conn, sql!(SHIPMENTS.head), names, |row| {
        let service: Option<String> = row.get("service")?;
        let services: Option<String> = row.get("services")?;
        let services: Option<Vec<String>> = services.map(|_| from_json(row, "services")).transpose()?;
        let served = services.is_some_and(|services| {
            service.as_ref().is_none_or(|service| services.is_empty() || services.contains(service))
        });
        Ok(Shipment {
            key: key.clone(),
            order: parsed(row, "order_id")?,
            number: row.get("number")?,
            carrier: parsed(row, "carrier")?,
            root: parsed(row, "root")?,
            trace: parsed(row, "trace")?,
            task: from_json(row, "task_state")?,
            service,
            served,
            contact: None,
            facts: Vec::new(),
            changes: row.get("changes")?,
            held: false,
        })
    })?;
    let Some(head) = head else { return Ok(None) };
    Ok(Some(Shipment {
        contact: find(conn, &key.tenant, &head.order)?,
        facts: facts_of(conn, &key.tenant, &key.task)?,
        held: window::is_held(conn, &key.tenant, &head.order)?,
        ..head
    }))
}

fn write(conn: &Connection, new: &NewParcelFact, now: UtcMs) -> Result<Written> {
    let Some(shipment) = load(conn, &new.key)? else { return Ok(Written::Moved) };
    let before = Parcel::fold(&shipment.facts);
    if before.sequence != new.after {
        return Ok(Written::Moved);
    }
    let (sequence, id, source) = (new.after.saturating_add(1), new.id, new.source);
    let fact = ParcelFact { sequence, id, said: new.said.clone(), source, at: now };
    let mut facts = shipment.facts.clone();
    facts.push(fact.clone());
    let after = Parcel::fold(&facts);
    enter(conn, &new.key, &fact, &after, new.next_at)?;
    if let (Said::Made { label }, Some(AskId { run: of, .. })) = (&new.said, id) {
        let params = named_params! {
            ":tenant": new.key.tenant.as_str(),
            ":carrier": shipment.carrier.as_str(),
            ":tracking_number": label.tracking_number,
            ":task": new.key.task.as_str(),
            ":run": of,
            ":made_at": now.0,
        };
        run(conn, sql!(SHIPMENTS.keep_label), params)?;
        let account = (&new.key.tenant, &shipment.carrier);
        tracking_inbox::read_again(conn, account, &label.tracking_number, now)?;
    }
    for told in news(&before, &after) {
        tell(conn, &shipment, &told, now)?;
    }
    fold_state(conn, &new.key.tenant, &shipment.order, now)?;
    Ok(Written::Yes)
}

/// Not, when something of it changed since it was read.
fn rest(conn: &Connection, shipment: &Shipment, next_at: Option<UtcMs>) -> Result<Written> {
    let params = named_params! {
        ":tenant": shipment.key.tenant.as_str(),
        ":task": shipment.key.task.as_str(),
        ":after": shipment.facts.last().map_or(0, |fact| fact.sequence),
        ":changes": shipment.changes,
        ":next_at": next_at.map(|at| at.0),
    };
    let rested = run(conn, sql!(SHIPMENTS.rest), params)? > 0;
    Ok(if rested { Written::Yes } else { Written::Moved })
}

#[async_trait]
impl Shipments for SqliteStore {
    async fn set_accounts(&self, accounts: &[Account]) -> Result<()> {
        let accounts = accounts.to_vec();
        self.write(move |conn, _| set_accounts(conn, &accounts)).await
    }

    async fn due_parcels(
        &self,
        carrier: &CarrierAccount,
        now: UtcMs,
        beyond: UtcMs,
        limit: u32,
    ) -> Result<Vec<ParcelKey>> {
        let carrier = carrier.clone();
        self.read(move |conn| {
            let rows = limit.min(PAGE_ROWS_MAX);
            let params = named_params! {
                ":carrier": carrier.as_str(), ":now": now.0, ":beyond": beyond.0, ":rows": rows,
            };
            list(conn, sql!(SHIPMENTS.due), params, read_key)
        })
        .await
    }

    async fn shipment(&self, key: &ParcelKey) -> Result<Option<Shipment>> {
        let key = key.clone();
        self.read(move |conn| load(conn, &key)).await
    }

    async fn shipments(&self, tenant: &TenantId, order: &OrderId) -> Result<Vec<Shipment>> {
        let (tenant, order) = (tenant.clone(), order.clone());
        self.read(move |conn| {
            let names = [tenant.as_str(), order.as_str()];
            let tasks: Vec<TaskId> = list(conn, sql!(SHIPMENTS.of_order), names, |row| parsed(row, "task"))?;
            let mut found = Vec::with_capacity(tasks.len());
            for task in tasks {
                found.extend(load(conn, &ParcelKey { tenant: tenant.clone(), task })?);
            }
            Ok(found)
        })
        .await
    }

    async fn write_parcel(&self, fact: &NewParcelFact, now: UtcMs) -> Result<Written> {
        let fact = fact.clone();
        self.write(move |conn, _| write(conn, &fact, now)).await
    }

    async fn rest_parcel(&self, shipment: &Shipment, next_at: Option<UtcMs>) -> Result<Written> {
        let shipment = shipment.clone();
        self.write(move |conn, _| rest(conn, &shipment, next_at)).await
    }

    async fn take_in_tracking(
        &self,
        tenant: &TenantId,
        carrier: &CarrierAccount,
        notice: &TrackingNotice,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, carrier, notice) = (tenant.clone(), carrier.clone(), notice.clone());
        self.write(move |conn, _| tracking_inbox::take_in(conn, (&tenant, &carrier), &notice, now)).await
    }

    async fn waiting_tracking(&self, now: UtcMs, beyond: UtcMs, limit: u32) -> Result<Vec<ReceivedTracking>> {
        self.read(move |conn| tracking_inbox::waiting(conn, now, beyond, limit)).await
    }

    async fn scans_put_off(&self, tenant: &TenantId, carrier: &CarrierAccount, now: UtcMs) -> Result<u32> {
        let (tenant, carrier) = (tenant.clone(), carrier.clone());
        self.read(move |conn| tracking_inbox::put_off_so_far(conn, (&tenant, &carrier), now)).await
    }

    async fn label_asked_by(&self, tenant: &TenantId, carrier: &CarrierAccount, at: UtcMs) -> Result<bool> {
        let (tenant, carrier) = (tenant.clone(), carrier.clone());
        self.read(move |conn| tracking_inbox::asked_by(conn, (&tenant, &carrier), at)).await
    }

    async fn put_off_tracking(
        &self,
        received: &ReceivedTracking,
        next_at: UtcMs,
        strange: bool,
    ) -> Result<()> {
        let received = received.clone();
        self.write(move |conn, _| tracking_inbox::put_off(conn, &received, next_at, strange)).await
    }

    async fn tracking(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<ReceivedTracking>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        self.read(move |conn| tracking_inbox::page(conn, &tenant, &page)).await
    }

    async fn parcel_of(
        &self,
        tenant: &TenantId,
        carrier: &CarrierAccount,
        tracking_number: &str,
    ) -> Result<Option<(ParcelKey, u32)>> {
        let (tenant, carrier, number) = (tenant.clone(), carrier.clone(), tracking_number.to_owned());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(), ":carrier": carrier.as_str(), ":tracking_number": number,
            };
            one(conn, sql!(SHIPMENTS.of_number), params, |row| {
                let key = ParcelKey { tenant: tenant.clone(), task: parsed(row, "task")? };
                Ok((key, row.get("run")?))
            })
        })
        .await
    }

    async fn settle_tracking(
        &self,
        received: &ReceivedTracking,
        outcome: NoticeOutcome,
        now: UtcMs,
    ) -> Result<()> {
        let received = received.clone();
        self.write(move |conn, _| tracking_inbox::settle(conn, &received, outcome, now)).await
    }
}
