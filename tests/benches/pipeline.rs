//! Orders over HTTP at the highest rate that central holds, with repeated requests, events that a consumer refuses,
//! one consumer that is down and one that is added after the fact. The books are compared at the end; beside it, in the
//! same run and on the same disk, as many bare commits in SQLite.
//!
//! Run: `cargo bench -p holdfast-tests --bench pipeline`; it builds the programs of these sources first. HOLDFAST_ORDERS says how many orders (100,000),
//! HOLDFAST_CLIENTS how many storefronts ask at the same time (64).

#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench tells its figures")]

use anyhow::{Context, Result};
use holdfast_tests::packaged::build_programs;
use holdfast_tests::pipeline::{Volume, run};
use std::time::Duration;

fn number(name: &str, usual: usize) -> Result<usize> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is no number: {text:?}")),
        Err(_) => Ok(usual),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let volume =
        Volume { orders: number("HOLDFAST_ORDERS", 100_000)?, clients: number("HOLDFAST_CLIENTS", 64)? };
    build_programs()?;
    let folder = tempfile::tempdir()?;
    let told = run(folder.path(), volume).await?;

    let per_s = |count: usize, took: Duration| count as f64 / took.as_secs_f64().max(0.001);
    let ms = |took: Duration| took.as_secs_f64() * 1_000.0;
    let (rate, bare) = (per_s(volume.orders, told.took), per_s(volume.orders, told.bare));
    println!("orders taken              {rate:>8.0} /s   ({} by {} clients)", volume.orders, volume.clients);
    println!(
        "an order is answered      {:>8.1} ms   at half, {:.1} ms at 99%",
        ms(told.waited(50)),
        ms(told.waited(99))
    );
    println!("bare commits of the same  {bare:>8.0} /s   ratio {:.2}", rate / bare);
    println!(
        "repeated                  {:>8}      {} with another body, refused",
        told.replayed, told.conflicts
    );
    println!("turned away and back      {:>8}", told.turned_away);
    println!("events of each consumer   {:>8}      {} came twice under their id", told.events, told.again);
    println!("keys that one refused     {:>8}      parked, and had after all", told.poisoned_keys);
    println!("all told after the last   {:>8.1} s", told.told_in.as_secs_f64());
    println!("central, most memory      {:>8.1} MB", told.peak_mb);
    println!("0 lost, 0 twice, consumers equal");
    Ok(())
}
