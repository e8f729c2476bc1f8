//! What exceptions cost, by kind and by cause.

use super::Result;
use super::row::{list, parsed_or_none, unsigned, word};
use super::sql::sql;
use crate::core::exception::Category;
use crate::core::exception::causes::RootCause;
use crate::core::exception::kinds::kind;
use crate::core::exception::trend::{CauseTrend, KindTrend};
use crate::ports::exceptions::TrendRows;
use holdfast_shared::ids::TenantId;
use holdfast_shared::limits::EXCEPTION_TREND_ROWS_MAX;
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

struct Ended {
    category: Category,
    root_cause: Option<RootCause>,
    by_person: bool,
    minutes: u64,
    lasted_ms: u64,
}

fn raised(
    conn: &Connection,
    tenant: &TenantId,
    (from, until): (UtcMs, UtcMs),
) -> Result<BTreeMap<Category, (u64, u64)>> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":from": from.0, ":until": until.0, ":rows": EXCEPTION_TREND_ROWS_MAX,
    };
    let rows = list(conn, sql!(EXCEPTIONS.trend_raised), params, |row| {
        Ok((word(row, "category")?, (unsigned(row, "raised")?, unsigned(row, "again")?)))
    })?;
    Ok(rows.into_iter().collect())
}

fn ended(conn: &Connection, tenant: &TenantId, (from, until): (UtcMs, UtcMs)) -> Result<Vec<Ended>> {
    let params = named_params! {
        ":tenant": tenant.as_str(), ":from": from.0, ":until": until.0, ":rows": EXCEPTION_TREND_ROWS_MAX,
    };
    list(conn, sql!(EXCEPTIONS.trend_resolved), params, |row| {
        let cause = parsed_or_none::<String>(row, "root_cause")?;
        Ok(Ended {
            category: word(row, "category")?,
            root_cause: cause.map(|_| word(row, "root_cause")).transpose()?,
            by_person: row.get("by_person")?,
            minutes: unsigned(row, "minutes")?,
            lasted_ms: unsigned(row, "lasted_ms")?,
        })
    })
}

pub(super) fn trend(conn: &Connection, tenant: &TenantId, from: UtcMs, until: UtcMs) -> Result<TrendRows> {
    let before = (from.plus(until.since(from).saturating_neg()), from);
    let (now, earlier) = (raised(conn, tenant, (from, until))?, raised(conn, tenant, before)?);
    let open: BTreeMap<Category, u64> =
        list(conn, sql!(EXCEPTIONS.open_by_kind), named_params! { ":tenant": tenant.as_str() }, |row| {
            Ok((word(row, "category")?, unsigned(row, "open")?))
        })?
        .into_iter()
        .collect();
    let ended = ended(conn, tenant, (from, until))?;
    let mut causes: BTreeMap<(Category, Option<RootCause>), (u64, u64)> = BTreeMap::new();
    for one in ended.iter().filter(|one| one.by_person) {
        let counted = causes.entry((one.category, one.root_cause)).or_default();
        *counted = (counted.0.saturating_add(1), counted.1.saturating_add(one.minutes));
    }
    let kinds = Category::ALL.into_iter().map(|category| {
        let of = |one: &&Ended| one.category == category;
        let (raised, seen_again) = now.get(&category).copied().unwrap_or_default();
        let mut lasted: Vec<u64> = ended.iter().filter(of).map(|one| one.lasted_ms).collect();
        lasted.sort_unstable();
        let middle = lasted.get(lasted.len().div_euclid(2)).copied();
        let people = ended.iter().filter(of).filter(|one| one.by_person).count();
        KindTrend {
            category,
            owner: kind(category).owner,
            raised,
            raised_before: earlier.get(&category).map_or(0, |counted| counted.0),
            seen_again,
            by_itself: wide(lasted.len().saturating_sub(people)),
            by_person: wide(people),
            open: open.get(&category).copied().unwrap_or_default(),
            minutes: ended.iter().filter(of).map(|one| one.minutes).fold(0, u64::saturating_add),
            hours_to_end: middle.map(|ms| ms.div_euclid(3_600_000)),
        }
    });
    let told = |kind: &KindTrend| kind.raised.max(kind.open).max(kind.by_itself).max(kind.by_person) > 0;
    let causes = causes.into_iter().map(|((category, root_cause), (resolved, minutes))| CauseTrend {
        category,
        root_cause,
        resolved,
        minutes,
    });
    Ok(TrendRows { kinds: kinds.filter(told).collect(), causes: causes.collect() })
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
