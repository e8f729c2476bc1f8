//! Sync messages: the codec, and messages whose parts are changed and packed again.

use super::dice::Dice;
use super::{Target, Verdict, chunk};
use crate::conformance::world;
use holdfast_shared::document::{Bag, ChangeHash, Heads, StoredChange, WriterId};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Actor, DocumentId, ReplicaId};
use holdfast_shared::time::{Hlc, UtcMs};
use holdfast_shared::wire::fact::encode;
use holdfast_shared::wire::sync::{DocumentFrame, SyncCodecError, SyncMessage, SyncRequest, SyncResponse};

const MAGIC: &[u8] = b"HFS1";
const PLAIN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A bag with so many sales of the store leeds, one a change.
#[must_use]
pub fn sold(number: u64) -> (Bag, Vec<StoredChange>) {
    let mut bag = Bag::new(WriterId::new(&ReplicaId::new("leeds-a").unwrap(), [1; 8]));
    let changes = (1..=number).flat_map(|n| bag.record(&[sale(n)]).unwrap().changes).collect();
    (bag, changes)
}

fn sale(n: u64) -> (holdfast_shared::ids::FactId, String) {
    let body = Body::Stock(StockFact {
        sku: world::sku("A"),
        delta: -1,
        movement: Movement::Sale,
        note: n.is_multiple_of(2).then(|| "at the till".to_owned()),
    });
    let fact = Fact {
        id: format!("hh-3.1.{n}").parse().unwrap(),
        at: Hlc { wall: UtcMs(world::BEGIN), counter: u32::try_from(n).unwrap() },
        actor: Actor::new("ann").unwrap(),
        after: None,
        trace: None,
        body,
    };
    (fact.id.clone(), encode(&fact).unwrap())
}

pub fn stock_document() -> DocumentId {
    "stock/leeds/leeds-a/b1/1".parse().unwrap()
}

/// As the first version wrote them, and with what came later.
#[must_use]
pub fn requests() -> Vec<SyncRequest> {
    let golden = include_bytes!("../../../shared/src/wire/sync/golden/request_v1.hfs");
    let first = SyncRequest::decode(golden).unwrap();
    let (bag, changes) = sold(4);
    let mut later = first.clone();
    later.version = 3;
    later.boot_number = 5;
    later.first = true;
    later.box_name = Some("back office".to_owned());
    later.documents = vec![DocumentFrame::new(&stock_document(), &Heads::empty(), &bag.heads(), changes)];
    later.health = Some("{\"store\":\"leeds\"}".to_owned());
    vec![first, later]
}

#[must_use]
pub fn responses() -> Vec<SyncResponse> {
    let golden = include_bytes!("../../../shared/src/wire/sync/golden/response_v1.hfs");
    let first = SyncResponse::decode(golden).unwrap();
    let mut later = first.clone();
    later.version = 3;
    later.superseded = Some("challenge".to_owned());
    later.losses_noted = vec!["loss".to_owned()];
    vec![first, later]
}

/// The bytes themselves, what is packed in them, or one of the changes.
pub fn mutate<M: SyncMessage>(
    dice: &mut Dice,
    input: &[u8],
    frames: impl Fn(&mut M) -> &mut Vec<DocumentFrame>,
) -> Vec<u8> {
    match dice.roll(6) {
        0 => dice.bytes(input),
        1 | 2 => repacked(dice, input).unwrap_or_else(|| dice.bytes(input)),
        _ => {
            let changed = M::decode(input).ok().and_then(|mut message| {
                let frames = frames(&mut message);
                let place = dice.roll(frames.len());
                let frame = frames.get_mut(place)?;
                *frame = mutate_frame(dice, frame);
                message.encode().ok()
            });
            changed.unwrap_or_else(|| dice.bytes(input))
        }
    }
}

fn repacked(dice: &mut Dice, input: &[u8]) -> Option<Vec<u8>> {
    let plain = zstd::bulk::decompress(input.strip_prefix(MAGIC)?, PLAIN_BYTES_MAX).ok()?;
    let packed = zstd::bulk::compress(&dice.bytes(&plain), 1).ok()?;
    Some([MAGIC, &packed].concat())
}

/// One change is another, and the frame declares it as its own when it can.
fn mutate_frame(dice: &mut Dice, frame: &DocumentFrame) -> DocumentFrame {
    let mut changes: Vec<Vec<u8>> = frame.changes.iter().map(|change| change.to_vec()).collect();
    let place = dice.roll(changes.len());
    if let Some(change) = changes.get_mut(place) {
        *change = chunk::mutate(dice, change);
    }
    if dice.roll(8) == 0 {
        changes.reverse();
    }
    let declared = changes.last().and_then(|change| chunk::hash_of(change));
    let honest = frame.heads().unwrap_or_default();
    let heads = match dice.roll(3) {
        0 => honest,
        1 => Heads::empty(),
        _ => declared.and_then(|hash| Heads::new([ChangeHash::new(hash)]).ok()).unwrap_or(honest),
    };
    let document = frame.document().unwrap_or_else(|_| stock_document());
    let bytes = |bytes| StoredChange {
        hash: ChangeHash::new([0; 32]),
        writer: WriterId::new(&ReplicaId::new("leeds-a").unwrap(), [1; 8]),
        seq: 1,
        bytes,
    };
    let base = frame.base().unwrap_or_default();
    DocumentFrame::new(&document, &base, &heads, changes.into_iter().map(bytes).collect())
}

/// What was read must be written and read as the same.
fn reads_back<M: SyncMessage + PartialEq>(input: &[u8]) -> Result<Verdict, String> {
    let Ok(message) = M::decode(input) else { return Ok(Verdict::Refused) };
    match message.encode() {
        Ok(bytes) if M::decode(&bytes).is_ok_and(|again| again == message) => Ok(Verdict::Taken),
        Ok(_) => Err("it does not read back as what it was".to_owned()),
        // Short forms of the wire may be written longer, and then be over the limit.
        Err(SyncCodecError::TooLarge { .. }) => Ok(Verdict::Taken),
        Err(error) => Err(format!("it cannot be written again: {error}")),
    }
}

#[derive(Debug)]
pub struct Requests;

impl Target for Requests {
    fn seeds(&self) -> Vec<Vec<u8>> {
        requests().iter().map(|request| request.encode().unwrap()).collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        mutate(dice, input, |request: &mut SyncRequest| &mut request.documents)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        reads_back::<SyncRequest>(input)
    }
}

#[derive(Debug)]
pub struct Responses;

impl Target for Responses {
    fn seeds(&self) -> Vec<Vec<u8>> {
        responses().iter().map(|response| response.encode().unwrap()).collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        mutate(dice, input, |response: &mut SyncResponse| &mut response.documents)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        reads_back::<SyncResponse>(input)
    }
}
