//! Between a store and central: messages are lost, answered and the answer lost, doubled, late, and
//! overtaken by others; ways are cut in one direction or in both.
//!
//! What arrives late is what a timeout leaves behind: the agent has given up on the request and
//! goes on working, and central still gets it, or the answer still comes.

use super::dice::Dice;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::kind::Kind;
use anyhow::{Result, ensure};
use async_trait::async_trait;
use holdfast_agent::ports::central::{Central, CentralError};
use holdfast_central::ports::access::ReplicaIdentity;
use holdfast_shared::error::{Code, Problem};
use holdfast_shared::ids::BootId;
use holdfast_shared::limits::{SYNC_BYTES_MAX, SYNC_DOCUMENTS_MAX};
use holdfast_shared::time::Now;
use holdfast_shared::wire::enrolment::{EnrolRequest, EnrolResponse};
use holdfast_shared::wire::sync::{SyncMessage, SyncRequest, SyncResponse};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Clone)]
pub enum Load {
    Request(Vec<u8>),
    Answer(Vec<u8>),
    Beat(Vec<u8>),
}

/// A message that is still on its way.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub due_step: u64,
    pub node: usize,
    /// The process that sent the request: an answer reaches no other.
    pub boot: BootId,
    /// Who sent it: a box may have another identity by the time it arrives.
    pub identity: ReplicaIdentity,
    pub load: Load,
}

#[derive(Debug, Default)]
pub struct Network(Mutex<Vec<Parcel>>);

impl Network {
    pub fn send(&self, parcel: Parcel) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(parcel);
    }

    /// What arrives now, not always in the order in which it was sent.
    pub fn due(&self, step: u64, fate: &Fate) -> Vec<Parcel> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut due, rest): (Vec<_>, _) =
            std::mem::take(&mut *waiting).into_iter().partition(|parcel| parcel.due_step <= step);
        *waiting = rest;
        if due.len() > 1
            && let Some(dice) = fate.strikes(Kind::Reordered, 0)
        {
            for last in (1..due.len()).rev() {
                due.swap(last, dice.index(last + 1));
            }
        }
        due
    }
}

/// Which ways are open just now.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    pub up: bool,
    pub down: bool,
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
    pub ways: Ways,
    /// The world's time.
    pub now: Now,
}

impl Link<'_> {
    fn parcel(&self, load: Load, dice: &Dice) -> Parcel {
        let due_step = self.fate.step() + dice.steps(1, 9);
        let (boot, identity) = (self.boot.clone(), self.identity.clone());
        Parcel { due_step, node: self.node, boot, identity, load }
    }

    fn strikes(&self, kind: Kind) -> Option<Dice> {
        self.fate.strikes(kind, self.node)
    }

    async fn ask(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        if !self.ways.up || self.strikes(Kind::RequestLost).is_some() {
            return Ok(None);
        }
        if let Some(dice) = self.strikes(Kind::RequestLate) {
            self.network.send(self.parcel(Load::Request(bytes.to_vec()), &dice));
            return Ok(None);
        }
        if self.strikes(Kind::RequestDoubled).is_some() {
            self.office.sync(self.identity, bytes, self.fate, self.now).await?;
        }
        let Some(answer) = self.office.sync(self.identity, bytes, self.fate, self.now).await? else {
            return Ok(None);
        };
        if !self.ways.down || self.strikes(Kind::AnswerLost).is_some() {
            return Ok(None);
        }
        if let Some(dice) = self.strikes(Kind::AnswerLate) {
            self.network.send(self.parcel(Load::Answer(answer), &dice));
            return Ok(None);
        }
        if let Some(dice) = self.strikes(Kind::AnswerDoubled) {
            self.network.send(self.parcel(Load::Answer(answer.clone()), &dice));
        }
        Ok(Some(answer))
    }
}

/// Both sides keep to what they promise of a message.
fn bounded(bytes: &[u8], documents: usize) -> Result<()> {
    ensure!(bytes.len() <= SYNC_BYTES_MAX, "BOUNDED: a sync message has {} bytes", bytes.len());
    ensure!(documents <= SYNC_DOCUMENTS_MAX, "BOUNDED: a sync message has {documents} documents");
    Ok(())
}

#[async_trait]
impl Central for Link<'_> {
    async fn sync(&self, request: &SyncRequest) -> Result<SyncResponse, CentralError> {
        let unreadable = |error: holdfast_shared::wire::sync::SyncCodecError| {
            self.fate.wrong(format_args!("a sync message does not travel: {error}"));
            CentralError::Unreadable(Box::new(error))
        };
        let bytes = request.encode().map_err(unreadable)?;
        if let Err(error) = bounded(&bytes, request.documents.len()) {
            self.fate.wrong(error);
        }
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
