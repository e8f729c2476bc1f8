//! What the LAN API says, apart from the domain: times in RFC 3339, one status word, and what may
//! be done next.

use super::around::{Around, LeaseView};
use super::label_view::LabelView;
pub use super::stamp::{parse_stamp, stamp};
use crate::core::command::{Position, Refusal, Rights};
use crate::ports::ledger::{Device, Role};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{
    FulfilmentKind, Illegal, Line, Phase, Recall, Status, TaskEvent, TaskState, check,
};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{DeviceId, LineNo, OrderId, ReplicaId, Sku, TaskId};
use holdfast_shared::stamp::STAMP_EARLIEST;
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::TraceParent;
use holdfast_shared::wire::signal::ClosureNote;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Given while the clock had lost its time: no time is better than a wrong one.
fn credible(at: UtcMs) -> Option<String> {
    stamp(at).filter(|_| at >= STAMP_EARLIEST)
}

/// Stock of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkuView {
    pub sku: Sku,
    pub name: String,
    pub barcode: Option<String>,
    pub on_hand: i64,
    /// Set aside for open orders.
    pub reserved: i64,
    /// On hand less reserved and less what only central sells: what the till may sell.
    pub available: i64,
    /// When a fact last moved it.
    pub as_of: Option<String>,
    pub counted_at: Option<String>,
    /// Of a scarce SKU that the store cedes to central.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<RightsView>,
}

/// Units that only central sells. They come back only when it says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RightsView {
    pub ceded: i64,
    /// Those of them that are set aside here for orders.
    pub promised: i64,
    /// Ceded units that are not there any more: count the SKU.
    pub overdrawn: i64,
    /// This box fetches what it lost; until then none of the SKU is for the till.
    pub in_doubt: bool,
}

impl From<Position> for SkuView {
    fn from(position: Position) -> Self {
        let overdrawn = position.shelf().overdrawn();
        let rights = position.rights;
        let rights = rights.map(|Rights { ceded, promised, in_doubt }| RightsView {
            ceded,
            promised,
            overdrawn,
            in_doubt,
        });
        Self {
            rights,
            sku: position.sku,
            name: position.name,
            barcode: position.barcode,
            on_hand: position.on_hand,
            reserved: position.reserved,
            available: position.available,
            as_of: position.as_of.and_then(credible),
            counted_at: position.counted_at.and_then(credible),
        }
    }
}

/// What a device may do to a task; also the last part of the path that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActName {
    Accept,
    Decline,
    StartPicking,
    Pick,
    Short,
    Pack,
    HandOver,
    PutBack,
    LetGo,
}

/// An act that would be next, and why it has to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Blocked {
    pub act: ActName,
    pub code: Code,
    pub detail: String,
    /// What to do now.
    pub hint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineView {
    pub line: LineNo,
    pub sku: Sku,
    pub name: String,
    pub barcode: Option<String>,
    pub quantity: i64,
    pub picked: i64,
    pub short: i64,
    /// Units that still have to be picked or found short.
    pub open: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecallView {
    pub reason: String,
    /// The customer or a person cancelled, rather than central moving the work.
    pub cancel: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    pub since: Option<String>,
    /// Whether central can be asked now; absent before the first try.
    pub central_reachable: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PutBackView {
    pub line: LineNo,
    pub sku: Sku,
    pub name: String,
    pub quantity: i64,
}

/// The store's part of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskView {
    pub task: TaskId,
    pub order: OrderId,
    pub kind: FulfilmentKind,
    pub status: Status,
    pub phase: Phase,
    #[schema(value_type = String, example = "1.7")]
    pub fence: Fence,
    pub lines: Vec<LineView>,
    /// Whether central released these goods: only then may they leave.
    pub released: bool,
    /// Why the store's manager lets these goods leave without a release.
    pub let_go: Option<String>,
    pub recall: Option<RecallView>,
    /// Packed goods that wait for their release.
    pub waiting: Option<Waiting>,
    /// Until when central leaves this work here; for work that it could still move.
    pub lease: Option<LeaseView>,
    /// What lies in the tote and belongs back on the shelf.
    pub to_put_back: Vec<PutBackView>,
    pub decline_reason: Option<String>,
    pub accept_by: Option<String>,
    pub promise_by: Option<String>,
    /// Until those, by central's time; negative when it has passed. A screen whose own clock is
    /// wrong goes by these.
    pub accept_in_s: i64,
    pub promise_in_s: Option<i64>,
    pub note: Option<String>,
    /// Of what a carrier takes: how it stands with its label.
    pub label: Option<LabelView>,
    pub offered_at: Option<String>,
    pub changed_at: Option<String>,
    /// Where the work stands in its order's trace: what a device sends as `traceparent` with what it does for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    pub traceparent: Option<String>,
    /// What may be done now.
    pub next: Vec<ActName>,
    pub blocked: Option<Blocked>,
}

impl TaskView {
    /// `known` gives the names of SKUs; one that is not in the catalogue is shown by its SKU. `now`
    /// is the right time, as well as this box knows it.
    #[must_use]
    pub fn new(state: &TaskState, known: &HashMap<Sku, Position>, around: &Around) -> Self {
        let left_s = |deadline: UtcMs| deadline.since(around.right_now) / 1000;
        Self {
            task: state.task.clone(),
            order: state.order.clone(),
            kind: state.kind,
            status: state.status(),
            phase: state.phase,
            fence: state.fence,
            lines: state.lines.iter().map(|line| line_view(line, known.get(&line.sku))).collect(),
            released: state.may_leave(),
            let_go: state.let_go.as_ref().map(|let_go| let_go.reason.clone()),
            waiting: waiting(state, around),
            lease: movable(state).then(|| around.lease.clone()),
            to_put_back: to_put_back(state, known),
            recall: state.recall.clone().map(|Recall { reason, cancel }| RecallView { reason, cancel }),
            decline_reason: state.decline_reason.clone(),
            accept_by: stamp(state.accept_by),
            promise_by: state.promise_by.and_then(stamp),
            accept_in_s: left_s(state.accept_by),
            promise_in_s: state.promise_by.map(left_s),
            note: state.note.clone(),
            label: None,
            offered_at: stamp(state.offered_at.wall),
            changed_at: stamp(state.changed_at.wall),
            traceparent: None,
            next: next_acts(state, around),
            blocked: blocked(state),
        }
    }

    #[must_use]
    pub(super) fn labelled(self, label: Option<LabelView>) -> Self {
        Self { label, ..self }
    }

    #[must_use]
    pub(super) fn traced(self, parent: Option<TraceParent>) -> Self {
        Self { traceparent: parent.map(|parent| parent.to_string()), ..self }
    }
}

fn waiting(state: &TaskState, around: &Around) -> Option<Waiting> {
    (state.status() == Status::AwaitingRelease)
        .then(|| Waiting { since: stamp(state.changed_at.wall), central_reachable: around.central_reachable })
}

/// Accepted, and not yet released: central may give it to another store when the lease has ended.
fn movable(state: &TaskState) -> bool {
    match state.status() {
        Status::Accepted | Status::Picking | Status::AwaitingRelease => {
            !state.cleared() && state.kind != FulfilmentKind::Pickup
        }
        Status::Offered
        | Status::Ready
        | Status::HandedOver
        | Status::Declined
        | Status::PuttingBack
        | Status::PutBack => false,
    }
}

fn to_put_back(state: &TaskState, known: &HashMap<Sku, Position>) -> Vec<PutBackView> {
    if state.status() != Status::PuttingBack {
        return Vec::new();
    }
    let picked = state.lines.iter().filter(|line| line.picked > 0);
    picked
        .map(|line| PutBackView {
            line: line.line,
            sku: line.sku.clone(),
            name: known.get(&line.sku).map(|position| position.name.clone()).unwrap_or_default(),
            quantity: line.picked,
        })
        .collect()
}

fn line_view(line: &Line, known: Option<&Position>) -> LineView {
    LineView {
        line: line.line,
        sku: line.sku.clone(),
        name: known.map(|position| position.name.clone()).unwrap_or_default(),
        barcode: known.and_then(|position| position.barcode.clone()),
        quantity: line.quantity,
        picked: line.picked,
        short: line.short,
        open: line.open(),
    }
}

/// Asked of the one transition table, so that this list can never disagree with it.
fn next_acts(state: &TaskState, around: &Around) -> Vec<ActName> {
    let open = state.lines.iter().find(|line| line.open() > 0).map(|line| line.line);
    let on_line = |make: fn(LineNo) -> TaskEvent| open.map(make);
    let acts = [
        (ActName::Accept, Some(TaskEvent::Accepted)),
        (ActName::Decline, Some(TaskEvent::Declined { reason: String::new() })),
        (ActName::StartPicking, Some(TaskEvent::PickingStarted)),
        (ActName::Pick, on_line(|line| TaskEvent::Picked { line, quantity: 1 })),
        (ActName::Short, on_line(|line| TaskEvent::Short { line, missing: 1 })),
        (ActName::Pack, Some(TaskEvent::Packed)),
        (ActName::HandOver, Some(TaskEvent::HandedOver { to: None })),
        (ActName::PutBack, Some(TaskEvent::PutBack)),
        (ActName::LetGo, let_go(around)),
    ];
    acts.into_iter()
        .filter(|(_, event)| event.as_ref().is_some_and(|event| check(state, event).is_ok()))
        .map(|(act, _)| act)
        .collect()
}

/// Offered while central cannot be asked; whichever replica then says it.
fn let_go(around: &Around) -> Option<TaskEvent> {
    let replica = ReplicaId::new("this").ok()?;
    (around.central_reachable == Some(false)).then(|| TaskEvent::LetGo { replica, reason: String::new() })
}

fn blocked(state: &TaskState) -> Option<Blocked> {
    let (act, code, why) = match check(state, &TaskEvent::HandedOver { to: None }) {
        Err(why @ Illegal::NotReleased) => (ActName::HandOver, Code::NotReleased, why),
        Err(why @ Illegal::Recalled { .. }) => (ActName::HandOver, Code::Recalled, why),
        Ok(())
        | Err(
            Illegal::Phase { .. }
            | Illegal::AlreadyReleased { .. }
            | Illegal::MayLeaveAlready
            | Illegal::NothingToPutBack
            | Illegal::NoSuchLine(_)
            | Illegal::TooMany { .. }
            | Illegal::LineOpen(_)
            | Illegal::NothingPicked
            | Illegal::StaleFence { .. },
        ) => return None,
    };
    let why = Refusal::from(why);
    let hint = why.hint().unwrap_or_else(|| code.hint()).to_owned();
    Some(Blocked { act, code, detail: why.to_string(), hint })
}

/// A closure that staff raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosureView {
    /// All order traffic stops, and open work moves; otherwise only new orders stay away.
    pub hard: bool,
    pub cause: String,
    pub author: String,
    pub since: Option<String>,
    pub until: Option<String>,
}

impl From<ClosureNote> for ClosureView {
    fn from(note: ClosureNote) -> Self {
        Self {
            hard: note.hard,
            cause: note.cause,
            author: note.author,
            since: stamp(note.since),
            until: note.until.and_then(stamp),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceView {
    pub device: DeviceId,
    pub name: String,
    pub role: Role,
    pub generation: u32,
    pub paired_at: Option<String>,
    pub seen_at: Option<String>,
}

impl From<Device> for DeviceView {
    fn from(device: Device) -> Self {
        Self {
            device: device.device,
            name: device.name,
            role: device.role,
            generation: device.generation,
            paired_at: stamp(device.paired_at),
            seen_at: device.seen_at.and_then(stamp),
        }
    }
}

#[cfg(test)]
mod tests;
