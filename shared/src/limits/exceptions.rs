//! Of exceptions, and of what compares the books.

/// How soon an exception may be asked to be looked at or to end, at the latest.
pub const EXCEPTION_TARGET_MS_MAX: i64 = 365 * 24 * 60 * 60 * 1000;
/// Exceptions that one word of a person resolves.
pub const EXCEPTIONS_RESOLVED_MAX: usize = 200;
/// Minutes that a person may have spent on one exception.
pub const EXCEPTION_MINUTES_MAX: u32 = 100_000;
/// What was done about one exception, kept one by one.
pub const EXCEPTION_EVENTS_MAX: u32 = 500;
/// Repairs of one exception that are carried out or refused.
pub const EXCEPTION_REPAIRS_MAX: u32 = 100;
/// Open exceptions whose clock one look reads.
pub const EXCEPTIONS_TIMED_MAX: u32 = 500;
/// Days that one trend of exceptions covers.
pub const EXCEPTION_TREND_DAYS_MAX: i64 = 366;
/// Exceptions that one trend goes through.
pub const EXCEPTION_TREND_ROWS_MAX: u32 = 100_000;
/// Characters that a search of exceptions may have.
pub const EXCEPTION_SEARCH_CHARS_MAX: usize = 100;
/// How long reconciliation may be told to wait for anything.
pub const RECONCILE_MS_MAX: i64 = 90 * 24 * 60 * 60 * 1000;
/// How often central tries to mend one finding by itself.
pub const RECONCILE_ATTEMPTS_MAX: u32 = 3;
/// Orders that one look takes up.
pub const RECONCILE_ORDERS_MAX: u32 = 200;
/// Positions that one look takes up.
pub const RECONCILE_POSITIONS_MAX: u32 = 500;
/// Positions of one store that are told of when they do not add up.
pub const RECONCILE_UNEQUAL_MAX: u32 = 50;
/// Findings whose scope one look sees again.
pub const RECONCILE_DUE_MAX: u32 = 200;
/// Open findings of one scope.
pub const RECONCILE_SCOPE_MAX: u32 = 500;
/// Rows of each part of a report of a day.
pub const RECONCILE_REPORT_ROWS_MAX: u32 = 2_000;
/// Days for which findings that are over are kept.
pub const FINDINGS_KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Runs of reconciliation that one tenant has waiting or running.
pub const RECONCILE_RUNS_MAX: usize = 4;
/// Runs of reconciliation that are remembered.
pub const RECONCILE_RUNS_KEPT_MAX: usize = 50;
