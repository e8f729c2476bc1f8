//! `route(demand, fleet, policy, now) -> decision`: one pure function for every use of routing.

pub mod again;
pub mod beside;
mod best_of;
mod circle;
pub mod decision;
mod fetched;
pub mod fleet_index;
pub mod gather;
pub mod geo;
pub mod glance;
mod hold;
mod inputs;
mod journey;
pub mod kept;
pub mod late;
pub mod policy;
mod recorded;
mod route;
pub mod rules;
pub mod scorers;
mod search;
pub mod seen;
pub mod shelved;
mod split;
mod tell;
pub mod terms;
mod why;

pub use journey::Dates;
pub use route::{Guide, route};

#[cfg(test)]
mod any_scene;
#[cfg(test)]
mod golden;
#[cfg(test)]
pub(in crate::core) mod test_scene;
