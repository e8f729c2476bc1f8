//! BOUNDED with a really full disk: told in words, nothing half written, well again afterwards.

#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use anyhow::{Context, Result, ensure};
use holdfast::client::{LanClient, Refused};
use holdfast_agent::core::command::{MovementKind, MovementRequest};
use holdfast_agent::ports::ledger::Role;
use holdfast_tests::e2e::{Chain, Plan, sku, until};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const SALES_MAX: u32 = 20_000;

/// A small file system of its own; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> Result<Self> {
        std::fs::create_dir_all(at)?;
        let size = format!("size={megabytes}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status()?;
        ensure!(done.success(), "a small disk cannot be mounted here; this test needs root");
        Ok(Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the agent's process is killed right after.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn fill(path: &Path) -> Result<std::fs::File> {
    let mut filler = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    while filler.write_all(&[0; 16 * 1024]).is_ok() {}
    Ok(filler)
}

/// Whether the agent still has something to let go.
async fn ballast_held(till: &LanClient) -> Result<bool> {
    till.get("/v1/status").await?["ballast_held"].as_bool().context("the status says nothing of the ballast")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_survived() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&folder.path().join("small"), 48)?;
    let chain = Chain::start(Plan { folder: Some(disk.0.clone()), ..Plan::default() }).await?;
    let till = chain.stores[0].pair(Role::Pos, "till").await?;
    until("ballast is on board", async || ballast_held(&till).await).await?;
    let filling = disk.0.join("filling");
    drop(fill(&filling)?);
    let sale =
        [MovementRequest { kind: MovementKind::Sale, sku: sku(0), quantity: 1, peer: None, note: None }];
    let mut sold = 0_i64;
    // The disk is full, and the till hears nothing of it: the ballast goes.
    while ballast_held(&till).await? {
        ensure!(sold < i64::from(SALES_MAX), "the disk never filled");
        till.movements(&till.intent(), &sale).await.context("a sale while there was ballast")?;
        sold += 1;
    }
    drop(fill(&filling)?);
    let mut refused = None;
    for _ in 0..SALES_MAX {
        let key = till.intent();
        match till.movements(&key, &sale).await {
            Ok(_) => sold += 1,
            Err(error) => {
                refused = Some((key, error.downcast::<Refused>()?));
                break;
            }
        }
    }
    let (key, refused) = refused.context("the disk never filled without ballast")?;
    ensure!((refused.status, refused.code.as_str()) == (507, "disk_full"), "{refused:?}");
    ensure!(till.on_hand(&sku(0)).await? == 100 - sold, "a refused sale left a trace");
    std::fs::remove_file(&filling)?;
    till.movements(&key, &sale).await.context("the same sale after space returned")?;
    ensure!(till.on_hand(&sku(0)).await? == 100 - sold - 1);
    until("ballast is on board again, without hands", async || ballast_held(&till).await).await
}
