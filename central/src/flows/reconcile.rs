//! Looks whether the books agree: at what has changed since the last time, at what was found before, at all of
//! it page by page, and at what somebody asks for.

pub mod runs;

use super::FlowError;
use super::in_force::PoliciesInForce;
use crate::core::reconcile::book::PositionBook;
use crate::core::reconcile::finding::{Difference, Finding, Scope};
use crate::core::reconcile::life::{Step, steps};
use crate::core::reconcile::policy::ReconcilePolicy;
use crate::core::reconcile::{of_order, of_position, of_store};
use crate::ports::StoreError;
use crate::ports::poke::Poke;
use crate::ports::reconcile::{Followed, Reconciling, SweepPace, SweepPlace};
use holdfast_shared::ids::{Sku, StoreId, TenantId};
use holdfast_shared::limits::{RECONCILE_DUE_MAX, RECONCILE_ORDERS_MAX, RECONCILE_POSITIONS_MAX};
use holdfast_shared::time::UtcMs;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a page of an asked-for sweep takes: as much as one reading may.
const WHOLE: SweepPace =
    SweepPace { orders: RECONCILE_ORDERS_MAX, positions: RECONCILE_POSITIONS_MAX, stores: 10 };

/// How the policy of a tenant is asked.
pub trait Terms: Sync {
    fn of(&self, tenant: &TenantId) -> Arc<ReconcilePolicy>;
}

impl Terms for PoliciesInForce {
    fn of(&self, tenant: &TenantId) -> Arc<ReconcilePolicy> {
        Arc::clone(&Self::of(self, tenant).reconciliation)
    }
}

impl Terms for ReconcilePolicy {
    fn of(&self, _tenant: &TenantId) -> Arc<ReconcilePolicy> {
        Arc::new(self.clone())
    }
}

pub struct Reconciler<'a, S: ?Sized> {
    pub store: &'a S,
    pub terms: &'a dyn Terms,
    pub poke: &'a dyn Poke,
}

impl<S: ?Sized> std::fmt::Debug for Reconciler<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reconciler").finish_non_exhaustive()
    }
}

/// What a number of looks amounted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Orders, positions and stores.
    pub looked: u64,
    pub found: u64,
    pub confirmed: u64,
    pub mended: u64,
    pub escalated: u64,
    pub ended: u64,
    /// There is more to look at.
    pub more: bool,
}

impl Looked {
    pub const fn add(&mut self, other: Self) {
        self.looked = self.looked.saturating_add(other.looked);
        self.found = self.found.saturating_add(other.found);
        self.confirmed = self.confirmed.saturating_add(other.confirmed);
        self.mended = self.mended.saturating_add(other.mended);
        self.escalated = self.escalated.saturating_add(other.escalated);
        self.ended = self.ended.saturating_add(other.ended);
        self.more |= other.more;
    }

    fn one(followed: &Followed) -> Self {
        Self {
            looked: 1,
            found: followed.found.into(),
            confirmed: followed.confirmed.into(),
            mended: followed.mended.into(),
            escalated: followed.escalated.into(),
            ended: followed.ended.into(),
            more: false,
        }
    }
}

impl<S: Reconciling + ?Sized> Reconciler<'_, S> {
    /// What has changed since the last time. The marks move when all of it was looked at.
    pub async fn changed(&self, now: UtcMs) -> Result<Looked, FlowError> {
        let changed = self.store.changed(RECONCILE_ORDERS_MAX).await?;
        let mut looked = Looked { more: changed.more, ..Looked::default() };
        for (tenant, scope) in &changed.scopes {
            looked.add(self.look(tenant, scope, now).await?);
            looked.add(self.beside(tenant, scope, now).await?);
        }
        if !changed.scopes.is_empty() || changed.more {
            self.store.pass(changed.marks).await?;
        }
        Ok(looked)
    }

    /// What belongs to it: of a store that serves again, all that it works on; of an order, the positions that
    /// it holds units of.
    pub async fn beside(&self, tenant: &TenantId, scope: &Scope, now: UtcMs) -> Result<Looked, FlowError> {
        let beside: Vec<Scope> = match scope {
            Scope::Position(..) => Vec::new(),
            Scope::Store(store) => {
                let orders = self.store.orders_at(tenant, store, RECONCILE_ORDERS_MAX).await?;
                orders.into_iter().map(Scope::Order).collect()
            }
            Scope::Order(order) => {
                let book = self.store.order_book(tenant, order).await?;
                let holds = book.into_iter().flat_map(|(book, _)| book.tasks).flat_map(|task| task.holds);
                let touched: BTreeSet<(StoreId, Sku)> = holds.map(|hold| (hold.store, hold.sku)).collect();
                touched.into_iter().map(|(store, sku)| Scope::Position(store, sku)).collect()
            }
        };
        let mut looked = Looked::default();
        for scope in &beside {
            looked.add(self.look(tenant, scope, now).await?);
        }
        Ok(looked)
    }

    /// What was found before and has settled.
    pub async fn again(&self, settle_ms: i64, now: UtcMs) -> Result<Looked, FlowError> {
        let mut looked = Looked::default();
        for (tenant, scope) in
            self.store.due_scopes(now.plus(settle_ms.saturating_neg()), RECONCILE_DUE_MAX).await?
        {
            looked.add(self.look(&tenant, &scope, now).await?);
        }
        Ok(looked)
    }

    /// The next page of all that there is, of one tenant or of all.
    pub async fn sweep(
        &self,
        tenant: Option<&TenantId>,
        place: &mut SweepPlace,
        pace: SweepPace,
        now: UtcMs,
    ) -> Result<Looked, FlowError> {
        let page = self.store.sweep_page(tenant, place, pace).await?;
        let mut looked = Looked { more: !page.over, ..Looked::default() };
        for (tenant, order) in page.orders {
            looked.add(self.look(&tenant, &Scope::Order(order), now).await?);
        }
        for position in page.positions {
            looked.looked = looked.looked.saturating_add(1);
            // Few differ: only those are read again, with what is known of them.
            if !of_position(&position).is_empty() {
                let PositionBook { tenant, store, sku, .. } = position;
                looked.add(self.look(&tenant, &Scope::Position(store, sku), now).await?);
            }
        }
        for (tenant, store) in page.stores {
            looked.add(self.look(&tenant, &Scope::Store(store), now).await?);
        }
        *place = if page.over { SweepPlace::default() } else { page.place };
        Ok(looked)
    }

    /// All of a tenant, as fast as it goes. `goes_on` is asked after each page, with what was looked at.
    pub async fn whole(
        &self,
        tenant: &TenantId,
        now: UtcMs,
        goes_on: &(dyn Fn(&Looked) -> bool + Sync),
    ) -> Result<Option<Looked>, FlowError> {
        let (mut place, mut all) = (SweepPlace::default(), Looked::default());
        loop {
            let page = self.sweep(Some(tenant), &mut place, WHOLE, now).await?;
            all.add(Looked { more: false, ..page });
            if !goes_on(&all) {
                return Ok(None);
            }
            if !page.more {
                // What was found before and is gone now is among what agrees.
                all.add(Looked { looked: 0, ..self.again(0, now).await? });
                return Ok(Some(all));
            }
        }
    }

    pub async fn look(&self, tenant: &TenantId, scope: &Scope, now: UtcMs) -> Result<Looked, FlowError> {
        let terms = self.terms.of(tenant);
        let (known, seen) = self.compare(tenant, scope, &terms, now).await?;
        let steps = steps(&known, &seen, &terms, now);
        // Most books agree, and nothing is written.
        if steps.is_empty() {
            return Ok(Looked { looked: 1, ..Looked::default() });
        }
        self.follow(tenant, scope, steps, now).await
    }

    async fn compare(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        terms: &ReconcilePolicy,
        now: UtcMs,
    ) -> Result<(Vec<Finding>, Vec<Difference>), StoreError> {
        Ok(match scope {
            Scope::Order(order) => {
                let book = self.store.order_book(tenant, order).await?;
                book.map(|(book, known)| (known, of_order(&book, terms, now)))
            }
            Scope::Position(store, sku) => {
                let book = self.store.position_book(tenant, store, sku).await?;
                book.map(|(book, known)| (known, of_position(&book)))
            }
            Scope::Store(store) => {
                let book = self.store.store_book(tenant, store).await?;
                book.map(|(book, known)| (known, of_store(&book, terms, now)))
            }
        }
        .unwrap_or_default())
    }

    async fn follow(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        steps: Vec<Step>,
        now: UtcMs,
    ) -> Result<Looked, FlowError> {
        let followed = self.store.follow(tenant, scope, steps, now).await?;
        for store in &followed.ask {
            self.poke.poke(tenant, store, "an answer is missing");
        }
        Ok(Looked::one(&followed))
    }
}
