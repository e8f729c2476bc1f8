//! Dates that are kept, as planned: all of the order arrives by then. An order of which something has no
//! node misses it; one whose carrier tells no date is not counted.

use super::{Better, Term, share};

pub(super) const KEPT: Term = Term {
    name: "promise_kept",
    words: "of orders with a promised date, those planned to arrive by then",
    better: Better::Higher,
    of: |cases| share(cases.iter().filter_map(|case| case.keeps_promise())),
};
