//! An epoch: one stock document, a bounded run of one writer's stock facts. Its writer closes it
//! with a fact that tells how many there are, and their digest.

use crate::ids::FactId;
use crate::set_hash::SetHash;

/// The last fact of a stock document, over all the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Closing {
    pub facts: u64,
    pub digest: SetHash,
}

impl Closing {
    /// Counts one fact as it stands in the document.
    pub fn count(&mut self, fact: &FactId, text: &str) {
        self.facts = self.facts.saturating_add(1);
        // An id holds no zero byte, so id and text cannot be confused.
        self.digest.insert(&[fact.as_str().as_bytes(), b"\0", text.as_bytes()].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_but_every_fact_and_its_text_does() {
        let tell = |facts: &[(&str, &str)]| {
            let mut closing = Closing::default();
            facts.iter().for_each(|(fact, text)| closing.count(&fact.parse().unwrap(), text));
            closing
        };
        let told = tell(&[("t.1.1", "a"), ("t.1.2", "b")]);
        assert_eq!(told, tell(&[("t.1.2", "b"), ("t.1.1", "a")]));
        assert_ne!(told, tell(&[("t.1.1", "a")]));
        assert_ne!(told.digest, tell(&[("t.1.1", "a"), ("t.1.2", "c")]).digest);
    }
}
