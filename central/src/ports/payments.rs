//! A payment provider, as the saga speaks with it. Each question carries a key that is the same at each try, and each
//! answer says whether the money moved, did not, or nobody knows. An adapter answers in time: silence is an answer.

use crate::core::order_terms::PaymentToken;
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done {
        reference: String,
        amount: i64,
        lapses_at: Option<UtcMs>,
    },
    /// No, and asking again changes nothing.
    Declined {
        code: String,
        words: String,
    },
    /// No, and it may be asked again under another key.
    Soft {
        code: String,
        words: String,
    },
    /// It was not taken in: the same question may be asked again.
    Busy {
        retry_after_ms: Option<i64>,
        words: String,
    },
    /// No answer, or none that says what happened.
    Unknown {
        words: String,
    },
}

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Done { reference, amount, lapses_at } => Self::Done { reference, amount, lapses_at },
            Answer::Declined { code, words } => Self::Declined { code, words },
            Answer::Soft { code, words } => Self::Soft { code, words },
            Answer::Busy { retry_after_ms, words } => Self::Busy { retry_after_ms, words },
            Answer::Unknown { words } => Self::Unknown { words },
        }
    }
}

impl Answer {
    /// Whether the system itself is in trouble, for its breaker.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Declined { .. } | Self::Soft { .. } => false,
            Self::Busy { .. } | Self::Unknown { .. } => true,
        }
    }

    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Declined { .. } => "declined",
            Self::Soft { .. } => "soft",
            Self::Busy { .. } => "busy",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// What a provider knows of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Ended(Answer),
    /// It never arrived.
    Absent,
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
