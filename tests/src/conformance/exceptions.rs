//! The queue of what a person must look at.

use super::world::{at, tenant};
use holdfast_central::core::exception::{Category, Exception, NewException, Severity};
use holdfast_central::ports::{PageRequest, Storage};
use holdfast_shared::ids::TenantId;

fn stuck(key: &str) -> NewException {
    NewException {
        key: key.to_owned(),
        category: Category::Stuck,
        severity: Severity::Low,
        order: None,
        task: None,
        store: None,
        detail: format!("{key} does not end"),
        suggestion: "Look at it.".to_owned(),
    }
}

async fn listed(storage: &dyn Storage, open_only: bool) -> Vec<Exception> {
    let page = PageRequest { cursor: None, limit: 100 };
    storage.exceptions(&tenant(), open_only, &page).await.unwrap().rows
}

pub async fn the_same_cause_counts_up_and_settles(storage: &dyn Storage) {
    for ms in 0..3 {
        storage.raise(&tenant(), &stuck("t1"), at(ms).utc).await.unwrap();
    }
    let open = listed(storage, true).await;
    assert_eq!((open.len(), open[0].times, open[0].raised_at), (1, 3, at(0).utc));
    assert!(storage.settle(&tenant(), "t1", "it ended", at(9).utc).await.unwrap());
    assert!(!storage.settle(&tenant(), "t1", "it ended", at(9).utc).await.unwrap());
    assert!(listed(storage, true).await.is_empty());
    storage.raise(&tenant(), &stuck("t1"), at(10).utc).await.unwrap();
    let all = listed(storage, false).await;
    assert_eq!(all.iter().map(|row| row.times).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(all[1].resolution.as_deref(), Some("it ended"));
}

pub async fn a_person_resolves_one(storage: &dyn Storage) {
    storage.raise(&tenant(), &stuck("t1"), at(0).utc).await.unwrap();
    let id = listed(storage, true).await[0].exception.clone();
    let other = TenantId::new("other").unwrap();
    assert!(!storage.resolve_exception(&other, &id, "seen", at(1).utc).await.unwrap());
    assert!(storage.resolve_exception(&tenant(), &id, "seen", at(1).utc).await.unwrap());
    assert!(!storage.resolve_exception(&tenant(), &id, "again", at(2).utc).await.unwrap());
    assert_eq!(listed(storage, false).await[0].resolved_at, Some(at(1).utc));
}

pub async fn pages_go_on_where_they_ended(storage: &dyn Storage) {
    for n in 0..5 {
        storage.raise(&tenant(), &stuck(&format!("t{n}")), at(n).utc).await.unwrap();
    }
    let mut page = PageRequest { cursor: None, limit: 2 };
    let mut seen = Vec::new();
    loop {
        let got = storage.exceptions(&tenant(), true, &page).await.unwrap();
        assert!(got.rows.len() <= 2);
        seen.extend(got.rows.into_iter().map(|row| row.raised_at.since(at(0).utc)));
        page.cursor = got.next;
        if page.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [4, 3, 2, 1, 0]);
    let nonsense = PageRequest { cursor: Some("no cursor".to_owned()), limit: 2 };
    assert!(storage.exceptions(&tenant(), true, &nonsense).await.is_err());
}
