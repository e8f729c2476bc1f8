//! Builders for the tests of this crate.

use super::command::{Command, Intent, MovementKind, MovementRequest, Position, TaskAct};
use super::outcome::Said;
use super::view::View;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::domain::task::{FulfilmentKind, Line, Phase, ReleasePoint, TaskState};
use holdfast_shared::ids::{LineNo, Sku, TaskId};
use holdfast_shared::time::{Hlc, MonoMs, Now, UtcMs};
use holdfast_shared::wire::signal::PlannedNote;
use holdfast_shared::wire::sync::LabelReport;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What is stored, as far as a test needs it.
#[derive(Default)]
pub(crate) struct Shelf {
    pub on_hand: BTreeMap<Sku, i64>,
    pub tasks: BTreeMap<TaskId, TaskState>,
}

impl View for Shelf {
    type Error = Infallible;

    fn position(&self, sku: &Sku) -> Result<Option<Position>, Infallible> {
        Ok(self.on_hand.get(sku).map(|on_hand| Position {
            sku: sku.clone(),
            name: sku.to_string(),
            barcode: None,
            on_hand: *on_hand,
            reserved: 0,
            available: *on_hand,
            as_of: None,
            counted_at: None,
            rights: None,
        }))
    }

    fn task(&self, task: &TaskId) -> Result<Option<TaskState>, Infallible> {
        Ok(self.tasks.get(task).cloned())
    }

    fn planned(&self) -> Result<Vec<PlannedNote>, Infallible> {
        Ok(Vec::new())
    }

    fn label_reports(&self) -> Result<Vec<LabelReport>, Infallible> {
        Ok(Vec::new())
    }
}

pub(crate) fn at(ms: i64) -> Now {
    Now { utc: UtcMs(ms), mono: MonoMs(ms) }
}

pub(crate) fn intent(key: &str) -> Intent {
    Intent {
        device: "till".parse().unwrap(),
        actor: "amy".parse().unwrap(),
        key: key.parse().unwrap(),
        request_hash: [1; 32],
        fact_id: None,
        trace: None,
    }
}

pub(crate) fn request(kind: MovementKind, sku: &str, quantity: i64) -> MovementRequest {
    let peer = match kind {
        MovementKind::TransferOut | MovementKind::TransferIn => Some("york".parse().unwrap()),
        MovementKind::Sale
        | MovementKind::Return
        | MovementKind::Receipt
        | MovementKind::Adjustment
        | MovementKind::Count => None,
    };
    MovementRequest { kind, sku: sku.parse().unwrap(), quantity, peer, note: None }
}

pub(crate) fn moves(kind: MovementKind, sku: &str, quantity: i64) -> Command {
    Command::Move(vec![request(kind, sku, quantity)])
}

pub(crate) fn acts(task: &str, act: TaskAct) -> Command {
    Command::Task { task: task.parse().unwrap(), act }
}

pub(crate) fn sale(sku: &str) -> Said {
    let fact = StockFact { sku: sku.parse().unwrap(), delta: -1, movement: Movement::Sale, note: None };
    Said { after: None, body: Body::Stock(fact) }
}

/// An offered task with one line per SKU.
pub(crate) fn task(id: &str, lines: &[(&str, i64)]) -> TaskState {
    TaskState {
        task: id.parse().unwrap(),
        order: "o".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        fence: "1.1".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        phase: Phase::Offered,
        lines: (1..)
            .zip(lines)
            .map(|(n, (sku, quantity))| Line {
                line: LineNo(n),
                sku: sku.parse().unwrap(),
                quantity: *quantity,
                picked: 0,
                short: 0,
                ceded: false,
            })
            .collect(),
        release: None,
        let_go: None,
        recall: None,
        decline_reason: None,
        accept_by: UtcMs(0),
        promise_by: None,
        note: None,
        offered_at: Hlc::default(),
        changed_at: Hlc::default(),
        newest: "central.1.1".parse().unwrap(),
    }
}
