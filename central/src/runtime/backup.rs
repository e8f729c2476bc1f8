//! What an operator does with the database while central is down, or beside it.

use super::flowing::add_up;
use super::{CentralConfig, CentralError, DATABASE};
use crate::adapters::sqlite::{IN_SERVICE, SqliteStore, back_up};
use crate::ports::recovery::Recoveries;
use holdfast_platform::clock::{Clock, SystemClock};
use holdfast_platform::data_dir::DataDir;
use holdfast_platform::random;
use holdfast_platform::sqlite::Place;
use std::path::Path;

/// Writes a copy of the database as it is now; central may run.
pub fn backup(config: &CentralConfig, to: &Path) -> Result<(), CentralError> {
    back_up(&config.data_dir.join(DATABASE), to).map_err(CentralError::Backup)
}

/// Makes anew what only follows from the record: the sums of how orders flowed. Central must be down. Tells how
/// many steps they are made of.
pub async fn rebuild(config: &CentralConfig) -> Result<usize, CentralError> {
    let data_dir = DataDir::open(&config.data_dir)?;
    let place = Place::File(data_dir.file(DATABASE)?);
    let storage = SqliteStore::open(&place, IN_SERVICE, random::bytes()?).map_err(CentralError::Database)?;
    let steps = add_up(&storage).await;
    storage.stop().await;
    steps.map_err(CentralError::Database)
}

/// Begins the recovery after a restore that central could not find out by itself. Central must be
/// down. Tells the new incarnation.
pub async fn restored(config: &CentralConfig) -> Result<u32, CentralError> {
    let data_dir = DataDir::open(&config.data_dir)?;
    let place = Place::File(data_dir.file(DATABASE)?);
    let storage = SqliteStore::open(&place, IN_SERVICE, random::bytes()?).map_err(CentralError::Database)?;
    // Opening it may have found out already.
    let begun = match storage.restored() {
        Some(incarnation) => Ok(incarnation),
        None => storage.begin_recovery("an operator said so", SystemClock.now().utc).await,
    };
    storage.stop().await;
    begun.map_err(CentralError::Database)
}
