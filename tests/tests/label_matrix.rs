//! The failure matrix of labels: each question to a carrier, with each way in which the asking can go wrong, a cancel at
//! every moment, and scans in disorder. Central crashes for real: what it was doing is dropped at a named point, and its
//! database is opened anew. Each cell ends when nothing more happens by itself; what then holds is a line of a file of
//! `label_matrix/`. In every cell both sides have the same labels, and those that are good are those of parcels that left.
//!
//! `HOLDFAST_WRITE_GOLDEN=1` writes them anew; read the difference before it is committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in here is a finding")]

#[path = "label_matrix/early.rs"]
mod early;
#[path = "label_matrix/stage.rs"]
mod stage;

use holdfast_central::core::outside::mishap::Fate;
use holdfast_central::core::parcel::fact::Ask;
use holdfast_central::core::parcel::tracking::TrackStatus;
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
    Busy,
    Soft,
    Declined,
}

impl Trouble {
    const ALL: [Self; 12] = [
        Self::Nothing,
        Self::CrashBefore,
        Self::CrashDuring,
        Self::CrashAfter,
        Self::TimeoutWithSuccess,
        Self::TimeoutWithFailure,
        Self::Silence,
        Self::Twice,
        Self::LateQuestion,
        Self::Busy,
        Self::Soft,
        Self::Declined,
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
            Self::Busy => "not taken in",
            Self::Soft => "fails for now",
            Self::Declined => "declined",
        }
    }
}

async fn strike(stage: &mut Stage, trouble: Trouble) {
    match trouble {
        Trouble::Nothing => {}
        Trouble::CrashBefore => stage.crash_at(Point::Before).await,
        Trouble::CrashDuring => stage.crash_at(Point::During).await,
        Trouble::CrashAfter => {
            stage.advance().await;
            stage.reopen().await;
        }
        Trouble::TimeoutWithSuccess => stage.carrier.fates([Fate::DoneUnheard]),
        Trouble::TimeoutWithFailure => stage.carrier.fates([Fate::Lost]),
        Trouble::Silence => {
            stage.carrier.fates([Fate::Silent]);
            stage.pass_hours(4).await;
            stage.carrier.speak();
        }
        Trouble::Twice => stage.carrier.fates([Fate::Twice]),
        Trouble::LateQuestion => {
            stage.carrier.fates([Fate::Late]);
            stage.advance().await;
            stage.carrier.deliver();
        }
        Trouble::Busy => stage.carrier.fates([Fate::Busy]),
        Trouble::Soft => stage.carrier.fates([Fate::Soft]),
        Trouble::Declined => stage.carrier.fates([Fate::Declined]),
    }
}

/// Up to the customer's door.
async fn go_on(stage: &mut Stage) {
    stage.pack().await;
    stage.settle().await;
    stage.scene.hand_over().await;
    stage.settle().await;
}

async fn cell(ask: Ask, trouble: Trouble) -> String {
    let mut stage = Stage::new().await;
    stage.place().await;
    stage.accept().await;
    stage.pick().await;
    if ask == Ask::VoidLabel {
        stage.settle().await;
        stage.scene.cancel().await;
    }
    strike(&mut stage, trouble).await;
    stage.settle().await;
    match ask {
        Ask::Label => go_on(&mut stage).await,
        Ask::VoidLabel => {
            stage.scene.put_back().await;
            stage.settle().await;
        }
    }
    stage.line().await
}

/// When the customer cancels.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Offered,
    Accepted,
    PickingUnasked,
    WhileLabelling,
    WhileLabellingLate,
    Labelled,
    Packed,
    PackedAndGone,
    HandedOver,
    InTransit,
}

impl Moment {
    const ALL: [Self; 10] = [
        Self::Offered,
        Self::Accepted,
        Self::PickingUnasked,
        Self::WhileLabelling,
        Self::WhileLabellingLate,
        Self::Labelled,
        Self::Packed,
        Self::PackedAndGone,
        Self::HandedOver,
        Self::InTransit,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Offered => "offered to a store",
            Self::Accepted => "accepted",
            Self::PickingUnasked => "picking, before a label is asked for",
            Self::WhileLabelling => "while the label is made, and the answer is lost",
            Self::WhileLabellingLate => "while the question is on its way, which arrives after all is over",
            Self::Labelled => "labelled",
            Self::Packed => "packed and released, and put back",
            Self::PackedAndGone => "packed and released, and leaves all the same",
            Self::HandedOver => "handed over",
            Self::InTransit => "on its way",
        }
    }
}

async fn begin(stage: &mut Stage, moment: Moment) {
    stage.place().await;
    if matches!(moment, Moment::Offered) {
        return;
    }
    stage.accept().await;
    if matches!(moment, Moment::Accepted) {
        return;
    }
    stage.pick().await;
    match moment {
        Moment::WhileLabelling => stage.carrier.fates([Fate::DoneUnheard]),
        Moment::WhileLabellingLate => stage.carrier.fates([Fate::Late]),
        _ => {}
    }
    match moment {
        Moment::PickingUnasked => {}
        Moment::WhileLabelling | Moment::WhileLabellingLate => stage.advance().await,
        _ => stage.settle().await,
    }
}

async fn cancelled(moment: Moment) -> String {
    let mut stage = Stage::new().await;
    begin(&mut stage, moment).await;
    match moment {
        Moment::Offered
        | Moment::Accepted
        | Moment::PickingUnasked
        | Moment::WhileLabelling
        | Moment::Labelled => {
            stage.scene.cancel().await;
            stage.scene.put_back().await;
        }
        Moment::WhileLabellingLate => {
            stage.scene.cancel().await;
            stage.scene.put_back().await;
            stage.pass_seconds(60).await;
            stage.carrier.deliver();
        }
        Moment::Packed | Moment::PackedAndGone => {
            stage.pack().await;
            stage.scene.cancel().await;
            stage.settle().await;
            match moment {
                Moment::PackedAndGone => stage.scene.hand_over().await,
                _ => stage.scene.put_back().await,
            }
        }
        Moment::HandedOver | Moment::InTransit => {
            stage.pack().await;
            stage.scene.hand_over().await;
            if matches!(moment, Moment::InTransit) {
                stage.scan(TrackStatus::InTransit, 1).await;
            }
            stage.scene.cancel().await;
        }
    }
    stage.settle().await;
    stage.line().await
}

/// In which order scans come.
const WAYS: [(&str, &[TrackStatus]); 6] = {
    use TrackStatus::{Announced, Delivered, Exception, InTransit, Lost, OutForDelivery, Returned};
    [
        ("as it should be", &[Announced, InTransit, OutForDelivery, Delivered]),
        ("delivered at once", &[Delivered]),
        ("held up on the way", &[InTransit, Exception, InTransit, Delivered]),
        ("lost", &[InTransit, Lost]),
        ("lost, and found", &[InTransit, Lost, InTransit, Delivered]),
        ("returned to whom it was sent from", &[InTransit, Exception, Returned]),
    ]
};

async fn on_its_way(scans: &[TrackStatus], early: bool) -> String {
    let mut stage = Stage::new().await;
    stage.place().await;
    stage.accept().await;
    stage.pick().await;
    stage.settle().await;
    stage.pack().await;
    if !early {
        stage.scene.hand_over().await;
    }
    for status in scans {
        stage.scan(*status, 2).await;
        stage.late_scan(TrackStatus::InTransit).await;
    }
    if early {
        stage.scene.hand_over().await;
    }
    stage.settle().await;
    stage.line().await
}

async fn row(ask: Ask) -> String {
    let mut row = String::new();
    for trouble in Trouble::ALL {
        writeln!(row, "{}\n{}", trouble.words(), cell(ask, trouble).await).unwrap();
    }
    row
}

#[tokio::test]
async fn however_making_a_label_fails_both_sides_have_the_same_labels() {
    assert_golden("label_matrix", "label", &row(Ask::Label).await);
}

#[tokio::test]
async fn however_voiding_a_label_fails_both_sides_have_the_same_labels() {
    assert_golden("label_matrix", "void", &row(Ask::VoidLabel).await);
}

#[tokio::test]
async fn whenever_an_order_is_cancelled_good_labels_are_those_of_parcels_that_left() {
    let mut row = String::new();
    for moment in Moment::ALL {
        writeln!(row, "{}\n{}", moment.words(), cancelled(moment).await).unwrap();
    }
    assert_golden("label_matrix", "cancelled", &row);
}

#[tokio::test]
async fn in_whatever_order_scans_come_a_parcel_never_goes_back() {
    let mut row = String::new();
    for (words, scans) in WAYS {
        writeln!(row, "{words}\n{}", on_its_way(scans, false).await).unwrap();
        writeln!(row, "{words}, before the store tells\n{}", on_its_way(scans, true).await).unwrap();
    }
    assert_golden("label_matrix", "scans", &row);
}

#[tokio::test]
async fn a_scan_that_comes_before_its_label_is_known_is_not_lost() {
    assert_golden("label_matrix", "early", &early::row().await);
}

#[tokio::test]
async fn a_scan_that_cannot_be_read_keeps_none_behind_it_waiting() {
    let (first, second, waiting) = early::one_that_cannot_be_read().await;
    assert!(!first, "it is told");
    assert!(second, "both are looked at later, and the one behind it was read");
    assert_eq!(waiting, 2);
}
