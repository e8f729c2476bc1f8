//! Payment providers: one folder each. `simulator` is a network of cards in memory, for the demo and for tests; `http`
//! speaks with providers of payment intents.

pub mod http;
pub mod simulator;
