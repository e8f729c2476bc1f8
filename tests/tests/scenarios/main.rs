//! Scenarios by name: what happened in a chain, told as it happened, on real parts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

mod a_cancel_races_a_pick;
mod a_conversation_is_cut;
mod a_cutoff_on_a_dst_day;
mod a_damaged_box_has_seals;
mod a_dark_store_hands_over;
mod a_half_written_wal;
mod a_holds_end_races_a_late_acknowledgement;
mod a_parcel_has_no_label;
mod a_person_overrides_a_release;
mod a_poison_fact_is_isolated;
mod a_restore_is_found_out;
mod a_store_clock_six_hours_off;
mod an_agent_is_restored_from_yesterday;
mod an_image_is_cloned;
mod an_ordinary_day;
mod backorders_are_served_in_turn;
mod central_is_restored;
mod clocks_jump_and_nothing_moves;
mod epochs;
mod maintenance_is_planned_at_the_store;
mod other_goods_and_a_restore;
mod other_goods_stand_in;
mod outside_a_seal;
mod ten_thousand_stores_reconnect;
mod the_broker_is_lost;
mod three_days_offline;
mod two_agents_share_a_store;
