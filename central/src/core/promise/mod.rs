//! What a checkout is told before there is an order: by when, at what cost, how sure, in how many
//! parcels. The node ids stay inside.

mod change;
mod options;
mod outcome;
mod request;

pub use change::{News, PromiseChange, news};
pub use options::{Part, PromiseOption, options};
pub use outcome::expected_at;
pub use request::{BadPromise, CartLine, HoldRequest, PromiseRequest, check};
