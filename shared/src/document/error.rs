//! What can be wrong with a document or with changes for it.

use super::heads::{BadHeads, ChangeHash};
use super::{Heads, WriterId};
use crate::error::Code;
use crate::ids::FactId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Changes build on others that are not here. Ask for them, starting from our heads.
    #[error("changes are missing here: {}", list(heads))]
    Missing { heads: Vec<ChangeHash> },
    /// The other side names changes that are not here: it knows more than we do.
    #[error("the other side has changes that are not here: {}", list(heads))]
    Ahead { heads: Vec<ChangeHash> },
    /// The bytes are not a change that an honest replica writes.
    #[error("a change was refused: {0}")]
    Refused(&'static str),
    #[error("writer {0} may not write to this document")]
    ForeignWriter(WriterId),
    /// A gap or a repetition: a restored disk that goes on under its old writer id.
    #[error("writer {writer} sent change {got}; the next is {expected}")]
    WrongSequence { writer: WriterId, expected: u64, got: u64 },
    #[error("fact {0} is empty or too long")]
    BadBody(FactId),
    #[error("{what} would be more than {limit}")]
    TooLarge { what: &'static str, limit: usize },
    #[error(transparent)]
    BadHeads(#[from] BadHeads),
    /// The library failed or disagreed with our check. The document in memory is unchanged.
    #[error("the document library failed: {0}")]
    Library(String),
}

impl DocumentError {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing { .. } | Self::Ahead { .. } => Code::MissingChanges,
            Self::Refused(_) | Self::WrongSequence { .. } | Self::BadHeads(_) | Self::Library(_) => {
                Code::DamagedSync
            }
            Self::ForeignWriter(_) => Code::Forbidden,
            Self::BadBody(_) => Code::InvalidRequest,
            Self::TooLarge { .. } => Code::BodyTooLarge,
        }
    }

    /// The heads to name in the answer, so that the other side can send or ask for more.
    #[must_use]
    pub fn heads(&self) -> Heads {
        match self {
            Self::Missing { heads } | Self::Ahead { heads } => {
                let told = heads.iter().copied().take(crate::limits::HEADS_MAX);
                Heads::new(told).unwrap_or_default()
            }
            Self::Refused(_)
            | Self::ForeignWriter(_)
            | Self::WrongSequence { .. }
            | Self::BadBody(_)
            | Self::TooLarge { .. }
            | Self::BadHeads(_)
            | Self::Library(_) => Heads::empty(),
        }
    }
}

fn list(heads: &[ChangeHash]) -> String {
    let told: Vec<String> = heads.iter().take(3).map(ToString::to_string).collect();
    let more = if heads.len() > told.len() { " and more" } else { "" };
    format!("{}{more}", told.join(", "))
}
