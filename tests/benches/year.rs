//! A year of a busy store: 365 business days of 5,000 movements on the real ledgers of both sides.
//!
//! Run: `cargo bench -p holdfast-tests --bench year [-- DAYS MOVEMENTS]`. Each line is a month; what must be
//! flat is memory, open documents, live changes, and the start. Files grow until retention (90 days).

#![allow(clippy::print_stdout, reason = "a bench tells its figures")]

use anyhow::Result;
use holdfast_tests::year::{Life, live};
use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut asked = std::env::args().filter_map(|word| word.parse::<u32>().ok());
    let (days, movements) = (asked.next().unwrap_or(365), asked.next().unwrap_or(5_000));
    let movements = usize::try_from(movements)?;
    let begun = Instant::now();
    let told = live(Life { days, movements, skus: 2_000, told_every: (days / 12).max(1) }).await?;
    println!(
        "{:>4} {:>9} {:>9} {:>10} {:>5} {:>8} {:>9} {:>9} {:>8} {:>9} {:>10}",
        "day",
        "resident",
        "agent",
        "central",
        "open",
        "changes",
        "facts",
        "central",
        "archives",
        "start",
        "synced"
    );
    for line in told {
        println!(
            "{:>4} {:>6} MB {:>6} MB {:>7} MB {:>5} {:>8} {:>9} {:>9} {:>8} {:>6.1} ms {:>7} kB",
            line.day,
            line.resident_kb / 1024,
            line.agent_file_kb / 1024,
            line.central_file_kb / 1024,
            line.open_documents,
            line.live_changes,
            line.facts_here,
            line.facts_at_central,
            line.archives,
            line.start_ms,
            line.synced_kb,
        );
    }
    println!("lived in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}
