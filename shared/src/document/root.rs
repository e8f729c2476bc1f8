//! One digest over all open documents of a store: equal roots mean that both sides are level.

use super::Heads;
use crate::ids::DocumentId;
use crate::set_hash::SetHash;

/// The root, kept up to date as documents move on. Order does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Root(SetHash);

impl Root {
    /// A document is open at `heads`. One without changes does not count: the other side may not
    /// have heard of it.
    pub fn open(&mut self, document: &DocumentId, heads: &Heads) {
        if !heads.is_empty() {
            self.0.insert(&item(document, heads));
        }
    }

    /// A document that was at `heads` is dropped or sealed.
    pub fn close(&mut self, document: &DocumentId, heads: &Heads) {
        if !heads.is_empty() {
            self.0.remove(&item(document, heads));
        }
    }

    pub fn advance(&mut self, document: &DocumentId, from: &Heads, to: &Heads) {
        self.close(document, from);
        self.open(document, to);
    }

    #[must_use]
    pub const fn hash(self) -> SetHash {
        self.0
    }
}

/// Goes on from a root that was stored.
impl From<SetHash> for Root {
    fn from(hash: SetHash) -> Self {
        Self(hash)
    }
}

impl<'a> FromIterator<(&'a DocumentId, &'a Heads)> for Root {
    fn from_iter<I: IntoIterator<Item = (&'a DocumentId, &'a Heads)>>(documents: I) -> Self {
        let mut root = Self::default();
        for (document, heads) in documents {
            root.open(document, heads);
        }
        root
    }
}

/// A document's name holds no zero byte, so name and heads cannot be confused.
fn item(document: &DocumentId, heads: &Heads) -> Vec<u8> {
    let mut bytes = document.to_string().into_bytes();
    bytes.push(0);
    bytes.extend(heads.to_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ChangeHash;

    fn heads(byte: u8) -> Heads {
        Heads::new([ChangeHash::new([byte; 32])]).unwrap()
    }

    #[test]
    fn kept_up_to_date_it_equals_the_root_made_anew() {
        let one: DocumentId = "task/o-1-1".parse().unwrap();
        let two: DocumentId = "task/o-2-1".parse().unwrap();
        let mut root: Root = [(&one, &heads(1)), (&two, &heads(2))].into_iter().collect();
        root.advance(&one, &heads(1), &heads(3));
        assert_eq!(root, [(&two, &heads(2)), (&one, &heads(3))].into_iter().collect());
        assert_ne!(root, [(&two, &heads(3)), (&one, &heads(2))].into_iter().collect());
        root.close(&one, &heads(3));
        root.close(&two, &heads(2));
        root.advance(&one, &Heads::empty(), &Heads::empty());
        assert_eq!(root, Root::default());
    }
}
