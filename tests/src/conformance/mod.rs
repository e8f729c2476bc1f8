//! What central's storage must do, whatever engine is behind it.
//!
//! Each behaviour is one function over `&dyn Storage` that begins with an empty database. The
//! agent's side of sync is played by [`agent::Agent`], which holds documents as a real replica
//! does and nothing else. A new engine adds one line to `tests/conformance.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in here is a finding"
)]

pub mod access;
pub mod agent;
pub mod bringing_back;
pub mod cancelling;
pub mod changing;
pub mod consumers;
pub mod dates;
pub mod escrow;
pub mod exceptions;
pub mod fleet;
pub mod flow;
pub mod gathering;
pub mod gathering_ends;
pub mod health;
pub mod hostile;
pub mod kpis;
pub mod labels;
pub mod launch;
pub mod learning;
pub mod limits;
pub mod moves;
pub mod older;
pub mod orders;
pub mod parcel_news;
pub mod parcels;
pub mod paying;
pub mod policies;
pub mod priority;
pub mod promises;
pub mod recovering;
pub mod replays;
pub mod returning;
pub mod rollouts;
pub mod scarce_carts;
pub mod searching;
pub mod shadow;
pub mod shipping;
pub mod stock;
pub mod substituting;
pub mod sync;
pub mod tasks;
pub mod traces;
pub mod work;
pub mod world;

/// Makes one test of every behaviour for an engine: `$open` is an async function that gives an
/// empty storage and something to keep alive beside it.
#[macro_export]
macro_rules! conformance {
    ($open:path) => {
        $crate::conformance!($open:
            access::a_revoked_key_opens_nothing,
            access::an_enrolment_code_works_once_and_in_time,
            access::replicas_of_a_store_get_letters,
            cancelling::units_without_a_node_end_at_once,
            cancelling::units_at_a_store_end_when_it_answers,
            cancelling::a_shipped_order_is_too_late_to_cancel,
            cancelling::a_hand_over_wins_against_a_cancel,
            cancelling::a_cancel_that_no_store_answers_is_told_once,
            changing::all_of_an_order_is_cancelled_once_under_its_key,
            changing::units_that_nobody_has_begun_with_are_taken_off_and_the_rest_is_routed_anew,
            changing::what_a_store_has_begun_with_is_not_changed,
            changing::a_change_is_made_once_for_its_key,
            changing::whoever_decided_before_an_order_went_elsewhere_assigns_nothing,
            changing::a_store_that_began_before_it_heard_of_it_puts_the_goods_back,
            changing::keys_and_records_go_when_their_order_is_long_over,
            changing::what_is_personal_goes_by_rule_when_the_order_is_long_over,
            changing::no_unit_is_lost_whatever_customers_and_stores_do,
            consumers::events_of_a_key_are_counted_and_carry_the_key_of_their_order,
            consumers::what_waits_goes_by_key_and_the_next_of_it_after_the_first,
            consumers::a_step_of_before_a_change_writes_nothing,
            consumers::events_are_kept_for_whoever_has_not_been_sent_them_and_not_for_ever,
            consumers::what_everybody_has_passed_is_dropped_when_it_is_old,
            dates::a_parcel_that_comes_too_late_is_told_with_its_date,
            dates::a_parcel_that_comes_in_time_is_not_told,
            dates::each_new_date_is_told_once,
            dates::an_order_without_a_promise_loses_none,
            dates::those_who_share_an_order_come_with_its_demand,
            escrow::central_promises_only_what_is_ceded,
            escrow::what_leaves_takes_its_right_along,
            escrow::rights_count_as_none_after_a_restore_until_both_sides_have_compared,
            escrow::what_central_gave_back_before_a_restore_it_learns_of_from_the_store,
            escrow::a_box_whose_disk_was_put_back_promises_nothing_until_it_is_level,
            escrow::units_nobody_holds_go_back_when_they_are_wanted_no_more,
            escrow::a_manager_gets_back_what_no_order_holds,
            escrow::an_older_box_is_asked_for_nothing,
            escrow::a_second_box_ends_it,
            escrow::a_class_in_escrow_is_each_of_its_skus_also_one_that_joins_later,
            escrow::a_sale_beyond_is_told_and_settles,
            escrow::rights_stay_when_documents_are_sealed,
            escrow::a_store_cannot_give_itself_back_what_it_ceded,
            exceptions::the_same_cause_counts_up_and_settles,
            exceptions::a_person_resolves_one,
            exceptions::of_two_people_one_has_it,
            exceptions::its_clock_stands_while_it_waits,
            exceptions::each_breach_is_told_once,
            exceptions::a_repair_is_carried_out_once,
            exceptions::what_is_accepted_is_over_with_it,
            exceptions::the_queue_is_searched,
            exceptions::a_trend_counts_who_ended_what_and_for_how_long,
            exceptions::pages_go_on_where_they_ended,
            fleet::a_store_is_described_and_described_anew,
            fleet::closures_of_both_origins_stand_beside_each_other,
            fleet::the_history_of_eligibility_is_newest_first,
            fleet::a_tenant_sees_only_its_own,
            fleet::the_catalogue_knows_what_it_lacks,
            gathering::an_order_that_comes_together_is_set_aside_everywhere_and_not_routed,
            gathering::whoever_decided_before_it_began_assigns_nothing,
            gathering::an_order_that_moved_on_is_not_gathered,
            gathering::of_two_that_want_the_same_units_one_is_gathered,
            gathering::when_all_has_come_the_order_is_routed_from_there,
            gathering::what_comes_for_an_order_is_not_the_buffers,
            gathering::the_same_arrival_twice_has_the_effect_of_once,
            gathering::an_arrival_that_is_heard_of_before_the_hand_over_counts,
            gathering::goods_of_others_and_more_than_is_wanted_are_the_stores_own,
            gathering::a_parcel_belongs_first_to_the_order_that_it_names,
            gathering::units_that_a_checkout_held_elsewhere_travel,
            gathering::both_orders_tell_of_each_other,
            gathering_ends::the_units_of_a_gathering_outlive_any_cart,
            gathering_ends::what_is_late_is_not_waited_for_and_a_person_is_told_of_a_parcel_that_never_came,
            gathering_ends::an_order_is_gathered_once_at_most,
            gathering_ends::when_nobody_sends_the_rest_it_ends_before_its_time,
            gathering_ends::a_cancelled_order_asks_back_what_has_not_left,
            gathering_ends::what_has_left_for_a_cancelled_order_becomes_stock_where_it_goes,
            gathering_ends::a_store_that_serves_nobody_ends_what_others_can_serve,
            gathering_ends::a_pickup_stays_with_the_store_that_the_customer_chose,
            gathering_ends::a_clock_that_was_put_back_lets_no_order_wait_for_ever,
            gathering_ends::a_clock_that_was_put_back_by_an_hour_lets_no_order_wait_an_hour_more,
            gathering_ends::two_lines_of_one_sku_are_both_set_aside,
            health::what_is_arranged_stands_beside_the_description,
            health::only_stores_that_changed_are_read_again,
            health::how_a_store_works_is_counted_by_the_hour,
            health::the_last_word_of_each_replica_of_central_stands,
            hostile::a_damaged_document_does_not_block_the_others,
            hostile::a_document_of_another_store_is_refused,
            hostile::a_store_cannot_write_into_anothers_documents,
            hostile::a_store_cannot_say_what_only_central_says,
            hostile::a_foreign_writer_is_refused,
            hostile::another_replicas_name_is_refused,
            hostile::two_bodies_under_one_id_are_told,
            flow::each_change_of_a_state_is_on_record_and_is_added_up_once,
            flow::what_is_added_up_can_be_made_anew_with_the_same_result,
            flow::open_orders_stand_somewhere_since_a_time_and_may_be_late,
            flow::old_steps_go_together_with_their_sums,
            traces::a_shipped_order_is_one_tree_below_the_request_that_placed_it,
            traces::requests_about_an_order_are_kept_up_to_a_limit,
            traces::others_are_told_from_where_they_were_told_last,
            searching::orders_are_found_by_what_they_are,
            searching::pages_of_what_is_found_meet_without_a_gap,
            kpis::what_is_routed_is_counted_with_it_and_once,
            kpis::a_better_node_that_was_missed_is_counted,
            kpis::work_that_a_store_declined_is_counted_at_both,
            kpis::a_failover_is_counted_at_the_store_that_lost_it,
            kpis::what_nobody_took_and_what_was_cancelled_is_counted_once,
            kpis::what_was_not_there_and_what_was_kept_back_is_counted,
            kpis::a_promise_that_came_out_is_counted_by_who_sent_it,
            kpis::days_and_regions_stand_apart_and_are_dropped_when_they_are_old,
            launch::orders_in_flight_are_counted_by_state_and_policy,
            launch::a_way_back_is_on_record_with_the_decisions_after_it,
            launch::channels_and_keys_tell_who_sends,
            launch::stores_tell_of_their_boxes,
            launch::the_newest_orders_are_counted_against_work_and_events,
            launch::each_decision_counts_once_for_what_mattered,
            launch::sign_offs_are_words_of_different_people_and_stay,
            labels::a_failure_is_reported_once_and_names_the_planned_service,
            labels::another_service_is_planned_anew_and_its_date_told,
            labels::what_a_person_must_decide_is_an_exception,
            parcel_news::a_label_that_staff_could_not_make_is_on_record_once,
            parcel_news::a_store_reports_no_label_of_anothers_work,
            parcel_news::a_store_is_told_what_becomes_of_a_parcel,
            parcel_news::a_hub_is_told_what_comes_from_whom_until_it_has_it,
            parcel_news::what_is_late_is_still_listed_until_it_comes,
            parcel_news::an_agent_that_shows_no_parcels_is_told_of_none,
            learning::sales_are_learned_with_the_facts_that_tell_them,
            learning::a_store_that_has_nothing_to_tell_is_heard_all_the_same,
            learning::what_does_not_count_any_more_is_not_learned,
            learning::checks_are_kept_by_store_and_class,
            learning::a_till_that_draws_ceded_units_oversells_only_what_orders_hold,
            learning::units_that_were_promised_and_not_there_are_reported,
            learning::units_that_were_kept_back_are_reported_once,
            learning::what_no_store_told_of_is_listed_as_unknown,
            learning::what_a_store_has_is_listed_in_pages,
            learning::a_facts_way_to_central_is_measured,
            limits::an_agent_of_the_first_version_still_syncs,
            limits::a_siblings_backlog_comes_in_pieces_and_tasks_overtake_it,
            moves::a_move_opens_the_lines_and_is_on_record_to_its_end,
            moves::why_the_second_did_not_get_it_is_told_with_who_did,
            moves::a_move_says_which_of_the_causes_it_has,
            moves::no_minute_has_more_moves_than_its_pace,
            moves::what_has_left_does_not_hide_what_is_left,
            moves::a_move_decides_on_the_row_of_the_release,
            moves::a_customer_is_told_without_a_word_of_stores,
            moves::a_promise_that_is_over_is_told_once,
            moves::work_that_is_given_back_is_told_as_that,
            moves::a_drill_closes_its_stores_and_opens_them_again,
            moves::a_drill_takes_all_of_its_stores_or_none,
            moves::a_closure_that_somebody_made_meanwhile_outlives_the_drill,
            moves::a_move_under_another_fence_does_nothing,
            older::an_agent_of_the_first_version_lives_a_whole_life,
            older::an_agent_of_the_second_version_lives_a_whole_life,
            older::what_is_closed_is_sealed_when_nobody_needs_it_open,
            older::an_old_box_that_is_new_in_a_store_with_a_past_is_told_of,
            orders::the_same_key_is_the_same_order,
            orders::a_key_for_another_request_is_refused,
            orders::a_listing_pages_newest_first_and_by_state,
            orders::an_order_whose_work_comes_back_is_no_new_order,
            orders::events_are_published_in_order_and_once,
            priority::a_higher_priority_is_served_first_and_of_one_priority_who_waits_longest,
            bringing_back::more_than_left_cannot_be_announced_however_it_is_asked,
            bringing_back::a_return_is_asked_for_once_under_its_key,
            bringing_back::what_was_announced_comes_back_and_is_sold_again,
            bringing_back::goods_that_nobody_announced_are_a_return_and_a_person_says_what_of_it,
            bringing_back::goods_that_came_before_it_was_known_that_they_left_count_when_it_is,
            bringing_back::a_slip_of_nothing_is_told_and_its_goods_are_stock,
            bringing_back::what_a_store_says_again_counts_once,
            bringing_back::a_return_that_was_due_ends_when_the_goods_are_back,
            bringing_back::a_return_that_is_due_does_not_begin_when_the_goods_were_back_before,
            paying::an_order_is_routed_when_its_money_is_set_aside_and_not_before,
            paying::an_order_that_cannot_be_paid_ends_and_frees_its_cart,
            paying::of_two_that_write_about_the_same_money_one_is_told_to_look_again,
            paying::what_changes_while_somebody_looks_is_looked_at_again,
            paying::a_clock_that_was_put_back_lets_no_money_rest_for_ever,
            paying::a_refund_is_taken_in_once_for_its_key_and_for_no_more_than_was_taken,
            paying::a_webhook_is_kept_once_and_shown_whatever_it_says,
            promises::two_carts_never_hold_the_same_unit,
            promises::a_cart_is_held_once_for_its_key,
            promises::a_cart_whose_time_is_up_gives_its_units_back,
            promises::a_clock_that_was_put_back_holds_no_cart_for_ever,
            promises::a_cart_is_given_back_once,
            promises::an_order_consumes_its_cart_with_its_assignment,
            promises::an_order_that_went_elsewhere_leaves_its_cart_to_others,
            promises::an_order_that_is_cancelled_leaves_its_cart_to_others,
            promises::a_cart_that_is_over_is_taken_over_by_nobody,
            promises::a_cart_never_promises_what_a_store_has_sold,
            promises::a_promised_date_is_kept_or_missed_and_told_once,
            promises::goods_that_missed_the_carrier_missed_the_promise,
            policies::versions_are_numbered_by_tenant_and_listed_newest_first,
            policies::one_version_is_in_force_and_the_other_retires_with_it,
            policies::of_two_activations_at_once_each_leaves_one_in_force,
            policies::a_step_is_decided_where_it_is_written,
            policies::a_freeze_is_heeded_until_it_ends,
            policies::what_is_to_begin_later_is_due_then_and_once,
            policies::the_history_of_policies_tells_every_step,
            recovering::lost_work_is_adopted_while_a_store_replays_and_not_otherwise,
            recovering::a_replaying_store_cannot_say_everything,
            recovering::a_hold_that_ended_before_its_task_was_known_has_ended,
            recovering::what_a_forgotten_box_said_comes_back_with_its_sibling,
            recovering::nobody_leaps_far_ahead_of_central,
            recovering::what_was_heard_beyond_the_last_change_proves_a_restore,
            recovering::goods_for_a_gathering_that_is_forgotten_are_asked_back,
            recovering::of_two_bodies_the_smaller_hash_counts,
            replays::orders_of_a_time_are_found_oldest_first,
            replays::decisions_are_read_with_what_they_were_made_from,
            replays::what_was_found_at_the_shelves_is_read,
            returning::work_that_nobody_else_began_is_given_back,
            returning::an_acknowledgement_that_came_too_late_still_counts_while_nobody_began,
            returning::work_that_another_store_began_is_put_back,
            returning::a_store_that_is_closed_hard_gets_nothing_back,
            returning::a_store_that_is_closed_hard_as_planned_gets_nothing_back,
            returning::a_decline_that_crossed_the_recall_gives_its_units_back,
            returning::a_person_takes_released_work_back_and_answers_for_it,
            returning::goods_that_a_manager_lets_go_are_told_and_their_replacement_stops,
            returning::a_replacement_that_is_released_is_told_while_it_can_still_be_stopped,
            returning::a_short_line_stays_open_when_the_rest_is_given_back,
            rollouts::one_trial_runs_at_a_time_and_only_of_what_is_approved,
            rollouts::a_trial_that_went_well_lets_its_version_begin,
            rollouts::a_trial_does_not_grow_over_open_exceptions_or_work_that_was_lost,
            rollouts::open_orders_tell_their_channel_and_classes,
            rollouts::open_orders_tell_whether_they_are_easy,
            rollouts::trials_are_listed_newest_first_and_found_by_number,
            rollouts::a_trial_needs_what_its_shadow_has_shown,
            rollouts::who_starts_a_trial_without_its_shadow_is_on_record,
            shadow::one_version_is_in_shadow_at_a_time_and_its_life_is_on_record,
            shadow::a_shadow_is_asked_once_about_each_decision,
            shadow::a_difference_is_settled_alone_or_with_those_alike,
            shadow::a_critical_difference_is_told_once_for_its_class_until_all_are_settled,
            shadow::what_a_day_has_no_room_for_is_counted_and_not_kept,
            shadow::what_another_system_says_counts_once,
            shadow::a_line_that_was_missing_is_counted_anew_when_it_comes,
            shadow::an_order_is_found_by_its_id_or_its_reference,
            shadow::old_comparisons_are_swept,
            scarce_carts::a_cart_holds_rights_and_gives_them_back,
            scarce_carts::an_order_takes_the_rights_of_its_cart_over,
            scarce_carts::a_cart_from_before_the_escrow_holds_no_rights,
            scarce_carts::while_rights_are_in_doubt_no_cart_gets_any,
            stock::facts_become_positions_by_difference,
            shipping::a_parcel_begins_when_picking_does_and_only_where_labels_are_made_here,
            shipping::a_pickup_and_an_accepted_task_are_no_parcel,
            shipping::of_two_that_write_about_the_same_parcel_one_is_told_to_look_again,
            shipping::work_that_goes_on_wakes_its_parcel,
            shipping::an_order_is_delivered_when_its_carrier_says_so_and_never_goes_back,
            shipping::a_label_waits_at_its_store_until_the_parcel_leaves,
            shipping::a_carriers_word_is_kept_once_and_finds_its_parcel_by_number,
            stock::a_hold_ends_with_the_fact_that_names_it,
            stock::a_drifted_store_is_told_and_settles,
            stock::the_newest_digests_are_kept,
            substituting::two_proposals_never_hold_the_same_unit,
            substituting::an_accepted_proposal_becomes_a_line_and_its_assignment_takes_its_units,
            substituting::accepted_goods_stay_set_aside_beside_what_a_checkout_held,
            substituting::a_proposal_nobody_answers_ends_and_gives_its_units_back,
            substituting::a_cancel_ends_a_proposal_and_an_answer_comes_too_late,
            substituting::an_order_that_moved_on_is_not_substituted,
            substituting::substitutes_are_replaced_as_a_whole_and_stay_in_their_order,
            substituting::a_date_is_told_once_and_goes_with_the_wait,
            sync::the_same_request_twice_has_the_effect_of_once,
            sync::changes_out_of_order_are_asked_for,
            sync::a_lost_answer_is_given_again,
            sync::a_new_incarnation_sends_everything_again,
            sync::an_ask_is_answered_by_heads,
            sync::both_sides_come_level,
            sync::a_fact_through_two_documents_counts_once,
            sync::an_intent_is_missing_until_it_or_a_part_of_it_arrives,
            sync::a_replica_that_lost_its_disk_gets_its_own_back,
            tasks::a_packed_task_is_released_in_the_same_round,
            tasks::a_hand_over_consumes_hold_and_stock,
            tasks::a_decline_opens_the_order_again,
            tasks::a_short_line_opens_the_rest,
            tasks::a_pickup_is_released_with_its_offer,
            tasks::among_several_replicas_the_first_to_ask_gets_the_release,
            tasks::goods_that_left_twice_are_told,
            work::an_assignment_reserves_and_offers,
            work::many_are_each_written_or_refused_for_itself,
            work::one_that_cannot_be_written_harms_no_other,
            work::nothing_is_promised_beyond_what_is_there,
            work::of_fifty_at_once_only_as_many_as_there_are_units,
            work::an_order_that_moved_on_is_not_assigned,
            work::a_buffer_is_never_promised,
            work::fences_grow,
            work::a_recall_beats_a_later_release,
            work::a_release_beats_a_later_recall,
            work::a_hold_stays_until_the_store_answers_the_recall,
            work::an_offer_nobody_saw_gives_its_units_back_at_once,
            work::a_backorder_comes_back_when_stock_grows,
            parcels::two_stores_share_the_units_of_one_line_by_one_decision,
            parcels::a_part_of_a_line_goes_and_the_rest_waits_for_stock,
            parcels::a_held_order_waits_for_its_time_or_for_a_node,
            parcels::a_held_order_is_told_once_and_ends_with_an_assignment,
            parcels::what_goods_need_and_cost_comes_with_the_demand,
            work::an_offer_past_its_time_is_found,
        );
    };
    ($open:path: $($room:ident :: $behaviour:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $behaviour() {
                let (storage, _kept) = $open().await;
                $crate::conformance::$room::$behaviour(&storage).await;
            }
        )*
    };
}
