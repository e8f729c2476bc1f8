//! One file per command or reconciler: load, ask core to decide, commit. Whatever is committed
//! decides again in its own transaction; a flow that is run twice does nothing the second time.

pub mod advance_parcels;
pub mod advance_sagas;
pub mod answer_substitution;
pub mod ask_rates;
pub mod cancel;
mod carts;
pub mod change_order;
pub mod closures;
pub mod consumers;
pub mod date_backorders;
pub mod deliver;
pub mod digest;
pub mod drill;
pub mod dry_run;
pub mod enrol;
pub mod evaluate;
pub mod exchange;
pub mod expire_offers;
pub mod failover;
mod fleet_view;
pub mod gateways;
pub mod gather;
pub mod hear;
pub mod in_force;
pub mod label_failed;
pub mod lint_policies;
mod moving;
mod out_of_reach;
pub mod overrule;
pub mod parcel_acts;
pub mod place_order;
pub mod policies;
pub mod postlaunch;
pub mod promise;
pub mod quarantine;
pub mod read_notices;
pub mod read_tracking;
pub mod reconcile;
pub mod refund;
pub mod repair_exception;
pub mod replay;
pub mod returns;
pub mod rollback;
pub mod rollout;
pub mod route_orders;
mod selling;
pub mod shadow;
pub mod shadow_look;
mod shelves;
mod standing;
mod stocked;
mod substitute;
pub mod take_back;
pub mod time_exceptions;
mod trials;
pub mod unanswered;

#[cfg(test)]
pub(crate) mod test_support;

use crate::core::health::observatory::Observatory;
use crate::ports::StoreError;
use holdfast_shared::error::Code;
use std::sync::{Mutex, PoisonError};

/// Why a command was not done: refused, or not possible now.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{what}")]
    Refused { code: Code, what: String },
}

impl FlowError {
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code,
            Self::Refused { code, .. } => *code,
        }
    }

    fn refused(code: Code, what: impl Into<String>) -> Self {
        Self::Refused { code, what: what.into() }
    }
}

/// The observatory behind its lock. The lock is held for a look, never over an await.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Observatory>);

impl Watch {
    #[must_use]
    pub const fn new(observatory: Observatory) -> Self {
        Self(Mutex::new(observatory))
    }

    pub fn with<R>(&self, look: impl FnOnce(&mut Observatory) -> R) -> R {
        // What a panic left behind is a few signals old at worst; the next beat mends it.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
