//! A flock of stores in one process, for health at the size of a chain.
//!
//! Each store has its own connection to the broker, by the agent's own uplink, with its last will and its
//! goodbye, and sends what an agent sends when an agent would. What it lacks is a disk: its facts are
//! prepared in central's database before central starts, and do not change. The second path, health
//! with a sync over HTTP while the broker is lost, goes over one client with bounded connections,
//! because one machine has no ten thousand.

mod figures;
mod making;
mod member;
mod office;
mod scene;

pub use figures::{Figures, Spread};
pub use making::{Prepared, prepare};
pub use member::{Lot, Member};
pub use office::Office;
pub use scene::{Plan, Scene};

use anyhow::{Context, Result};
use holdfast_agent::runtime::AgentConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How often a store speaks.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    pub beat_every: Duration,
    pub sync_every: Duration,
    /// Without the broker for this long, health goes with the sync.
    pub signals_lost: Duration,
}

impl Default for Habits {
    /// Those of an agent that nobody configured.
    fn default() -> Self {
        let usual = AgentConfig::default();
        Self {
            beat_every: usual.heartbeat_every,
            sync_every: usual.sync_every,
            signals_lost: Duration::from_secs(8),
        }
    }
}

/// What all stores share, and what became of their words.
#[derive(Debug)]
pub struct Air {
    habits: Habits,
    http: reqwest::Client,
    /// Where syncs go.
    url: String,
    line: Semaphore,
    beating: AtomicBool,
    syncing: AtomicBool,
    lost_permille: AtomicU32,
    pub beats: AtomicU64,
    /// Left out on purpose, as a bad line would.
    pub lost: AtomicU64,
    pub synced: AtomicU64,
    /// Central was there, and had no room.
    pub turned_away: AtomicU64,
    pub unanswered: AtomicU64,
}

/// Where the two paths begin.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a> {
    pub broker: SocketAddr,
    pub central: &'a str,
    /// Connections to central at the same time, for all of them.
    pub connections: usize,
}

/// Stops when dropped: no task outlives it.
#[derive(Debug)]
pub struct Flock {
    pub members: Vec<Arc<Member>>,
    pub air: Arc<Air>,
    tasks: JoinSet<()>,
}

impl Flock {
    /// They begin within one interval of each other, as stores that know nothing of each other do.
    /// Syncs are off at first.
    pub fn start(prepared: Vec<Prepared>, paths: Paths<'_>, habits: Habits) -> Result<Self> {
        let air = Arc::new(Air {
            habits,
            http: holdfast::client::http()?,
            url: format!("{}/v1/sync", paths.central.trim_end_matches('/')),
            line: Semaphore::new(paths.connections),
            beating: AtomicBool::new(true),
            syncing: AtomicBool::new(false),
            lost_permille: AtomicU32::new(0),
            beats: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        });
        let all = u32::try_from(prepared.len()).context("too many stores")?.max(1);
        let mut tasks = JoinSet::new();
        let mut members = Vec::with_capacity(prepared.len());
        for (number, one) in (0_u32..).zip(prepared) {
            let member = Arc::new(Member::new(one, paths.broker));
            tasks.spawn(member::stay_connected(Arc::clone(&member), share(habits.beat_every, number, all)));
            tasks.spawn(member::beat(
                Arc::clone(&member),
                Arc::clone(&air),
                share(habits.beat_every, number, all),
            ));
            tasks.spawn(member::sync(
                Arc::clone(&member),
                Arc::clone(&air),
                share(habits.sync_every, number, all),
            ));
            members.push(member);
        }
        Ok(Self { members, air, tasks })
    }

    /// Whether they sync on their timer, as agents always do.
    pub fn let_sync(&self, may: bool) {
        self.air.syncing.store(may, Ordering::Relaxed);
    }

    /// Whether they beat on their timer, as agents always do.
    pub fn let_beat(&self, may: bool) {
        self.air.beating.store(may, Ordering::Relaxed);
    }

    /// So many of a thousand signals are not sent, by chance.
    pub fn lose(&self, permille: u32) {
        self.air.lost_permille.store(permille, Ordering::Relaxed);
    }

    #[must_use]
    pub fn connected(&self) -> usize {
        self.members.iter().filter(|member| member.is_connected()).count()
    }

    /// Every store sends `each` heartbeats as fast as the broker takes them. How many were sent.
    pub async fn flood(&self, each: u32) -> Result<u64> {
        let mut flooding = JoinSet::new();
        for member in &self.members {
            flooding.spawn(member::flood(Arc::clone(member), each));
        }
        let mut sent = 0_u64;
        while let Some(done) = flooding.join_next().await {
            sent = sent.saturating_add(done?);
        }
        Ok(sent)
    }

    /// Whether a task of it ended, which none does by itself.
    #[must_use]
    pub fn is_whole(&mut self) -> bool {
        self.tasks.try_join_next().is_none()
    }
}

/// The part of an interval that belongs to this one of all.
fn share(interval: Duration, number: u32, all: u32) -> Duration {
    interval.saturating_mul(number).checked_div(all).unwrap_or_default()
}
