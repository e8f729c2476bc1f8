//! Scans that come before their label is known.

use super::go_on;
use super::stage::Stage;
use holdfast_central::core::outside::mishap::Fate;
use holdfast_central::core::parcel::tracking::TrackStatus;
use holdfast_shared::time::UtcMs;
use holdfast_tests::matrix::Point;
use std::fmt::Write;

/// Why a scan comes before its label is known here.
#[derive(Debug, Clone, Copy)]
enum Early {
    AnswerLost,
    CrashDuring,
    LateQuestion,
    SilenceForHours,
    RestartWhileItWaits,
    CancelledMeanwhile,
}

impl Early {
    const ALL: [Self; 6] = [
        Self::AnswerLost,
        Self::CrashDuring,
        Self::LateQuestion,
        Self::SilenceForHours,
        Self::RestartWhileItWaits,
        Self::CancelledMeanwhile,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::AnswerLost => "the answer is lost",
            Self::CrashDuring => "crash during the call",
            Self::LateQuestion => "the question arrived late",
            Self::SilenceForHours => "the answer is lost, and nothing is said for hours",
            Self::RestartWhileItWaits => "the answer is lost, and central starts anew",
            Self::CancelledMeanwhile => "the answer is lost, and the order is cancelled",
        }
    }
}

/// The carrier scans a label of which central does not know yet, and another's besides.
async fn before_its_label(early: Early, status: TrackStatus) -> String {
    let mut stage = Stage::new().await;
    stage.place().await;
    stage.accept().await;
    stage.pick().await;
    match early {
        Early::CrashDuring => stage.crash_at(Point::During).await,
        Early::LateQuestion => {
            stage.carrier.fates([Fate::Late]);
            stage.advance().await;
            stage.carrier.deliver();
        }
        Early::AnswerLost
        | Early::SilenceForHours
        | Early::RestartWhileItWaits
        | Early::CancelledMeanwhile => {
            stage.carrier.fates([Fate::DoneUnheard]);
            stage.advance().await;
        }
    }
    stage.scan(status, 2).await;
    stage.strange_scan().await;
    assert_eq!(stage.scans_waiting().await, 2, "each may be of the label that is asked for");
    match early {
        Early::SilenceForHours => {
            stage.carrier.fall_silent();
            stage.pass_hours(6).await;
            assert_eq!(stage.scans_waiting().await, 2, "as long as nobody knows what came of the question");
            stage.carrier.speak();
        }
        Early::RestartWhileItWaits => stage.reopen().await,
        Early::CancelledMeanwhile => {
            stage.scene.cancel().await;
            stage.scene.put_back().await;
            stage.settle().await;
            return stage.line().await;
        }
        Early::AnswerLost | Early::CrashDuring | Early::LateQuestion => {}
    }
    stage.settle().await;
    go_on(&mut stage).await;
    stage.line().await
}

pub(crate) async fn row() -> String {
    let mut row = String::new();
    for early in Early::ALL {
        for status in [TrackStatus::Announced, TrackStatus::InTransit, TrackStatus::Delivered] {
            let cell = before_its_label(early, status).await;
            writeln!(row, "{}: {}\n{cell}", status.as_str().replace('_', " "), early.words()).unwrap();
        }
    }
    row
}

/// How many wait, and whether the inbox could be read, while one scan in it cannot.
pub(crate) async fn one_that_cannot_be_read() -> (bool, bool, usize) {
    let mut stage = Stage::new().await;
    stage.place().await;
    stage.accept().await;
    stage.pick().await;
    stage.settle().await;
    stage.damage().await;
    for number in [stage.number(), String::from("SIM-OF-ANOTHER")] {
        stage.carrier.scan(&number, TrackStatus::InTransit, UtcMs(1));
    }
    stage.take_in(1).await;
    (stage.read().await, stage.read().await, stage.scans_waiting().await)
}
