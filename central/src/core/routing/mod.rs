//! `route(demand, fleet, policy, now) -> decision`: one pure function.

pub mod decision;
