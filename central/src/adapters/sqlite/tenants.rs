//! Each statement on a table of tenants says whose rows it means, or stands here with the reason.

use super::SqliteStore;
use super::sql::FILES;
use super::state::State;
use crate::ports::StoreError;
use holdfast_platform::sqlite::{Options, Place};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

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
    "tenants_with_stores",
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

/// Statements that name a tenant, and a table whose rows they do not hold to it, and why.
const BESIDE: &[&str] = &[
    // By a number that no other tenant's row has, and that is looked up by the tenant in the same statement.
    "drop_deliveries",
    "replace",
    // For all tenants, or one.
    "audit",
    // For all tenants; where the page before ended, or after which tenant the next one comes.
    "skus_to_date",
    "tenants_with_stores",
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

/// The newest number that was given to any decision, as a mark: it says nothing of whose decision that was.
const MARKS: [&str; 2] =
    ["(SELECT max(sequence) FROM decision)", "(SELECT coalesce(max(sequence), 0) FROM decision)"];

/// Words that follow the name of a table and are no other name for it.
const NO_NAMES: &[&str] = &[
    "AS",
    "BEGIN",
    "CROSS",
    "FROM",
    "GROUP",
    "INDEXED",
    "INNER",
    "JOIN",
    "LEFT",
    "LIMIT",
    "NATURAL",
    "NOT",
    "ON",
    "ORDER",
    "RETURNING",
    "SELECT",
    "SET",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "HAVING",
];

/// Names with their dots and marks of parameters, and each sign apart.
fn tokens(code: &str) -> Vec<&str> {
    let inside = |letter: char| letter.is_alphanumeric() || "_.:?".contains(letter);
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let end =
            if inside(first) { rest.find(|letter: char| !inside(letter)) } else { Some(first.len_utf8()) };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        found.push(token);
        rest = after.trim_start();
    }
    found
}

/// By which names a statement reads or changes tables of tenants, one after the other; no name: by the table's own.
fn reads<'c>(tokens: &[&'c str], tables: &BTreeSet<String>) -> Vec<&'c str> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let upsert = at.checked_sub(1).is_some_and(|before| tokens[before] == "DO");
        let begins = ["FROM", "JOIN"].contains(token) || (*token == "UPDATE" && !upsert);
        if !begins || !tokens.get(at + 1).is_some_and(|table| tables.contains(*table)) {
            continue;
        }
        let after = tokens[at + 2..].iter().find(|token| **token != "AS");
        let named = after.filter(|name| {
            name.starts_with(|letter: char| letter.is_alphabetic()) && !NO_NAMES.contains(*name)
        });
        found.push(named.copied().unwrap_or_default());
    }
    found
}

/// What a statement says of tenants.
#[derive(Default)]
struct Held<'c> {
    /// How often rows of that name are held to a tenant that is handed over.
    to_one: BTreeMap<&'c str, usize>,
    /// Whose tenants are those of each other.
    alike: Vec<(&'c str, &'c str)>,
}

/// Of `t.tenant` the name, of `tenant` an empty one; None of what is no tenant. What is selected before is held there.
fn whose<'c>(token: &'c str, reads: &[&str], tables: &BTreeSet<String>) -> Option<&'c str> {
    match token.strip_suffix("tenant")?.strip_suffix('.') {
        None => (token == "tenant").then_some(""),
        Some(name) if tables.contains(name) && !reads.contains(&name) => Some(""),
        Some(name) => Some(name),
    }
}

fn held<'c>(tokens: &[&'c str], reads: &[&str], tables: &BTreeSet<String>) -> Held<'c> {
    let mut held = Held::default();
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = whose(token, reads, tables) else { continue };
        let [is, other] = [at + 1, at + 2].map(|at| tokens.get(at).copied().unwrap_or_default());
        let other = (is == "=" || is == "IS").then_some(other);
        match other.map(|other| (whose(other, reads, tables), other.starts_with([':', '?']))) {
            Some((Some(other), _)) if reads.contains(&other) && reads.contains(&name) => {
                held.alike.push((name, other));
            }
            // One of them is what was selected before, and held there.
            Some((Some(other), _)) if reads.contains(&other) => *held.to_one.entry(other).or_default() += 1,
            Some((Some(_), _) | (None, true)) => *held.to_one.entry(name).or_default() += 1,
            None if is_of_a_row(tokens, at) => *held.to_one.entry(name).or_default() += 1,
            Some((None, false)) | None => {}
        }
    }
    held
}

/// `(tenant, ...) IN`, or compared.
fn is_of_a_row(tokens: &[&str], at: usize) -> bool {
    let opens = at.checked_sub(1).is_some_and(|before| tokens[before] == "(");
    let after = tokens[at..].iter().skip_while(|token| **token != ")").nth(1);
    opens && after.is_some_and(|after| ["IN", "NOT", "=", "<", ">"].contains(after))
}

/// Names of tables that a statement does not hold to a tenant: neither to one that is handed over, nor to that of a
/// table that is. What is for all tenants begins with one table, and those beside it are held to it.
fn unheld<'c>(code: &'c str, tables: &BTreeSet<String>, across: bool) -> BTreeSet<&'c str> {
    let tokens = tokens(code);
    let reads = reads(&tokens, tables);
    let held = held(&tokens, &reads, tables);
    let mut sure: BTreeSet<&str> = held.to_one.keys().copied().collect();
    while let Some((one, other)) =
        held.alike.iter().find(|(one, other)| sure.contains(one) != sure.contains(other))
    {
        sure.extend([*one, *other]);
    }
    let times = |name: &str| reads.iter().filter(|read| **read == name).count();
    let said = |name: &str| {
        let alike = held.alike.iter().flat_map(|(one, other)| [*one, *other]).filter(|one| *one == name);
        held.to_one.get(name).copied().unwrap_or(0) + alike.count()
    };
    let first = reads.iter().find(|name| !name.is_empty());
    let is_held = |name: &&str| {
        let free = across && (name.is_empty() || Some(name) == first);
        free || (said(name) >= times(name) && (across || sure.contains(*name)))
    };
    reads.iter().copied().filter(|name| !is_held(name)).collect()
}

#[tokio::test]
async fn each_table_that_a_statement_reads_is_held_to_a_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("central.db"));
    let central = SqliteStore::open(&place, Options::default(), [1; 8]).unwrap();
    let tables = central.write(|conn: &Connection, _: &mut State| tables_of_tenants(conn)).await.unwrap();
    let mut loose = BTreeMap::new();
    for named in FILES.iter().flat_map(|file| file.split("-- name: ").skip(1)) {
        let (name, statement) = named.split_once('\n').unwrap();
        let code = MARKS.iter().fold(code(statement), |code, mark| code.replace(mark, "0"));
        let across = ACROSS.contains(&name);
        let names: Vec<String> = unheld(&code, &tables, across).into_iter().map(str::to_owned).collect();
        if !names.is_empty() && !BESIDE.contains(&name) {
            loose.insert(name, names);
        }
    }
    assert!(loose.is_empty(), "their rows may be another tenant's: {loose:#?}");
}

#[test]
fn a_table_that_is_held_to_no_tenant_is_told_from_one_that_is() {
    let tables: BTreeSet<String> = ["orders", "task"].map(str::to_owned).into();
    let loose = |code| unheld(code, &tables, false).into_iter().collect::<Vec<_>>();
    for (code, expected) in [
        ("SELECT 1 FROM orders WHERE tenant = :tenant AND order_id = ?2", vec![]),
        ("SELECT :tenant FROM orders WHERE order_id = ?2", vec![""]),
        ("SELECT 1 FROM orders o JOIN task t ON t.tenant = o.tenant WHERE o.tenant = ?1", vec![]),
        ("SELECT 1 FROM orders o JOIN task t ON t.order_id = o.order_id WHERE o.tenant = ?1", vec!["t"]),
        ("SELECT 1 FROM orders o JOIN task t ON t.tenant = o.tenant WHERE o.order_id = ?1", vec!["o", "t"]),
        ("SELECT 1 FROM orders WHERE tenant = ?1 AND EXISTS (SELECT 1 FROM task WHERE task = ?2)", vec![""]),
        (
            "DELETE FROM task WHERE (tenant, task) IN (SELECT tenant, task FROM task WHERE tenant = ?1)",
            vec![],
        ),
        ("UPDATE task SET phase = ?2 WHERE task = ?3", vec![""]),
    ] {
        assert_eq!(loose(code), expected, "{code}");
    }
    let across = |code| unheld(code, &tables, true).len();
    assert_eq!(across("SELECT 1 FROM orders WHERE placed_at < ?1"), 0);
    assert_eq!(across("SELECT 1 FROM orders o JOIN task t ON t.tenant = o.tenant"), 0);
    assert!(across("SELECT 1 FROM orders o JOIN task t ON t.order_id = o.order_id") > 0);
}
