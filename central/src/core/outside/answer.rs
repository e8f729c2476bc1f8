//! What somebody outside says of a question: whether it was done, was not, or nobody knows. Silence is an answer, too.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<D> {
    Done(D),
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

impl<D> Answer<D> {
    /// Whether the system itself is in trouble, for its breaker.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::Done(_) | Self::Declined { .. } | Self::Soft { .. } => false,
            Self::Busy { .. } | Self::Unknown { .. } => true,
        }
    }

    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Declined { .. } => "declined",
            Self::Soft { .. } => "soft",
            Self::Busy { .. } => "busy",
            Self::Unknown { .. } => "unknown",
        }
    }

    #[must_use]
    pub const fn retry_after_ms(&self) -> Option<i64> {
        match self {
            Self::Busy { retry_after_ms, .. } => *retry_after_ms,
            Self::Done(_) | Self::Declined { .. } | Self::Soft { .. } | Self::Unknown { .. } => None,
        }
    }
}

/// What the one who was asked knows of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<D> {
    Ended(Answer<D>),
    /// It never arrived.
    Absent,
}
