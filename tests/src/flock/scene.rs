//! A real broker and a real central, with a flock before them.

use super::{Flock, Habits, Member, Office, Paths, prepare};
use crate::e2e::mosquitto::Mosquitto;
use anyhow::{Context, Result, ensure};
use holdfast::launch::{Broker, Cable, CentralBox, Program};
use holdfast_central::ports::work::Audit;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tempfile::TempDir;

#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    pub stores: usize,
    /// So many of them have a task that they accepted.
    pub busy: usize,
    /// Connections to central's HTTP at the same time, for all of them.
    pub connections: usize,
    /// Whole tables, appended to central's configuration.
    pub central_config: &'a str,
    pub habits: Habits,
}

#[derive(Debug)]
pub struct Scene {
    pub flock: Flock,
    pub office: Office,
    /// Between the flock and central's HTTP.
    pub line: Cable,
    pub broker: Mosquitto,
    pub central: CentralBox,
    // Last, so that the processes end before their folder goes.
    pub folder: TempDir,
}

impl Scene {
    pub async fn set(plan: Plan<'_>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut broker = Mosquitto::set_up_for_a_flock(folder.path())?;
        broker.start().await?;
        let external = Broker::External { address: broker.address, password: "unchecked".to_owned() };
        let program = Program::beside_this("holdfast-central")?;
        let mut central = CentralBox::set_up(program, folder.path(), &external, plan.central_config)?;
        // Its first start makes the folder; the chain is put into it while central is down.
        central.start().await?;
        central.stop().await?;
        let prepared = prepare(&central.data_folder(), plan.stores, plan.busy).await?;
        central.start().await?;
        let line = Cable::plug((Ipv4Addr::LOCALHOST, 0).into(), central.addresses().http).await?;
        let url = format!("http://{}", line.address());
        let paths = Paths { broker: broker.address, central: &url, connections: plan.connections };
        let flock = Flock::start(prepared, paths, plan.habits)?;
        let office = Office::new(central.client()?)?;
        Ok(Self { flock, office, line, broker, central, folder })
    }

    pub fn member(&self, number: usize) -> Result<Arc<Member>> {
        self.flock.members.get(number).cloned().context("no such store")
    }

    /// Nothing was taken from any store, and nothing is broken.
    pub async fn nothing_moved(&self) -> Result<Audit> {
        let audit = self.office.audit().await?;
        let broken = audit.double_shipped + audit.oversold + audit.reserved_mismatch + audit.orphaned_holds;
        ensure!(audit.recalled_tasks == 0 && broken == 0, "{audit:?}");
        Ok(audit)
    }
}
