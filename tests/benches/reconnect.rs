//! Ten thousand stores that lost central together come back together: until all are leased again and
//! their tasks level.
//!
//! Run: `cargo bench -p holdfast-tests --bench reconnect [STORES] [CONNECTIONS]`. Central is a process
//! of its own; the stores are one client with bounded connections, because one machine has no ten
//! thousand: what waits for a connection stands for what waits in a listener's queue.

#![allow(clippy::print_stdout, reason = "a bench tells its figures")]

use anyhow::{Context, Result};
use holdfast::launch::{Broker, CentralBox, Program};
use holdfast_tests::crowd;
use holdfast_tests::packaged::build_programs;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::main]
async fn main() -> Result<()> {
    let numbers: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let stores = numbers.first().copied().unwrap_or(10_000);
    let connections = numbers.get(1).copied().unwrap_or(500);
    let folder = tempfile::tempdir()?;
    let embedded = Broker::Embedded { extra: String::new() };
    build_programs()?;
    let program = Program::beside_this("holdfast-central")?;
    let mut central = CentralBox::set_up(program, folder.path(), &embedded, "")?;
    // Its first start makes the folder; the chain is put into it while central is down.
    central.start().await?;
    central.stop().await?;
    let database = central.data_folder().join("central.db");
    let preparing = Instant::now();
    let members =
        crowd::in_memory(&central.data_folder(), async |database| crowd::prepare(database, stores).await)
            .await?;
    println!("{stores} stores prepared in {:.1} s", preparing.elapsed().as_secs_f64());
    central.start().await?;
    let url = format!("http://{}", central.addresses().http);

    let told = crowd::come_back(&url, members, connections).await?;

    let at = |part: usize| told.took.get(told.took.len().saturating_sub(1) * part / 100).copied();
    let seconds = |part| at(part).map(|time: Duration| time.as_secs_f64()).context("nobody came back");
    println!(
        "all leased and level      {:>8.1} s    (budget 60; half after {:.1} s, 99% after {:.1} s)",
        seconds(100)?,
        seconds(50)?,
        seconds(99)?
    );
    println!(
        "over {connections} connections; {} times one was told to wait, {} times a line broke",
        told.turned_away, told.broken
    );
    let pid = central.process_id().context("central does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("central, most memory      {line}");
    }
    central.stop().await?;
    crowd::nothing_is_lost(&database, stores).await?;
    println!("no acknowledged fact is lost");
    Ok(())
}
