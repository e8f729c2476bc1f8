//! What facts teach about stock, written in the transaction that applies them: sales and counts of a
//! SKU, what checks of a store found, and units that were promised and not there.

use super::Result;
use super::row::{one, run};
use super::sql::sql;
use crate::core::stock::class::SkuClass;
use crate::core::stock::learned::{Check, CheckRecord, Counts, Learned, days};
use crate::core::stock::report::{Day, Miss};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Sku, StoreId, TaskId, TenantId};
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};
use std::collections::BTreeMap;

/// One look at a shelf, with the age of its books then.
struct Look {
    check: Check,
    book_days: f64,
    at: UtcMs,
}

struct Lesson {
    learned: Learned,
    /// By the books before the facts.
    on_hand: i64,
    /// Whether it was told of before, other than by its opening.
    is_new: bool,
    class: SkuClass,
}

pub(super) fn read_learned(row: &Row<'_>, as_of: &str) -> rusqlite::Result<Option<Learned>> {
    let Some(sold) = row.get::<_, Option<f64>>("sold")? else { return Ok(None) };
    Ok(Some(Learned {
        sold,
        as_of: UtcMs(row.get(as_of)?),
        since: UtcMs(row.get("since")?),
        counted_at: row.get::<_, Option<i64>>("counted_at")?.map(UtcMs),
    }))
}

pub(super) fn read_class(row: &Row<'_>) -> rusqlite::Result<SkuClass> {
    Ok(row.get::<_, Option<String>>("class")?.map_or_else(SkuClass::default, SkuClass::new))
}

pub(super) fn read_record(row: &Row<'_>) -> rusqlite::Result<CheckRecord> {
    Ok(CheckRecord {
        checks: row.get("checks")?,
        wrong: row.get("wrong")?,
        missing_units: row.get("missing_units")?,
        days: row.get("days")?,
        as_of: UtcMs(row.get("as_of")?),
    })
}

/// Before the facts move their positions: of a SKU that is new here, the word before them tells since
/// when its sales would have been heard of.
pub(super) fn heed(
    conn: &Connection,
    (tenant, store): (&TenantId, &StoreId),
    facts: &[Fact],
    receipt: &Receipt,
    counts: Counts,
) -> Result<()> {
    let mut of_sku: BTreeMap<&Sku, Vec<(&StockFact, UtcMs)>> = BTreeMap::new();
    for fact in facts {
        if let Body::Stock(stock) = &fact.body {
            of_sku.entry(&stock.sku).or_default().push((stock, receipt.likely(fact.at.wall)));
        }
    }
    let mut looks: BTreeMap<SkuClass, Vec<Look>> = BTreeMap::new();
    for (sku, facts) in of_sku {
        // An import of a whole store teaches nothing, and is not written down once more.
        if facts.iter().all(|(stock, _)| matches!(stock.movement, Movement::Opening)) {
            continue;
        }
        let Lesson { mut learned, mut on_hand, is_new, class } = lesson(conn, tenant, store, sku, &facts)?;
        for (stock, at) in facts {
            if let Some(check) = Check::of(stock, on_hand) {
                let counted_at = learned.counted_at.unwrap_or(learned.since);
                let look = Look { check, book_days: days(at.since(counted_at)), at };
                looks.entry(class.clone()).or_default().push(look);
            }
            learned.absorb(stock, at, counts);
            on_hand = on_hand.saturating_add(stock.delta);
            if let Movement::ShortPick { hold } = &stock.movement {
                let units = match counts {
                    Counts::Now => stock.delta.saturating_neg(),
                    Counts::NoMore => stock.delta,
                };
                let channel = channel(conn, tenant, &hold.task)?;
                let day = Day::of(receipt.at);
                miss(
                    conn,
                    (tenant, store),
                    &Missing { class: &class, channel, miss: Miss::ShortPick, units, day },
                )?;
            }
        }
        // What is taken back before it was ever learned leaves nothing to keep.
        if counts == Counts::Now || !is_new {
            keep(conn, tenant, store, sku, &learned)?;
        }
    }
    for (class, looks) in looks {
        let key = [tenant.as_str(), store.as_str(), class.as_str()];
        let mut record = one(conn, sql!(LESSONS.check_record), key, read_record)?.unwrap_or_default();
        for Look { check, book_days, at } in looks {
            record.absorb(check, book_days, at, counts);
        }
        keep_record(conn, tenant, store, &class, &record)?;
    }
    Ok(())
}

fn lesson(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    sku: &Sku,
    facts: &[(&StockFact, UtcMs)],
) -> Result<Lesson> {
    let key = [tenant.as_str(), sku.as_str(), store.as_str()];
    let first = facts.iter().map(|(_, at)| *at).min().unwrap_or_default();
    let found = one(conn, sql!(LESSONS.lesson), key, |row| {
        let heard_at = row.get::<_, Option<i64>>("heard_at")?.map(UtcMs);
        let since = heard_at.map_or(first, |heard_at| heard_at.min(first));
        let learned = read_learned(row, "as_of")?;
        Ok(Lesson {
            on_hand: row.get::<_, Option<i64>>("on_hand")?.unwrap_or(0),
            is_new: learned.is_none(),
            learned: learned.unwrap_or_else(|| Learned::nothing_since(since)),
            class: read_class(row)?,
        })
    })?;
    found.ok_or_else(|| super::error::missing("lesson"))
}

fn keep(conn: &Connection, tenant: &TenantId, store: &StoreId, sku: &Sku, learned: &Learned) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":sku": sku.as_str(),
        ":store": store.as_str(),
        ":sold": learned.sold,
        ":as_of": learned.as_of.0,
        ":since": learned.since.0,
        ":counted_at": learned.counted_at.map(|at| at.0),
    };
    run(conn, sql!(LESSONS.learn), params)?;
    Ok(())
}

fn keep_record(
    conn: &Connection,
    tenant: &TenantId,
    store: &StoreId,
    class: &SkuClass,
    record: &CheckRecord,
) -> Result<()> {
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":class": class.as_str(),
        ":checks": record.checks,
        ":wrong": record.wrong,
        ":missing_units": record.missing_units,
        ":days": record.days,
        ":as_of": record.as_of.0,
    };
    run(conn, sql!(LESSONS.put_check_record), params)?;
    Ok(())
}

fn channel(conn: &Connection, tenant: &TenantId, task: &TaskId) -> Result<String> {
    let key = [tenant.as_str(), task.as_str()];
    let known = one(conn, sql!(LESSONS.channel_of_task), key, |row| row.get::<_, Option<String>>("channel"))?;
    Ok(known.flatten().unwrap_or_default())
}

struct Missing<'a> {
    class: &'a SkuClass,
    channel: String,
    miss: Miss,
    units: i64,
    day: Day,
}

fn miss(conn: &Connection, (tenant, store): (&TenantId, &StoreId), missing: &Missing<'_>) -> Result<()> {
    let Missing { class, channel, miss, units, day } = missing;
    let params = named_params! {
        ":day": day.0,
        ":tenant": tenant.as_str(),
        ":store": store.as_str(),
        ":class": class.as_str(),
        ":channel": channel,
        ":cause": miss.as_str(),
        ":units": units,
    };
    run(conn, sql!(LESSONS.miss), params)?;
    let missing = u64::try_from(*units).unwrap_or_default();
    metrics::counter!("holdfast_stock_missing_units_total", "cause" => miss.as_str()).increment(missing);
    Ok(())
}

/// Facts moved a position: units that orders hold are not on the books any more. Of a SKU in escrow, too, it is
/// on hand that counts: a till that drew ceded units which no order holds has hurt none.
pub(super) fn note_oversold(
    conn: &Connection,
    (tenant, store, sku): (&TenantId, &StoreId, &Sku),
    (free_before, free): (i64, i64),
    now: UtcMs,
) -> Result<()> {
    let units = free.min(0).saturating_neg().saturating_sub(free_before.min(0).saturating_neg());
    if units <= 0 {
        return Ok(());
    }
    let key = [tenant.as_str(), sku.as_str()];
    let class = one(conn, sql!(LESSONS.class_of), key, read_class)?.unwrap_or_default();
    let (channel, day) = (String::new(), Day::of(now));
    miss(conn, (tenant, store), &Missing { class: &class, channel, miss: Miss::Oversold, units, day })
}
