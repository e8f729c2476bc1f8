use super::*;

#[tokio::test]
async fn a_sku_shows_what_is_ceded_of_it() {
    let lan = Lan::new();
    lan.store.stock("A-1", "Lamp", 5);
    lan.store.stock("B-1", "Rug", 5);
    lan.store.cede("A-1", 6);
    let till = lan.pair(Role::Pos).await;
    let lamp = lan.send(ask("GET", "/v1/skus/A-1").by(&till)).await.body;
    assert_eq!(lamp["rights"], json!({ "ceded": 6, "promised": 0, "overdrawn": 1, "in_doubt": false }));
    assert_eq!(lamp["available"], -1);
    let rug = lan.send(ask("GET", "/v1/skus/B-1").by(&till)).await.body;
    assert_eq!((rug.get("rights"), &rug["available"]), (None, &json!(5)));
}

#[tokio::test]
async fn a_manager_bounds_what_central_keeps_and_nobody_else_does() {
    let lan = Lan::new();
    lan.store.stock("A-1", "Lamp", 5);
    let (till, manager) = (lan.pair(Role::Pos).await, lan.pair(Role::Manager).await);
    let bound = |token: &str| ask("PUT", "/v1/skus/A-1/rights").by(token).json(&json!({ "at_most": 2 }));
    assert_eq!(lan.send(bound(&till)).await.code(), "forbidden");
    assert_eq!(lan.send(bound(&manager)).await.status, StatusCode::OK);
    lan.committed.notified().await;
    assert_eq!(lan.send(ask("DELETE", "/v1/skus/A-1/rights").by(&manager)).await.status, StatusCode::OK);
    let sku: holdfast_shared::ids::Sku = "A-1".parse().unwrap();
    assert_eq!(lan.store.left_to_central(), [(sku.clone(), Some(2)), (sku, None)]);
    let unknown = ask("PUT", "/v1/skus/NO-1/rights").by(&manager).json(&json!({ "at_most": 2 }));
    assert_eq!(lan.send(unknown).await.code(), "unknown_sku");
    let extra = json!({ "at_most": 2, "for_good": true });
    let extra = ask("PUT", "/v1/skus/A-1/rights").by(&manager).json(&extra);
    assert_eq!(lan.send(extra).await.code(), "unknown_field");
}
