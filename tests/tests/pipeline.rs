//! Five hundred orders through a real central, with everything that goes wrong around them; `benches/pipeline.rs`
//! is the same by the hundred thousand.

use anyhow::{Result, ensure};
use holdfast_tests::pipeline::{Volume, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_refused_or_down_loses_nothing_and_doubles_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let told = run(folder.path(), Volume { orders: 500, clients: 16 }).await?;
    // One in twenty is repeated: 9 at the same time, 8 later, 8 with another body.
    ensure!((told.replayed, told.conflicts) == (17, 8), "{told:?}");
    ensure!(told.events >= 500, "each order is told at least once: {told:?}");
    ensure!(told.poisoned_keys > 0, "some were refused: {told:?}");
    Ok(())
}
