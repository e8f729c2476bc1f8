//! Carriers: one folder each. `simulator` is a carrier in memory, for trying out and for tests; `http` speaks with those
//! who speak with many carriers.

pub mod http;
pub mod simulator;
