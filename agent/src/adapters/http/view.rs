//! What the LAN API says, apart from the domain: times in RFC 3339, one status word, and what may
//! be done next.

use crate::core::command::Position;
use crate::ports::ledger::{Device, Role};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{
    FulfilmentKind, Illegal, Line, Phase, Recall, Status, TaskEvent, TaskState, check,
};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{DeviceId, LineNo, OrderId, Sku, TaskId};
use holdfast_shared::stamp::STAMP_EARLIEST;
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::signal::ClosureNote;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// RFC 3339 in UTC. A time outside of what can be written is told as absent.
#[must_use]
pub fn stamp(at: UtcMs) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|time| time.to_string())
}

/// Given while the clock had lost its time: no time is better than a wrong one.
fn credible(at: UtcMs) -> Option<String> {
    stamp(at).filter(|_| at >= STAMP_EARLIEST)
}

/// Reads a time that a client wrote.
pub fn parse_stamp(text: &str) -> Option<UtcMs> {
    text.parse::<jiff::Timestamp>().ok().map(|time| UtcMs(time.as_millisecond()))
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
    /// On hand less reserved: what the till may sell.
    pub available: i64,
    /// When a fact last moved it.
    pub as_of: Option<String>,
    pub counted_at: Option<String>,
}

impl From<Position> for SkuView {
    fn from(position: Position) -> Self {
        Self {
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
    pub recall: Option<RecallView>,
    pub decline_reason: Option<String>,
    pub accept_by: Option<String>,
    pub promise_by: Option<String>,
    /// Until those, by central's time; negative when it has passed. A screen whose own clock is
    /// wrong goes by these.
    pub accept_in_s: i64,
    pub promise_in_s: Option<i64>,
    pub note: Option<String>,
    pub offered_at: Option<String>,
    pub changed_at: Option<String>,
    /// What may be done now.
    pub next: Vec<ActName>,
    pub blocked: Option<Blocked>,
}

impl TaskView {
    /// `known` gives the names of SKUs; one that is not in the catalogue is shown by its SKU. `now`
    /// is the right time, as well as this box knows it.
    #[must_use]
    pub fn new(state: &TaskState, known: &HashMap<Sku, Position>, now: UtcMs) -> Self {
        let left_s = |deadline: UtcMs| deadline.since(now) / 1000;
        Self {
            task: state.task.clone(),
            order: state.order.clone(),
            kind: state.kind,
            status: state.status(),
            phase: state.phase,
            fence: state.fence,
            lines: state.lines.iter().map(|line| line_view(line, known.get(&line.sku))).collect(),
            released: state.may_leave(),
            recall: state.recall.clone().map(|Recall { reason, cancel }| RecallView { reason, cancel }),
            decline_reason: state.decline_reason.clone(),
            accept_by: stamp(state.accept_by),
            promise_by: state.promise_by.and_then(stamp),
            accept_in_s: left_s(state.accept_by),
            promise_in_s: state.promise_by.map(left_s),
            note: state.note.clone(),
            offered_at: stamp(state.offered_at.wall),
            changed_at: stamp(state.changed_at.wall),
            next: next_acts(state),
            blocked: blocked(state),
        }
    }
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
fn next_acts(state: &TaskState) -> Vec<ActName> {
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
    ];
    acts.into_iter()
        .filter(|(_, event)| event.as_ref().is_some_and(|event| check(state, event).is_ok()))
        .map(|(act, _)| act)
        .collect()
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
    Some(Blocked { act, code, detail: why.to_string(), hint: code.hint().to_owned() })
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
