use holdfast_agent::core::command::TaskAct;
use holdfast_agent::ports::ledger::Replica;
use holdfast_central::flows::exchange::exchange;
use holdfast_shared::document::{Bag, Heads, WriterId};
use holdfast_shared::domain::task::Status;
use holdfast_shared::error::Code;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::wire::sync::{DocumentFrame, SyncMessage, SyncRequest, SyncResponse};
use holdfast_tests::stage::Stage;

/// A document of this box that holds something that is no fact.
fn poison(stage: &mut Stage, name: &str, text: &str) -> DocumentFrame {
    let identity = stage.shop(name).identity.clone();
    let document: DocumentId =
        format!("stock/{}/{}/poison/1", identity.store, identity.replica).parse().unwrap();
    let mut bag = Bag::new(WriterId::new(&identity.replica, [66; 8]));
    let changes = bag.record(&[("hh-66.1.1".parse().unwrap(), text.to_owned())]).unwrap().changes;
    DocumentFrame::new(&document, &Heads::empty(), &bag.heads(), changes)
}

#[tokio::test]
async fn a_poison_fact_is_isolated() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 5)]).await;
    stage.store("york", &[("B", 5)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sell("leeds", "A", 1).await;
    stage.sell("york", "B", 2).await;

    // Leeds sends three documents; the one in the middle holds what cannot be read as a fact.
    for text in ["{\"k\":\"of the devil\"}", "not even JSON", "{}"] {
        let middle = poison(&mut stage, "leeds", text);
        let name = middle.name().to_owned();
        let cut = stage.shop("leeds").ledger().clone().cut(stage.now()).await.unwrap();
        let mut request =
            SyncRequest::decode(include_bytes!("../../../shared/src/wire/sync/golden/request_v1.hfs"))
                .unwrap();
        (request.store, request.replica, request.boot) =
            (cut.identity.store, cut.identity.replica, cut.identity.boot);
        (request.root, request.stock_digest, request.sent_at) = (cut.root, cut.stock_digest, cut.sent_at);
        request.documents = cut.documents;
        assert_eq!(request.documents.len(), 2);
        request.documents.insert(1, middle);
        let from = stage.shop("leeds").identity.clone();
        let (office, now) = (&stage.office, stage.now());
        let told = exchange(office.store(), &office.watch, &office.pokes, (&from, None), &request, now)
            .await
            .unwrap();
        let response = told.response;
        let refused: Vec<_> = response.errors.iter().map(|one| (one.document.as_str(), one.code())).collect();
        assert_eq!(refused, [(name.as_str(), Some(Code::DamagedSync))]);
        assert_eq!(response.acknowledged.len(), 2, "the others were taken");
        assert!(stage.exceptions().await.iter().any(|detail| detail.contains(&name)), "a person is told");
    }
    assert_eq!(stage.position("leeds", "A").await.on_hand, 4);
    assert_eq!(stage.task("o1-1").await.status(), Status::Accepted);

    // The other store is none the worse, and Leeds is level as soon as it sends what it has.
    for name in ["york", "leeds"] {
        let told = stage.sync(name).await;
        assert!(told.level && told.problems.is_empty(), "{told:?}");
        stage.level(name).await;
    }
    assert_eq!(stage.position("york", "B").await.on_hand, 3);
    stage.sound().await;
}

#[tokio::test]
async fn a_poison_fact_from_central_is_isolated_too() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 5)]).await;
    for order in ["o1", "o2", "o3"] {
        stage.order(order, &[("A", 1)]).await;
    }
    stage.decide().await;
    let ledger = stage.shop("leeds").ledger().clone();
    let cut = ledger.cut(stage.now()).await.unwrap();
    let mut request =
        SyncRequest::decode(include_bytes!("../../../shared/src/wire/sync/golden/request_v1.hfs")).unwrap();
    (request.store, request.replica, request.boot) =
        (cut.identity.store, cut.identity.replica, cut.identity.boot);
    (request.incarnation, request.cursor, request.root) = (cut.incarnation, cut.cursor, cut.root);
    (request.stock_digest, request.documents) = (cut.stock_digest, cut.documents);
    let from = stage.shop("leeds").identity.clone();
    let (office, now) = (&stage.office, stage.now());
    let told =
        exchange(office.store(), &office.watch, &office.pokes, (&from, None), &request, now).await.unwrap();
    let mut response = SyncResponse::decode(&told.response.encode().unwrap()).unwrap();
    assert_eq!(response.documents.len(), 3);
    let mut bag = Bag::new(WriterId::new(&"central".parse().unwrap(), [66; 8]));
    let changes = bag.record(&[("central.1.999".parse().unwrap(), "{\"k\":\"unheard of\"}".to_owned())]);
    let name = response.documents[1].document().unwrap();
    response.documents[1] =
        DocumentFrame::new(&name, &Heads::empty(), &bag.heads(), changes.unwrap().changes);

    let absorbed = ledger.absorb(&response, stage.now()).await.unwrap();

    assert_eq!((absorbed.tasks.len(), absorbed.problems.len()), (2, 1), "{absorbed:?}");
    assert!(absorbed.problems[0].starts_with(&name.to_string()), "{absorbed:?}");
    // It asks for that document anew, gets the true one, and is level.
    let told = stage.sync("leeds").await;
    assert!(told.level && told.problems.is_empty(), "{told:?}");
    for task in ["o1-1", "o2-1", "o3-1"] {
        assert_eq!(stage.status_at("leeds", task).await, Status::Offered);
    }
    stage.level("leeds").await;
}
