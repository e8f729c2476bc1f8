//! `route(demand, fleet, policy, now) -> decision`: one pure function for every use of routing.

pub mod decision;
pub mod geo;
pub mod policy;
mod route;
pub mod rules;
pub mod scorers;

pub use route::route;
