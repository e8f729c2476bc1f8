//! An order against its lines and tasks: its state, where each unit is, and what left.

use super::book::{LineBook, OrderBook, ParcelBook, TaskBook};
use super::finding::{Difference, FindingKind};
use crate::core::order::OrderState;
use crate::core::saga::standing::Standing;
use holdfast_shared::domain::task::{FulfilmentKind, Line, Phase, ReleasePoint, TaskState};
use holdfast_shared::ids::LineNo;

pub(super) fn differences(book: &OrderBook) -> Vec<Difference> {
    let mut all: Vec<Difference> =
        book.lines.iter().flat_map(|line| [units(book, line), left(book, line)]).flatten().collect();
    // A state that follows from units or from a task's row that are wrong is not another finding.
    if all.is_empty() && book.tasks.iter().all(|task| task.truth() == &task.state) {
        all.extend(state(book));
    }
    all
}

pub(super) fn about(book: &OrderBook, kind: FindingKind, subject: String, field: &'static str) -> Difference {
    Difference {
        kind,
        subject,
        order: Some(book.order.clone()),
        task: None,
        store: None,
        sku: None,
        field,
        expected: String::new(),
        found: String::new(),
        words: String::new(),
        decide_by: None,
        harm: false,
    }
}

fn state(book: &OrderBook) -> Option<Difference> {
    let should = amounts_to(book);
    if should == book.state {
        return None;
    }
    let (expected, found) = (should.as_str().to_owned(), book.state.as_str().to_owned());
    let words = format!("order {} is {found}, and its lines and tasks amount to {expected}", book.order);
    let subject = format!("order/{}", book.order);
    let base = about(book, FindingKind::OrderState, subject, "orders.state");
    // Once it is final, money follows: that is not for a machine to catch up on.
    Some(Difference { expected, found, words, harm: should.is_final() || book.state.is_final(), ..base })
}

/// Its least unit says how far it is: one without a node, else one at a store, else what became of all.
fn amounts_to(book: &OrderBook) -> OrderState {
    let mut waiting = book.lines.iter().map(|line| &line.line).filter(|line| line.open > 0).peekable();
    if waiting.peek().is_some() {
        return match (waiting.any(|line| line.backordered), book.payment) {
            (true, _) => OrderState::Backordered,
            (false, Standing::Authorized) => OrderState::Authorized,
            (false, Standing::None | Standing::Awaited | Standing::Rejected | Standing::Owed) => {
                OrderState::Placed
            }
        };
    }
    let at_work = book.tasks.iter().map(TaskBook::truth).filter(|task| has_units(task));
    if let Some(least) = at_work.map(stage).min() {
        return least;
    }
    let (mut ordered, mut done, mut gone) = (0_i64, 0_i64, 0_i64);
    for LineBook { line, .. } in &book.lines {
        ordered = ordered.saturating_add(line.quantity);
        done = done.saturating_add(line.finished).saturating_add(line.cancelled);
        gone = gone.saturating_add(line.finished);
    }
    match (done == ordered, gone > 0, book.kind) {
        (false, _, _) => OrderState::Exception,
        (true, false, _) if book.payment == Standing::Rejected => OrderState::Rejected,
        (true, false, _) => OrderState::Cancelled,
        (true, true, _) if book.payment == Standing::Owed => OrderState::Exception,
        (true, true, _) if all_paid_back(book) => OrderState::Refunded,
        (true, true, _) if book.lines.iter().all(|LineBook { line, .. }| line.came_back >= line.finished) => {
            OrderState::Returned
        }
        (true, true, FulfilmentKind::Pickup) => OrderState::Collected,
        (true, true, FulfilmentKind::Ship | FulfilmentKind::Delivery) if all_arrived(book) => {
            OrderState::Delivered
        }
        (true, true, FulfilmentKind::Ship | FulfilmentKind::Delivery) => OrderState::Shipped,
    }
}

/// Of each task whose goods left, the carrier says that they are there.
fn all_arrived(book: &OrderBook) -> bool {
    let left = |task: &&TaskState| task.phase == Phase::HandedOver;
    let arrived = |task: &TaskState| {
        let of_it = |parcel: &&ParcelBook| parcel.task == task.task;
        book.parcels.iter().find(of_it).is_some_and(|parcel| parcel.arrived_at.is_some())
    };
    let mut gone = book.tasks.iter().map(TaskBook::truth).filter(left).peekable();
    gone.peek().is_some() && gone.all(arrived)
}

/// What all that left is worth was taken, and none of it is kept.
fn all_paid_back(book: &OrderBook) -> bool {
    let Some(money) = &book.money else { return false };
    let worth = |LineBook { line, .. }: &LineBook| line.money()?.units(0, line.finished).ok();
    let gone = book.lines.iter().filter_map(worth).map(|sums| sums.total).fold(0, i64::saturating_add);
    money.refunded > 0 && money.refunded >= money.captured && money.captured >= gone
}

/// The order still counts on this task: it goes on, or puts back for a cancel.
fn has_units(task: &TaskState) -> bool {
    let moved = task.recall.as_ref().is_some_and(|recall| !recall.cancel);
    !moved && !matches!(task.phase, Phase::HandedOver | Phase::Declined | Phase::PutBack)
}

fn stage(task: &TaskState) -> OrderState {
    let goes_on = task.recall.is_none();
    let may_leave =
        task.let_go.is_some() || task.release.as_ref().is_some_and(|release| release.fence == task.fence);
    match task.phase {
        Phase::Accepted => OrderState::Accepted,
        Phase::Packed if goes_on && may_leave => OrderState::Ready,
        Phase::Picking | Phase::Packed => OrderState::Picking,
        Phase::Offered | Phase::HandedOver | Phase::Declined | Phase::PutBack => OrderState::Allocated,
    }
}

/// What the task answers for, of one line. Goods that were released before they were picked count as there
/// until the end, whatever is told missing meanwhile.
fn at_store(task: &TaskState, line: LineNo) -> i64 {
    if !has_units(task) {
        return 0;
    }
    let early = task.release_point != ReleasePoint::Packed
        && task.release.as_ref().is_some_and(|release| release.fence == task.fence);
    let of = |line: &Line| if early { line.quantity } else { line.quantity.saturating_sub(line.short) };
    task.lines.iter().filter(|known| known.line == line).map(of).sum()
}

fn units(book: &OrderBook, LineBook { line, .. }: &LineBook) -> Option<Difference> {
    let at_stores: i64 = book.tasks.iter().map(|task| at_store(task.truth(), line.line)).sum();
    let somewhere =
        line.open.saturating_add(line.finished).saturating_add(line.cancelled).saturating_add(at_stores);
    if somewhere == line.quantity {
        return None;
    }
    let found = format!(
        "{} open, {} finished, {} cancelled, {at_stores} at stores",
        line.open, line.finished, line.cancelled
    );
    let what = if somewhere < line.quantity { "nowhere" } else { "in two places" };
    let words = format!(
        "of {} units of line {} of order {}, {} are {what}: {found}. Ask the stores that had work on it where the \
         goods are",
        line.quantity,
        line.line,
        book.order,
        line.quantity.saturating_sub(somewhere).saturating_abs()
    );
    let subject = format!("line/{}/{}", book.order, line.line);
    let base = about(book, FindingKind::LineUnits, subject, "order_line.open");
    Some(Difference {
        sku: Some(line.sku.clone()),
        expected: line.quantity.to_string(),
        found,
        words,
        harm: true,
        ..base
    })
}

fn left(book: &OrderBook, LineBook { line, surplus }: &LineBook) -> Option<Difference> {
    let handed_over = book.tasks.iter().map(TaskBook::truth).filter(|task| task.phase == Phase::HandedOver);
    let gone: i64 = handed_over
        .flat_map(|task| task.lines.iter().filter(|known| known.line == line.line))
        // What left unpicked left all the same.
        .map(|line| line.picked.max(line.quantity.saturating_sub(line.short)).min(line.quantity))
        .sum();
    let counted = line.finished.saturating_add(*surplus);
    if gone == counted {
        return None;
    }
    let words = format!(
        "stores handed over {gone} units of line {} of order {}, and {counted} are counted as left. Ask the stores, \
         and see to it that the customer pays for what came",
        line.line, book.order
    );
    let subject = format!("left/{}/{}", book.order, line.line);
    let base = about(book, FindingKind::LeftUnits, subject, "order_line.finished");
    Some(Difference {
        sku: Some(line.sku.clone()),
        expected: gone.to_string(),
        found: counted.to_string(),
        words,
        harm: true,
        ..base
    })
}
