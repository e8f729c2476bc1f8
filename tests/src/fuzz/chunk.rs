//! Changes of automerge, opened, changed inside, and sealed again with a checksum that is right.

use super::dice::Dice;
use sha2::{Digest, Sha256};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Magic, checksum, kind.
const FRAME_BYTES: usize = 9;

/// A change with something changed behind its checksum, which is repaired mostly.
pub fn mutate(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let Some(body) = body_of(bytes).filter(|_| dice.roll(8) > 0) else { return dice.bytes(bytes) };
    let changed = dice.bytes(body);
    // Also the other kinds of chunk: whole documents, compressed changes, bundles.
    let kind = if dice.roll(16) == 0 { u8::try_from(dice.roll(5)).unwrap() } else { 1 };
    seal(kind, &changed)
}

/// The hash under which a change is known, by which heads name it.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> Option<[u8; 32]> {
    body_of(bytes).map(|body| hash(bytes[8], body))
}

fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.get(FRAME_BYTES..)?;
    let length_bytes = rest.iter().position(|byte| byte & 0x80 == 0)? + 1;
    rest.get(length_bytes..)
}

fn seal(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(&hash(kind, body)[..4]);
    bytes.push(kind);
    bytes.extend(length_of(body));
    bytes.extend(body);
    bytes
}

fn hash(kind: u8, body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([kind]).chain_update(length_of(body)).chain_update(body).finalize().into()
}

fn length_of(body: &[u8]) -> Vec<u8> {
    let mut left = body.len();
    let mut bytes = Vec::new();
    loop {
        let low = left.to_le_bytes()[0] & 0x7f;
        left >>= 7;
        if left == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::messages::sold;

    #[test]
    fn what_is_sealed_again_unchanged_is_the_same() {
        let (bag, changes) = sold(3);
        let bytes = &changes[0].bytes;
        assert_eq!(seal(1, body_of(bytes).unwrap()), *bytes);
        assert_eq!(hash_of(bytes).unwrap(), *changes[0].hash.as_bytes());
        assert!(bag.contains(&changes[0].hash));
    }
}
