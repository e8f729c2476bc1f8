//! What a process costs, and how a set of durations is spread.

use anyhow::{Context, Result};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// In which Linux tells processor time to programs, on every architecture.
const TICKS_PER_S: f64 = 100.0;

/// What a process has used by now.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    at: Instant,
    ticks: f64,
    pub resident_mb: f64,
}

impl Figures {
    pub fn of(pid: u32) -> Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name stands in brackets, and may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("no name in the figures of a process")?;
        let used = fields.split_whitespace().skip(11).take(2);
        let ticks = used.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let resident = status.lines().find(|line| line.starts_with("VmRSS")).context("no resident memory")?;
        let kilobytes: f64 = resident.split_whitespace().nth(1).context("no figure")?.parse()?;
        Ok(Self { at: Instant::now(), ticks, resident_mb: kilobytes / 1_000.0 })
    }

    /// Percent of one core since then.
    #[must_use]
    pub fn share_since(&self, before: &Self) -> f64 {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        (self.ticks - before.ticks) / TICKS_PER_S / seconds * 100.0
    }

    /// The same of three processes.
    #[must_use]
    pub fn shares_since([a, b, c]: &[Self; 3], [x, y, z]: &[Self; 3]) -> [f64; 3] {
        [a.share_since(x), b.share_since(y), c.share_since(z)]
    }
}

/// Durations, shortest first.
#[derive(Debug, Clone, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// So many percent are not longer; none when there are none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Option<Duration> {
        self.0.get(self.0.len().saturating_sub(1).saturating_mul(percent) / 100).copied()
    }

    #[must_use]
    pub fn longest(&self) -> Option<Duration> {
        self.0.last().copied()
    }
}

impl FromIterator<Duration> for Spread {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut all: Vec<Duration> = durations.into_iter().collect();
        all.sort_unstable();
        Self(all)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
            match self.percentile(percent) {
                Some(duration) => write!(f, "{name} {:.2} s  ", duration.as_secs_f64())?,
                None => write!(f, "{name} -  ")?,
            }
        }
        write!(f, "of {}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_tells_its_middle_and_its_end() {
        let spread: Spread = (1..=100).rev().map(Duration::from_secs).collect();
        assert_eq!(spread.percentile(50), Some(Duration::from_secs(50)));
        assert_eq!(spread.longest(), Some(Duration::from_secs(100)));
        assert_eq!(Spread::default().to_string(), "p50 -  p90 -  p99 -  max -  of 0");
    }

    #[test]
    fn a_process_that_works_is_seen_to_work() {
        let before = Figures::of(std::process::id()).unwrap();
        let mut sum = [0_u8; 32];
        while Figures::of(std::process::id()).unwrap().share_since(&before) <= 0.0 {
            sum = *blake3::hash(&sum).as_bytes();
        }
        assert!(before.resident_mb > 0.0);
    }
}
