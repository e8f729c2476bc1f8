//! Orders that go to the best node there is, by the policy's own measure: no node would have been chosen
//! instead, had it not been for how it stood that day.

use super::{Better, Term, share};

pub(super) const SHARE: Term = Term {
    name: "best_node_share",
    words: "of orders with a node, those that no better node missed only for how it stood then",
    better: Better::Higher,
    of: |cases| share(cases.iter().filter(|case| !case.sent.is_empty()).map(|case| !case.missed)),
};
