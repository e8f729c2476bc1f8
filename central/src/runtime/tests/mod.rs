//! Central put together: the router over real storage, the broker with a real client, the process.

mod agents;
mod api;
mod bench;
mod boxes;
mod broker;
mod console;
mod drills;
mod explain;
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
mod stock;
mod triggers;
