//! A conversation breaks off at any message, before central gets it or before the answer is back; the
//! next goes on where it was: nothing twice, nothing lost.

use async_trait::async_trait;
use holdfast_agent::adapters::sqlite::SqliteLedger;
use holdfast_agent::core::command::{Command, MovementKind, MovementRequest, TaskAct};
use holdfast_agent::flows::sync::{Conversation, converse};
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_central::flows::exchange::exchange;
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};
use holdfast_tests::conformance::world;
use holdfast_tests::stage::Stage;
use holdfast_tests::stage::office::Office;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Request,
    Answer,
}

/// A wire that breaks at the message with this number.
struct Fragile<'a> {
    office: &'a Office,
    from: ReplicaIdentity,
    now: Now,
    messages: AtomicUsize,
    at: usize,
    what: Cut,
}

#[async_trait]
impl Central for Fragile<'_> {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        let gone = || CentralError::Unreachable { url: "wire".to_owned(), source: Box::from("it broke") };
        let message = self.messages.fetch_add(1, Ordering::Relaxed);
        if message == self.at && self.what == Cut::Request {
            return Err(gone());
        }
        let request = SyncRequest::decode(&request.encode().unwrap()).unwrap();
        let office = self.office;
        let told =
            exchange(office.store(), &office.watch, &office.pokes, (&self.from, None), &request, self.now)
                .await
                .unwrap();
        if message == self.at {
            return Err(gone());
        }
        Ok(SyncResponse::decode(&told.response.encode().unwrap()).unwrap())
    }

    async fn enrol(&self, _: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        Err(CentralError::Wait { retry_after_ms: 1 })
    }
}

async fn receive(stage: &mut Stage, pieces: usize) {
    for piece in 0..pieces {
        let one = |n: usize| MovementRequest {
            kind: MovementKind::Receipt,
            sku: world::sku("A"),
            quantity: 1,
            peer: None,
            note: Some(
                holdfast_shared::set_hash::SetHash::from_bytes(world::hash(&format!("{piece}/{n}")))
                    .hex()
                    .repeat(7),
            ),
        };
        stage.say("leeds", Command::Move((0..250).map(one).collect())).await.unwrap();
    }
}

/// A store with 750 receipts of many words, a task that it took, and one that central has for it.
async fn busy() -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 5)]).await;
    stage.order("o1", &[("A", 1)]).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    receive(&mut stage, 3).await;
    stage.order("o2", &[("A", 1)]).await;
    stage.decide().await;
    stage
}

async fn talk(stage: &mut Stage, at: usize, what: Cut) -> (Conversation, usize) {
    let ledger: SqliteLedger = stage.shop("leeds").ledger().clone();
    let (from, now) = (stage.shop("leeds").identity.clone(), stage.now());
    let wire = Fragile { office: &stage.office, from, now, messages: AtomicUsize::new(0), at, what };
    let told = converse(&ledger, &wire, None, &|| now).await;
    (told, wire.messages.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_conversation_that_is_cut_at_any_message_goes_on_where_it_was() {
    let (whole, messages) = talk(&mut busy().await, usize::MAX, Cut::Request).await;
    assert!(whole.level && messages > 1, "{messages} messages: {whole:?}");
    for at in 0..messages {
        for (what, restarts) in [(Cut::Request, false), (Cut::Answer, false), (Cut::Answer, true)] {
            let mut stage = busy().await;
            let (cut, _) = talk(&mut stage, at, what).await;
            assert!(cut.failed.is_some());
            if restarts {
                stage.restart("leeds");
            }
            // Now and then it breaks in the next one too, after what that one had to probe.
            let _again = talk(&mut stage, 1, what).await;
            let (told, _) = talk(&mut stage, usize::MAX, what).await;
            assert!(told.level && told.problems.is_empty(), "cut {what:?} of message {at}: {told:?}");
            stage.level("leeds").await;
            assert_eq!(stage.position("leeds", "A").await.on_hand, 755, "cut {what:?} of message {at}");
            stage.sound().await;
        }
    }
}
