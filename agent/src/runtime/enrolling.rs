//! Enrolment: from a one-time code to an identity on disk.

use super::LEDGER_FILE;
use super::identity::StoredIdentity;
use crate::adapters::central_http::CentralHttp;
use crate::adapters::http::needs::{EnrolWish, Enroller, NowEnrolled};
use crate::adapters::sqlite::KeptApart;
use crate::ports::central::{Central, CentralError};
use async_trait::async_trait;
use holdfast_platform::data_dir::DataDir;
use holdfast_platform::service::Lifetime;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::wire::enrolment::EnrolRequest;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trades the code for an identity, and keeps it.
pub async fn enrol(dir: &DataDir, wish: &EnrolWish) -> Result<NowEnrolled, Problem> {
    if !(wish.central.starts_with("http://") || wish.central.starts_with("https://")) {
        return Err(Problem::new(Code::InvalidRequest, "central is an address like https://central.example"));
    }
    let apart = kept_apart(dir).await;
    if let Some(apart) = apart.as_ref().filter(|apart| apart.unsent > 0 && !wish.leave_unsent) {
        return Err(leaves_behind(apart));
    }
    let central = CentralHttp::new(&wish.central, None)
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let request = EnrolRequest { code: wish.code.trim().to_owned(), box_name: wish.box_name.clone() };
    let given = central.enrol(&request).await.map_err(told)?;
    let enrolled = NowEnrolled {
        store: given.store.clone(),
        store_name: given.store_name.clone(),
        replica: given.replica.clone(),
        begins_anew: apart.is_some_and(|apart| apart.shared_as != given.replica),
    };
    let stored = StoredIdentity { given, central: wish.central.trim_end_matches('/').to_owned() };
    stored.write(dir).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    Ok(enrolled)
}

/// A database that cannot be read says nothing, and holds up nobody.
async fn kept_apart(dir: &DataDir) -> Option<KeptApart> {
    let path = dir.file(LEDGER_FILE).ok()?;
    let read = tokio::task::spawn_blocking(move || KeptApart::read(&path)).await.ok()?;
    read.inspect_err(|error| tracing::warn!(%error, "whether this box is kept apart could not be read"))
        .ok()?
}

/// Its database is set aside with the new identity, and what is in it alone would be out of sight.
fn leaves_behind(apart: &KeptApart) -> Problem {
    let detail = format!(
        "records of this box that have not reached central yet: {}; a new identity would leave them behind",
        apart.unsent
    );
    Problem::new(Code::Quarantined, detail).with_hint(
        "Let the agent run until holdfast-agent status says that 0 facts wait for central, then enrol again; the \
         code is still good. To leave them in a file beside the database, add --leave-unsent.",
    )
}

fn told(error: CentralError) -> Problem {
    match error {
        CentralError::Refused(problem) => *problem,
        CentralError::Unreachable { url, .. } => {
            Problem::new(Code::Busy, format!("central cannot be reached at {url}"))
                .with_hint("Check the address and the uplink, then try again; the code is still good.")
        }
        CentralError::Wait { .. } => Problem::new(Code::Busy, error.to_string()),
        CentralError::Unreadable(_) => Problem::new(Code::Internal, error.to_string()),
    }
}

/// The running agent's way: enrol, then end, so that whoever started it starts it anew.
#[derive(Debug)]
pub(super) struct Enrolling {
    dir: Arc<DataDir>,
    life: Lifetime,
    done: Arc<AtomicBool>,
}

impl Enrolling {
    pub(super) const fn new(dir: Arc<DataDir>, life: Lifetime, done: Arc<AtomicBool>) -> Self {
        Self { dir, life, done }
    }
}

#[async_trait]
impl Enroller for Enrolling {
    async fn enrol(&self, wish: EnrolWish) -> Result<NowEnrolled, Problem> {
        let enrolled = enrol(&self.dir, &wish).await?;
        self.done.store(true, Ordering::Release);
        self.life.stop();
        Ok(enrolled)
    }
}
