//! What a checkout is told before there is an order: by when, at what cost, how sure, in how many
//! parcels. The node ids stay inside.

mod options;
mod request;

pub use options::{Part, PromiseOption, options};
pub use request::{BadPromise, CartLine, HoldRequest, PromiseRequest, check};
