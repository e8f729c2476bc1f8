//! A payment provider, as the saga speaks with it. Each question carries a key that is the same at each try, and each
//! answer says whether the money moved, did not, or nobody knows. An adapter answers in time: silence is an answer.

use crate::core::order_terms::PaymentToken;
use crate::core::outside::answer;
pub use crate::core::outside::notice::BadNotice;
use crate::core::saga::fact::{CallId, Said, Wish};
use crate::core::saga::notice::Notice;
use crate::core::saga::plan::Capabilities;
use async_trait::async_trait;
use holdfast_shared::ids::{IdempotencyKey, OrderId, TenantId};
use holdfast_shared::money::Currency;
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::TraceParent;

/// One question, whole: enough to ask it, and to find out later what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub tenant: TenantId,
    pub order: OrderId,
    pub id: CallId,
    pub key: IdempotencyKey,
    pub wish: Wish,
    pub currency: Currency,
    /// How the customer pays; only for an authorization.
    pub token: PaymentToken,
    /// The provider's name for the authorization that it draws on.
    pub reference: Option<String>,
    pub at: UtcMs,
    /// Of the order's trace, with the span that is this question's however often it is asked.
    pub parent: TraceParent,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub reference: String,
    pub amount: i64,
    pub lapses_at: Option<UtcMs>,
}

pub type Answer = answer::Answer<Paid>;
pub type Known = answer::Known<Paid>;

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Done(Paid { reference, amount, lapses_at }) => {
                Self::Done { reference, amount, lapses_at }
            }
            Answer::Declined { code, words } => Self::Declined { code, words },
            Answer::Soft { code, words } => Self::Soft { code, words },
            Answer::Busy { retry_after_ms, words } => Self::Busy { retry_after_ms, words },
            Answer::Unknown { words } => Self::Unknown { words },
        }
    }
}

#[async_trait]
pub trait Payments: Send + Sync {
    fn can(&self) -> Capabilities;
    async fn ask(&self, question: &Question) -> Answer;
    async fn look_up(&self, question: &Question) -> Known;
    /// Which header holds the signature of a webhook.
    fn signature_header(&self) -> &'static str;
    fn read_notice(&self, signature: Option<&str>, body: &[u8], now: UtcMs) -> Result<Notice, BadNotice>;
}
