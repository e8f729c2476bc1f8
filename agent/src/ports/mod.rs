//! What the agent needs of the outside, as small traits of domain operations. Each has one folder
//! per adapter under `adapters/`; the ledger's conformance suite is in the tests crate.

pub mod central;
pub mod ledger;
pub mod machine;
pub mod uplink;
