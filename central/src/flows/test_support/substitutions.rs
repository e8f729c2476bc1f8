//! Substitutes and queues of the store in memory: as they were told, and what was asked is kept.

use super::{Ram, Result, not_here};
use crate::core::backorder::{Awaited, Dated, Expected, Queue, Standing};
use crate::core::substitution::{Substitute, Substitution, Terms};
use crate::ports::backorders::{Backorder, Backorders, TenantQueue};
use crate::ports::substitutions::{AnswerOutcome, Ended, NewSubstitution, SubstituteOutcome, Substitutions};
use crate::ports::{Page, PageRequest};
use async_trait::async_trait;
use holdfast_shared::ids::{Actor, LineNo, OrderId, Sku, TenantId};
use holdfast_shared::time::UtcMs;

/// What the flows are told of substitutes and queues, and what they did about them.
#[derive(Default)]
pub(crate) struct Others {
    pub(crate) terms: Terms,
    /// Next answers; when they run out, the good one.
    pub(crate) outcomes: std::collections::VecDeque<SubstituteOutcome>,
    pub(crate) wishes: Vec<NewSubstitution>,
    pub(crate) answer: Option<AnswerOutcome>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) dated: Vec<Dated>,
}

impl Ram {
    pub(crate) fn others<R>(&self, look: impl FnOnce(&mut Others) -> R) -> R {
        look(&mut self.others.lock().unwrap())
    }
}

#[async_trait]
impl Substitutions for Ram {
    async fn put_substitutes(&self, _: &TenantId, _: &Sku, _: &[Substitute]) -> Result<()> {
        not_here()
    }
    async fn substitutes(&self, _: &TenantId, _: &Sku) -> Result<Vec<Substitute>> {
        not_here()
    }
    /// Of a line about which something was done no more is said.
    async fn substitution_terms(&self, _: &TenantId, _: &OrderId) -> Result<Terms> {
        Ok(self.others(|others| {
            let mut terms = others.terms.clone();
            terms.lines.retain(|wanted| !others.wishes.iter().any(|wish| wish.line == wanted.line));
            terms
        }))
    }
    async fn substitute(&self, new: &NewSubstitution, _: UtcMs) -> Result<SubstituteOutcome> {
        Ok(self.others(|others| {
            let outcome = others.outcomes.pop_front();
            if !matches!(outcome, Some(SubstituteOutcome::StockGone { .. })) {
                others.wishes.push(new.clone());
            }
            let made = SubstituteOutcome::Made { line: LineNo(new.line.0 + 100) };
            let good = if new.answer_by.is_some() { SubstituteOutcome::Proposed } else { made };
            outcome.unwrap_or(good)
        }))
    }
    async fn answer_substitution(
        &self,
        _: &TenantId,
        _: &OrderId,
        _: u32,
        _: bool,
        _: &Actor,
        _: UtcMs,
    ) -> Result<AnswerOutcome> {
        Ok(self.others(|others| others.answer.clone()).unwrap_or(AnswerOutcome::Unknown))
    }
    async fn substitutions(&self, _: &TenantId, _: &OrderId) -> Result<Vec<Substitution>> {
        not_here()
    }
    async fn expire_substitutions(&self, _: UtcMs) -> Result<Ended> {
        not_here()
    }
}

#[async_trait]
impl Backorders for Ram {
    async fn put_expected(&self, _: &TenantId, _: &Sku, _: &[Expected], _: &Actor, _: UtcMs) -> Result<()> {
        not_here()
    }
    async fn expected(&self, _: &TenantId, _: &Sku, _: UtcMs) -> Result<Vec<Expected>> {
        not_here()
    }
    async fn queue_of(&self, tenant: &TenantId, sku: &Sku, _: UtcMs) -> Result<TenantQueue> {
        let known = self.others(|others| others.queues.iter().find(|queue| queue.sku == *sku).cloned());
        let empty = || Queue { sku: sku.clone(), waiting: Vec::new(), expected: Vec::new() };
        Ok(TenantQueue { tenant: tenant.clone(), queue: known.unwrap_or_else(empty), stale: false })
    }
    async fn queues(&self, after: Option<&(TenantId, Sku)>, _: UtcMs) -> Result<Vec<TenantQueue>> {
        let tenant = crate::core::test_support::tenant();
        let queues = self.others(|others| others.queues.clone()).into_iter();
        let later = queues.filter(|queue| after.is_none_or(|(_, sku)| queue.sku > *sku));
        Ok(later.map(|queue| TenantQueue { tenant: tenant.clone(), queue, stale: false }).collect())
    }
    async fn tell_dates(&self, _: &TenantId, _: &Sku, dated: &[Dated], _: UtcMs) -> Result<u32> {
        self.others(|others| others.dated.extend(dated.iter().cloned()));
        Ok(u32::try_from(dated.len()).unwrap())
    }
    async fn awaited(&self, _: &TenantId, _: &OrderId) -> Result<Vec<Awaited>> {
        Ok(Vec::new())
    }
    async fn standings(&self, _: &TenantId, _: &OrderId) -> Result<Vec<Standing>> {
        not_here()
    }
    async fn backorders(&self, _: &TenantId, _: &PageRequest) -> Result<Page<Backorder>> {
        not_here()
    }
}
