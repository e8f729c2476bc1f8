//! A carrier, or one who speaks with many of them. Each question carries a key that is the same at each try, and each
//! answer says whether it was done, was not, or nobody knows. An adapter answers in time: silence is an answer.

use crate::core::outside::answer;
use crate::core::outside::notice::BadNotice;
use crate::core::parcel::address::Address;
use crate::core::parcel::fact::{AskId, Label, Said, Wish};
use crate::core::parcel::notice::TrackingNotice;
use async_trait::async_trait;
use holdfast_shared::ids::{IdempotencyKey, OrderId, StoreId, TaskId, TenantId};
use holdfast_shared::money::Money;
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::TraceParent;
use serde::Serialize;
use utoipa::ToSchema;

/// One question, whole: enough to ask it, and to find out later what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub tenant: TenantId,
    pub order: OrderId,
    pub task: TaskId,
    /// From where it leaves.
    pub store: StoreId,
    pub id: AskId,
    pub key: IdempotencyKey,
    pub wish: Wish,
    /// Where it goes; none for a label that shall be void.
    pub to: Option<Address>,
    /// The label that shall be void.
    pub label: Option<Label>,
    pub at: UtcMs,
    /// Of the order's trace, with the span that is this question's however often it is asked.
    pub parent: TraceParent,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    Made(Label),
    Voided,
}

pub type Answer = answer::Answer<Did>;
pub type Known = answer::Known<Did>;

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Done(Did::Made(label)) => Self::Made { label },
            Answer::Done(Did::Voided) => Self::Voided,
            Answer::Declined { code, words } => Self::Declined { code, words },
            Answer::Soft { code, words } => Self::Soft { code, words },
            Answer::Busy { retry_after_ms, words } => Self::Busy { retry_after_ms, words },
            Answer::Unknown { words } => Self::Unknown { words },
        }
    }
}

/// What it would cost to send something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateQuestion {
    pub tenant: TenantId,
    pub store: StoreId,
    pub to: Address,
    pub units: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rate {
    #[schema(example = "ups")]
    pub carrier: String,
    /// The chain's own name for it where it has one, else the carrier's.
    #[schema(example = "standard")]
    pub service: String,
    pub cost: Money,
    /// Of transit, as far as the carrier says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
}

#[async_trait]
pub trait Carriers: Send + Sync {
    /// What there is to choose from; an answer that is no label in place of it.
    async fn rates(&self, question: &RateQuestion) -> Result<Vec<Rate>, Answer>;
    /// Makes a label, or takes one back.
    async fn ask(&self, question: &Question) -> Answer;
    /// Finds by its key what came of a question.
    async fn look_up(&self, question: &Question) -> Known;
    /// Which header holds the signature of a webhook.
    fn signature_header(&self) -> &'static str;
    fn read_notice(
        &self,
        signature: Option<&str>,
        body: &[u8],
        now: UtcMs,
    ) -> Result<TrackingNotice, BadNotice>;
}
