//! Parcels that no carrier takes: those that are told, and what became of them.

use super::{Ram, Result};
use crate::core::labels::{LabelFailure, Settled};
use crate::ports::labels::{Labels, NewLabelFailure, Settling};
use async_trait::async_trait;
use holdfast_shared::ids::{TaskId, TenantId};
use holdfast_shared::time::UtcMs;

#[async_trait]
impl Labels for Ram {
    async fn report_label(&self, new: &NewLabelFailure, now: UtcMs) -> Result<Option<LabelFailure>> {
        let NewLabelFailure { tenant, task, service, reason, .. } = new.clone();
        let failure = LabelFailure { tenant, task, service, reason, reported_at: now, settled: None };
        Ok(Some(self.told(|told| {
            let same = |known: &&LabelFailure| known.task == failure.task && known.service == failure.service;
            if let Some(known) = told.labels.iter().find(same) {
                return known.clone();
            }
            told.labels.push(failure.clone());
            failure
        })))
    }
    async fn label_failures(&self, _: &TenantId, task: &TaskId) -> Result<Vec<LabelFailure>> {
        Ok(self.told(|told| told.labels.iter().filter(|failure| failure.task == *task).cloned().collect()))
    }
    async fn waiting_labels(&self, _: u32) -> Result<Vec<LabelFailure>> {
        Ok(self
            .told(|told| told.labels.iter().filter(|failure| failure.settled.is_none()).cloned().collect()))
    }
    async fn settle_label(&self, failure: &LabelFailure, settling: &Settling, _: UtcMs) -> Result<()> {
        let Settling { outcome, words, journey } = settling.clone();
        let next_service = journey.and_then(|journey| journey.service);
        self.told(|told| {
            for known in told.labels.iter_mut().filter(|known| *known == failure) {
                known.settled =
                    Some(Settled { outcome, next_service: next_service.clone(), words: words.clone() });
            }
        });
        self.done(|done| done.labels_settled.push(settling.clone()));
        Ok(())
    }
}
