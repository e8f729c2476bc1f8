//! Documents: bags of facts that travel between replicas.
//!
//! A document is a grow-only map from fact id to encoded fact, kept as an automerge document whose
//! root map holds one string under each id, put once. A [`Bag`] is one document in memory.
//!
//! Changes come from the network, and the library that applies them must not see a byte that was
//! not checked. The way of a foreign change through this room:
//!
//! 1. `chunk` reads it with limits, and accepts it only if writing it again gives the same bytes;
//! 2. `history` accepts it only where an honest writer could have put it;
//! 3. `apply` lets the library apply it to a copy, catching panics; the copy must have the declared heads, give the
//!    same bytes back, and load again from its saved form. Only then does it replace the document.
//!
//! [`Root`] is one digest over the heads of all open documents.

mod actor;
mod apply;
mod archive;
mod bag;
mod chunk;
mod columns;
mod error;
mod excerpt;
mod first;
mod heads;
mod history;
mod root;

pub use actor::{BadWriter, WriterId};
pub use archive::{BadArchive, pack, unpack};
pub use bag::{Bag, Conflict, Incoming, Merged, Piece, Recorded, StoredChange};
pub use error::DocumentError;
pub use excerpt::Excerpt;
pub use heads::{BadHeads, ChangeHash, Heads};
pub use root::Root;

#[cfg(test)]
mod tests;
