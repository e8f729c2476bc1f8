//! Each statement on a table of tenants says whose rows it means, or stands here with the reason.

use super::SqliteStore;
use super::sql::FILES;
use super::state::State;
use crate::ports::StoreError;
use holdfast_platform::sqlite::{Options, Place};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// What names no tenant, and why.
const ACROSS: &[&str] = &[
    // Who asks is found by the hash of a secret, and brings the tenant.
    "api_key",
    "replica_by_secret",
    "use_code",
    // Age and time are the same for all: what is over is forgotten, what is due is taken up, with its tenant.
    "archives_over",
    "contacts_over",
    "drop_changes",
    "drop_decisions",
    "drop_diffs",
    "drop_eligibility",
    "drop_findings",
    "drop_keys",
    "drop_legacy",
    "drop_measures",
    "drop_misses",
    "drop_moves",
    "drop_nodes",
    "drop_notices",
    "drop_passed",
    "drop_routing_days",
    "drop_steps",
    "drop_sums",
    "drop_tally",
    "drop_uses",
    "drop_withheld",
    "due",
    "due_policies",
    "due_promises",
    "due_substitutions",
    "erasures_due",
    "expired_offers",
    "held_long_enough",
    "legacy_due",
    "old_promises",
    "oldest",
    "over",
    "perhaps_over",
    "published",
    "sagas_without",
    "seals_with_old_facts",
    "tasks_to_seal",
    "unanswered_cancels",
    "untold",
    // Central's own work and measures, for all tenants in one pass; each row carries its tenant.
    "all_consumers",
    "apart",
    "back_again",
    "changed_orders",
    "changed_positions",
    "changed_stores",
    "count_findings",
    "count_open",
    "count_outcomes",
    "decided_up_to",
    "demands",
    "entries_after",
    "feeds",
    "forget_accounts",
    "forget_lost",
    "forget_measures",
    "forget_sums",
    "gathering_stores",
    "leases",
    "lost_by",
    "lowest_needed",
    "marks",
    "none_is_compared",
    "peers",
    "policies_in_force",
    "rollouts_running",
    "say_frozen",
    "shadows_open",
    "unpublished",
    "told_up_to",
    "unread",
    "waiting",
    "waiting_notices",
    "went",
    // After a restore all of the database is looked at.
    "all_were_sent",
    "count_reported",
    "given",
    "tenants",
    "wait_for_all",
    // By a number that was found by the tenant just before, in the same transaction.
    "end",
    "end_shadow",
    "forget_diff",
    "leave_store",
    "move_shadow",
    "set_outcome",
    "step_rollout",
    "stores_of",
    "triage_diff",
];

fn tables_of_tenants(conn: &Connection) -> Result<BTreeSet<String>, StoreError> {
    let mut tables = conn.prepare(include_str!("sql/tests/tables_of_tenants.sql"))?;

    let names = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(names)
}

/// The statement without its comments.
fn code(statement: &str) -> String {
    let line = |line: &str| line.split_once("--").map_or(line, |(code, _)| code).to_owned();
    statement.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn names_a_tenant(code: &str) -> bool {
    code.contains(":tenant") || code.contains("tenant = ?") || code.contains("tenant IS ?")
}

#[test]
fn a_statement_that_names_no_tenant_is_told_from_one_that_does() {
    assert!(names_a_tenant("SELECT 1 FROM orders WHERE tenant = :tenant"));
    assert!(!names_a_tenant(&code("SELECT 1 FROM orders -- of :tenant\nWHERE order_id = ?2")));
}

#[tokio::test]
async fn whose_rows_a_statement_means_it_says_or_there_is_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("central.db"));
    let central = SqliteStore::open(&place, Options::default(), [1; 8]).unwrap();
    let tables = central.write(|conn: &Connection, _: &mut State| tables_of_tenants(conn)).await.unwrap();
    assert!(tables.len() > 40 && tables.contains("orders"), "{tables:?}");
    let mut across = BTreeSet::new();
    for named in FILES.iter().flat_map(|file| file.split("-- name: ").skip(1)) {
        let (name, statement) = named.split_once('\n').unwrap();
        let code = code(statement);
        let words = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let touches = words.into_iter().any(|word| tables.contains(word));
        if touches && !names_a_tenant(&code) {
            across.insert(name.to_owned());
        }
    }
    let meant: BTreeSet<String> = ACROSS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(across, meant, "left: what names no tenant, right: what is meant to");
}
