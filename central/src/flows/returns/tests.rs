use super::*;
use crate::core::returns::fact::{ReturnFact, Said};
use crate::core::returns::request::{AskedBy, ReturnLineRequest, ReturnReason, Wished};
use crate::core::returns::test_support::{a_return, approved, asked, received};
use crate::core::steering::{Sections, Steering};
use crate::core::test_support::tenant;
use crate::ports::returns::ReturnFilter;
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_shared::ids::LineNo;
use std::sync::Mutex;

/// Returns of one order, what was asked of them, and those that cannot be written.
#[derive(Default)]
struct Shelf {
    known: Vec<Return>,
    due: Vec<ReturnId>,
    broken: Vec<ReturnId>,
    asked: Mutex<Vec<NewReturn>>,
    acts: Mutex<Vec<Act>>,
    advanced: Mutex<Vec<ReturnId>>,
    beyond: Mutex<Option<UtcMs>>,
}

fn broken() -> StoreError {
    StoreError { code: Code::Internal, what: "it cannot be read".to_owned(), source: None }
}

#[async_trait]
impl Returns for Shelf {
    async fn ask_return(&self, new: &NewReturn, _now: UtcMs) -> Result<ReturnTaken, StoreError> {
        self.asked.lock().unwrap().push(new.clone());
        Ok(ReturnTaken::New(Box::new(a_return([asked(1, 1)]))))
    }

    async fn act_on_return(
        &self,
        _: &TenantId,
        id: &ReturnId,
        act: &Act,
        _: &Actor,
        _: UtcMs,
    ) -> Result<ActOutcome, StoreError> {
        self.acts.lock().unwrap().push(act.clone());
        let known = self.known.iter().find(|known| known.id == *id);
        Ok(known.map_or(ActOutcome::Unknown, |known| ActOutcome::Done(Box::new(known.clone()))))
    }

    async fn return_of(
        &self,
        _: &TenantId,
        id: &ReturnId,
    ) -> Result<Option<(Return, Vec<ReturnFact>)>, StoreError> {
        Ok(self.known.iter().find(|known| known.id == *id).map(|known| (known.clone(), Vec::new())))
    }

    async fn returns_of(&self, _: &TenantId, _: &OrderId) -> Result<Vec<Return>, StoreError> {
        Ok(self.known.clone())
    }

    async fn returns(
        &self,
        _: &TenantId,
        _: &ReturnFilter,
        _: &PageRequest,
    ) -> Result<Page<Return>, StoreError> {
        Ok(Page { rows: self.known.clone(), next: None })
    }

    async fn due_returns(
        &self,
        _: UtcMs,
        beyond: UtcMs,
        limit: u32,
    ) -> Result<Vec<(TenantId, ReturnId)>, StoreError> {
        *self.beyond.lock().unwrap() = Some(beyond);
        let rows = usize::try_from(limit).unwrap();
        Ok(self.due.iter().take(rows).map(|id| (tenant(), id.clone())).collect())
    }

    async fn advance_return(
        &self,
        _: &TenantId,
        id: &ReturnId,
        _: &ReturnPolicy,
        _: UtcMs,
    ) -> Result<bool, StoreError> {
        if self.broken.contains(id) {
            return Err(broken());
        }
        self.advanced.lock().unwrap().push(id.clone());
        Ok(self.known.iter().any(|known| known.id == *id))
    }
}

fn id(number: usize) -> ReturnId {
    format!("o-r{number}").parse().unwrap()
}

fn policies() -> PoliciesInForce {
    PoliciesInForce::new(Steering::built_in(&Sections::default()).unwrap())
}

fn ann() -> Actor {
    "ann".parse().unwrap()
}

fn wish(quantity: i64) -> ReturnRequest {
    let lines = vec![ReturnLineRequest { line: LineNo(1), quantity, reason: ReturnReason::Other }];
    ReturnRequest { lines, asked_by: AskedBy::Customer, wished: Wished::Refund, note: None }
}

#[tokio::test]
async fn what_cannot_be_meant_is_not_written_down() {
    let shelf = Shelf::default();
    let (key, rules): (IdempotencyKey, _) = ("k".parse().unwrap(), ReturnRules::default());
    let ask = async |order: &str, quantity| {
        let order = order.parse().unwrap();
        let of = (&tenant(), &order);
        ask_return(&shelf, of, wish(quantity), (key.clone(), ann()), &rules, UtcMs(1)).await
    };
    assert_eq!(ask("o-1", 0).await.unwrap_err().code(), Code::InvalidQuantity);
    assert!(shelf.asked.lock().unwrap().is_empty());
    for (order, quantity) in [("o-1", 1), ("o-2", 1), ("o-1", 2), ("o-1", 1)] {
        ask(order, quantity).await.unwrap();
    }
    let hashes: Vec<[u8; 32]> = shelf.asked.lock().unwrap().iter().map(|new| new.request_hash).collect();
    assert_eq!(hashes[0], hashes[3], "the same wish");
    assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2], "another order, another quantity");
}

#[tokio::test]
async fn a_person_decides_with_a_reason() {
    let shelf = Shelf { known: vec![a_return([asked(1, 1)])], ..Shelf::default() };
    let decide =
        async |number, act| act_on_return(&shelf, (&tenant(), &id(number)), act, &ann(), UtcMs(1)).await;
    let reason = |words: &str| words.to_owned();
    for act in [
        Act::Approve { words: reason(" ") },
        Act::Refuse { reason: reason("") },
        Act::Cancel { reason: reason(" ") },
        Act::Decide { refund_damaged: true, reason: reason("") },
    ] {
        assert_eq!(decide(1, act).await.unwrap_err().code(), Code::InvalidRequest);
    }
    assert!(shelf.acts.lock().unwrap().is_empty(), "nothing was done");
    assert!(decide(1, Act::Approve { words: reason("fine") }).await.is_ok());
    assert_eq!(decide(9, Act::Approve { words: reason("fine") }).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_yes_is_to_what_the_first_return_waits_for_that_waits() {
    let damaged = || vec![asked(1, 1), approved(), received(1, 1, 1, Condition::Damaged)];
    let over = a_return([asked(1, 1), approved(), Said::Closed]);
    let yes = async |waiting: Return| {
        let shelf = Shelf { known: vec![over.clone(), waiting], ..Shelf::default() };
        say_yes(&shelf, &tenant(), &"o".parse().unwrap(), ("fine", &ann()), UtcMs(1)).await?;
        let acts = shelf.acts.lock().unwrap().clone();
        Ok::<_, FlowError>(acts)
    };
    let reason = || "fine".to_owned();
    assert_eq!(yes(a_return([asked(1, 1)])).await.unwrap(), [Act::Approve { words: reason() }]);
    let decide = Act::Decide { refund_damaged: true, reason: reason() };
    assert_eq!(yes(a_return(damaged())).await.unwrap(), [decide]);
    assert_eq!(yes(over.clone()).await.unwrap_err().code(), Code::IllegalTransition, "nothing waits");
}

#[tokio::test]
async fn a_return_that_cannot_be_written_keeps_no_other_waiting() {
    let due = vec![id(1), id(2), id(3)];
    let shelf = Shelf { due, broken: vec![id(1)], known: vec![a_return([asked(1, 1)])], ..Shelf::default() };
    let failed = advance_returns(&shelf, &policies(), UtcMs(1)).await.unwrap_err();
    assert_eq!(failed.code(), Code::Internal, "it is told");
    assert_eq!(*shelf.advanced.lock().unwrap(), [id(2), id(3)]);
}

#[tokio::test]
async fn there_is_more_to_do_after_a_full_run_in_which_something_moved() {
    let run = async |due: usize, moves: bool| {
        let known = if moves { vec![a_return([asked(1, 1)])] } else { Vec::new() };
        let shelf = Shelf { due: (1..=due).map(id).collect(), known, ..Shelf::default() };
        let done = advance_returns(&shelf, &policies(), UtcMs(1)).await.unwrap();
        (done.moved, done.more)
    };
    let full = usize::try_from(RETURNS_DUE_MAX).unwrap();
    assert_eq!(run(1, true).await, (1, false));
    assert_eq!(run(full, true).await, (1, true));
    assert_eq!(run(full, false).await, (0, false), "else it would go round for ever");
}

#[tokio::test]
async fn a_return_that_rests_until_after_every_wait_is_looked_at() {
    let shelf = Shelf::default();
    advance_returns(&shelf, &policies(), UtcMs(5)).await.unwrap();
    let longest = ReturnPolicy { wait_days: RETURN_DAYS_MAX, ..ReturnPolicy::default() }.wait_ms();
    let beyond = shelf.beyond.lock().unwrap().unwrap();
    assert_eq!(beyond, UtcMs(5).plus(longest).plus(CLOCK_STEP_FORGIVEN_MS));
}
