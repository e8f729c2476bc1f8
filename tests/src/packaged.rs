//! For benches: the programs as they are released, and what a package sets around its process. Memory measured without
//! it is not the memory of a store's box.

use anyhow::{Result, ensure};
use std::process::Command;

const AGENT_UNIT: &str = include_str!("../../packaging/agent/holdfast-agent.service");

/// The environment in which the agent's unit starts it.
#[must_use]
pub fn environment_of_the_agent() -> Vec<(String, String)> {
    let set = AGENT_UNIT.lines().filter_map(|line| line.strip_prefix("Environment="));
    let pairs = set.flat_map(str::split_whitespace).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Cargo builds the bench and not the programs that it starts: what is measured is none of before.
///
/// # Errors
/// When they cannot be built.
pub fn build_programs() -> Result<()> {
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(()) };
    let built = Command::new(cargo).args(["build", "--release", "--workspace", "--bins"]).status()?;
    ensure!(built.success(), "the programs were not built");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_sets_what_keeps_an_agent_small() {
        let names: Vec<String> = environment_of_the_agent().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]);
    }
}
