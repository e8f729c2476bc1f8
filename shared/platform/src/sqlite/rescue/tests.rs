use super::*;
use std::collections::BTreeMap;

const PAGE: usize = 4096;
const ROWS: usize = 200;

/// A table of keyed rows over many pages, and the number of its root page.
fn keyed(path: &Path) -> usize {
    let database = Connection::open(path).unwrap();
    database
        .execute_batch("CREATE TABLE keyed (key TEXT PRIMARY KEY, sum INTEGER) STRICT, WITHOUT ROWID;")
        .unwrap();
    for n in 0..ROWS {
        database.execute("INSERT INTO keyed VALUES (?1, 1)", [format!("{n:0200}")]).unwrap();
    }
    let root: i64 = database
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'keyed'", [], |row| row.get(0))
        .unwrap();
    usize::try_from(root).unwrap()
}

/// Every child of the root but the last becomes the first one.
fn tie(path: &Path, root: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let page = &mut bytes[(root - 1) * PAGE..root * PAGE];
    assert_eq!(page[0], 2, "the root has children");
    let cells = usize::from(u16::from_be_bytes([page[3], page[4]]));
    let at = |page: &[u8], n: usize| usize::from(u16::from_be_bytes([page[12 + 2 * n], page[13 + 2 * n]]));
    let first: [u8; 4] = page[at(page, 0)..at(page, 0) + 4].try_into().unwrap();
    assert!(cells > 5);
    for n in 1..cells {
        let cell = at(page, n);
        page[cell..cell + 4].copy_from_slice(&first);
    }
    std::fs::write(path, bytes).unwrap();
}

fn read(path: &Path) -> BTreeMap<String, usize> {
    let rescue = Rescue::open(path).unwrap().unwrap();
    let mut read = BTreeMap::new();
    let count = |row: &[Value]| {
        if let [Value::Text(key)] = row {
            *read.entry(key.clone()).or_default() += 1;
        }
        Ok::<(), StorageError>(())
    };
    rescue.rows("keyed", &["key".to_owned()], None, count).unwrap();
    read
}

#[test]
fn a_page_with_many_parents_is_not_read_with_each_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyed.db");
    let root = keyed(&path);
    assert_eq!(read(&path).len(), ROWS);
    tie(&path, root);
    let found = read(&path);
    assert!(found.len() > 20, "both ends are read: {}", found.len());
    assert!(found.values().all(|times| *times <= 2), "once from each end: {found:?}");
}

#[test]
fn keys_are_compared_as_the_tree_orders_them() {
    let text = |text: &str| Value::Text(text.to_owned());
    let ordered = [
        vec![Value::Null, Value::Integer(9)],
        vec![Value::Integer(1), text("b")],
        vec![Value::Integer(2), text("a")],
        vec![text("a"), Value::Null],
        vec![text("b"), Value::Null],
        vec![Value::Blob(vec![0]), Value::Null],
    ];
    for pair in ordered.windows(2) {
        assert_eq!(compare(&pair[0], &pair[1]), Ordering::Less, "{pair:?}");
        assert_eq!(compare(&pair[1], &pair[0]), Ordering::Greater);
    }
}
