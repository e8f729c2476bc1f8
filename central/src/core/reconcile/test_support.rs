//! Books that agree, to change what matters.

use super::book::{HoldBook, LineBook, OrderBook, ReturnsBook, TaskBook, TaskColumns};
use super::finding::{Difference, Finding, FindingId, FindingKind, FindingState};
use crate::core::order::{OrderLine, OrderState};
use crate::core::saga::standing::Standing;
use crate::core::test_support::{task, tenant};
use holdfast_shared::domain::task::{FulfilmentKind, Phase, TaskState};
use holdfast_shared::ids::LineNo;
use holdfast_shared::time::UtcMs;

pub(crate) fn difference(kind: FindingKind) -> Difference {
    Difference {
        kind,
        subject: "order/o1".to_owned(),
        order: Some("o1".parse().unwrap()),
        task: None,
        store: None,
        sku: None,
        field: "a.field",
        expected: "this".to_owned(),
        found: "that".to_owned(),
        words: "they differ".to_owned(),
        decide_by: None,
        harm: false,
    }
}

pub(crate) fn finding(of: &Difference) -> Finding {
    Finding {
        finding: FindingId(1),
        kind: of.kind,
        subject: of.subject.clone(),
        state: FindingState::Found,
        order: of.order.clone(),
        task: of.task.clone(),
        store: of.store.clone(),
        sku: of.sku.clone(),
        expected: of.expected.clone(),
        found: of.found.clone(),
        words: of.words.clone(),
        decide_by: of.decide_by,
        found_at: UtcMs(0),
        seen_at: UtcMs(0),
        looks: 1,
        attempts: 0,
        acted_at: None,
        ended_at: None,
        how: None,
    }
}

/// A task with its row, its facts and its holds all alike.
pub(crate) fn told(state: TaskState) -> TaskBook {
    let ended = state.phase.is_final();
    let holds = state.lines.iter().map(|line| HoldBook {
        line: line.line,
        store: state.store.clone(),
        sku: line.sku.clone(),
        taken: line.quantity,
        quantity: if ended { 0 } else { line.quantity - line.short },
    });
    TaskBook {
        columns: TaskColumns {
            order: state.order.clone(),
            store: state.store.clone(),
            fence: i64::from(state.fence.incarnation) << 32 | i64::from(state.fence.number),
            phase: state.phase.as_str().to_owned(),
            released_to: state.release.as_ref().map(|release| release.replica.to_string()),
            recalled: state.recall.is_some(),
            cancelling: state.recall.as_ref().is_some_and(|recall| recall.cancel),
            ended,
        },
        folded: Some(state.clone()),
        level: true,
        cancel_asked_at: None,
        holds: holds.collect(),
        state,
    }
}

/// Two units of one line at a store that accepted them.
pub(crate) fn book() -> OrderBook {
    let line = OrderLine { open: 0, ..OrderLine::ordered(LineNo(1), "TEA".parse().unwrap(), 2, None) };
    OrderBook {
        tenant: tenant(),
        order: "o1".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        state: OrderState::Accepted,
        payment: Standing::None,
        changed_at: UtcMs(0),
        promise_by: None,
        held: false,
        waits: false,
        in_queue: false,
        lines: vec![LineBook { line, surplus: 0 }],
        tasks: vec![told(task("leeds", Phase::Accepted))],
        returns: ReturnsBook::default(),
        money: None,
        labelled_here: false,
        parcels: Vec::new(),
    }
}
