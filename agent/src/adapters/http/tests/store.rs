//! A store in memory, just true enough for the API above it: transitions and refusals come from
//! the real tables, durability does not.

use crate::adapters::http::FileFormat;
use crate::core::command::{
    Answer, BringBackLine, Command, Intent, MovementKind, MovementRequest, Position, Refusal, Rights, TaskAct,
};
use crate::core::commands::label;
use crate::core::outcome::Context;
use crate::core::parcels::Parcels;
use crate::ports::ledger::{
    BackFilter, BackPage, BroughtBack, Device, Executed, Import, ImportItem, Imported, Ledger, LedgerError,
    Pulse, Role, Summary, TaskFilter, TaskPage,
};
use async_trait::async_trait;
use holdfast_shared::domain::bring_back::ReturnRef;
use holdfast_shared::domain::task::{
    FulfilmentKind, LetGo, Line, Phase, Recall, Release, ReleasePoint, TaskEvent, TaskState, check,
};
use holdfast_shared::error::Code;
use holdfast_shared::ids::{FactId, LineNo, Sku, TaskId};
use holdfast_shared::limits::QUANTITY_MAX;
use holdfast_shared::time::{Hlc, Now, UtcMs};
use holdfast_shared::trace::{SpanId, TraceParent};
use holdfast_shared::wire::signal::{ClosureNote, PlannedNote};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

mod devices;

#[derive(Default)]
pub(super) struct Store(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    positions: BTreeMap<Sku, Position>,
    tasks: BTreeMap<TaskId, TaskState>,
    keys: HashMap<String, ([u8; 32], Answer)>,
    facts: Vec<Option<String>>,
    closure: Option<ClosureNote>,
    planned: Vec<PlannedNote>,
    offers: HashMap<[u8; 32], (Role, UtcMs)>,
    devices: Vec<([u8; 32], Device)>,
    broken: Option<Code>,
    left: Vec<(Sku, Option<i64>)>,
    parcels: Parcels,
    back: Vec<BroughtBack>,
}

impl Store {
    fn with<T>(&self, work: impl FnOnce(&mut Inside) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    pub(super) fn told_of(&self, parcels: Parcels) {
        self.with(|inside| inside.parcels = parcels);
    }

    /// How many units central may keep, as managers said it.
    pub(super) fn left_to_central(&self) -> Vec<(Sku, Option<i64>)> {
        self.with(|inside| inside.left.clone())
    }

    /// Of what is there only central sells so many.
    pub(super) fn cede(&self, sku: &str, ceded: i64) {
        let sku: Sku = sku.parse().unwrap();
        self.with(|inside| {
            let position = inside.positions.remove(&sku).unwrap().with_rights(Rights {
                ceded,
                promised: 0,
                in_doubt: false,
            });
            inside.positions.insert(sku, position);
        });
    }

    pub(super) fn stock(&self, sku: &str, name: &str, on_hand: i64) {
        let sku: Sku = sku.parse().unwrap();
        let position = Position {
            sku: sku.clone(),
            name: name.to_owned(),
            barcode: Some(format!("400{on_hand}")),
            on_hand,
            reserved: 0,
            available: on_hand,
            as_of: Some(UtcMs(1_700_000_000_000)),
            counted_at: None,
            rights: None,
        };
        self.with(|inside| inside.positions.insert(sku, position));
    }

    /// A task for two of `A-1`, as far as `phase`.
    pub(super) fn task(&self, task: &str, phase: Phase) {
        let picked = if phase >= Phase::Packed { 2 } else { 0 };
        let state = TaskState {
            task: task.parse().unwrap(),
            order: "o1".parse().unwrap(),
            store: "leeds".parse().unwrap(),
            fence: "1.7".parse().unwrap(),
            kind: FulfilmentKind::Ship,
            release_point: ReleasePoint::Packed,
            phase,
            lines: vec![Line {
                line: LineNo(1),
                sku: "A-1".parse().unwrap(),
                quantity: 2,
                picked,
                short: 0,
                ceded: false,
            }],
            release: None,
            let_go: None,
            recall: None,
            decline_reason: None,
            accept_by: UtcMs(1_700_000_060_000),
            promise_by: None,
            note: None,
            offered_at: Hlc::default(),
            changed_at: Hlc::default(),
            newest: "central.1.1".parse().unwrap(),
        };
        self.with(|inside| inside.tasks.insert(state.task.clone(), state));
    }

    pub(super) fn change_task(&self, task: &str, change: impl FnOnce(&mut TaskState)) {
        self.with(|inside| change(inside.tasks.get_mut(&task.parse().unwrap()).unwrap()));
    }

    pub(super) fn release(&self, task: &str) {
        self.change_task(task, |state| {
            state.release =
                Some(Release { fence: state.fence, replica: "leeds-a".parse().unwrap(), fact: None });
        });
    }

    pub(super) fn recall(&self, task: &str) {
        self.change_task(task, |state| {
            state.recall = Some(Recall { reason: "moved to York".to_owned(), cancel: false });
        });
    }

    pub(super) fn break_with(&self, code: Code) {
        self.with(|inside| inside.broken = Some(code));
    }

    /// The fact ids that intents brought with them.
    pub(super) fn fact_ids(&self) -> Vec<Option<String>> {
        self.with(|inside| inside.facts.clone())
    }
}

impl Inside {
    fn carry_out(&mut self, intent: &Intent, command: Command, now: Now) -> Result<Answer, Refusal> {
        match command {
            Command::Move(movements) => {
                let moved: Result<Vec<Position>, Refusal> =
                    movements.iter().map(|movement| self.moved(movement)).collect();
                Ok(Answer::Moved { facts: Vec::new(), positions: moved? })
            }
            Command::BringBack(request) => {
                let moved = request.lines.iter().map(|line| {
                    let fact = format!("till.1.{}", self.back.len() + 1).parse().unwrap();
                    self.back.push(brought_back((intent, fact), &request.of, line, now));
                    let quantity = line.condition.adds(line.units).max(1);
                    let kind = MovementKind::Return;
                    let sku = line.sku.clone();
                    let peer = None;
                    self.moved(&MovementRequest { kind, sku, quantity, peer, note: None })
                });
                let positions = moved.collect::<Result<Vec<Position>, Refusal>>()?;
                Ok(Answer::Moved { facts: Vec::new(), positions })
            }
            Command::Task { task, act } => {
                let state = self.tasks.get_mut(&task).ok_or(Refusal::UnknownTask(task))?;
                check(state, &event_of(&act))?;
                step(state, &act);
                Ok(Answer::Task { state: Box::new(state.clone()) })
            }
            Command::Close(request) => {
                self.closure = request.map(|request| ClosureNote {
                    hard: request.hard,
                    cause: request.cause,
                    author: "manager".to_owned(),
                    since: now.utc,
                    until: request.until,
                });
                Ok(Answer::Closure { closure: self.closure.clone() })
            }
            Command::Label(request) => {
                let state =
                    self.tasks.get(&request.task).ok_or(Refusal::UnknownTask(request.task.clone()))?;
                let context = Context { intent, replica: None, now };
                let told = label::decide(state, &request, &self.parcels.reported, context)?;
                self.parcels.reported.extend(told.label);
                Ok(Answer::Task { state: Box::new(state.clone()) })
            }
            Command::Plan(request) => {
                self.planned.push(PlannedNote {
                    number: 1,
                    hard: request.hard,
                    cause: request.cause.as_str().to_owned(),
                    author: "manager".to_owned(),
                    from: request.from,
                    until: request.until,
                });
                Ok(Answer::Planned { planned: self.planned.clone() })
            }
            Command::Unplan(number) => {
                if self.planned.extract_if(.., |note| note.number == number).count() == 0 {
                    return Err(Refusal::NotPlanned(number));
                }
                Ok(Answer::Planned { planned: self.planned.clone() })
            }
        }
    }

    fn moved(&mut self, movement: &MovementRequest) -> Result<Position, Refusal> {
        let position =
            self.positions.get_mut(&movement.sku).ok_or_else(|| Refusal::UnknownSku(movement.sku.clone()))?;
        if !(1..=QUANTITY_MAX).contains(&movement.quantity) {
            return Err(Refusal::Quantity(format!("a quantity of {} is out of range", movement.quantity)));
        }
        position.on_hand = match movement.kind {
            MovementKind::Sale => position.on_hand - movement.quantity,
            MovementKind::Count => movement.quantity,
            _ => position.on_hand + movement.quantity,
        };
        Ok(position.clone())
    }
}

fn brought_back(
    (intent, fact): (&Intent, FactId),
    of: &ReturnRef,
    line: &BringBackLine,
    now: Now,
) -> BroughtBack {
    let actor = intent.actor.clone();
    let BringBackLine { sku, units, condition } = line.clone();
    BroughtBack { fact, at: now.utc, of: of.clone(), sku, name: None, units, condition, actor, note: None }
}

fn step(state: &mut TaskState, act: &TaskAct) {
    match act {
        TaskAct::Accept => state.phase = Phase::Accepted,
        TaskAct::Decline { reason } => {
            state.phase = Phase::Declined;
            state.decline_reason = Some(reason.clone());
        }
        TaskAct::StartPicking => state.phase = Phase::Picking,
        TaskAct::Pick { quantity, .. } => state.lines[0].picked += quantity,
        TaskAct::Short { missing, .. } => state.lines[0].short += missing,
        TaskAct::Pack => state.phase = Phase::Packed,
        TaskAct::HandOver { .. } => state.phase = Phase::HandedOver,
        TaskAct::PutBack => state.phase = Phase::PutBack,
        TaskAct::LetGo { reason, .. } => {
            state.let_go = Some(LetGo { replica: "leeds-a".parse().unwrap(), reason: reason.clone() });
        }
    }
}

fn event_of(act: &TaskAct) -> TaskEvent {
    match act.clone() {
        TaskAct::Accept => TaskEvent::Accepted,
        TaskAct::Decline { reason } => TaskEvent::Declined { reason },
        TaskAct::StartPicking => TaskEvent::PickingStarted,
        TaskAct::Pick { line, quantity } => TaskEvent::Picked { line, quantity },
        TaskAct::Short { line, missing } => TaskEvent::Short { line, missing },
        TaskAct::Pack => TaskEvent::Packed,
        TaskAct::HandOver { to } => TaskEvent::HandedOver { to },
        TaskAct::PutBack => TaskEvent::PutBack,
        TaskAct::LetGo { reason, .. } => TaskEvent::LetGo { replica: "leeds-a".parse().unwrap(), reason },
    }
}

#[async_trait]
impl Ledger for Store {
    async fn execute(&self, intent: Intent, command: Command, now: Now) -> Result<Executed, LedgerError> {
        self.with(|inside| {
            if let Some(code) = inside.broken {
                return Err(LedgerError::Unavailable {
                    code,
                    what: "the disk is full".to_owned(),
                    source: None,
                });
            }
            let key = format!("{}/{}", intent.device, intent.key);
            if let Some((hash, answer)) = inside.keys.get(&key) {
                if *hash != intent.request_hash {
                    return Err(LedgerError::KeyReused);
                }
                return Ok(Executed { answer: answer.clone(), replayed: true });
            }
            let answer = inside.carry_out(&intent, command, now)?;
            inside.facts.push(intent.fact_id.map(|id| id.to_string()));
            inside.keys.insert(key, (intent.request_hash, answer.clone()));
            Ok(Executed { answer, replayed: false })
        })
    }

    async fn leave_central(&self, sku: &Sku, at_most: Option<i64>) -> Result<Position, LedgerError> {
        let unknown = || LedgerError::from(Refusal::UnknownSku(sku.clone()));
        self.with(|inside| {
            let position = inside.positions.get(sku).cloned().ok_or_else(unknown)?;
            inside.left.push((sku.clone(), at_most));
            Ok(position)
        })
    }

    async fn positions(&self, skus: &[Sku]) -> Result<Vec<Position>, LedgerError> {
        Ok(self.with(|inside| skus.iter().filter_map(|sku| inside.positions.get(sku).cloned()).collect()))
    }

    async fn search(&self, text: &str, limit: u32) -> Result<Vec<Position>, LedgerError> {
        let found = |position: &&Position| position.name.contains(text);
        let limit = usize::try_from(limit).unwrap();
        Ok(self.with(|inside| inside.positions.values().filter(found).take(limit).cloned().collect()))
    }

    async fn task(&self, task: &TaskId) -> Result<Option<TaskState>, LedgerError> {
        Ok(self.with(|inside| inside.tasks.get(task).cloned()))
    }

    async fn trace_of(&self, task: &TaskId) -> Result<Option<TraceParent>, LedgerError> {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", SpanId::of_record(task.as_str()));
        Ok(Some(TraceParent { trace: trace.parse().unwrap(), span, sampled: true }))
    }

    async fn tasks(&self, filter: TaskFilter) -> Result<TaskPage, LedgerError> {
        let wanted = |state: &&TaskState| {
            let after = filter.cursor.as_ref().is_none_or(|cursor| state.task.as_str() > cursor.as_str());
            after
                && if filter.phases.is_empty() {
                    !state.phase.is_final()
                } else {
                    filter.phases.contains(&state.phase)
                }
        };
        let limit = usize::try_from(filter.limit).unwrap();
        let mut tasks: Vec<TaskState> =
            self.with(|inside| inside.tasks.values().filter(wanted).take(limit + 1).cloned().collect());
        let more = tasks.len() > limit;
        tasks.truncate(limit);
        let next = tasks.last().filter(|_| more).map(|state| state.task.to_string());
        Ok(TaskPage { tasks, next })
    }

    async fn parcels(&self) -> Result<Parcels, LedgerError> {
        Ok(self.with(|inside| inside.parcels.clone()))
    }

    async fn brought_back(&self, filter: BackFilter) -> Result<BackPage, LedgerError> {
        let of = |back: &&BroughtBack| filter.order.is_none() || back.of.order() == filter.order;
        let since = |back: &&BroughtBack| back.at >= filter.since;
        let found = self.with(|inside| inside.back.iter().rev().filter(of).filter(since).cloned().collect());
        Ok(BackPage { brought_back: found, next: None })
    }

    async fn summary(&self) -> Result<Summary, LedgerError> {
        Ok(self.with(|inside| {
            let (closure, planned) = (inside.closure.clone(), inside.planned.clone());
            Summary { closure, planned, skus: 1, ..Summary::default() }
        }))
    }

    fn pulse(&self) -> Pulse {
        Pulse { lives: true, damaged: false }
    }
}

#[async_trait]
impl Import for Store {
    async fn import(
        &self,
        items: Vec<ImportItem>,
        _progress: Box<dyn Fn(u64) + Send + Sync>,
        _now: Now,
    ) -> Result<Imported, LedgerError> {
        for item in &items {
            self.stock(item.sku.as_str(), item.name.as_deref().unwrap_or(""), item.on_hand.unwrap_or(0));
        }
        Ok(Imported { new_skus: u64::try_from(items.len()).unwrap(), ..Imported::default() })
    }
}

/// One SKU per line; `!` is a bad one.
pub(super) fn read_file(bytes: &[u8], _format: FileFormat) -> Result<Vec<ImportItem>, String> {
    let item = |(number, line): (usize, &str)| {
        let sku = Sku::new(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        Ok(ImportItem { sku, name: None, barcode: None, class: None, on_hand: Some(1) })
    };
    std::str::from_utf8(bytes).unwrap().lines().enumerate().map(item).collect()
}
