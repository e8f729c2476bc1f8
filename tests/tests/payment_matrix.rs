//! The failure matrix: each step that asks a payment provider, with each way in which the asking can go wrong, and a
//! cancel at every moment. Central crashes for real: what it was doing is dropped at a named point, and its database is
//! opened anew. Each cell ends when nothing more happens by itself; what then holds is a line of
//! a file of `payment_matrix/`: the order's state, the money in central's books and at the provider, the goods, what a
//! person has to look at, and what the outside was told.
//!
//! `HOLDFAST_WRITE_GOLDEN=1` writes them anew; read the difference before it is committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

#[path = "payment_matrix/coming_back.rs"]
mod coming_back;
#[path = "payment_matrix/stage.rs"]
mod stage;

use coming_back::{Back, brought_back};
use holdfast_central::core::outside::mishap::Fate;
use holdfast_central::core::saga::fact::Call;
use holdfast_shared::domain::bring_back::Condition;
use holdfast_tests::matrix::{Point, assert_golden};
use stage::Stage;
use std::fmt::Write;

/// What goes wrong with one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Nothing,
    CrashBefore,
    CrashDuring,
    CrashAfter,
    TimeoutWithSuccess,
    TimeoutWithFailure,
    Silence,
    Twice,
    LateQuestion,
    WebhookFirst,
    WebhookTwice,
    Busy,
    Soft,
    Declined,
    DeclinedTwice,
}

impl Trouble {
    const ALL: [Self; 15] = [
        Self::Nothing,
        Self::CrashBefore,
        Self::CrashDuring,
        Self::CrashAfter,
        Self::TimeoutWithSuccess,
        Self::TimeoutWithFailure,
        Self::Silence,
        Self::Twice,
        Self::LateQuestion,
        Self::WebhookFirst,
        Self::WebhookTwice,
        Self::Busy,
        Self::Soft,
        Self::Declined,
        Self::DeclinedTwice,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "no trouble",
            Self::CrashBefore => "crash before the call",
            Self::CrashDuring => "crash during the call",
            Self::CrashAfter => "crash after the call",
            Self::TimeoutWithSuccess => "timeout, it was done",
            Self::TimeoutWithFailure => "timeout, it was not done",
            Self::Silence => "silence for hours",
            Self::Twice => "arrives twice",
            Self::LateQuestion => "arrives late",
            Self::WebhookFirst => "webhook before the answer",
            Self::WebhookTwice => "webhook after it, twice",
            Self::Busy => "not taken in",
            Self::Soft => "fails for now",
            Self::Declined => "declined",
            Self::DeclinedTwice => "declined, and again on a new authorization",
        }
    }
}

/// Until this step is the next that is asked for.
async fn until(stage: &mut Stage, call: Call) {
    stage.place().await;
    match call {
        Call::Authorize => {}
        Call::Capture => {
            stage.settle().await;
            stage.ship().await;
        }
        Call::Void => {
            stage.settle().await;
            stage.scene.cancel().await;
        }
        Call::Refund => {
            stage.settle().await;
            stage.ship().await;
            stage.settle().await;
            stage.refund(1).await;
        }
    }
}

/// What goes wrong with the next question.
async fn strike(stage: &mut Stage, trouble: Trouble) {
    match trouble {
        Trouble::Nothing => {}
        Trouble::CrashBefore => stage.crash_at(Point::Before).await,
        Trouble::CrashDuring => stage.crash_at(Point::During).await,
        Trouble::CrashAfter => {
            stage.advance().await;
            stage.reopen().await;
        }
        Trouble::TimeoutWithSuccess => stage.cards.fates([Fate::DoneUnheard]),
        Trouble::TimeoutWithFailure => stage.cards.fates([Fate::Lost]),
        Trouble::Silence => {
            stage.cards.fates([Fate::Silent]);
            stage.pass_hours(4).await;
            stage.cards.speak();
        }
        Trouble::Twice => stage.cards.fates([Fate::Twice]),
        Trouble::LateQuestion => {
            stage.cards.fates([Fate::Late]);
            stage.advance().await;
            stage.cards.deliver();
        }
        Trouble::WebhookFirst => {
            stage.cards.fates([Fate::DoneUnheard]);
            stage.advance().await;
            stage.hear_webhooks(1).await;
        }
        Trouble::WebhookTwice => {
            stage.advance().await;
            stage.hear_webhooks(2).await;
        }
        Trouble::Busy => stage.cards.fates([Fate::Busy]),
        Trouble::Soft => stage.cards.fates([Fate::Soft]),
        Trouble::Declined => stage.cards.fates([Fate::Declined]),
        Trouble::DeclinedTwice => stage.cards.fates([Fate::Declined, Fate::Normal, Fate::Declined]),
    }
}

async fn cell(call: Call, trouble: Trouble) -> String {
    let mut stage = Stage::new().await;
    until(&mut stage, call).await;
    strike(&mut stage, trouble).await;
    stage.settle().await;
    if call == Call::Authorize && stage.is_routed().await {
        stage.ship().await;
        stage.settle().await;
    }
    stage.line().await
}

/// Both units come back and are refunded by themselves, with something that goes wrong on the way of the money.
async fn paid_back(trouble: Trouble) -> String {
    let mut stage = Stage::new().await;
    until(&mut stage, Call::Capture).await;
    stage.settle().await;
    stage.ask_return(2).await;
    stage.bring_back(2, Condition::Sellable).await;
    strike(&mut stage, trouble).await;
    stage.settle().await;
    format!("{}    returns: {}\n", stage.line().await, stage.returns().await)
}

/// When the customer cancels.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Placed,
    WhileAuthorizing,
    Authorized,
    Offered,
    Picked,
    Released,
    ReleasedAndGone,
    HandedOver,
    WhileCapturing,
    Captured,
}

impl Moment {
    const ALL: [Self; 10] = [
        Self::Placed,
        Self::WhileAuthorizing,
        Self::Authorized,
        Self::Offered,
        Self::Picked,
        Self::Released,
        Self::ReleasedAndGone,
        Self::HandedOver,
        Self::WhileCapturing,
        Self::Captured,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Placed => "just placed",
            Self::WhileAuthorizing => "while it is authorized",
            Self::Authorized => "authorized",
            Self::Offered => "offered to a store",
            Self::Picked => "in hand at the store",
            Self::Released => "released, and put back",
            Self::ReleasedAndGone => "released, and leaves all the same",
            Self::HandedOver => "handed over",
            Self::WhileCapturing => "while it is captured",
            Self::Captured => "captured",
        }
    }
}

async fn cancelled(moment: Moment) -> String {
    let mut stage = Stage::new().await;
    stage.place().await;
    match moment {
        Moment::Placed => stage.scene.cancel().await,
        Moment::WhileAuthorizing => {
            stage.cards.fates([Fate::DoneUnheard]);
            stage.advance().await;
            stage.scene.cancel().await;
        }
        Moment::Authorized => {
            stage.settle().await;
            stage.scene.cancel().await;
        }
        Moment::Offered | Moment::Picked | Moment::Released | Moment::ReleasedAndGone => {
            stage.settle().await;
            stage.scene.assign().await;
            match moment {
                Moment::Picked => stage.pick().await,
                Moment::Released | Moment::ReleasedAndGone => stage.pack().await,
                _ => {}
            }
            stage.scene.cancel().await;
            match moment {
                Moment::ReleasedAndGone => stage.scene.hand_over().await,
                _ => stage.scene.put_back().await,
            }
        }
        Moment::HandedOver => {
            stage.settle().await;
            stage.ship().await;
            stage.scene.cancel().await;
        }
        Moment::WhileCapturing => {
            stage.settle().await;
            stage.ship().await;
            stage.cards.fates([Fate::DoneUnheard]);
            stage.advance().await;
            stage.scene.cancel().await;
        }
        Moment::Captured => {
            stage.settle().await;
            stage.ship().await;
            stage.settle().await;
            stage.scene.cancel().await;
            stage.refund(2).await;
        }
    }
    stage.settle().await;
    stage.line().await
}

async fn row(call: Call) -> String {
    let mut row = String::new();
    for trouble in Trouble::ALL {
        writeln!(row, "{}\n{}", trouble.words(), cell(call, trouble).await).unwrap();
    }
    row
}

#[tokio::test]
async fn however_an_authorization_fails_money_goods_and_messages_agree() {
    assert_golden("payment_matrix", "authorize", &row(Call::Authorize).await);
}

#[tokio::test]
async fn however_a_capture_fails_money_goods_and_messages_agree() {
    assert_golden("payment_matrix", "capture", &row(Call::Capture).await);
}

#[tokio::test]
async fn however_a_void_fails_money_goods_and_messages_agree() {
    assert_golden("payment_matrix", "void", &row(Call::Void).await);
}

#[tokio::test]
async fn however_a_refund_fails_money_goods_and_messages_agree() {
    assert_golden("payment_matrix", "refund", &row(Call::Refund).await);
}

#[tokio::test]
async fn whenever_an_order_is_cancelled_money_goods_and_messages_agree() {
    let mut row = String::new();
    for moment in Moment::ALL {
        writeln!(row, "{}\n{}", moment.words(), cancelled(moment).await).unwrap();
    }
    assert_golden("payment_matrix", "cancelled", &row);
}

#[tokio::test]
async fn a_provider_that_is_silent_for_long_is_told_of_once_and_no_more_when_it_answers() {
    let stage = Stage::new().await;
    stage.place().await;
    stage.cards.fates([Fate::Silent]);
    stage.pass_hours(4).await;
    let mut told = stage.scene.exceptions().await;
    told.sort();
    assert_eq!(told, [("outside_down".to_owned(), 1), ("payment_unclear".to_owned(), 1)]);
    stage.cards.speak();
    stage.settle().await;
    assert_eq!(stage.scene.exceptions().await, [], "both end by themselves");
    assert!(stage.is_routed().await, "and the order goes on");
}

#[tokio::test]
async fn the_money_of_goods_that_came_back_goes_back_once() {
    let mut told = String::new();
    for trouble in Trouble::ALL {
        writeln!(told, "{}\n{}", trouble.words(), paid_back(trouble).await).unwrap();
    }
    assert_golden("payment_matrix", "return_refund", &told);
}

#[tokio::test]
async fn goods_come_back_in_every_way() {
    let mut told = String::new();
    for back in Back::ALL {
        writeln!(told, "{}\n{}", back.words(), brought_back(back).await).unwrap();
    }
    assert_golden("payment_matrix", "return", &told);
}
