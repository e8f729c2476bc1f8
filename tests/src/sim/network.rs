//! Between a store and central: messages are lost, answered and the answer lost, doubled, and late.
//!
//! What arrives late is what a timeout leaves behind: the agent has given up on the request and
//! goes on working, and central still gets it, or the answer still comes.

use super::fate::Fate;
use super::head_office::HeadOffice;
use anyhow::Result;
use async_trait::async_trait;
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::BootId;
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Clone)]
pub enum Load {
    Request(Vec<u8>),
    Answer(Vec<u8>),
}

/// A message that is still on its way.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub due_step: u64,
    pub node: usize,
    /// The process that sent the request: an answer reaches no other.
    pub boot: BootId,
    pub load: Load,
}

#[derive(Debug, Default)]
pub struct Network(Mutex<Vec<Parcel>>);

impl Network {
    pub fn send(&self, parcel: Parcel) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(parcel);
    }

    /// What arrives now.
    pub fn due(&self, step: u64) -> Vec<Parcel> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (due, rest) = std::mem::take(&mut *waiting).into_iter().partition(|p| p.due_step <= step);
        *waiting = rest;
        due
    }
}

/// One agent's way to central, as its own port sees it.
#[derive(Debug)]
pub struct Link<'a> {
    pub office: &'a HeadOffice,
    pub network: &'a Network,
    pub fate: &'a Fate,
    pub node: usize,
    pub boot: BootId,
    pub identity: &'a ReplicaIdentity,
    pub cut_off: bool,
    /// Central's clock.
    pub now: Now,
}

impl Link<'_> {
    fn parcel(&self, load: Load) -> Parcel {
        let due_step = self.fate.step().saturating_add(1 + self.fate.next() % 8);
        Parcel { due_step, node: self.node, boot: self.boot.clone(), load }
    }

    async fn ask(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        if self.cut_off || self.fate.strikes("request_lost", 60) {
            return Ok(None);
        }
        if self.fate.strikes("request_late", 50) {
            self.network.send(self.parcel(Load::Request(bytes.to_vec())));
            return Ok(None);
        }
        if self.fate.strikes("request_doubled", 60) {
            self.office.sync(self.identity, bytes, self.now).await?;
        }
        let Some(answer) = self.office.sync(self.identity, bytes, self.now).await? else { return Ok(None) };
        if self.fate.strikes("answer_lost", 60) {
            return Ok(None);
        }
        if self.fate.strikes("answer_late", 50) {
            self.network.send(self.parcel(Load::Answer(answer)));
            return Ok(None);
        }
        Ok(Some(answer))
    }
}

#[async_trait]
impl Central for Link<'_> {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        let unreadable = |error: holdfast_shared::wire::sync::SyncCodecError| {
            self.fate.wrong(format_args!("a sync message does not travel: {error}"));
            CentralError::Unreadable(Box::new(error))
        };
        let bytes = request.encode().map_err(unreadable)?;
        match self.ask(&bytes).await {
            Ok(Some(answer)) => SyncResponse::decode(&answer).map_err(unreadable),
            Ok(None) => Err(CentralError::Unreachable {
                url: String::from("sim://central"),
                source: Box::from("the network gave no answer"),
            }),
            Err(error) => {
                self.fate.wrong(format_args!("central failed at a sync: {error:#}"));
                Err(CentralError::Refused(Box::new(Problem::new(Code::Internal, error.to_string()))))
            }
        }
    }

    async fn enrol(&self, _request: &EnrolRequest) -> Result<EnrolResponse, CentralError> {
        let problem = Problem::new(Code::NotFound, "agents of the simulation are enrolled from the start");
        Err(CentralError::Refused(Box::new(problem)))
    }
}
