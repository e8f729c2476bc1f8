//! How the statements run: none reads through a whole chain unless that is what it is for.

use super::SqliteStore;
use super::sql::{FILES, sql};
use super::state::State;
use crate::ports::StoreError;
use holdfast_platform::sqlite::{Options, Place};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// What is meant to look at everything, or at all that is open.
const THROUGH_ALL: &[&str] = &[
    // The fleet, at a tick and on pages for people.
    "leases",
    "peers",
    "stores",
    "how_stores_stand",
    "api_keys",
    // Of policies: those in force, one per tenant, and the classes that a catalogue names.
    "active_version",
    "policy_freeze",
    "thaw_policies",
    "end_rollout",
    // A bounded number of the newest decisions, gathered once.
    "measure_rollout",
    "policies_in_force",
    "rollouts_running",
    // Webhooks that nobody has read yet.
    "waiting_notices",
    // The first that there is.
    "any",
    "any_escrow",
    // Before a launch, after it and on the way back: keys and stores, orders in flight, open exceptions, and a
    // bounded number of the newest orders and decisions.
    "channels_seen",
    "decided_by",
    "in_flight",
    "key_uses",
    "open_exceptions_of",
    "store_boxes",
    "shadows_open",
    // Of another system that tells its decisions: one row per tenant.
    "feed_moves",
    "feed_of",
    "feed_waits_less",
    "feeds",
    // What has become open since it was looked at, by an index of that alone.
    "demands",
    // Exceptions and findings that are open, counted by kind; and those of a day, bounded.
    "count_findings",
    "count_open",
    "of_day",
    "open_by_kind",
    "unresolved",
    // All that is open: small beside all that there is.
    "apart",
    "count_outcomes",
    "due_promises",
    "due_substitutions",
    "expired_offers",
    "gathering_stores",
    "gatherings_open",
    "open_orders",
    "open_tasks",
    "perhaps_over",
    "unpublished",
    "waiting",
    // Consumers: few, whoever has the most. What is forgotten is forgotten once.
    "all_consumers",
    "forget_lost",
    "lost_by",
    "lowest_needed",
    // What waits, as it is measured: small beside all that there was.
    "queue_of_exceptions",
    "queue_of_labels",
    "queue_of_notices",
    "queue_of_outbox",
    "queue_of_tracking",
    "queues_of_consumers",
    // One per tenant.
    "account",
    "forget_accounts",
    "head",
    "order_token_key",
    "tenants_with_stores",
    // A page of the newest, and counts by state.
    "activity",
    // The queues of all who wait for goods, and the SKUs of which something is expected.
    "backorders_page",
    "skus_to_date",
    "count",
    "recent",
    // Housekeeping, in steps.
    "drop_decisions",
    "tasks_to_seal",
    // After a restore, once or as long as stores are waited for.
    "all_were_sent",
    "cancels_that_waited",
    "count_adopted",
    "count_held",
    "held",
    "mark_repeated",
    "newest",
    "none_is_compared",
    "orphans",
    "replicas",
    "shared",
    "tell_held",
    "tenants",
    "wait_for_all",
    "waits",
    // What must be zero, counted from the tables.
    "audit",
    "unbalanced",
    // Holds, labels and what stores own are looked through only while a foreign key is violated, which no
    // statement leaves behind.
    "begin_parcel",
    "move_position",
    "put_store",
];

/// A step of a plan that visits each row of a table or of a tenant. Tables of one row are none.
fn visits_all(step: &str) -> bool {
    let scans = step.starts_with("SCAN ")
        && !["CONSTANT ROW", "VIRTUAL TABLE", "(subquery", "SCAN clock", "SCAN flow_read"]
            .iter()
            .any(|small| step.contains(small));
    scans || step.ends_with("(tenant=?)")
}

fn steps(conn: &Connection, statement: &str) -> Result<Vec<String>, StoreError> {
    let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {statement}"))?;
    // Unbound parameters are null, which changes nothing: plans do not depend on values.
    let mut rows = plan.raw_query();
    let mut steps: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(row.get("detail")?);
    }
    Ok(steps)
}

/// Their names, each with the step that does.
fn those_that_visit_all(conn: &Connection) -> Result<BTreeMap<String, String>, StoreError> {
    let mut found = BTreeMap::new();
    for named in FILES.iter().flat_map(|file| file.split("-- name: ").skip(1)) {
        let (name, statement) = named.split_once('\n').unwrap();
        let steps = steps(conn, statement)?;
        if let Some(step) = steps.into_iter().find(|step| visits_all(step)) {
            found.insert(name.to_owned(), step);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn statements_find_their_rows_by_more_than_the_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("central.db"));
    let central = SqliteStore::open(&place, Options::default(), [1; 8]).unwrap();
    let found = central.write(|conn: &Connection, _: &mut State| those_that_visit_all(conn)).await.unwrap();
    let unmeant: BTreeMap<_, _> =
        found.iter().filter(|(name, _)| !THROUGH_ALL.contains(&name.as_str())).collect();
    assert!(unmeant.is_empty(), "they visit all: {unmeant:#?}");
    let bounded: Vec<_> = THROUGH_ALL.iter().filter(|name| !found.contains_key(**name)).collect();
    assert!(bounded.is_empty(), "they visit all no more: {bounded:#?}");
}

#[tokio::test]
async fn who_waits_for_goods_of_which_nothing_is_new_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("central.db"));
    let central = SqliteStore::open(&place, Options::default(), [1; 8]).unwrap();
    let plan = central.read(|conn: &Connection| steps(conn, sql!(WORK.demands))).await.unwrap();
    let by = |index: &str| plan.iter().filter(|step| step.contains(index)).count();
    assert_eq!(by("order_line_fresh"), 1, "{plan:#?}");
    assert_eq!(
        by("orders_backordered (backordered_at"),
        4,
        "never tried, due, tried in the future, a node came: {plan:#?}"
    );
    assert_eq!(
        (by("stock_growth_by_time (grew_at>?)"), by("order_line_backordered (tenant=? AND sku=?)")),
        (1, 1),
        "{plan:#?}"
    );
    let scans: Vec<&String> = plan.iter().filter(|step| visits_all(step)).collect();
    // What is fresh, nodes of a tenant, restores, and what was found.
    let small =
        ["SCAN order_line USING", "SCAN n", "SEARCH n USING", "SCAN recovery", "SEARCH r USING", "SCAN w"];
    let large = scans.iter().filter(|step| !small.iter().any(|small| step.contains(small)));
    assert_eq!(large.count(), 0, "{scans:#?}");
}
