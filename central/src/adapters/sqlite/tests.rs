//! What belongs to this engine alone: the file, its limits, and a restart. What every engine must
//! do is in the conformance suite of the tests crate.

use super::SqliteStore;
use super::state::State;
use crate::core::fleet::{Place as Spot, Store, StoreKind};
use crate::ports::access::{Access, ReplicaIdentity};
use crate::ports::fleet::{CatalogueItem, Fleet};
use crate::ports::recovery::Recoveries;
use crate::ports::replication::Replication;
use holdfast_platform::sqlite::{Companion, Options, Place};
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{ReplicaId, Sku, StoreId, TenantId};
use holdfast_shared::time::{Hlc, MonoMs, Now, UtcMs};
use holdfast_shared::wire::sync::SyncRequest;
use rusqlite::Connection;
use std::path::Path;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(&Place::File(path.to_owned()), Options::default(), [1; 8]).unwrap()
}

fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

fn store() -> Store {
    Store {
        store: StoreId::new("leeds").unwrap(),
        name: "Leeds".into(),
        kind: StoreKind::Store,
        place: Spot { latitude: 53.8, longitude: -1.5 },
        zone: "Europe/London".into(),
        hours: Vec::new(),
        fulfils: [FulfilmentKind::Ship].into(),
        capacity_tasks: 10,
        buffer_units: 0,
        release_point: ReleasePoint::Packed,
        handles: [].into(),
        handling_cost: None,
        margin_permille: None,
        delivers_km: None,
        region: None,
    }
}

fn items(count: usize) -> Vec<CatalogueItem> {
    let item = |n| CatalogueItem {
        sku: Sku::new(format!("SKU-{n}")).unwrap(),
        name: "a name that takes some room on a page".repeat(5),
        class: None,
        needs: [].into(),
    };
    (0..count).map(item).collect()
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let central = open(&folder.path().join("central.db"));
    let cap = |pages: &'static str| {
        central.write(move |conn: &Connection, _: &mut State| {
            let now: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let most = if pages == "none" { now } else { now + 100_000 };
            conn.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?;
            Ok(())
        })
    };
    cap("none").await.unwrap();
    let error = central.put_catalogue(&tenant(), &items(3_000)).await.unwrap_err();
    assert_eq!(error.code, Code::DiskFull);
    let first = [Sku::new("SKU-0").unwrap()];
    assert_eq!(central.unknown_skus(&tenant(), &first).await.unwrap(), first);
    cap("more").await.unwrap();
    assert_eq!(central.put_catalogue(&tenant(), &items(3_000)).await.unwrap(), 3_000);
}

#[tokio::test]
async fn a_damaged_file_is_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let central = open(&path);
    central.put_store(&tenant(), &store(), UtcMs(1)).await.unwrap();
    central.put_catalogue(&tenant(), &items(3_000)).await.unwrap();
    central.stop().await;
    drop(central);
    let mut bytes = std::fs::read(&path).unwrap();
    // Within the catalogue, which is the greatest part and was written last.
    let late = bytes.len() / 4 * 3;
    bytes[late..late + 20_000].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();

    let central = open(&path);
    assert!(central.damage().is_some());
    let refused = central.put_store(&tenant(), &store(), UtcMs(2)).await.unwrap_err();
    assert_eq!(refused.code, Code::ReadOnly);
    assert!(central.store(&tenant(), &store().store).await.unwrap().is_some());
}

#[test]
fn a_failed_commit_forgets_documents_and_writes_on_as_another() {
    let conn = Connection::open_in_memory().unwrap();
    conn.execute_batch(include_str!("migrations/V1__first.sql")).unwrap();
    let mut state = State::load(&conn, ReplicaId::new("central").unwrap(), [1; 8]).unwrap();
    let before = state.writer;
    state.on_failed_commit();
    let between = state.writer;
    state.on_failed_commit();
    assert!(before != between && between != state.writer && before != state.writer);
    assert!(state.writer.belongs_to(&ReplicaId::new("central").unwrap()));
}

async fn enrolled(central: &SqliteStore) -> ReplicaIdentity {
    central.put_store(&tenant(), &store(), UtcMs(1)).await.unwrap();
    central.offer_enrolment(&tenant(), &store().store, [1; 32], UtcMs(9)).await.unwrap();
    central.enrol([1; 32], [2; 32], None, UtcMs(2)).await.unwrap().unwrap()
}

fn nothing_new(from: &ReplicaIdentity) -> SyncRequest {
    SyncRequest::bare(from.store.clone(), from.replica.clone(), "b1".parse().unwrap(), Hlc::default())
}

fn at(ms: i64) -> Now {
    Now { utc: UtcMs(ms), mono: MonoMs(ms) }
}

/// What the one said to stores must not be taken for what the other says.
#[tokio::test]
async fn a_backup_that_is_put_back_twice_goes_on_in_different_incarnations() {
    let folder = tempfile::tempdir().unwrap();
    let mut begun = std::collections::BTreeSet::new();
    for n in 1..4 {
        let place = Place::File(folder.path().join(format!("{n}.db")));
        let central = SqliteStore::open(&place, Options::default(), [n; 8]).unwrap();
        enrolled(&central).await;
        begun.insert(central.begin_recovery("an operator said so", UtcMs(5)).await.unwrap());
    }
    assert_eq!(begun.len(), 3, "{begun:?}");
}

#[tokio::test]
async fn the_clock_and_the_incarnation_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let central = open(&path);
    let replica = enrolled(&central).await;
    let first = central.exchange(&replica, None, &nothing_new(&replica), at(1_000)).await.unwrap().response;
    let begun = central.begin_recovery("a drill", UtcMs(5)).await.unwrap();
    central.stop().await;
    drop(central);

    let central = open(&path);
    // The wall clock has been set back meanwhile.
    let second = central.exchange(&replica, None, &nothing_new(&replica), at(5)).await.unwrap().response;
    assert!(second.hlc > first.hlc);
    assert_eq!((first.incarnation, second.incarnation), (1, u64::from(begun)));
    assert!(begun > 1);
}

async fn tried_on_policies(central: &SqliteStore, statement: &'static str) -> String {
    let broken =
        central.write(move |conn: &Connection, _: &mut State| Ok(conn.execute_batch(statement)?)).await;
    broken.err().map(|error| format!("{:?}", error.source)).unwrap_or_default()
}

/// What a mistake above would do to the record of policies, the schema refuses.
#[tokio::test]
async fn the_record_of_policies_cannot_be_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let central = open(&folder.path().join("central.db"));
    let rows = "INSERT INTO policy_version (tenant, version, state, text, canonical, hash, author, reason,
            created_at, approved_by, approved_at, activated_at)
        VALUES ('acme', 1, 'active', 't', 'c', zeroblob(32), 'ann', 'why', 0, 'bob', 1, 2),
            ('acme', 2, 'approved', 't', 'c', zeroblob(32), 'ann', 'why', 0, 'bob', 1, NULL),
            ('acme', 3, 'draft', 't', 'c', zeroblob(32), 'ann', 'why', 0, NULL, NULL, NULL);
        INSERT INTO policy_event (tenant, version, at, actor, act, reason) VALUES ('acme', 1, 0, 'ann', 'draft', 'why')";
    assert_eq!(tried_on_policies(&central, rows).await, "");
    for (statement, refused) in [
        ("UPDATE policy_version SET text = 'other' WHERE version = 1", "never changes"),
        ("UPDATE policy_version SET author = 'cy' WHERE version = 3", "never changes"),
        ("DELETE FROM policy_version WHERE version = 3", "are kept"),
        ("UPDATE policy_event SET reason = 'better'", "history of policies never changes"),
        ("DELETE FROM policy_event", "history of policies is kept"),
        ("UPDATE policy_version SET state = 'active', activated_at = 3 WHERE version = 2", "UNIQUE"),
        ("UPDATE policy_version SET state = 'approved' WHERE version = 3", "CHECK"),
        (
            "UPDATE policy_version SET state = 'approved', approved_by = 'ann', approved_at = 1 WHERE version = 3",
            "CHECK",
        ),
        ("UPDATE policy_version SET effective_at = 9 WHERE version = 2", "CHECK"),
    ] {
        let told = tried_on_policies(&central, statement).await;
        assert!(told.contains(refused), "{statement}: {told}");
    }
}
