//! Knows a command again by its facts: its key was forgotten, or it was first said to another
//! agent of the store, but the id that the device gave is in the ledger.

use super::command::{BringBackLine, Command, MovementKind, MovementRequest};
use super::outcome::Reply;
use holdfast_shared::domain::bring_back::ReturnRef;
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::stock::Movement;

/// What to answer when `facts`, which stand under the given id, are what `command` would say;
/// none when they are of another intent.
#[must_use]
pub fn recognise(command: &Command, facts: &[Fact]) -> Option<Reply> {
    match command {
        Command::Move(requests) => {
            let same = facts.iter().all(|fact| requests.iter().any(|request| says(fact, request)));
            (same && facts.len() <= requests.len())
                .then(|| Reply::Moved(requests.iter().map(|request| request.sku.clone()).collect()))
        }
        Command::BringBack(request) => {
            let same =
                facts.iter().all(|fact| request.lines.iter().any(|line| is_back(fact, &request.of, line)));
            (same && facts.len() <= request.lines.len())
                .then(|| Reply::Moved(request.lines.iter().map(|line| line.sku.clone()).collect()))
        }
        Command::Task { task, act } => {
            let same = facts.iter().any(|fact| match &fact.body {
                Body::Task(said) => said.task == *task && act.became(&said.event),
                Body::Stock(_) | Body::Epoch(_) => false,
            });
            same.then(|| Reply::Task(task.clone()))
        }
        // No facts; nothing of them can stand in the ledger.
        Command::Close(_) | Command::Plan(_) | Command::Unplan(_) | Command::Label(_) => None,
    }
}

fn is_back(fact: &Fact, said_of: &ReturnRef, line: &BringBackLine) -> bool {
    let Body::Stock(stock) = &fact.body else { return false };
    let Movement::BroughtBack { of, condition, units } = &stock.movement else { return false };
    of == said_of && stock.sku == line.sku && *condition == line.condition && *units == line.units
}

fn says(fact: &Fact, request: &MovementRequest) -> bool {
    let Body::Stock(stock) = &fact.body else { return false };
    let same_kind = match (&stock.movement, request.kind) {
        // The difference that a count found depends on when it was recorded; what was found does not.
        (Movement::Count { found }, MovementKind::Count) => *found == request.quantity,
        (Movement::Sale, MovementKind::Sale) | (Movement::TransferOut { .. }, MovementKind::TransferOut) => {
            stock.delta == request.quantity.saturating_neg()
        }
        (Movement::Return, MovementKind::Return)
        | (Movement::Receipt, MovementKind::Receipt)
        | (Movement::Adjustment, MovementKind::Adjustment)
        | (Movement::TransferIn { .. }, MovementKind::TransferIn) => stock.delta == request.quantity,
        _ => false,
    };
    same_kind && stock.sku == request.sku
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::TaskAct;
    use crate::core::mint::{Author, Mint};
    use crate::core::testing::{intent, request, sale};
    use holdfast_shared::time::{Hlc, UtcMs};

    #[test]
    fn the_same_intent_is_known_again_and_another_is_not() {
        let mut mint = Mint::resume("s-a".parse().unwrap(), 7, 1, Hlc::default());
        let facts = mint.write(vec![sale("A")], Author::of(&intent("k")), UtcMs(1)).unwrap();
        let same = Command::Move(vec![request(MovementKind::Sale, "A", 1)]);
        assert_eq!(recognise(&same, &facts), Some(Reply::Moved(vec!["A".parse().unwrap()])));
        for other in [
            Command::Move(vec![request(MovementKind::Sale, "A", 2)]),
            Command::Move(vec![request(MovementKind::Sale, "B", 1)]),
            Command::Move(vec![request(MovementKind::Return, "A", 1)]),
            Command::Task { task: "o-1".parse().unwrap(), act: TaskAct::Accept },
            Command::Close(None),
        ] {
            assert_eq!(recognise(&other, &facts), None, "{other:?}");
        }
    }
}
