//! Why there is no date.

use holdfast_shared::domain::task::FulfilmentKind;
use holdfast_shared::limits::CALENDAR_DAYS_MAX;

/// Why no date can be told. It names no store, so that a storefront may hear it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoDate {
    #[error("no carrier's service is described for {}", .0.as_str())]
    NoService(FulfilmentKind),
    #[error("{service} does not go {distance_km:.0} km far")]
    TooFar { service: String, distance_km: f64 },
    #[error("{service} does not come within {CALENDAR_DAYS_MAX} days")]
    NeverComes { service: String },
    #[error("{service} does not bring goods within {CALENDAR_DAYS_MAX} days")]
    NeverBrings { service: String },
    #[error("less than {minutes} minutes of opening time within {CALENDAR_DAYS_MAX} days")]
    TooLittleOpen { minutes: u32 },
    #[error("{0}")]
    Zone(String),
    #[error("time {0} cannot be a date")]
    Time(i64),
    #[error("the calendar ends before")]
    Beyond,
}
