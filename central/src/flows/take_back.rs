//! A person moves work that central would not move by itself: released goods, or a pickup.

use super::FlowError;
use super::cancel::check_reason;
use crate::ports::poke::Poke;
use crate::ports::work::{TakeBackOutcome, Work};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{Actor, StoreId, TaskId, TenantId};
use holdfast_shared::time::Now;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    pub store: StoreId,
    /// The goods were released, so they may have left already.
    pub released: bool,
    /// It was asked to stop before, and is still to answer.
    pub already: bool,
}

pub async fn take_back<S: Work + ?Sized>(
    store: &S,
    poke: &dyn Poke,
    tenant: &TenantId,
    task: &TaskId,
    (reason, actor): (&str, &Actor),
    now: Now,
) -> Result<TakenBack, FlowError> {
    check_reason(reason)?;
    let done = match store.take_back(tenant, task, reason.trim(), actor, now).await? {
        TakeBackOutcome::TakenBack { store, released } => TakenBack { store, released, already: false },
        TakeBackOutcome::Stopping { store } => TakenBack { store, released: false, already: true },
        TakeBackOutcome::Ended(status) => {
            let what =
                format!("{task} is {} already; nothing can be taken back", status.as_str().replace('_', " "));
            return Err(FlowError::refused(Code::IllegalTransition, what));
        }
        TakeBackOutcome::Unknown => {
            return Err(FlowError::refused(Code::UnknownTask, format!("task {task} is not known")));
        }
    };
    poke.poke(tenant, &done.store, "taken back");
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::{at_ms, tenant};
    use crate::flows::test_support::Ram;
    use holdfast_shared::domain::task::Status;

    async fn run(ram: &Ram, reason: &str) -> Result<TakenBack, Code> {
        let (task, actor) = ("o1-1".parse().unwrap(), "key:ann".parse().unwrap());
        let done = take_back(ram, ram, &tenant(), &task, (reason, &actor), at_ms(1)).await;
        done.map_err(|error| error.code())
    }

    #[tokio::test]
    async fn the_store_is_told_each_time_and_a_reason_is_needed() {
        let ram = Ram::default();
        let leeds: StoreId = "leeds".parse().unwrap();
        ram.told(|told| {
            told.take_back = Some(TakeBackOutcome::TakenBack { store: leeds.clone(), released: true });
        });
        assert_eq!(run(&ram, " ").await, Err(Code::InvalidRequest));
        assert!(run(&ram, "the van is full").await.unwrap().released);
        ram.told(|told| told.take_back = Some(TakeBackOutcome::Stopping { store: leeds }));
        assert!(run(&ram, "the van is full").await.unwrap().already);
        assert_eq!(ram.poked(), ["leeds: taken back", "leeds: taken back"]);
    }

    #[tokio::test]
    async fn what_has_left_or_never_was_is_refused() {
        let ram = Ram::default();
        assert_eq!(run(&ram, "why not").await, Err(Code::UnknownTask));
        ram.told(|told| told.take_back = Some(TakeBackOutcome::Ended(Status::HandedOver)));
        assert_eq!(run(&ram, "why not").await, Err(Code::IllegalTransition));
        assert!(ram.poked().is_empty());
    }
}
