use super::support::{Disk, NOW, line, run, stock, units};
use crate::core::command::MovementKind;
use crate::core::testing::{at, moves};
use crate::ports::ledger::{Import, ImportItem, Imported, Ledger};
use holdfast_shared::limits::QUANTITY_MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[tokio::test]
async fn opening_stock_counts_once() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    stock(&ledger, &[("A", 10), ("B", 0)]).await;
    run(&ledger, "k", moves(MovementKind::Sale, "A", 1)).await.unwrap();
    let renamed = ImportItem { name: Some("New".into()), ..line("A", Some(99)) };
    let items = vec![renamed, line("B", Some(5)), line("C", Some(3)), line("D", None)];
    let imported = ledger.import(items, Box::new(|_| {}), at(NOW)).await.unwrap();
    let told = Imported { new_skus: 2, changed_skus: 1, opened_positions: 1, kept_positions: 2 };
    assert_eq!(imported, told);
    assert_eq!((units(&ledger, "A").await.0, units(&ledger, "C").await.0), (9, 3));
}

#[tokio::test]
async fn nothing_of_a_bad_file_is_applied() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let items = vec![line("A", Some(1)), line("B", Some(QUANTITY_MAX + 1))];
    let refused = ledger.import(items, Box::new(|_| {}), at(NOW)).await.unwrap_err();
    assert!(refused.to_string().starts_with("B: "), "{refused}");
    let summary = ledger.summary().await.unwrap();
    assert_eq!((summary.skus, summary.facts), (0, 0));
}

#[tokio::test]
async fn a_person_finds_an_article_by_what_is_at_hand() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let item = |sku: &str, name: &str, barcode: &str| ImportItem {
        name: Some(name.into()),
        barcode: Some(barcode.into()),
        ..line(sku, Some(1))
    };
    let items = vec![
        item("SH-RED-1", "Red running shoe", "4006381333931"),
        item("SH-BLU-1", "Blue running shoe", "4006381333932"),
        item("MUG_1", "Mug, café au lait", "4006381333933"),
    ];
    ledger.import(items, Box::new(|_| {}), at(NOW)).await.unwrap();
    let found = async |text: &str| {
        let found = ledger.search(text, 10).await.unwrap();
        found.iter().map(|position| position.sku.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found("4006381333932").await, ["SH-BLU-1"]);
    assert_eq!(found("sh-").await, ["SH-BLU-1", "SH-RED-1"]);
    assert_eq!(found("shoe blu").await, ["SH-BLU-1"]);
    assert_eq!(found("cafe").await, ["MUG_1"]);
    assert_eq!(found("\" OR * --").await, Vec::<String>::new());
    assert_eq!(ledger.search("shoe", 1).await.unwrap().len(), 1);
    // A new name is found, and the old one is not.
    ledger.import(vec![item("MUG_1", "Cup", "4006381333933")], Box::new(|_| {}), at(NOW)).await.unwrap();
    assert_eq!((found("cafe").await, found("cup").await), (vec![], vec!["MUG_1".to_owned()]));
}

#[tokio::test]
async fn a_large_catalogue_is_imported_at_once_and_tells_how_far_it_is() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let items: Vec<_> = (0..100_000).map(|n| line(&format!("SKU-{n}"), Some(n % 50))).collect();
    let told = Arc::new(AtomicU64::new(0));
    let heard = Arc::clone(&told);
    let progress = Box::new(move |done| heard.store(done, Ordering::Relaxed));
    let imported = ledger.import(items, progress, at(NOW)).await.unwrap();
    assert_eq!((imported.new_skus, imported.opened_positions), (100_000, 100_000));
    assert_eq!(told.load(Ordering::Relaxed), 100_000);
    assert_eq!(ledger.summary().await.unwrap().positions, 100_000);
}
