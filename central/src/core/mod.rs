//! Decides, and does nothing else. State and time go in; what to record and what to do come out.
//! No sockets, no clock, no threads, no randomness that is not passed in.

pub mod arranged;
pub mod backorder;
pub mod cards;
pub mod carriers;
pub mod effects;
pub mod eligibility;
pub mod events;
pub mod exception;
pub mod failover;
pub mod fences;
pub mod fleet;
pub mod gathering;
pub mod health;
pub mod hours;
pub mod intake;
pub mod keys;
pub mod kpis;
pub mod labels;
pub mod launch;
pub mod lineage;
pub mod order;
pub mod order_change;
mod order_names;
pub mod order_request;
pub mod order_state;
pub mod order_terms;
pub mod order_token;
pub mod outside;
pub mod parcel;
pub mod personal;
pub mod policy;
pub mod promise;
pub mod reconcile;
pub mod recovery;
pub mod repair;
pub mod replay;
pub mod returns;
pub mod rivals;
pub mod rollout;
pub mod routing;
pub mod saga;
pub mod search;
pub mod settled;
pub mod shadow;
pub mod shares;
pub mod steering;
pub mod stock;
pub mod substitution;
pub mod timeline;
pub mod totals;
pub mod trace;
pub mod work_hours;

#[cfg(test)]
pub(crate) mod test_support;
