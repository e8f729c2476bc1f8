//! The demo, as a newcomer without a terminal runs it.

use anyhow::{Context, Result, ensure};
use holdfast::launch::Program;
use serde_json::Value;
use std::process::Stdio;

#[test]
fn without_a_terminal_the_demo_plays_an_outage_that_breaks_no_promise() -> Result<()> {
    let mut demo = Program::beside_this("holdfast")?.command();
    let done = demo.arg("demo").stdin(Stdio::null()).output()?;
    let told: Value = serde_json::from_slice(&done.stdout).with_context(|| {
        format!(
            "no summary: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        )
    })?;
    let number =
        |name: &str| told.get(name).and_then(Value::as_u64).with_context(|| format!("{name} in {told}"));
    for zero in [
        "double_shipped",
        "oversold",
        "wrongly_charged",
        "lost_acknowledged",
        "reserved_mismatch",
        "orphaned_holds",
    ] {
        ensure!(number(zero)? == 0, "{zero}: {told}");
    }
    for some in ["orders_finished", "acknowledged", "parcels_labelled", "charged"] {
        ensure!(number(some)? > 0, "{some}: {told}");
    }
    for seconds in ["silence_to_suspect_s", "silence_to_ineligible_s", "restore_to_equal_digests_s"] {
        let stores = told.get(seconds).and_then(Value::as_object).context("no such figures")?;
        ensure!(stores.len() == 3 && stores.values().all(Value::is_number), "{seconds}: {told}");
    }
    ensure!(done.status.success(), "{told}");
    Ok(())
}
