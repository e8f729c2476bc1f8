use super::*;
use crate::core::effects::{CancelAnswer, Disposition};
use crate::core::exception::Severity;
use holdfast_shared::domain::bring_back::{Condition, ReturnRef};
use holdfast_shared::domain::stock::HoldRef;
use holdfast_shared::domain::task::{FulfilmentKind, Illegal, LetGo, Offer, ReleasePoint};
use holdfast_shared::domain::task_fold::Contradiction;
use holdfast_shared::ids::LineNo;
use serde_json::Value;
use utoipa::PartialSchema;

const MAP: &str = include_str!("../../../../ARCHITECTURE.md");

fn events() -> Vec<TaskEvent> {
    let (reason, replica) = (String::new(), "leeds-a".parse().unwrap());
    let offer = Offer {
        order: "o1".parse().unwrap(),
        store: "leeds".parse().unwrap(),
        kind: FulfilmentKind::Ship,
        release_point: ReleasePoint::Packed,
        lines: Vec::new(),
        accept_by: holdfast_shared::time::UtcMs(0),
        promise_by: None,
        note: None,
    };
    vec![
        TaskEvent::Offered(offer),
        TaskEvent::Accepted,
        TaskEvent::Declined { reason: reason.clone() },
        TaskEvent::PickingStarted,
        TaskEvent::Picked { line: LineNo(1), quantity: 1 },
        TaskEvent::Short { line: LineNo(1), missing: 1 },
        TaskEvent::Packed,
        TaskEvent::HandedOver { to: None },
        TaskEvent::PutBack,
        TaskEvent::Released { replica },
        TaskEvent::Recalled { reason: reason.clone() },
        TaskEvent::CancelRequested { reason: reason.clone() },
        TaskEvent::Readopted,
        TaskEvent::TakenBack { reason: reason.clone() },
        TaskEvent::LetGo { replica: "leeds-a".parse().unwrap(), reason },
    ]
}

fn movements() -> Vec<Movement> {
    let hold = HoldRef {
        task: "o1-1".parse().unwrap(),
        line: LineNo(1),
        fence: "1.1".parse().unwrap(),
        ceded: false,
    };
    vec![
        Movement::Opening,
        Movement::Sale,
        Movement::Return,
        Movement::BroughtBack {
            of: ReturnRef::Order("o".parse().unwrap()),
            condition: Condition::Sellable,
            units: 1,
        },
        Movement::Receipt,
        Movement::Adjustment,
        Movement::Count { found: 0 },
        Movement::TransferOut { to: "york".parse().unwrap() },
        Movement::TransferIn { from: "york".parse().unwrap() },
        Movement::HandOver { hold: hold.clone() },
        Movement::PutBack { hold: hold.clone(), quantity: 1 },
        Movement::ShortPick { hold },
        Movement::Ceded { units: 1 },
        Movement::Returned { units: 1 },
    ]
}

fn effects() -> Vec<(&'static str, Effect)> {
    let fact = "hh-1.1.1".parse().unwrap();
    let contradiction = Contradiction { fact, kind: "packed", why: Illegal::NotReleased, taken_over: false };
    let let_go = LetGo { replica: "leeds-a".parse().unwrap(), reason: String::new() };
    vec![
        ("units of a line", Effect::Units { line: LineNo(1), change: Disposition::default() }),
        ("end of holds", Effect::EndHolds),
        ("release", Effect::Release),
        ("let go", Effect::LetGo(let_go)),
        ("cancel answered", Effect::CancelAnswered(CancelAnswer::PutBack)),
        ("contradicted", Effect::Contradicted { contradiction, severity: Severity::High }),
    ]
}

/// As it stands in the table: the kind, and the way back.
fn all() -> Vec<(String, Repair)> {
    let mut all = Vec::new();
    all.extend(
        Category::ALL.map(|category| (format!("exception `{}`", category.as_str()), of_category(category))),
    );
    all.extend(effects().iter().map(|(name, effect)| (format!("effect, {name}"), of_effect(effect))));
    all.extend(events().iter().map(|event| (format!("task fact `{}`", event.kind()), of_event(event))));
    all.extend(movements().iter().map(|kind| (format!("stock fact `{}`", kind.kind()), of_movement(kind))));
    all.push(("closing of a document".to_owned(), of_fact(&Body::Epoch(Default::default()))));
    all
}

#[test]
fn the_map_tells_the_way_back_of_everything() {
    let table: String =
        all().into_iter().map(|(what, repair)| format!("| {what} | {} |\n", repair.words())).collect();
    assert!(MAP.contains(&table), "the table of ARCHITECTURE.md should be:\n{table}");
}

#[test]
fn every_category_is_in_the_list() {
    let schema = serde_json::to_value(Category::schema()).unwrap();
    let names: Vec<&str> = schema["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(names, Category::ALL.map(Category::as_str));
}

#[test]
fn every_call_exists() {
    let central: Value = serde_json::from_str(include_str!("../../../openapi.json")).unwrap();
    let agent: Value = serde_json::from_str(include_str!("../../../../agent/openapi.json")).unwrap();
    for call in all().into_iter().filter_map(|(_, repair)| repair.call()) {
        let (method, path) = call.as_str().split_once(' ').unwrap();
        let interface = if call.is_of_the_store() { &agent } else { &central };
        assert!(interface["paths"][path][method.to_lowercase()].is_object(), "{}", call.as_str());
    }
}
