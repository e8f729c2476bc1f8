//! Central put together: the router over real storage, the broker with a real client, the process.

mod agents;
mod api;
mod bench;
mod boxes;
mod broker;
mod console;
mod drills;
mod dry_run;
mod explain;
mod gathering;
mod health;
mod kpis;
mod launch;
mod life;
mod policies;
mod promises;
mod replays;
mod rollouts;
mod routing;
mod sections;
mod shadow;
mod shadow_legacy;
mod stock;
mod substitutions;
mod triggers;
