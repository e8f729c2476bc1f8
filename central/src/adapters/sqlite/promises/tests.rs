//! What belongs to this engine: a restart between hold and sweep, and what the schema itself refuses.

use super::*;
use crate::core::test_support::{store, tenant};
use crate::ports::fleet::Fleet;
use crate::ports::work::Work;
use holdfast_platform::sqlite::{Options, Place};
use holdfast_shared::domain::task::FulfilmentKind;
use std::path::Path;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(&Place::File(path.to_owned()), Options::default(), [1; 8]).unwrap()
}

async fn execute(central: &SqliteStore, statement: &'static str) -> Result<usize> {
    central.write(move |conn, _| Ok(conn.execute(statement, [])?)).await
}

/// Leeds with five units of tea, and a cart that holds three of them until 1,000.
async fn held(path: &Path) -> SqliteStore {
    let central = open(path);
    central.put_store(&tenant(), &store("leeds"), UtcMs(1)).await.unwrap();
    let stock = "INSERT INTO position (tenant, sku, store, on_hand, reserved, as_of)
        VALUES ('acme', 'TEA', 'leeds', 5, 0, 1)";
    execute(&central, stock).await.unwrap();
    let (store_id, sku) = ("leeds".parse().unwrap(), "TEA".parse().unwrap());
    let units = CartUnits { store: store_id, sku, quantity: 3, ceded: false, gathered: 0 };
    let cart = NewCart {
        tenant: tenant(),
        promise: "p1".parse().unwrap(),
        request_hash: [1; 32],
        kind: FulfilmentKind::Ship,
        options: Vec::new(),
        units: vec![units],
        made_at: UtcMs(10),
        expires_at: UtcMs(1_000),
    };
    assert_eq!(central.hold_cart(cart).await.unwrap(), CartHeld::New);
    central
}

async fn reserved(central: &SqliteStore) -> i64 {
    let audit = central.audit(None).await.unwrap();
    assert_eq!((audit.reserved_mismatch, audit.orphaned_holds, audit.oversold), (0, 0, 0));
    central.positions(&tenant(), &["TEA".parse().unwrap()]).await.unwrap()[0].reserved
}

#[tokio::test]
async fn a_cart_outlives_a_restart_and_ends_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("central.db");
    let central = held(&path).await;
    central.stop().await;
    drop(central);

    let central = open(&path);
    assert_eq!(reserved(&central).await, 3);
    assert_eq!(central.sweep_promises(UtcMs(2_000), 1_000).await.unwrap().expired, 1);
    assert_eq!(reserved(&central).await, 0);
}

#[tokio::test]
async fn the_schema_refuses_what_must_not_be() {
    let folder = tempfile::tempdir().unwrap();
    let central = held(&folder.path().join("central.db")).await;
    for wrong in [
        // More than the position allowed, more than was taken, less than none.
        "UPDATE cart_hold SET available = 2",
        "UPDATE cart_hold SET quantity = 4",
        "UPDATE cart_hold SET quantity = -1",
        // An end without its cause, and a hold of nobody's.
        "UPDATE cart_promise SET ended_at = 5",
        "UPDATE cart_hold SET promise = 'p2'",
        "DELETE FROM cart_promise",
    ] {
        assert!(execute(&central, wrong).await.is_err(), "{wrong}");
    }
    assert_eq!(reserved(&central).await, 3);
}
