//! The customer says whether other goods may come. What was accepted is routed like any other line; what
//! was not waits for the goods that were ordered.

use super::FlowError;
use crate::core::substitution::{Substitution, SubstitutionState};
use crate::ports::substitutions::{AnswerOutcome, Substitutions};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, OrderId, TenantId};
use holdfast_shared::time::UtcMs;

/// Which question, and what is said to it.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    pub tenant: &'a TenantId,
    pub order: &'a OrderId,
    pub number: u32,
    pub accept: bool,
    pub by: &'a Actor,
}

/// The same answer again is the same answer: `true` beside it says so.
pub async fn answer_substitution<S: Substitutions + ?Sized>(
    store: &S,
    reply: Reply<'_>,
    now: UtcMs,
) -> Result<(Substitution, bool), FlowError> {
    let Reply { tenant, order, number, accept, by } = reply;
    match store.answer_substitution(tenant, order, number, accept, by, now).await? {
        AnswerOutcome::Answered { substitution, replayed } => Ok((substitution, replayed)),
        AnswerOutcome::Over(substitution) => {
            Err(FlowError::refused(Code::IllegalTransition, over_words(&substitution)))
        }
        AnswerOutcome::Held => {
            let what =
                "central was restored from a backup: stores are asked first what they did with the order";
            Err(FlowError::refused(Code::Busy, what))
        }
        AnswerOutcome::Unknown => {
            let what = format!("order {order} has no substitution {number}");
            Err(FlowError::refused(Code::NotFound, what))
        }
    }
}

fn over_words(told: &Substitution) -> String {
    let by = told.ended_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    match told.state {
        SubstitutionState::Waiting => String::from("it waits for an answer"),
        SubstitutionState::Made if told.answer_by.is_none() => {
            String::from("it was made without a question, as the order allows: cancel the order instead")
        }
        SubstitutionState::Made => format!("it was accepted{by}, and the goods are on their way"),
        SubstitutionState::Declined => format!("it was declined{by}"),
        SubstitutionState::Expired => {
            String::from("nobody answered in time; the order waits for what was ordered")
        }
        SubstitutionState::Withdrawn => String::from("it is over: the order needs these units no more"),
    }
}
