//! Orders that nobody takes, or not all of. One that waits for a node that opens is none of them.

use super::{Better, Term, share};

pub(super) const SHARE: Term = Term {
    name: "backorder_share",
    words: "of all orders, those with units that no node took",
    better: Better::Lower,
    of: |cases| share(cases.iter().map(|case| case.open() > 0 && !case.waits)),
};
