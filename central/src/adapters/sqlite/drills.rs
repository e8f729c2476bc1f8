//! Drills, and the closures that they are made of.

use super::row::{from_json, list, one, parsed, parsed_or_none, run, to_json};
use super::savepoint::{Stop, attempt};
use super::sql::sql;
use super::store_row::record;
use super::{Result, SqliteStore};
use crate::core::failover::drill::{Drill, DrilledStore, Stayed};
use crate::core::fleet::{Closure, ClosureCause};
use crate::ports::drills::{DrillBegun, Drills, NewDrill};
use async_trait::async_trait;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::ids::{Actor, DrillId, StoreId, TenantId};
use holdfast_shared::limits::PAGE_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

const PREFIX: &str = "drill-";
/// Open tasks that are counted when a drill ends.
const COUNTED_MAX: u32 = 100_000;

#[async_trait]
impl Drills for SqliteStore {
    async fn begin_drill(&self, drill: &NewDrill, now: UtcMs) -> Result<DrillBegun> {
        let drill = drill.clone();
        self.write(move |conn, _| attempt(conn, || begin(conn, &drill, now))).await
    }

    async fn end_drill(
        &self,
        tenant: &TenantId,
        drill: &DrillId,
        by: &Actor,
        now: UtcMs,
    ) -> Result<Option<Drill>> {
        let (tenant, drill, by) = (tenant.clone(), drill.clone(), by.clone());
        self.write(move |conn, _| end(conn, &tenant, &drill, &by, now)).await
    }

    async fn drill(&self, tenant: &TenantId, drill: &DrillId) -> Result<Option<Drill>> {
        let (tenant, drill) = (tenant.clone(), drill.clone());
        self.read(move |conn| find(conn, &tenant, &drill)).await
    }

    async fn drills(&self, tenant: &TenantId, limit: u32) -> Result<Vec<Drill>> {
        let (tenant, rows) = (tenant.clone(), limit.min(PAGE_ROWS_MAX));
        self.read(move |conn| {
            let params = named_params! { ":tenant": tenant.as_str(), ":below": i64::MAX, ":rows": rows };
            let heads = list(conn, sql!(DRILLS.newest_drills), params, read)?;
            heads.into_iter().map(|head| with_stores(conn, head)).collect()
        })
        .await
    }

    async fn drills_over(&self, now: UtcMs) -> Result<Vec<(TenantId, DrillId)>> {
        self.read(move |conn| {
            list(conn, sql!(DRILLS.over), [now.0], |row| {
                Ok((parsed(row, "tenant")?, id(row.get("sequence")?)?))
            })
        })
        .await
    }
}

pub(super) fn id(number: i64) -> rusqlite::Result<DrillId> {
    DrillId::new(format!("{PREFIX}{number}")).map_err(super::row::unreadable)
}

/// None when it is no id that was given out.
pub(super) fn number(drill: &DrillId) -> Option<i64> {
    let number: i64 = drill.as_str().strip_prefix(PREFIX)?.parse().ok()?;
    (format!("{PREFIX}{number}") == drill.as_str()).then_some(number)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Drill)> {
    let number = row.get("sequence")?;
    let drill = Drill {
        drill: id(number)?,
        stores: Vec::new(),
        reason: row.get("reason")?,
        author: parsed(row, "author")?,
        began_at: UtcMs(row.get("began_at")?),
        until: UtcMs(row.get("until")?),
        ended_at: row.get::<_, Option<i64>>("ended_at")?.map(UtcMs),
        ended_by: parsed_or_none(row, "ended_by")?,
    };
    Ok((number, drill))
}

fn with_stores(conn: &Connection, (number, drill): (i64, Drill)) -> Result<Drill> {
    let stores = list(conn, sql!(DRILLS.stores_of), [number], |row| {
        let stayed: Option<String> = row.get("stayed")?;
        let stayed: Option<Stayed> = stayed.map(|_| from_json(row, "stayed")).transpose()?;
        Ok(DrilledStore { store: parsed(row, "store")?, stayed })
    })?;
    Ok(Drill { stores, ..drill })
}

fn find(conn: &Connection, tenant: &TenantId, drill: &DrillId) -> Result<Option<Drill>> {
    let Some(number) = number(drill) else { return Ok(None) };
    let params = named_params! { ":tenant": tenant.as_str(), ":drill": number };
    let head = one(conn, sql!(DRILLS.drill), params, read)?;
    head.map(|head| with_stores(conn, head)).transpose()
}

fn begin(conn: &Connection, new: &NewDrill, now: UtcMs) -> std::result::Result<DrillBegun, Stop<DrillBegun>> {
    let params = named_params! {
        ":tenant": new.tenant.as_str(),
        ":reason": new.reason,
        ":author": new.author.as_str(),
        ":now": now.0,
        ":until": new.until.0,
    };
    let number: Option<i64> = one(conn, sql!(DRILLS.begin), params, |row| row.get("sequence"))?;
    let number = number.ok_or_else(|| super::error::missing("drill"))?;
    for store in &new.stores {
        take_store(conn, new, number, store, now)?;
    }
    let drill = find(conn, &new.tenant, &id(number).map_err(crate::ports::StoreError::from)?)?;
    Ok(DrillBegun::Begun(Box::new(drill.ok_or_else(|| super::error::missing("drill"))?)))
}

fn take_store(
    conn: &Connection,
    new: &NewDrill,
    number: i64,
    store: &StoreId,
    now: UtcMs,
) -> std::result::Result<(), Stop<DrillBegun>> {
    let tenant = &new.tenant;
    let known = record(conn, tenant, store)?;
    let Some(known) = known else { return Err(Stop::Refused(DrillBegun::UnknownStore(store.clone()))) };
    let running = one(conn, sql!(DRILLS.running_at), [tenant.as_str(), store.as_str()], |_| Ok(()))?;
    if running.is_some() {
        return Err(Stop::Refused(DrillBegun::InDrill(store.clone())));
    }
    // Central's own closure would be overwritten, and one of the store's own shows the same already.
    if known.closures.iter().any(|closure| closure.in_force(now)) {
        return Err(Stop::Refused(DrillBegun::Closed(store.clone())));
    }
    let params = named_params! { ":drill": number, ":tenant": tenant.as_str(), ":store": store.as_str() };
    run(conn, sql!(DRILLS.take_store), params)?;
    let closure = Closure {
        hard: true,
        cause: ClosureCause::Drill,
        author: new.author.clone(),
        since: now,
        until: Some(new.until),
        from_store: false,
    };
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":from_store": false,
        ":closure": to_json(&closure)?,
    };
    run(conn, sql!(FLEET.close), params)?;
    Ok(())
}

fn end(
    conn: &Connection,
    tenant: &TenantId,
    drill: &DrillId,
    by: &Actor,
    now: UtcMs,
) -> Result<Option<Drill>> {
    let Some((found, number)) = find(conn, tenant, drill)?.zip(number(drill)) else { return Ok(None) };
    let params = named_params! { ":drill": number, ":now": now.0, ":by": by.as_str() };
    if run(conn, sql!(DRILLS.end), params)? == 0 {
        return Ok(Some(found));
    }
    for DrilledStore { store, .. } in &found.stores {
        let params = named_params! {
            ":tenant": tenant.as_str(), ":store": store.as_str(), ":rows": COUNTED_MAX,
        };
        let open: Vec<TaskState> = list(conn, sql!(WORK.open_tasks), params, |row| from_json(row, "state"))?;
        let params = named_params! {
            ":drill": number, ":store": store.as_str(), ":stayed": to_json(&Stayed::of(&open))?,
        };
        run(conn, sql!(DRILLS.leave_store), params)?;
        let params = named_params! { ":tenant": tenant.as_str(), ":store": store.as_str() };
        run(conn, sql!(DRILLS.open_again), params)?;
    }
    find(conn, tenant, drill)
}
