//! Webhooks of other systems, before anything in them is believed; and what became of those that were.

use holdfast_shared::error::Code;

/// Why a webhook is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNotice {
    #[error("the signature is missing: expected the header {0}")]
    Unsigned(&'static str),
    #[error("the signature is not one of this provider's")]
    Forged,
    #[error("the signature is of another time: check both clocks")]
    OutOfTime,
    #[error("this provider has no secret for webhooks configured")]
    NoSecret,
    #[error("the body is not an event of this provider: {0}")]
    Unreadable(String),
}

impl BadNotice {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unsigned(_) | Self::Forged | Self::OutOfTime | Self::NoSecret => Code::Unauthenticated,
            Self::Unreadable(_) => Code::InvalidRequest,
        }
    }
}
