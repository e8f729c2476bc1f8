use super::*;
use crate::core::order_terms::PaymentToken;
use crate::core::saga::fact::Wish;
use holdfast_shared::ids::TenantId;

const NOW: UtcMs = UtcMs(1_700_000_000_000);

fn simulator() -> Simulator {
    Simulator::new(7, Rates::default(), Secret::new("whsec"))
}

fn question(call: Call, run: u32, amount: i64, reference: Option<&str>, token: &str) -> Question {
    Question {
        tenant: TenantId::new("acme").unwrap(),
        order: OrderId::new("o1").unwrap(),
        id: CallId { call, run },
        key: format!("acme:k/{}/-/n{run}", call.as_str()).parse().unwrap(),
        wish: Wish { amount, authorization: reference.map(|_| 0), refund: None, last: false },
        currency: "EUR".parse().unwrap(),
        token: PaymentToken::new(token).unwrap(),
        reference: reference.map(str::to_owned),
        at: NOW,
        parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
    }
}

fn authorization(token: &str) -> Question {
    question(Call::Authorize, 0, 100, None, token)
}

fn money(simulator: &Simulator) -> (i64, i64, i64, i64) {
    let money = simulator.money(&OrderId::new("o1").unwrap());
    (money.authorized, money.captured, money.voided, money.refunded)
}

#[tokio::test]
async fn a_card_is_charged_for_what_was_authorized_and_no_more() {
    let cards = simulator();
    let Answer::Done(Paid { reference, .. }) = cards.ask(&authorization("tok_ok")).await else { panic!() };
    let ask = |call, run, amount| question(call, run, amount, Some(&reference), "tok_ok");
    assert!(matches!(cards.ask(&ask(Call::Capture, 0, 60)).await, Answer::Done(Paid { amount: 60, .. })));
    assert!(matches!(cards.ask(&ask(Call::Capture, 1, 60)).await, Answer::Declined { .. }));
    assert!(matches!(cards.ask(&ask(Call::Refund, 0, 61)).await, Answer::Declined { .. }));
    assert!(matches!(cards.ask(&ask(Call::Refund, 1, 60)).await, Answer::Done(_)));
    assert!(matches!(cards.ask(&ask(Call::Void, 0, 40)).await, Answer::Done(Paid { amount: 40, .. })));
    assert_eq!(money(&cards), (100, 60, 40, 60));
}

#[tokio::test]
async fn the_same_question_is_done_once_and_another_under_its_key_not_at_all() {
    let cards = simulator();
    cards.fates([Fate::Twice, Fate::Normal]);
    let first = cards.ask(&authorization("tok_ok")).await;
    assert_eq!(cards.ask(&authorization("tok_ok")).await, first);
    let other = question(Call::Authorize, 0, 200, None, "tok_ok");
    assert!(matches!(cards.ask(&other).await, Answer::Unknown { .. }));
    assert_eq!(money(&cards).0, 100);
    assert_eq!(cards.webhooks(NOW).len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_known_to_a_look_up_and_a_lost_question_is_not() {
    let cards = simulator();
    cards.fates([Fate::DoneUnheard]);
    assert!(matches!(cards.ask(&authorization("tok_ok")).await, Answer::Unknown { .. }));
    assert!(matches!(cards.look_up(&authorization("tok_ok")).await, Known::Ended(Answer::Done(_))));
    let cards = simulator();
    cards.fates([Fate::Lost]);
    assert!(matches!(cards.ask(&authorization("tok_ok")).await, Answer::Unknown { .. }));
    assert_eq!(cards.look_up(&authorization("tok_ok")).await, Known::Absent);
    let cards = simulator();
    cards.fates([Fate::Silent]);
    cards.ask(&authorization("tok_ok")).await;
    assert!(matches!(cards.look_up(&authorization("tok_ok")).await, Known::Ended(Answer::Unknown { .. })));
    cards.speak();
    assert_eq!(cards.look_up(&authorization("tok_ok")).await, Known::Absent);
}

#[tokio::test]
async fn tokens_and_amounts_decide_what_a_bank_says() {
    for (token, says) in
        [("tok_declined", "declined"), ("tok_no_funds", "declined"), ("tok_soft", "soft"), ("tok_x", "done")]
    {
        assert_eq!(simulator().ask(&authorization(token)).await.as_str(), says, "{token}");
    }
    let much = question(Call::Authorize, 0, AMOUNT_MAX + 1, None, "tok_ok");
    assert_eq!(simulator().ask(&much).await.as_str(), "declined");
    let cards = simulator();
    let says = async |run| cards.ask(&question(Call::Authorize, run, 100, None, "tok_soft")).await.as_str();
    assert_eq!([says(0).await, says(1).await, says(2).await], ["soft", "soft", "done"]);
}

#[tokio::test]
async fn an_authorization_lapses() {
    let cards = simulator();
    let Answer::Done(Paid { reference, lapses_at, .. }) = cards.ask(&authorization("tok_short_lived")).await
    else {
        panic!()
    };
    let late = Question {
        at: lapses_at.unwrap(),
        ..question(Call::Capture, 0, 100, Some(&reference), "tok_short_lived")
    };
    assert!(matches!(cards.ask(&late).await, Answer::Declined { .. }));
    assert_eq!(money(&cards), (100, 0, 100, 0));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_faults() {
    let run = async |seed| {
        let rates = Rates { done_unheard: 200, lost: 200, busy: 200, twice: 100, soft: 100 };
        let cards = Simulator::new(seed, rates, Secret::new("whsec"));
        let mut said = Vec::new();
        for run in 0..40 {
            said.push(cards.ask(&question(Call::Authorize, run, 1, None, "tok_ok")).await.as_str());
        }
        said
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
    let all: std::collections::BTreeSet<_> = run(1).await.into_iter().collect();
    assert!(all.len() >= 4, "{all:?}");
}

#[tokio::test]
async fn it_tells_by_signed_webhook_what_it_did() {
    let cards = simulator();
    cards.ask(&authorization("tok_ok")).await;
    let (signature, body) = cards.webhooks(NOW).remove(0);
    let notice = cards.read_notice(Some(&signature), &body, NOW).unwrap();
    assert_eq!(notice.call, Some(CallId { call: Call::Authorize, run: 0 }));
    assert!(matches!(notice.said, Some(Said::Done { amount: 100, .. })));
    assert_eq!(cards.read_notice(None, &body, NOW), Err(BadNotice::Unsigned("holdfast-signature")));
    let mut changed = body;
    changed.push(b' ');
    assert_eq!(cards.read_notice(Some(&signature), &changed, NOW), Err(BadNotice::Forged));
}
