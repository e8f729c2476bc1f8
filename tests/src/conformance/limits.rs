//! Sync at its limits: older agents, long backlogs of a sibling, what goes first.

use super::agent::Agent;
use super::world::{assigned, at, enrolled, placed, position, stocked};
use holdfast_central::ports::Storage;
use holdfast_shared::ids::DocumentId;
use holdfast_shared::limits::SYNC_PIECE_BYTES;
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};

const GOLDEN: &[u8] = include_bytes!("../../../shared/src/wire/sync/golden/request_v1.hfs");

/// The bytes are those that the first version's own code wrote.
pub async fn an_agent_of_the_first_version_still_syncs(storage: &dyn Storage) {
    storage.put_store(&super::world::tenant(), &super::world::described("leeds"), at(0).utc).await.unwrap();
    let leeds = enrolled(storage, "leeds", "leeds").await;
    let request = SyncRequest::decode(GOLDEN).unwrap();
    let done = storage.exchange(&leeds.identity, None, &request, at(1)).await.unwrap();
    assert_eq!((done.new_facts, done.response.version, done.response.level), (1, 1, true));
    assert_eq!(position(storage, "leeds").await.on_hand, 5);
    // Its own reader finds nothing in the answer that it does not know.
    let bytes = done.response.encode().unwrap();
    let plain = zstd::bulk::decompress(&bytes[4..], 1 << 20).unwrap();
    for later in [
        "seals",
        "baseline",
        "superseded",
        "quarantined",
        "losses_noted",
        "escrow",
        "parcels",
        "labels_noted",
    ] {
        let named = plain.windows(later.len()).any(|window| window == later.as_bytes());
        assert!(!named, "{later} is in an answer of version 1");
    }
    assert_eq!(SyncResponse::decode(&bytes).unwrap().acknowledged.len(), 1);
}

/// Every change of a sibling arrives, in pieces that are no longer than they may be, whatever the cut.
pub async fn a_siblings_backlog_comes_in_pieces_and_tasks_overtake_it(storage: &dyn Storage) {
    let mut first = stocked(storage, "leeds", 50).await;
    for _ in 0..2_300 {
        first.sale("A", 1);
        first.opening("A", 1);
    }
    first.sync(storage, at(2)).await;
    placed(storage, "o1", &[("A", 1)]).await;
    let (task, _) = assigned(storage, "o1", "leeds").await;
    let mut second = enrolled(storage, "leeds", "second box").await;
    let mut pieces = 0;
    loop {
        // Each piece is lost once on its way, and given again.
        let lost = second.sync_unheard(storage, at(30)).await.response;
        let response = second.sync(storage, at(31)).await.response;
        assert_eq!(lost.documents, response.documents);
        let bytes: usize = response.documents.iter().map(|frame| frame.change_bytes()).sum();
        assert!(bytes <= SYNC_PIECE_BYTES + (1 << 20), "{bytes}");
        pieces += 1;
        if pieces == 1 {
            let name = response.documents[0].document().unwrap();
            assert_eq!(name, DocumentId::Task(task.clone()), "the offer goes before the sibling's stock");
            assert!(second.task(&task).is_some() && response.more);
        }
        if !response.more {
            break;
        }
        assert!(pieces < 20, "it does not end");
    }
    assert!(pieces >= 4, "{pieces} pieces of at most a thousand changes");
    let (one, two) = (facts(&first), facts(&second));
    assert_eq!((one, two), (4_601, 4_601));
    assert!(second.sync(storage, at(40)).await.response.level);
}

fn facts(agent: &Agent) -> usize {
    let stock = agent.documents.iter().filter(|(name, _)| matches!(name, DocumentId::Stock { .. }));
    stock.map(|(_, bag)| bag.len()).sum()
}
