//! Keys, codes and credentials.

use super::world::{at, described, hash, identity, store_id, tenant};
use holdfast_central::ports::Storage;
use holdfast_central::ports::access::{ApiKey, Scope};
use holdfast_shared::ids::{ApiKeyId, TenantId};

pub async fn a_revoked_key_opens_nothing(storage: &dyn Storage) {
    let key = ApiKey {
        key: ApiKeyId::new("k1").unwrap(),
        tenant: tenant(),
        name: "storefront".to_owned(),
        scopes: [Scope::OrdersWrite, Scope::OrdersRead].into(),
        store: None,
        created_at: at(0).utc,
        revoked_at: None,
    };
    storage.create_api_key(key.clone(), hash("token")).await.unwrap();
    assert_eq!(storage.api_key(hash("token")).await.unwrap(), Some(key.clone()));
    assert_eq!(storage.api_key(hash("other")).await.unwrap(), None);
    let other = TenantId::new("other").unwrap();
    assert!(!storage.revoke_api_key(&other, &key.key, at(1).utc).await.unwrap());
    assert!(storage.revoke_api_key(&tenant(), &key.key, at(1).utc).await.unwrap());
    assert!(!storage.revoke_api_key(&tenant(), &key.key, at(2).utc).await.unwrap());
    assert_eq!(storage.api_key(hash("token")).await.unwrap(), None);
    assert_eq!(storage.api_keys(&tenant()).await.unwrap()[0].revoked_at, Some(at(1).utc));
}

pub async fn an_enrolment_code_works_once_and_in_time(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("leeds"), at(0).utc).await.unwrap();
    for code in ["first", "late"] {
        let until = at(100).utc;
        storage.offer_enrolment(&tenant(), &store_id("leeds"), hash(code), until).await.unwrap();
    }
    let enrol = |code: &str, secret: &str, ms| {
        let (code, secret) = (hash(code), hash(secret));
        async move { storage.enrol(code, secret, Some("till"), at(ms).utc).await.unwrap() }
    };
    assert!(enrol("unknown", "a", 1).await.is_none());
    assert!(enrol("late", "b", 100).await.is_none());
    let replica = enrol("first", "c", 99).await.unwrap();
    assert!(enrol("first", "d", 99).await.is_none());
    assert_eq!(storage.replica_by_secret(hash("c")).await.unwrap(), Some(replica));
    assert_eq!(storage.replica_by_secret(hash("d")).await.unwrap(), None);
}

pub async fn replicas_of_a_store_get_letters(storage: &dyn Storage) {
    storage.put_store(&tenant(), &described("leeds"), at(0).utc).await.unwrap();
    let first = identity(storage, "leeds", "one").await;
    let second = identity(storage, "leeds", "two").await;
    assert_eq!((first.replica.as_str(), second.replica.as_str()), ("leeds-a", "leeds-b"));
    let record = storage.store(&tenant(), &store_id("leeds")).await.unwrap().unwrap();
    assert_eq!(record.enrolled_replicas, 2);
}
