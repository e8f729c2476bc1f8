//! Scenarios by name: what happened in a chain, told as it happened, on real parts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

mod an_agent_is_restored_from_yesterday;
mod an_image_is_cloned;
mod an_ordinary_day;
mod two_agents_share_a_store;
