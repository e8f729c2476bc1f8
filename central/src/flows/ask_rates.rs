//! What it would cost to send something. Nothing is written down: whoever asks again asks anew.

use super::FlowError;
use super::gateways::CarrierGateways;
use crate::ports::carriers::{Answer, Rate, RateQuestion};
use holdfast_shared::error::Code;
use holdfast_shared::time::MonoMs;

pub async fn ask_rates(
    carriers: &CarrierGateways,
    question: &RateQuestion,
    now: MonoMs,
) -> Result<Vec<Rate>, FlowError> {
    let Some((name, account)) = carriers.any_for(&question.tenant) else {
        let what = "no carrier account is configured ([[carrier_accounts]]): stores make their own labels, and nobody is asked";
        return Err(FlowError::refused(Code::NotFound, what));
    };
    let busy = |why: String| FlowError::refused(Code::Busy, format!("{name}: {why}"));
    let pass = account
        .enter(now)
        .map_err(|stopped| busy(format!("it is left alone for {} ms", stopped.wait_ms().max(1))))?;
    match account.port().rates(question).await {
        Ok(rates) => {
            account.went(pass, "rates", "done", now);
            Ok(rates)
        }
        Err(answer) => {
            account.answered(pass, "rates", &answer, now);
            Err(match answer {
                Answer::Declined { words, .. } => {
                    FlowError::refused(Code::InvalidRequest, format!("{name} does not send there: {words}"))
                }
                Answer::Soft { words, .. } | Answer::Busy { words, .. } | Answer::Unknown { words } => {
                    busy(words)
                }
                Answer::Done(_) => busy(String::from("it answered something else")),
            })
        }
    }
}
