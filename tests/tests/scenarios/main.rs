//! Scenarios by name: what happened in a chain, told as it happened, on real parts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

mod a_cancel_races_a_pick;
mod a_holds_end_races_a_late_acknowledgement;
mod a_person_overrides_a_release;
mod an_ordinary_day;
mod three_days_offline;
