//! Differences that a customer would have felt: a person is told of them, once for each side and class.

use super::Result;
use super::exceptions::{raise, settle};
use super::row::one;
use super::shadow_page::Page;
use super::sql::sql;
use crate::core::exception::{Category, NewException, Severity};
use crate::core::shadow::Compared;
use crate::core::shadow::judge::Finding;
use crate::core::shadow::words::{Against, DiffClass, DiffSeverity};
use holdfast_shared::ids::TenantId;
use holdfast_shared::time::UtcMs;
use rusqlite::Connection;

fn key(against: Against, class: DiffClass) -> String {
    format!("shadow/{against}/{}", class.as_str())
}

fn side(against: Against) -> String {
    match against {
        Against::Version(version) => format!("Version {version}, in shadow,"),
        Against::Legacy => "The other system".to_owned(),
    }
}

/// Nothing when it is not critical. The same side and class again is counted up.
pub(super) fn tell(
    conn: &Connection,
    page: Page<'_>,
    line: &Compared,
    found: &Finding,
    now: UtcMs,
) -> Result<()> {
    if found.severity != DiffSeverity::Critical {
        return Ok(());
    }
    let class = found.class.as_str().replace('_', " ");
    let suggestion = match page.against {
        Against::Version(version) => format!(
            "Look at the critical differences before version {version} goes on: draft a version that mends \
             them, take it out of the shadow, or settle each of them (GET /v1/shadow/diffs?severity=critical)."
        ),
        Against::Legacy => {
            "Look at the critical differences: one of both sides would have served a customer \
             worse. Settle each of them (GET /v1/shadow/diffs?against=legacy&severity=critical)."
                .to_owned()
        }
    };
    let exception = NewException {
        key: key(page.against, found.class),
        category: Category::ShadowCritical,
        severity: Severity::Medium,
        // Of the other system an order may bear a name that is not one here.
        order: None,
        task: None,
        store: None,
        detail: format!(
            "{} differs critically ({class}), first in order {}, line {}: {}",
            side(page.against),
            line.order,
            line.line,
            found.words
        ),
        suggestion,
    };
    raise(conn, page.tenant, &exception, now)
}

/// After one was settled, or counts no more.
pub(super) fn end_if_none_is_left(
    conn: &Connection,
    (tenant, against): (&TenantId, Against),
    class: DiffClass,
    now: UtcMs,
) -> Result<()> {
    let params = (tenant.as_str(), against.to_string(), class.as_str());
    if one(conn, sql!(SHADOW.critical_open), params, |_| Ok(()))?.is_none() {
        settle(conn, tenant, &key(against, class), "every critical difference of it is settled", now)?;
    }
    Ok(())
}

/// The version decides nothing any more, not even beside.
pub(super) fn end(conn: &Connection, tenant: &TenantId, against: Against, now: UtcMs) -> Result<()> {
    for class in DiffClass::ALL {
        settle(conn, tenant, &key(against, class), "the version has left the shadow", now)?;
    }
    Ok(())
}
