//! The ways in which goods come back.

use super::stage::Stage;
use holdfast_shared::domain::bring_back::Condition;

/// In which way goods come back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Back {
    Some,
    Damaged,
    Missing,
    Unannounced,
    TwiceTaken,
    BeforeTheHandOver,
    CrashBeforeTheRefund,
}

impl Back {
    pub(crate) const ALL: [Self; 7] = [
        Self::Some,
        Self::Damaged,
        Self::Missing,
        Self::Unannounced,
        Self::TwiceTaken,
        Self::BeforeTheHandOver,
        Self::CrashBeforeTheRefund,
    ];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Some => "one of two",
            Self::Damaged => "one as new, one damaged",
            Self::Missing => "one as new, one missing",
            Self::Unannounced => "nobody announced it",
            Self::TwiceTaken => "two devices record the same goods",
            Self::BeforeTheHandOver => "before the hand-over is told",
            Self::CrashBeforeTheRefund => "central crashes when the goods are here",
        }
    }
}

pub(crate) async fn brought_back(back: Back) -> String {
    let mut stage = Stage::new().await;
    stage.place().await;
    stage.settle().await;
    if let Back::BeforeTheHandOver = back {
        stage.scene.assign().await;
        stage.pack().await;
        stage.bring_back(2, Condition::Sellable).await;
        stage.advance().await;
        stage.scene.hand_over().await;
    } else {
        stage.ship().await;
        stage.settle().await;
    }
    match back {
        Back::Unannounced => stage.bring_back(1, Condition::Sellable).await,
        Back::BeforeTheHandOver => {}
        Back::Some => {
            stage.ask_return(1).await;
            stage.bring_back(1, Condition::Sellable).await;
        }
        Back::Damaged | Back::Missing => {
            stage.ask_return(2).await;
            stage.bring_back(1, Condition::Sellable).await;
            let other = if let Back::Damaged = back { Condition::Damaged } else { Condition::Missing };
            stage.bring_back(1, other).await;
        }
        Back::TwiceTaken => {
            stage.ask_return(2).await;
            stage.bring_back(2, Condition::Sellable).await;
            stage.bring_back(2, Condition::Sellable).await;
        }
        Back::CrashBeforeTheRefund => {
            stage.ask_return(2).await;
            stage.bring_back(2, Condition::Sellable).await;
            stage.reopen().await;
        }
    }
    stage.settle().await;
    format!("{}    returns: {}\n", stage.line().await, stage.returns().await)
}
