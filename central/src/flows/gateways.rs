//! The systems of others that are configured - payment providers, accounts at carriers - each behind its own gate.

use crate::core::outside::breaker::{CallEnd, Pass, Stands};
use crate::core::outside::gate::{Gate, GateTerms, Stopped};
use crate::core::saga::fact::Call;
use crate::ports::carriers::{self, Carriers};
use crate::ports::payments::{Answer, Payments};
use holdfast_shared::ids::{CarrierAccount, PaymentProvider, TenantId};
use holdfast_shared::time::MonoMs;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One of them.
pub struct Gateway<P: ?Sized = dyn Payments> {
    port: Arc<P>,
    terms: GateTerms,
    /// Whose account it is; none: anybody's.
    tenants: BTreeSet<TenantId>,
    gate: Mutex<Gate>,
    /// Tenants that know that it is out of reach.
    told: Mutex<BTreeSet<TenantId>>,
}

impl<P: ?Sized> fmt::Debug for Gateway<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("terms", &self.terms)
            .field("tenants", &self.tenants)
            .finish_non_exhaustive()
    }
}

impl<P: ?Sized> Gateway<P> {
    #[must_use]
    pub fn new(port: Arc<P>, terms: GateTerms, tenants: BTreeSet<TenantId>, now: MonoMs) -> Self {
        let gate = Mutex::new(Gate::new(terms, now));
        Self { port, terms, tenants, gate, told: Mutex::default() }
    }

    #[must_use]
    pub fn port(&self) -> &P {
        &self.port
    }

    #[must_use]
    pub const fn calls_max(&self) -> u32 {
        self.terms.calls_max
    }

    #[must_use]
    pub fn serves(&self, tenant: &TenantId) -> bool {
        self.tenants.is_empty() || self.tenants.contains(tenant)
    }

    /// Those whose account it is by name.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.tenants.iter()
    }

    /// The one whose account it is, as far as there is one.
    #[must_use]
    pub fn only_tenant(&self) -> Option<&TenantId> {
        self.tenants.first().filter(|_| self.tenants.len() == 1)
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        // What a panic left behind is a count at worst.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self, now: MonoMs) -> Result<Entered<'_, P>, Stopped> {
        Ok(Entered { gateway: self, pass: Some(self.gate().ask(now)?) })
    }

    pub(super) fn open_too_long_ms(&self, now: MonoMs) -> Option<i64> {
        self.gate().open_too_long_ms(now)
    }

    /// Whether this tenant has not been told so yet.
    pub(super) fn tell_once(&self, tenant: &TenantId, down: bool) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if down { told.insert(tenant.clone()) } else { told.remove(tenant) }
    }

    pub(super) fn measure(&self, system: &str) {
        let (stands, under_way) = {
            let gate = self.gate();
            (gate.stands(), gate.under_way())
        };
        for state in [Stands::Closed, Stands::Open, Stands::HalfOpen] {
            let is = if state == stands { 1.0 } else { 0.0 };
            metrics::gauge!("holdfast_outside_breaker",
                "system" => system.to_owned(), "state" => state.as_str())
            .set(is);
        }
        metrics::gauge!("holdfast_outside_calls", "system" => system.to_owned()).set(f64::from(under_way));
    }
}

impl Gateway<dyn Payments> {
    pub(super) fn heard(&self, entered: Entered<'_>, call: Call, answer: &Answer, now: MonoMs) {
        metrics::counter!("holdfast_payment_calls_total", "call" => call.as_str(), "answer" => answer.as_str())
            .increment(1);
        let end = if answer.is_trouble() { CallEnd::Failed } else { CallEnd::Went };
        entered.end(end, answer.retry_after_ms(), now);
    }

    pub(super) fn looked_up(&self, entered: Entered<'_>, now: MonoMs) {
        metrics::counter!("holdfast_payment_calls_total", "call" => "look_up", "answer" => "absent")
            .increment(1);
        entered.end(CallEnd::Went, None, now);
    }
}

impl Gateway<dyn Carriers> {
    pub(super) fn answered(
        &self,
        entered: Entered<'_, dyn Carriers>,
        asked: &str,
        answer: &carriers::Answer,
        now: MonoMs,
    ) {
        count_carrier_call(asked, answer.as_str());
        let end = if answer.is_trouble() { CallEnd::Failed } else { CallEnd::Went };
        entered.end(end, answer.retry_after_ms(), now);
    }

    /// It answered, and what was looked for is not there, or rates are.
    pub(super) fn went(
        &self,
        entered: Entered<'_, dyn Carriers>,
        asked: &str,
        told: &'static str,
        now: MonoMs,
    ) {
        count_carrier_call(asked, told);
        entered.end(CallEnd::Went, None, now);
    }
}

fn count_carrier_call(asked: &str, told: &'static str) {
    metrics::counter!("holdfast_carrier_calls_total", "call" => asked.to_owned(), "answer" => told)
        .increment(1);
}

/// A place among the calls under way. Whoever gives it up without a word says nothing about the system.
pub(super) struct Entered<'a, P: ?Sized = dyn Payments> {
    gateway: &'a Gateway<P>,
    pass: Option<Pass>,
}

impl<P: ?Sized> fmt::Debug for Entered<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

impl<P: ?Sized> Entered<'_, P> {
    fn end(mut self, end: CallEnd, retry_after_ms: Option<i64>, now: MonoMs) {
        if let Some(pass) = self.pass.take() {
            self.gateway.gate().came_back(pass, end, retry_after_ms, now);
        }
    }
}

impl<P: ?Sized> Drop for Entered<'_, P> {
    fn drop(&mut self) {
        if self.pass.is_some() {
            self.gateway.gate().left();
        }
    }
}

/// All of a kind, by the name by which orders and tenants call them.
pub struct Gateways<N = PaymentProvider, P: ?Sized = dyn Payments>(BTreeMap<N, Gateway<P>>);

impl<N: fmt::Debug, P: ?Sized> fmt::Debug for Gateways<N, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gateways").field(&self.0).finish()
    }
}

/// The accounts at carriers.
pub type CarrierGateways = Gateways<CarrierAccount, dyn Carriers>;

impl<N, P: ?Sized> Default for Gateways<N, P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<N: Ord + Clone, P: ?Sized> Gateways<N, P> {
    #[must_use]
    pub const fn new(gateways: BTreeMap<N, Gateway<P>>) -> Self {
        Self(gateways)
    }

    #[must_use]
    pub fn of(&self, name: &N) -> Option<&Gateway<P>> {
        self.0.get(name)
    }

    /// Only as far as it serves the tenant.
    #[must_use]
    pub fn for_tenant(&self, tenant: &TenantId, name: &N) -> Option<&Gateway<P>> {
        self.of(name).filter(|gateway| gateway.serves(tenant))
    }

    /// The first that serves the tenant.
    #[must_use]
    pub fn any_for(&self, tenant: &TenantId) -> Option<(&N, &Gateway<P>)> {
        self.0.iter().find(|(_, gateway)| gateway.serves(tenant))
    }

    #[must_use]
    pub fn names(&self) -> Vec<N> {
        self.0.keys().cloned().collect()
    }
}
