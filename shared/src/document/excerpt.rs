//! A document as far as a reader can follow it.

use super::bag::{Bag, StoredChange};
use super::chunk::Change;
use super::error::DocumentError;
use super::heads::{ChangeHash, Heads};
use crate::ids::FactId;
use std::collections::BTreeSet;

/// What is left of a document without certain facts and everything that builds upon them. It is a
/// document itself: each change has all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    changes: BTreeSet<ChangeHash>,
    pub heads: Heads,
}

impl Excerpt {
    /// `strange` are the facts that the reader could not read.
    pub fn of(bag: &Bag, strange: &dyn Fn(&FactId, &str) -> bool) -> Result<Self, DocumentError> {
        let (mut changes, mut heads) = (BTreeSet::new(), BTreeSet::new());
        // In causal order: what a change depends on was judged before it.
        for StoredChange { hash, bytes, .. } in bag.changes_since(&Heads::empty())? {
            let change = Change::parse(&bytes)?;
            let follows = change.deps.iter().all(|dep| changes.contains(dep));
            if follows && !change.facts.iter().any(|(fact, text)| strange(fact, text)) {
                for dep in &change.deps {
                    heads.remove(dep);
                }
                heads.insert(hash);
                changes.insert(hash);
            }
        }
        let heads = Heads::new(heads).map_err(|_| {
            let limit = crate::limits::HEADS_MAX;
            DocumentError::TooLarge { what: "heads of one document", limit }
        })?;
        Ok(Self { changes, heads })
    }

    #[must_use]
    pub fn holds(&self, change: &ChangeHash) -> bool {
        self.changes.contains(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Incoming, WriterId};
    use crate::ids::ReplicaId;

    fn bag(writer: u8) -> Bag {
        Bag::new(WriterId::new(&ReplicaId::new("leeds-a").unwrap(), [writer; 8]))
    }

    fn put(bag: &mut Bag, number: u8, body: &str) -> ChangeHash {
        let fact = (format!("hh-1.1.{number}").parse().unwrap(), body.to_owned());
        bag.record(&[fact]).unwrap().changes[0].hash
    }

    #[test]
    fn what_builds_upon_a_strange_fact_is_left_out_and_what_stands_beside_it_stays() {
        let (mut one, mut other) = (bag(1), bag(2));
        let first = put(&mut one, 1, "plain");
        let bytes = |bag: &Bag| -> Vec<_> {
            let all = bag.changes_since(&Heads::empty()).unwrap();
            all.into_iter().map(|change| serde_bytes::ByteBuf::from(change.bytes)).collect()
        };
        let (none, changes) = (Heads::empty(), bytes(&one));
        other.merge(&Incoming { base: &none, heads: &none, changes: &changes }, &|_| true).unwrap();
        let strange = put(&mut one, 2, "strange");
        let after = put(&mut one, 3, "plain");
        let beside = put(&mut other, 4, "plain");
        let changes = bytes(&other);
        one.merge(&Incoming { base: &none, heads: &none, changes: &changes }, &|_| true).unwrap();
        let joined = put(&mut one, 5, "plain");

        let left = Excerpt::of(&one, &|_, text| text == "strange").unwrap();

        assert!(left.holds(&first) && left.holds(&beside));
        assert!(!left.holds(&strange) && !left.holds(&after) && !left.holds(&joined));
        assert_eq!(left.heads, Heads::new([beside]).unwrap());
        assert_eq!(Excerpt::of(&one, &|_, _| false).unwrap().heads, one.heads());
    }
}
