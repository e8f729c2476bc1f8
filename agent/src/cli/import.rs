//! `import FILE`: catalogue and opening stock, whether the agent runs or not.

use super::local::Local;
use super::page;
use crate::adapters::http::{FileFormat, IMPORT_BYTES_MAX};
use crate::adapters::import_file::{self, Format};
use crate::ports::ledger::{Import, ImportItem, Imported};
use crate::runtime::identity::StoredIdentity;
use crate::runtime::{self, AgentConfig};
use anyhow::{Context, bail};
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::data_dir::{DataDir, DataDirError};
use holdfast_platform::random;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::process::ExitCode;

pub(super) async fn import(
    config: &AgentConfig,
    path: &Path,
    format: Option<FileFormat>,
) -> anyhow::Result<ExitCode> {
    let format = match (format, Format::of_name(&path.to_string_lossy())) {
        (Some(format), _) => format,
        (None, Some(Format::Csv)) => FileFormat::Csv,
        (None, Some(Format::JsonLines)) => FileFormat::Jsonl,
        (None, None) => {
            bail!("the form of {} is not clear; say --format csv or --format jsonl", path.display())
        }
    };
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let imported = match DataDir::open(&config.data_dir) {
        Ok(dir) => directly(&dir, &file, format).await?,
        Err(DataDirError::InUse { .. }) => through_the_agent(config, &file, format).await?,
        Err(error) => return Err(error.into()),
    };
    page::say(&format!(
        "{} new articles, {} changed, {} with opening stock.",
        imported.new_skus, imported.changed_skus, imported.opened_positions
    ));
    if imported.kept_positions > 0 {
        page::say(&format!(
            "{} articles have stock already, which was left as it is: count or adjust them instead.",
            imported.kept_positions
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The agent does not run: the ledger is opened here.
async fn directly(dir: &DataDir, file: &File, format: FileFormat) -> anyhow::Result<Imported> {
    let items = read(file, format)?;
    let boot = random::boot_id()?;
    let stored = StoredIdentity::read(dir)?;
    let identity = stored.as_ref().map(|stored| runtime::identity_of(stored, &boot));
    let ledger = runtime::open_ledger(dir, boot, identity)?;
    let bar = bar(u64::try_from(items.len()).unwrap_or(0), "Recording", "{pos} of {len} lines");
    let shown = bar.clone();
    let imported =
        ledger.import(items, Box::new(move |done| shown.set_position(done)), SystemClock.now()).await;
    bar.finish_and_clear();
    ledger.stop().await;
    Ok(imported?)
}

/// The agent runs and holds the data directory: it is asked.
async fn through_the_agent(
    config: &AgentConfig,
    mut file: &File,
    format: FileFormat,
) -> anyhow::Result<Imported> {
    let limit = u64::try_from(IMPORT_BYTES_MAX).unwrap_or(u64::MAX);
    if file.metadata()?.len() > limit {
        bail!("the file is over {limit} bytes; stop the agent and import it then, or split the file");
    }
    let bar = ProgressBar::new_spinner().with_message("The running agent imports");
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let imported = Local::new(config)?.import(bytes, format).await;
    bar.finish_and_clear();
    imported
}

fn read(file: &File, format: FileFormat) -> anyhow::Result<Vec<ImportItem>> {
    let format = match format {
        FileFormat::Csv => Format::Csv,
        FileFormat::Jsonl => Format::JsonLines,
    };
    let bar = bar(file.metadata()?.len(), "Reading", "{bytes} of {total_bytes}");
    let items = import_file::read(BufReader::new(file), format, |bytes| bar.set_position(bytes));
    bar.finish_and_clear();
    items.context("nothing was imported")
}

/// Draws only on a terminal.
fn bar(len: u64, what: &'static str, counted: &str) -> ProgressBar {
    let template = format!("{{msg:10}} {{bar:32}} {counted}  {{eta}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(len).with_style(style).with_message(what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ledger::Ledger;
    use std::path::PathBuf;

    fn config(place: &Path) -> AgentConfig {
        AgentConfig {
            data_dir: place.join("data"),
            lan_listen: "127.0.0.1:0".parse().unwrap(),
            ..AgentConfig::default()
        }
    }

    fn file(place: &Path, name: &str, text: &str) -> PathBuf {
        let path = place.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn articles(config: &AgentConfig) -> u64 {
        let dir = DataDir::open(&config.data_dir).unwrap();
        let ledger = runtime::open_ledger(&dir, random::boot_id().unwrap(), None).unwrap();
        let skus = ledger.summary().await.unwrap().skus;
        ledger.stop().await;
        skus
    }

    #[tokio::test]
    async fn one_bad_line_keeps_the_whole_file_out() {
        let place = tempfile::tempdir().unwrap();
        let config = config(place.path());
        let bad = file(place.path(), "bad.csv", "sku,on_hand\nA-1,3\nB 2,1\n");
        let told = format!("{:#}", import(&config, &bad, None).await.unwrap_err());
        assert!(told.contains("line 3"), "{told}");
        assert_eq!(articles(&config).await, 0);
        let good = file(place.path(), "good.jsonl", "{\"sku\":\"A-1\",\"on_hand\":3}\n");
        import(&config, &good, None).await.unwrap();
        assert_eq!(articles(&config).await, 1);
    }

    #[tokio::test]
    async fn a_running_agent_imports_for_us() {
        let place = tempfile::tempdir().unwrap();
        let config = config(place.path());
        let running = runtime::start(config.clone()).await.unwrap();
        let good = file(place.path(), "good.csv", "sku,on_hand\nA-1,3\nB-2,1\n");
        import(&config, &good, None).await.unwrap();
        let bad = file(place.path(), "bad.csv", "sku\nC-3\nC 4\n");
        let told = format!("{:#}", import(&config, &bad, None).await.unwrap_err());
        assert!(told.contains("line 3"), "{told}");
        running.shutdown();
        running.join().await.unwrap();
        assert_eq!(articles(&config).await, 2);
    }

    #[tokio::test]
    async fn an_unclear_form_is_asked_for() {
        let place = tempfile::tempdir().unwrap();
        let path = file(place.path(), "stock.txt", "sku\nA\n");
        let told = import(&config(place.path()), &path, None).await.unwrap_err().to_string();
        assert!(told.contains("--format"), "{told}");
    }
}
