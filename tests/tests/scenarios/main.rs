//! Scenarios by name: what happened in a chain, told as it happened, on real parts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

mod a_conversation_is_cut;
mod a_poison_fact_is_isolated;
mod an_agent_is_restored_from_yesterday;
mod an_ordinary_day;
mod ten_thousand_stores_reconnect;
