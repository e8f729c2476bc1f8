//! Scenarios by name: what happened in a chain, told as it happened, on real parts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

mod an_ordinary_day;
