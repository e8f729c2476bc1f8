//! What the library does with mutants that our own check would have refused: they are handed to it as
//! if they had passed. Nothing that it makes of them may be kept unless it is sound.

use super::hostile::seal;
use super::mutants::{Dice, body_of, corpus};
use super::*;
use crate::document::apply::{Fresh, Proof, apply};
use crate::document::chunk::Change;
use crate::document::history::{History, Steps};
use automerge::{Automerge, ROOT, ReadDoc};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A first change with these bytes, whatever is in them, declared as `hash`.
fn fresh(hash: ChangeHash, bytes: Vec<u8>) -> Fresh {
    let change = Change { hash, deps: Vec::new(), writer: writer(1), seq: 1, first_op: 1, facts: Vec::new() };
    let mut history = History::default();
    history.admit(&change, &mut Steps::unlimited()).unwrap();
    Fresh { changes: vec![(change, bytes)], history }
}

fn hash_of(bytes: &[u8]) -> ChangeHash {
    ChangeHash::new(Sha256::digest(&bytes[8..]).into())
}

fn one_change() -> StoredChange {
    let mut bag = Bag::new(writer(1));
    bag.record(&[fact(1, &"long enough to be worth packing ".repeat(40))]).unwrap().changes.remove(0)
}

#[test]
fn other_heads_than_our_own_are_refused() {
    let change = one_change();
    let honest = fresh(change.hash, change.bytes.clone());
    assert!(apply(&Automerge::new(), &honest, Proof::SavedForm).is_ok());
    let lie = fresh(ChangeHash::new([7; 32]), change.bytes);
    for proof in [Proof::Heads, Proof::SavedForm] {
        let error = apply(&Automerge::new(), &lie, proof).unwrap_err();
        assert_eq!(error, DocumentError::Library("it disagrees about the heads".to_owned()));
    }
}

#[test]
fn other_bytes_than_were_given_are_refused() {
    let change = one_change();
    // The same change, packed: the library takes it, and gives back what nobody sent.
    let mut library = automerge::Change::from_bytes(change.bytes.clone()).unwrap();
    let packed = library.bytes().into_owned();
    assert_ne!(packed, change.bytes);
    let error = apply(&Automerge::new(), &fresh(change.hash, packed), Proof::SavedForm).unwrap_err();
    assert_eq!(error, DocumentError::Library("it disagrees about the bytes of a change".to_owned()));
}

#[test]
fn whatever_the_library_makes_of_a_mutant_is_sound_or_thrown_away() {
    let corpus = corpus();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..4_000 {
        let mut body = body_of(&corpus[dice.roll(2)]);
        dice.mutate(&mut body);
        let bytes = seal(1, &body);
        match apply(&Automerge::new(), &fresh(hash_of(&bytes), bytes), Proof::SavedForm) {
            Ok(doc) => {
                let again = Automerge::load(&doc.save()).unwrap();
                assert_eq!((again.get_heads(), again.length(ROOT)), (doc.get_heads(), doc.length(ROOT)));
                *outcomes.entry("kept".to_owned()).or_default() += 1;
            }
            Err(DocumentError::Library(why)) => *outcomes.entry(why).or_default() += 1,
            Err(other) => panic!("{other}"),
        }
    }
    // Without these there would be nothing that the guards guard against.
    for outcome in ["kept", "it panicked", "it disagrees about the bytes", "error inflating document chunk"] {
        assert!(outcomes.keys().any(|why| why.starts_with(outcome)), "no {outcome}: {outcomes:?}");
    }
}
