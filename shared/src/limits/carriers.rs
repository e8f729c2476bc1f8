//! Of carriers and their parcels.

/// Carrier accounts of one central.
pub const CARRIER_ACCOUNTS_MAX: usize = 64;
/// Facts about one parcel; beyond it a person goes on with it by hand.
pub const PARCEL_FACTS_MAX: usize = 1_000;
/// Characters of what a carrier calls a label, a service or a parcel.
pub const CARRIER_WORD_CHARS_MAX: usize = 128;
/// Characters of the address of a label.
pub const LABEL_URL_CHARS_MAX: usize = 1_024;
/// Scans of one account that wait for their label. One more does not wait; it is kept, and read if its label is made.
pub const SCANS_WAITING_MAX: u32 = 10_000;
