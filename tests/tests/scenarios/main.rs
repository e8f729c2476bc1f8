//! Scenarios by name: what happened in a chain, told as it happened, on real parts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

mod a_cutoff_on_a_dst_day;
mod a_store_clock_six_hours_off;
mod an_ordinary_day;
mod clocks_jump_and_nothing_moves;
mod the_broker_is_lost;
