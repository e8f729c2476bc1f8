//! Thousands of damaged changes, most with their checksum repaired. None may reach the library
//! with anything but a change that an honest replica could have written.

use super::hostile::seal;
use super::*;

/// A small generator with a seed: the same mutants in each run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % sides
    }

    fn byte(&mut self) -> u8 {
        let telling = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x40];
        if self.roll(2) == 0 {
            telling[self.roll(telling.len())]
        } else {
            u8::try_from(self.roll(256)).unwrap()
        }
    }

    pub(super) fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.roll(3) {
            let place = self.roll(bytes.len());
            match self.roll(6) {
                0 => bytes[place] ^= 1 << self.roll(8),
                1 => bytes[place] = self.byte(),
                2 => bytes.insert(place, self.byte()),
                3 if bytes.len() > 1 => {
                    bytes.remove(place);
                }
                4 if bytes.len() > 1 => bytes.truncate(place.max(1)),
                _ => {
                    let to = (place + 1 + self.roll(8)).min(bytes.len());
                    let copy = bytes[place..to].to_vec();
                    bytes.splice(place..place, copy);
                }
            }
        }
    }
}

/// Three changes, the last one with a dependency on two heads.
pub(super) fn corpus() -> Vec<Vec<u8>> {
    let (mut one, mut two) = (Bag::new(writer(1)), Bag::new(writer(2)));
    one.record(&[fact(1, "a"), fact(2, "bb"), fact(3, "cc")]).unwrap();
    two.record(&facts(10..16)).unwrap();
    send(&two, &mut one).unwrap();
    one.record(&facts(20..23)).unwrap();
    let changes = one.changes_since(&Heads::empty()).unwrap();
    assert_eq!(changes.len(), 3);
    changes.into_iter().map(|change| change.bytes).collect()
}

/// The body of a change of less than 16 kB, without its frame.
pub(super) fn body_of(bytes: &[u8]) -> Vec<u8> {
    let length = if bytes[9] & 0x80 == 0 { 1 } else { 2 };
    bytes[9 + length..].to_vec()
}

/// A document that took a mutant must be as good as any: it loads again, and goes on.
fn is_sound(mut bag: Bag) {
    let all = bytes_of(&bag.changes_since(&Heads::empty()).unwrap());
    let loaded = Bag::load(writer(7), &all).unwrap();
    assert_eq!((loaded.heads(), content(&loaded)), (bag.heads(), content(&bag)));
    bag.record(&[fact(999, "next")]).unwrap();
    assert_eq!(bag.len(), loaded.len() + 1);
}

fn attack(mutate: impl Fn(&mut Dice, &[u8]) -> Vec<u8>, rounds: usize, seed: u64) -> usize {
    let corpus = corpus();
    let honest = Bag::load(writer(8), &corpus).unwrap();
    let mut dice = Dice(seed);
    let mut taken = 0;
    for _ in 0..rounds {
        let place = dice.roll(corpus.len());
        let mut changes = corpus.clone();
        changes[place] = mutate(&mut dice, &corpus[place]);
        if changes == corpus {
            continue;
        }
        let packed: Vec<ByteBuf> = changes.iter().cloned().map(ByteBuf::from).collect();
        let mut bag = Bag::new(writer(9));
        let none = Heads::empty();

        // Declared as the honest document, it is never taken.
        let declared = Incoming { base: &none, heads: &honest.heads(), changes: &packed };
        let outcome = bag.merge(&declared, &everyone);
        assert!(outcome.is_err() && bag.is_empty(), "{changes:?}");
        assert!(!matches!(outcome, Err(DocumentError::Library(_))), "{outcome:?} {changes:?}");

        // Declared as nothing, it is another document, if it is one.
        match offer(&mut bag, &changes) {
            Ok(merged) => {
                assert_eq!(merged.changes.len(), 3);
                taken += 1;
                is_sound(bag);
            }
            Err(DocumentError::Library(error)) => {
                panic!("it came as far as the library: {error} {changes:?}")
            }
            Err(_) => assert!(bag.is_empty()),
        }
    }
    taken
}

#[test]
fn flipped_bytes_are_refused() {
    let flip = |dice: &mut Dice, bytes: &[u8]| {
        let mut mutant = bytes.to_vec();
        dice.mutate(&mut mutant);
        mutant
    };
    assert_eq!(attack(flip, 3_000, 0x9e37_79b9_7f4a_7c15), 0);
}

#[test]
fn mutants_with_a_repaired_checksum_are_refused_or_sound() {
    let repair = |dice: &mut Dice, bytes: &[u8]| {
        let mut body = body_of(bytes);
        dice.mutate(&mut body);
        seal(1, &body)
    };
    // Some are honest changes of other facts; if none were, the test would mutate too wildly.
    assert!(attack(repair, 6_000, 0x2545_f491_4f6c_dd1d) > 0);
}
