//! Raw changes of a document, as either side checks them before the library sees a byte.

use super::dice::Dice;
use super::messages::sold;
use super::{Target, Verdict, chunk};
use holdfast_shared::document::{Bag, DocumentError, Heads, Incoming, WriterId};
use holdfast_shared::ids::ReplicaId;
use serde_bytes::ByteBuf;

/// Changes one after the other, each after its length in four bytes.
#[derive(Debug)]
pub struct Changes;

fn split(mut input: &[u8]) -> Vec<ByteBuf> {
    let mut changes = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap().min(rest.len());
        let (change, after) = rest.split_at(length);
        changes.push(ByteBuf::from(change));
        input = after;
    }
    changes
}

fn join(changes: &[Vec<u8>]) -> Vec<u8> {
    let one =
        |change: &Vec<u8>| [&u32::try_from(change.len()).unwrap().to_le_bytes(), change.as_slice()].concat();
    changes.iter().flat_map(one).collect()
}

fn reader() -> WriterId {
    WriterId::new(&ReplicaId::new("central").unwrap(), [9; 8])
}

/// A document that took something is as good as any: it loads again, and goes on.
fn is_sound(mut bag: Bag) -> Result<(), String> {
    let all =
        bag.changes_since(&Heads::empty()).map_err(|error| format!("it gives nothing back: {error}"))?;
    let loaded = Bag::load(reader(), all.iter().map(|change| &change.bytes))
        .map_err(|error| format!("what it gives back does not load: {error}"))?;
    let content = |bag: &Bag| bag.facts().collect::<Vec<_>>();
    if loaded.heads() != bag.heads() || content(&loaded) != content(&bag) {
        return Err("what it gives back is another document".to_owned());
    }
    let next = ("hh-9.9.999".parse().unwrap(), "next".to_owned());
    bag.record(&[next]).map_err(|error| format!("it does not go on: {error}"))?;
    Ok(())
}

impl Target for Changes {
    fn seeds(&self) -> Vec<Vec<u8>> {
        [1, 3]
            .into_iter()
            .map(|number| join(&sold(number).1.into_iter().map(|change| change.bytes).collect::<Vec<_>>()))
            .collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8]) -> Vec<u8> {
        let mut changes: Vec<Vec<u8>> = split(input).into_iter().map(ByteBuf::into_vec).collect();
        let place = dice.roll(changes.len());
        match changes.get_mut(place) {
            Some(change) => *change = chunk::mutate(dice, change),
            None => return dice.bytes(input),
        }
        if dice.roll(10) == 0 {
            let copy = changes[place].clone();
            changes.push(copy);
        }
        join(&changes)
    }

    fn run(&mut self, input: &[u8]) -> Result<Verdict, String> {
        let changes = split(input);
        let none = Heads::empty();
        let mut bag = Bag::new(reader());
        let incoming = Incoming { base: &none, heads: &none, changes: &changes };
        match bag.merge(&incoming, &|_| true) {
            Ok(merged) => {
                let told: usize =
                    merged.changes.iter().filter(|one| changes.iter().any(|c| **c == one.bytes)).count();
                if told != merged.changes.len() {
                    return Err("it took a change that nobody sent".to_owned());
                }
                is_sound(bag)?;
                Ok(Verdict::Taken)
            }
            Err(DocumentError::Library(error)) => Err(format!("it came as far as the library: {error}")),
            Err(_) if bag.is_empty() => Ok(Verdict::Refused),
            Err(error) => Err(format!("refused ({error}), and something was taken")),
        }
    }
}
