//! Of goods that come back.

/// Returns of one order.
pub const RETURNS_MAX: usize = 50;
/// Facts about one return; beyond it a person goes on with it by hand.
pub const RETURN_FACTS_MAX: usize = 1_000;
/// Days for which goods may be returned, or are waited for.
pub const RETURN_DAYS_MAX: u32 = 3_650;
/// Classes of the catalogue of which nothing is taken back.
pub const FINAL_SALE_CLASSES_MAX: usize = 1_000;
/// Returns that one look brings on.
pub const RETURNS_DUE_MAX: u32 = 100;
/// Steps that one look brings a return on.
pub const RETURN_STEPS_MAX: usize = 32;
