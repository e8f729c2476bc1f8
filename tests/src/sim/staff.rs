//! What people in a store do: they work on tasks, sell what lies on the shelf, and close early.

use super::dice::Dice;
use super::fate::Fate;
use super::kind::Kind;
use super::overrides::lets_go;
use super::parcels::Parcel;
use super::shop::{Heard, Shop, Told, Unsure, Wish};
use anyhow::{Result, bail, ensure};
use holdfast_agent::core::command::{
    Answer, ClosureRequest, Command, Intent, MovementKind, MovementRequest, TaskAct,
};
use holdfast_agent::ports::ledger::Ledger;
use holdfast_platform::sqlite::mishap::Mishap;
use holdfast_shared::domain::task::{FulfilmentKind, Line, Status, TaskState};
use holdfast_shared::ids::{Actor, DeviceId, FactId, IdempotencyKey, Sku};
use holdfast_shared::time::Now;

/// How often nobody gives up waiting for a label.
const WAIT_PERMILLE: u64 = 850;

/// How staff go about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// They sometimes decline, do not find what is there, and try what they may not.
    Human,
    /// They bring every task to its end.
    Diligent,
}

fn intent(shop: &mut Shop, device: &str, dice: &Dice) -> Result<Intent> {
    shop.intents += 1;
    let n = shop.intents;
    let device = DeviceId::new(format!("{device}-{}", shop.name()))?;
    let mut request_hash = [0; 32];
    request_hash[..8].copy_from_slice(&n.to_le_bytes());
    // Some devices name their wish as a fact, others just send a key.
    let fact_id = if dice.happens(500) { Some(FactId::new(&device, 1, n)?) } else { None };
    let key = fact_id.as_ref().map_or_else(|| format!("k{n}"), ToString::to_string);
    let key = IdempotencyKey::new(key)?;
    Ok(Intent { device, actor: Actor::new("amy")?, key, request_hash, fact_id, trace: None })
}

/// A new wish, and maybe the same a second time at once.
async fn say(shop: &mut Shop, wish: Wish, fate: &Fate, now: Now) -> Result<Option<Answer>> {
    match shop.say(&wish, fate, now).await? {
        Heard::Done { answer, replayed } => {
            ensure!(!replayed, "ONCE: a new wish {} was taken for an old one", wish.intent.key);
            follow(shop, &wish, &answer, fate)?;
            if shop.taps_twice(fate) {
                let told = Told { wish, answer: answer.clone() };
                shop.say_again(&told, fate, now).await?;
            }
            Ok(Some(answer))
        }
        Heard::Failed(mishap) => {
            shop.unsure.push(Unsure { wish, recorded: mishap == Mishap::KilledAfter });
            Ok(None)
        }
        Heard::Refused | Heard::Down => Ok(None),
    }
}

/// What failed is said again before anything else is.
///
/// # Errors
/// When what was committed is not known any more.
pub async fn say_unsure(shop: &mut Shop, fate: &Fate, now: Now) -> Result<()> {
    while let Some(unsure) = shop.unsure.pop() {
        let Unsure { wish, recorded } = &unsure;
        match shop.say(wish, fate, now).await? {
            Heard::Done { answer, replayed } => {
                ensure!(
                    replayed == *recorded,
                    "NO_LOST_ACK: {:?} was committed: {recorded}, and known again: {replayed}",
                    wish.command
                );
                fate.mark("unsure_said_again");
                follow(shop, wish, &answer, fate)?;
            }
            Heard::Refused => {
                ensure!(
                    !recorded,
                    "ONCE: {:?} was committed, and refused when it was repeated",
                    wish.command
                );
            }
            Heard::Failed(mishap) => {
                let recorded = *recorded || mishap == Mishap::KilledAfter;
                shop.unsure.push(Unsure { recorded, ..unsure });
                return Ok(());
            }
            Heard::Down => {
                shop.unsure.push(unsure);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What was allowed is done to the goods.
fn follow(shop: &mut Shop, wish: &Wish, answer: &Answer, fate: &Fate) -> Result<()> {
    match (&wish.command, answer, &wish.task) {
        (Command::Move(requests), Answer::Moved { positions, .. }, _) => {
            if positions.iter().any(|position| position.available < 0) {
                fate.mark("sold_reserved");
            }
            for request in requests {
                let moved = match request.kind {
                    MovementKind::Sale => -request.quantity,
                    MovementKind::Receipt | MovementKind::Return | MovementKind::TransferIn => {
                        request.quantity
                    }
                    MovementKind::Count | MovementKind::Adjustment | MovementKind::TransferOut => 0,
                };
                *shop.floor().shelf.entry(request.sku.clone()).or_default() += moved;
            }
        }
        (Command::Task { act, .. }, Answer::Task { state }, Some(task)) => {
            ensure!(state.task == task.task, "an act on {} was answered for {}", task.task, state.task);
            if takes_work(act) && shop.synced_at.is_some() {
                shop.floor().worked.push((shop.index, task.task.clone()));
            }
            handle_goods(shop, (task, state), act, fate);
        }
        (Command::Close(request), Answer::Closure { .. }, _) => {
            shop.closed = request.is_some();
            fate.mark(if shop.closed { "closed" } else { "opened" });
        }
        (command, answer, _) => bail!("{command:?} was answered as {answer:?}"),
    }
    Ok(())
}

/// The till, or the goods-in: only what is really there can be sold.
///
/// # Errors
/// When the agent fails.
pub async fn movement(shop: &mut Shop, skus: &[Sku], dice: &Dice, fate: &Fate, now: Now) -> Result<()> {
    let Some(sku) = dice.pick(skus).cloned() else { return Ok(()) };
    let shelf = shop.floor().on_shelf(&sku);
    let totes: i64 = shop.floor().totes.values().filter_map(|tote| tote.get(&sku)).sum();
    let (kind, quantity) = match dice.between(0, 20) {
        0..13 if shelf > 0 => (MovementKind::Sale, dice.between(1, shelf.min(2) + 1)),
        13..16 => (MovementKind::Receipt, dice.between(1, 4)),
        16 => (MovementKind::Return, 1),
        // Cycle counts are what mends books that a short pick left wrong.
        17..19 => (MovementKind::Count, shelf + totes),
        _ => return Ok(()),
    };
    let intent = intent(shop, "till", dice)?;
    let command = Command::Move(vec![MovementRequest { kind, sku, quantity, peer: None, note: None }]);
    say(shop, Wish { intent, command, task: None }, fate, now).await?;
    Ok(())
}

/// A parcel of another store is recorded in. Most read the number on it. Whether it was.
///
/// # Errors
/// When the agent fails.
pub async fn unpacks(shop: &mut Shop, parcel: &Parcel, dice: &Dice, fate: &Fate, now: Now) -> Result<bool> {
    let (intent, unsure) = (intent(shop, "goods-in", dice)?, shop.unsure.len());
    let note = dice.happens(800).then(|| parcel.task.to_string());
    let command = Command::Move(vec![MovementRequest {
        kind: MovementKind::TransferIn,
        sku: parcel.sku.clone(),
        quantity: parcel.units,
        peer: Some(parcel.from.clone()),
        note,
    }]);
    let said = say(shop, Wish { intent, command, task: None }, fate, now).await?;
    // What failed is said again.
    Ok(said.is_some() || shop.unsure.len() > unsure)
}

/// Staff close the store to orders, or open it again.
///
/// # Errors
/// When the agent fails.
pub async fn closure(shop: &mut Shop, open: bool, dice: &Dice, fate: &Fate, now: Now) -> Result<()> {
    let hard = dice.happens(500);
    let wanted = ClosureRequest { hard, cause: String::from("burst pipe"), until: None };
    let request = (!open).then_some(wanted);
    shop.closed_at_ms = Some(now.mono.0);
    let intent = intent(shop, "handheld", dice)?;
    say(shop, Wish { intent, command: Command::Close(request), task: None }, fate, now).await?;
    Ok(())
}

/// The next act on one of the store's open tasks.
///
/// # Errors
/// When the agent fails.
pub async fn work(shop: &mut Shop, mood: Mood, dice: &Dice, fate: &Fate, now: Now) -> Result<bool> {
    let tasks = shop.open_tasks().await?;
    let Some(task) = dice.pick(&tasks) else { return Ok(false) };
    let hurried = mood == Mood::Human && fate.strikes(Kind::HurriedHandOver, shop.index).is_some();
    let lets_go = if mood == Mood::Human { lets_go(shop, task, fate) } else { None };
    let act = match lets_go {
        Some(act) => act,
        None if hurried => TaskAct::HandOver { to: None },
        None => next_act(shop, task, mood, dice, fate),
    };
    if matches!(act, TaskAct::HandOver { .. }) && waits_for_label(shop, task, dice).await? {
        return Ok(true);
    }
    let intent = intent(shop, "handheld", dice)?;
    let command = Command::Task { task: task.task.clone(), act };
    say(shop, Wish { intent, command, task: Some(task.clone()) }, fate, now).await?;
    Ok(true)
}

/// Most wait a while for the label of a parcel; then they write one by hand.
async fn waits_for_label(shop: &Shop, task: &TaskState, dice: &Dice) -> Result<bool> {
    if !shop.floor().has_labels_made || task.kind != FulfilmentKind::Ship {
        return Ok(false);
    }
    let Some(ledger) = &shop.ledger else { return Ok(false) };
    let made = ledger.parcels().await?.made;
    Ok(made.iter().all(|label| label.task != task.task) && dice.happens(WAIT_PERMILLE))
}

fn next_act(shop: &Shop, task: &TaskState, mood: Mood, dice: &Dice, fate: &Fate) -> TaskAct {
    let unwilling = mood == Mood::Human && fate.strikes(Kind::Unwilling, shop.index).is_some();
    let reason = || String::from("too busy");
    match task.status() {
        Status::Offered | Status::Accepted if unwilling => TaskAct::Decline { reason: reason() },
        // The ended ones are not among the open.
        Status::Offered | Status::HandedOver | Status::Declined | Status::PutBack => TaskAct::Accept,
        Status::Accepted => TaskAct::StartPicking,
        Status::Picking => match task.lines.iter().find(|line| line.open() > 0) {
            Some(line) => pick_or_short(shop, task, line, unwilling, dice),
            None if task.lines.iter().any(|line| line.picked > 0) => TaskAct::Pack,
            None => TaskAct::PutBack,
        },
        Status::PuttingBack => TaskAct::PutBack,
        Status::AwaitingRelease | Status::Ready => TaskAct::HandOver { to: None },
    }
}

fn pick_or_short(shop: &Shop, task: &TaskState, line: &Line, unwilling: bool, dice: &Dice) -> TaskAct {
    let floor = shop.floor();
    // What the screen has forgotten lies in the tote: nobody says that it is missing.
    let forgotten = (floor.in_tote(&task.task, &line.sku) - line.picked).max(0);
    let found = if unwilling { forgotten } else { forgotten + floor.on_shelf(&line.sku) };
    let gone = floor.gone.contains(&task.task);
    let there = if gone { line.open() } else { found.clamp(0, line.open().max(0)) };
    if there < 1 {
        let missing = if unwilling { 1 } else { line.open().max(1) };
        TaskAct::Short { line: line.line, missing }
    } else {
        TaskAct::Pick { line: line.line, quantity: dice.between(1, there + 1) }
    }
}

/// What a box that lost something leaves alone, once central has told it so.
const fn takes_work(act: &TaskAct) -> bool {
    match act {
        TaskAct::Accept
        | TaskAct::StartPicking
        | TaskAct::Pick { .. }
        | TaskAct::Pack
        | TaskAct::HandOver { .. }
        | TaskAct::LetGo { .. } => true,
        TaskAct::Decline { .. } | TaskAct::Short { .. } | TaskAct::PutBack => false,
    }
}

/// What an act that was allowed does to the goods.
fn handle_goods(shop: &Shop, (task, after): (&TaskState, &TaskState), act: &TaskAct, fate: &Fate) {
    match act {
        TaskAct::Pick { line, quantity } => shop.floor().pick(task, *line, *quantity),
        TaskAct::Short { .. } => fate.mark("short_pick"),
        TaskAct::HandOver { .. } => {
            fate.mark("handed_over");
            shop.floor().carry_out(after);
        }
        TaskAct::PutBack => {
            fate.mark("put_back");
            shop.floor().put_back(&task.task);
        }
        TaskAct::Decline { .. } => {
            fate.mark("declined");
            shop.floor().put_back(&task.task);
        }
        TaskAct::LetGo { .. } => fate.mark("goods_let_go"),
        TaskAct::Accept | TaskAct::StartPicking | TaskAct::Pack => {}
    }
}
