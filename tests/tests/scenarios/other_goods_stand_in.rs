use holdfast_agent::core::command::TaskAct;
use holdfast_central::core::order::{Consent, OrderRequest, OrderState};
use holdfast_central::core::substitution::{Substitute, Substitution, SubstitutionState};
use holdfast_central::flows::answer_substitution::{Reply, answer_substitution};
use holdfast_central::ports::outbox::Outbox;
use holdfast_central::ports::substitutions::Substitutions;
use holdfast_shared::domain::task::{FulfilmentKind, Status};
use holdfast_shared::error::Code;
use holdfast_shared::ids::LineNo;
use holdfast_tests::conformance::world::{order_id, request, sku, tenant};
use holdfast_tests::stage::Stage;

/// B stands in for A, and C for B.
pub(super) async fn chain(stock: &[(&str, i64)]) -> Stage {
    let mut stage = Stage::open().await;
    stage.store("leeds", stock).await;
    for (of, instead) in [("A", "B"), ("B", "C")] {
        let list = [Substitute { sku: sku(instead), unit_price: None }];
        stage.office.store().put_substitutes(&tenant(), &sku(of), &list).await.unwrap();
    }
    stage
}

pub(super) async fn order(stage: &mut Stage, id: &str, units: i64, consent: Consent) {
    let asked = request(FulfilmentKind::Ship, &[("A", units)]);
    stage.place(id, OrderRequest { substitution: Some(consent), ..asked }).await;
}

/// SKU, ordered, open, finished and cancelled units, and what it stands in for.
pub(super) async fn lines(stage: &Stage, id: &str) -> Vec<(String, [i64; 4], Option<u32>)> {
    let lines = stage.the_order(id).await.lines;
    let line = |line: holdfast_central::core::order::OrderLine| {
        let units = [line.quantity, line.open, line.finished, line.cancelled];
        (line.sku.to_string(), units, line.substitutes.map(|line| line.0))
    };
    lines.into_iter().map(line).collect()
}

async fn told(stage: &Stage, id: &str) -> Vec<Substitution> {
    stage.office.store().substitutions(&tenant(), &order_id(id)).await.unwrap()
}

async fn answer(stage: &Stage, id: &str, accept: bool) -> Result<(Substitution, bool), Code> {
    let (tenant, order, by) = (tenant(), order_id(id), "customer".parse().unwrap());
    let reply = Reply { tenant: &tenant, order: &order, number: 1, accept, by: &by };
    let now = stage.office.clock(stage.now()).utc;
    answer_substitution(stage.office.store(), reply, now).await.map_err(|refused| refused.code())
}

async fn events(stage: &Stage) -> Vec<String> {
    let events = stage.office.store().recent_events(&tenant(), 100).await.unwrap();
    let kinds = events.into_iter().rev().map(|event| event.kind);
    kinds.filter(|kind| kind.starts_with("Substitution")).collect()
}

#[tokio::test]
async fn goods_that_the_picker_does_not_find_are_replaced_at_the_same_store() {
    let mut stage = chain(&[("A", 2), ("B", 5)]).await;
    order(&mut stage, "o1", 2, Consent::Allow).await;
    stage.decide().await;
    stage.sync("leeds").await;
    for act in [
        TaskAct::Accept,
        TaskAct::StartPicking,
        TaskAct::Pick { line: LineNo(1), quantity: 1 },
        TaskAct::Short { line: LineNo(1), missing: 1 },
        TaskAct::Pack,
    ] {
        stage.act("leeds", "o1-1", act).await.unwrap();
    }
    stage.sync("leeds").await;
    stage.decide().await;
    let expected = [(String::from("A"), [2, 0, 0, 1], None), (String::from("B"), [1, 0, 0, 0], Some(1))];
    assert_eq!(lines(&stage, "o1").await, expected, "the units add up");
    let ordered = &stage.the_order("o1").await.lines[0];
    assert_eq!((ordered.replaced_units(), ordered.given_up()), (1, 0), "the customer did not give it up");
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    stage.sync("leeds").await;
    stage.work("leeds", "o1-2").await;
    stage.sync("leeds").await;
    let expected = [(String::from("A"), [2, 0, 1, 1], None), (String::from("B"), [1, 0, 1, 0], Some(1))];
    assert_eq!(lines(&stage, "o1").await, expected);
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!((stage.sound().await.open_holds, stage.position("leeds", "B").await.reserved), (0, 0));
    assert_eq!(events(&stage).await, ["SubstitutionMade"]);
}

#[tokio::test]
async fn a_customer_who_accepts_gets_what_was_set_aside() {
    let mut stage = chain(&[("B", 2)]).await;
    order(&mut stage, "o1", 2, Consent::Ask).await;
    stage.decide().await;
    assert_eq!(told(&stage, "o1").await[0].state, SubstitutionState::Waiting);
    assert_eq!(stage.position("leeds", "B").await.available, 0, "set aside");
    // Somebody else asks for the same goods, and does not get them.
    stage.order("o2", &[("B", 1)]).await;
    stage.decide().await;
    assert_eq!(stage.state("o2").await, OrderState::Backordered);
    assert_eq!(stage.state("o1").await, OrderState::Placed, "it waits, and is not backordered");

    let (made, replayed) = answer(&stage, "o1", true).await.unwrap();
    assert_eq!((made.state, made.new_line, replayed), (SubstitutionState::Made, Some(LineNo(1_001)), false));
    assert_eq!(answer(&stage, "o1", true).await.unwrap(), (made, true), "once is enough");
    assert_eq!(answer(&stage, "o1", false).await, Err(Code::IllegalTransition));
    stage.decide().await;
    stage.sync("leeds").await;
    stage.work("leeds", "o1-1").await;
    stage.sync("leeds").await;
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_holds, 0);
    assert_eq!(events(&stage).await, ["SubstitutionProposed", "SubstitutionMade"]);
    let kinds: Vec<String> = stage.events("o1").await.into_iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&String::from("substitution_proposed")), "{kinds:?}");
    assert!(kinds.contains(&String::from("substituted")), "{kinds:?}");
}

#[tokio::test]
async fn who_declines_or_says_nothing_waits_for_what_was_ordered() {
    let mut stage = chain(&[("B", 2)]).await;
    for (id, answered) in [("o1", true), ("o2", false)] {
        order(&mut stage, id, 2, Consent::Ask).await;
        stage.decide().await;
        assert_eq!(stage.position("leeds", "B").await.available, 0);
        if answered {
            assert_eq!(answer(&stage, id, false).await.unwrap().0.state, SubstitutionState::Declined);
        } else {
            stage.live(30 * 60_000).await;
            assert_eq!(answer(&stage, id, true).await, Err(Code::IllegalTransition), "too late");
            assert_eq!(told(&stage, id).await[0].state, SubstitutionState::Expired);
        }
        stage.decide().await;
        assert_eq!(stage.position("leeds", "B").await.available, 2, "back on the shelf");
        assert_eq!(stage.state(id).await, OrderState::Backordered);
        assert_eq!(told(&stage, id).await.len(), 1, "nobody is asked twice about a line");
        assert_eq!(lines(&stage, id).await.len(), 1);
    }
    stage.sound().await;
}

#[tokio::test]
async fn nothing_stands_in_for_what_stands_in() {
    let mut stage = chain(&[("B", 1), ("C", 9)]).await;
    order(&mut stage, "o1", 1, Consent::Allow).await;
    stage.decide().await;
    stage.sync("leeds").await;
    for act in [TaskAct::Accept, TaskAct::StartPicking, TaskAct::Short { line: LineNo(1_001), missing: 1 }] {
        stage.act("leeds", "o1-1", act).await.unwrap();
    }
    stage.sync("leeds").await;
    stage.decide().await;
    assert_eq!(stage.state("o1").await, OrderState::Backordered);
    assert_eq!(lines(&stage, "o1").await.len(), 2, "there are nine of C, and they stand in for B alone");
    stage.sound().await;
}

#[tokio::test]
async fn a_cancellation_ends_the_question() {
    let mut stage = chain(&[("B", 2)]).await;
    order(&mut stage, "o1", 2, Consent::Ask).await;
    stage.decide().await;
    stage.cancel("o1").await;
    assert_eq!(told(&stage, "o1").await[0].state, SubstitutionState::Withdrawn);
    assert_eq!(answer(&stage, "o1", true).await, Err(Code::IllegalTransition));
    assert_eq!(stage.state("o1").await, OrderState::Cancelled);
    assert_eq!(stage.position("leeds", "B").await.available, 2);
    assert_eq!(events(&stage).await, ["SubstitutionProposed", "SubstitutionEnded"]);
    stage.sound().await;
}

#[tokio::test]
async fn without_leave_nothing_is_replaced() {
    let mut stage = chain(&[("B", 9)]).await;
    order(&mut stage, "o1", 1, Consent::None).await;
    stage.decide().await;
    assert_eq!(stage.state("o1").await, OrderState::Backordered);
    assert_eq!((lines(&stage, "o1").await.len(), told(&stage, "o1").await.len()), (1, 0));
}

/// A manager lets the goods go for which others were to stand in: the others stop, and nobody looks for more.
#[tokio::test]
async fn goods_that_leave_after_all_stop_those_that_were_to_stand_in_for_them() {
    let mut stage = chain(&[("A", 1)]).await;
    order(&mut stage, "o1", 1, Consent::Allow).await;
    stage.decide().await;
    stage.sync("leeds").await;
    stage.act("leeds", "o1-1", TaskAct::Accept).await.unwrap();
    stage.sync("leeds").await;
    for name in ["york", "hull", "ripon"] {
        stage.store(name, if name == "york" { &[("B", 3)] } else { &[] }).await;
    }
    stage.live_without("leeds", 4 * 60_000).await;
    stage.sync("york").await;
    stage.act("york", "o1-2", TaskAct::Accept).await.unwrap();
    stage.sync("york").await;
    let expected = [(String::from("A"), [1, 0, 0, 1], None), (String::from("B"), [1, 0, 0, 0], Some(1))];
    assert_eq!(lines(&stage, "o1").await, expected, "others have it in hand");

    for act in [TaskAct::StartPicking, TaskAct::Pick { line: LineNo(1), quantity: 1 }, TaskAct::Pack] {
        stage.act("leeds", "o1-1", act).await.unwrap();
    }
    let reason = String::from("the driver waits");
    stage.act("leeds", "o1-1", TaskAct::LetGo { reason, central_answers: false }).await.unwrap();
    stage.act("leeds", "o1-1", TaskAct::HandOver { to: None }).await.unwrap();
    stage.back("leeds").await;
    stage.sync("york").await;
    assert_eq!(stage.status_at("york", "o1-2").await, Status::PuttingBack);
    stage.act("york", "o1-2", TaskAct::PutBack).await.unwrap();
    stage.sync("york").await;
    stage.decide().await;
    let expected = [(String::from("A"), [1, 0, 1, 0], None), (String::from("B"), [1, 0, 0, 1], Some(1))];
    assert_eq!(lines(&stage, "o1").await, expected, "one unit was ordered, and one left");
    assert_eq!(stage.the_order("o1").await.tasks.len(), 2, "nobody looks for more");
    assert_eq!(stage.state("o1").await, OrderState::Shipped);
    assert_eq!(stage.sound().await.open_holds, 0);
}
