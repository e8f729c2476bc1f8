//! How bad a difference would have been for the customer. It has a direction: the side that is to be
//! trusted next is measured by the side that is trusted now, and being better is never bad.

use super::Tolerance;
use super::said::Said;
use super::words::DiffSeverity;
use holdfast_shared::time::UtcMs;

/// `tried` is the side that is to take over, `trusted` the one that it is measured by.
#[must_use]
pub fn severity(
    tried: Option<&Said>,
    trusted: Option<&Said>,
    promised: Option<UtcMs>,
    tolerance: Tolerance,
) -> DiffSeverity {
    let (tried, trusted) = match (tried, trusted) {
        (None, _) => return DiffSeverity::Critical,
        // It has nothing to be measured by.
        (Some(_), None) => return DiffSeverity::Minor,
        (Some(tried), Some(trusted)) => (tried, trusted),
    };
    let unserved = !tried.is_served() && trusted.is_served();
    let lost = tried.breaks(promised) && !trusted.breaks(promised);
    if unserved || lost {
        return DiffSeverity::Critical;
    }
    if is_later(tried, trusted, tolerance) || is_dearer(tried, trusted, tolerance) {
        return DiffSeverity::Major;
    }
    let elsewhere = tried.nodes != trusted.nodes || tried.waits_for != trusted.waits_for;
    let otherwise = tried.exception != trusted.exception || is_later(trusted, tried, tolerance);
    if elsewhere || otherwise { DiffSeverity::Minor } else { DiffSeverity::None }
}

/// Where either says nothing of a date, nothing is known to be later.
#[must_use]
pub fn is_later(tried: &Said, trusted: &Said, tolerance: Tolerance) -> bool {
    let (Some(tried), Some(trusted)) = (tried.promise, trusted.promise) else { return false };
    tried.since(trusted) > tolerance.later_ms
}

fn is_dearer(tried: &Said, trusted: &Said, tolerance: Tolerance) -> bool {
    let (Some(tried), Some(trusted)) = (tried.cost, trusted.cost) else { return false };
    tried.currency == trusted.currency && tried.minor.saturating_sub(trusted.minor) > tolerance.cost_minor
}
