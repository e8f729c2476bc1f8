//! What is set aside for a task, against what the task still needs.

use super::book::{HoldBook, OrderBook, TaskBook};
use super::finding::{Difference, FindingKind};
use holdfast_shared::domain::task::{Line, Phase};

pub(super) fn differences(book: &OrderBook) -> Vec<Difference> {
    book.tasks
        .iter()
        // A store that still has facts to send may send the one that ends the hold.
        .filter(|task| task.level)
        .flat_map(|task| match task.truth().phase {
            Phase::HandedOver | Phase::Declined | Phase::PutBack => orphaned(book, task),
            // Nobody saw the offer: with the recall the units are free, and with a late word they are kept again.
            Phase::Offered if task.truth().recall.is_some() => Vec::new(),
            Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed => needed(book, task),
        })
        .collect()
}

fn about(book: &OrderBook, task: &TaskBook, kind: FindingKind, line: u32) -> Difference {
    Difference {
        kind,
        subject: format!("hold/{}/{line}", task.truth().task),
        order: Some(book.order.clone()),
        task: Some(task.truth().task.clone()),
        store: Some(task.columns.store.clone()),
        sku: None,
        field: "hold.quantity",
        expected: String::new(),
        found: String::new(),
        words: String::new(),
        decide_by: None,
        harm: false,
    }
}

fn orphaned(book: &OrderBook, task: &TaskBook) -> Vec<Difference> {
    let left = task.holds.iter().filter(|hold| hold.quantity > 0);
    left.map(|hold| {
        let words = format!(
            "{} units of {} at {} are set aside for {}, which is {}",
            hold.quantity,
            hold.sku,
            hold.store,
            task.truth().task,
            task.truth().phase.as_str().replace('_', " ")
        );
        Difference {
            sku: Some(hold.sku.clone()),
            expected: "0".to_owned(),
            found: hold.quantity.to_string(),
            words,
            ..about(book, task, FindingKind::OrphanedHold, hold.line.0)
        }
    })
    .collect()
}

fn needed(book: &OrderBook, task: &TaskBook) -> Vec<Difference> {
    let mut all: Vec<Difference> =
        task.truth().lines.iter().filter_map(|line| of_line(book, task, line)).collect();
    let strange = |hold: &&HoldBook| !task.truth().lines.iter().any(|line| line.line == hold.line);
    all.extend(task.holds.iter().filter(strange).filter(|hold| hold.quantity > 0).map(|hold| {
        let words = format!(
            "{} units of {} are set aside for line {} of {}, which has no such line",
            hold.quantity,
            hold.sku,
            hold.line,
            task.truth().task
        );
        Difference {
            sku: Some(hold.sku.clone()),
            expected: "0".to_owned(),
            found: hold.quantity.to_string(),
            words,
            ..about(book, task, FindingKind::HoldUnits, hold.line.0)
        }
    }));
    all
}

fn of_line(book: &OrderBook, task: &TaskBook, line: &Line) -> Option<Difference> {
    let should = line.quantity.saturating_sub(line.short);
    let held = task.holds.iter().find(|hold| hold.line == line.line);
    let right_place = |hold: &HoldBook| hold.store == task.columns.store && hold.sku == line.sku;
    let units = held.filter(|hold| right_place(hold)).map_or(0, |hold| hold.quantity);
    if units == should {
        return None;
    }
    let words = format!(
        "{} needs {should} units of {} at {}, and {units} are set aside for it: {}",
        task.truth().task,
        line.sku,
        task.columns.store,
        if units < should { "another order may be promised them" } else { "nobody else can be" }
    );
    Some(Difference {
        sku: Some(line.sku.clone()),
        expected: should.to_string(),
        found: units.to_string(),
        words,
        harm: units < should,
        ..about(book, task, FindingKind::HoldUnits, line.line.0)
    })
}
