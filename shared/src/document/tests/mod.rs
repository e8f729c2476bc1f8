//! Documents as their users see them, and as their attackers do.

mod behaviour;
mod hostile;
mod mutants;
mod past_the_check;

use super::*;
use crate::ids::{FactId, ReplicaId};
use serde_bytes::ByteBuf;

/// A writer of the replica with this number.
fn writer(replica: u8) -> WriterId {
    WriterId::new(&ReplicaId::new(format!("store-{replica}")).unwrap(), [replica; 8])
}

fn fact(number: usize, body: &str) -> (FactId, String) {
    (format!("hh-3.1.{number}").parse().unwrap(), body.to_owned())
}

fn facts(numbers: std::ops::Range<usize>) -> Vec<(FactId, String)> {
    numbers.map(|number| fact(number, &format!("{{\"k\":\"sale\",\"q\":-{number}}}"))).collect()
}

fn bytes_of(changes: &[StoredChange]) -> Vec<ByteBuf> {
    changes.iter().map(|change| ByteBuf::from(change.bytes.clone())).collect()
}

fn everyone(_: &WriterId) -> bool {
    true
}

/// Sends what `to` lacks.
fn send(from: &Bag, to: &mut Bag) -> Result<Merged, DocumentError> {
    let have = Heads::new(to.heads().iter().filter(|hash| from.contains(hash)).copied()).unwrap();
    let changes = bytes_of(&from.changes_since(&have)?);
    to.merge(&Incoming { base: &have, heads: &from.heads(), changes: &changes }, &everyone)
}

/// Offers raw bytes, with nothing declared, which is the most that a sender can hope for.
fn offer(bag: &mut Bag, changes: &[Vec<u8>]) -> Result<Merged, DocumentError> {
    let changes: Vec<ByteBuf> = changes.iter().cloned().map(ByteBuf::from).collect();
    let none = Heads::empty();
    bag.merge(&Incoming { base: &none, heads: &none, changes: &changes }, &everyone)
}

fn content(bag: &Bag) -> Vec<(FactId, String)> {
    bag.facts().collect()
}
