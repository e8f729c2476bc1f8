//! What can be done about an exception in one call, and what that would do as things stand. Each is a command
//! that exists for itself; here it finds what it needs in the exception.

use super::Exception;
use super::backlog::{ConsumerStands, deliver_again};
use super::clock::moment;
use holdfast_shared::domain::task::{Phase, TaskState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepairKind {
    /// Move the work away from its store, whatever was released.
    TakeBack,
    CancelOrder,
    /// Look for a node now, and not when stock comes in.
    RouteAgain,
    /// The customer takes the other goods that were proposed.
    AcceptSubstitution,
    /// Ask the store to fetch what it has not answered.
    Resend,
    /// A code with which a box of the store gets a new identity.
    EnrolAnew,
    /// Let silence count although the observer is frozen.
    LiftFreeze,
    /// Free units that are held for work that has ended.
    ReleaseHold,
    /// Do not wait for what this store did before central was restored.
    AnswerForStore,
    /// Have the carrier asked once more for what it refused.
    LabelAgain,
    /// Derive the order's state anew from its lines and tasks.
    FoldAgain,
    /// Have a consumer sent what it was not, also what was put aside.
    DeliverAgain,
    /// Say yes to what a return waits for: it is approved, or damaged goods are paid back, too.
    SettleReturn,
    /// Nothing is to be done: it is known, and stays as it is.
    AcceptAsIs,
}

impl RepairKind {
    pub const ALL: [Self; 14] = [
        Self::TakeBack,
        Self::CancelOrder,
        Self::RouteAgain,
        Self::AcceptSubstitution,
        Self::Resend,
        Self::EnrolAnew,
        Self::LiftFreeze,
        Self::ReleaseHold,
        Self::AnswerForStore,
        Self::LabelAgain,
        Self::FoldAgain,
        Self::DeliverAgain,
        Self::SettleReturn,
        Self::AcceptAsIs,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TakeBack => "take_back",
            Self::CancelOrder => "cancel_order",
            Self::RouteAgain => "route_again",
            Self::AcceptSubstitution => "accept_substitution",
            Self::Resend => "resend",
            Self::EnrolAnew => "enrol_anew",
            Self::LiftFreeze => "lift_freeze",
            Self::ReleaseHold => "release_hold",
            Self::AnswerForStore => "answer_for_store",
            Self::LabelAgain => "label_again",
            Self::FoldAgain => "fold_again",
            Self::DeliverAgain => "deliver_again",
            Self::SettleReturn => "settle_return",
            Self::AcceptAsIs => "accept_as_is",
        }
    }

    /// Whether the exception is over when it is done. Others end when their cause is gone.
    #[must_use]
    pub const fn ends_it(self) -> bool {
        match self {
            Self::AcceptAsIs | Self::CancelOrder | Self::ReleaseHold | Self::FoldAgain => true,
            Self::TakeBack
            | Self::RouteAgain
            | Self::AcceptSubstitution
            | Self::Resend
            | Self::EnrolAnew
            | Self::LiftFreeze
            | Self::DeliverAgain
            | Self::SettleReturn
            | Self::LabelAgain
            | Self::AnswerForStore => false,
        }
    }
}

/// The state of an order, as far as repairs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderStands {
    pub state: &'static str,
    pub is_final: bool,
}

/// What an exception is about, as it stands now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    pub task: Option<TaskState>,
    pub order: Option<OrderStands>,
    /// Units of the order that nobody has yet.
    pub open_units: i64,
    /// A question to the customer that waits: its number, and what is asked.
    pub question: Option<(u32, String)>,
    /// Units that are held for the task although it has ended.
    pub stuck_units: i64,
    pub frozen: bool,
    /// A carrier account makes the label of the task, and the goods are still there.
    pub carrier_label: bool,
    /// Central waits for what this store did before a restore.
    pub waited_for: bool,
    /// What a return of the order waits for.
    pub return_waits: Option<String>,
    /// Who is not sent what it should hear.
    pub consumer: Option<ConsumerStands>,
}

/// What a repair would do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preview {
    pub repair: RepairKind,
    #[schema(example = "takes the work back from leeds; its lines are routed again")]
    pub does: String,
    /// Why it cannot be done as things stand; absent when it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_now: Option<String>,
    /// The exception is over with it.
    pub ends_it: bool,
    /// The first that is possible is what central would do.
    pub suggested: bool,
}

#[must_use]
pub fn preview(repair: RepairKind, exception: &Exception, scene: &Scene) -> Preview {
    let told = |does: String, not_now: Option<String>| Preview {
        repair,
        does,
        not_now,
        ends_it: repair.ends_it(),
        suggested: false,
    };
    if let Some(at) = exception.resolved_at {
        let how = exception.resolution.as_deref().unwrap_or("without a word");
        return told("does nothing".to_owned(), Some(format!("it ended at {}: {how}", moment(at))));
    }
    match can(repair, exception, scene) {
        Ok(does) => told(does, None),
        Err(why) => told(usually(repair).to_owned(), Some(why)),
    }
}

/// What it does now, or why it cannot.
fn can(repair: RepairKind, exception: &Exception, scene: &Scene) -> Result<String, String> {
    match repair {
        RepairKind::TakeBack => take_back(scene),
        RepairKind::CancelOrder => match (&exception.order, scene.order) {
            (Some(order), Some(stands)) if !stands.is_final => Ok(format!(
                "cancels what is left of order {order}; a store that has goods of it is asked to stop"
            )),
            (Some(order), Some(stands)) => Err(format!("order {order} is {}", stands.state)),
            (Some(_), None) | (None, _) => Err("it names no order that is known".to_owned()),
        },
        RepairKind::RouteAgain => match (&exception.order, scene.open_units) {
            (Some(order), units @ 1..) => {
                Ok(format!("looks for a node for {units} open units of order {order} now"))
            }
            (Some(order), _) => Err(format!("no unit of order {order} is open")),
            (None, _) => Err("it names no order".to_owned()),
        },
        RepairKind::AcceptSubstitution => match (&exception.order, &scene.question) {
            (Some(order), Some((number, asked))) => {
                Ok(format!("accepts substitution {number} of order {order} for the customer: {asked}"))
            }
            (Some(_) | None, _) => Err("no question to the customer waits".to_owned()),
        },
        RepairKind::Resend => of_store(exception, |store| {
            format!("asks {store} to fetch what waits for it; it comes by itself with the next sync, too")
        }),
        RepairKind::EnrolAnew => of_store(exception, |store| {
            format!(
                "makes a code, good for one box of {store} for a day; the identity that it has is kept until then"
            )
        }),
        RepairKind::LiftFreeze if scene.frozen => {
            Ok("lets silence count for ten minutes: stores that stay silent are dark, and their work moves"
                .to_owned())
        }
        RepairKind::LiftFreeze => Err("nothing is frozen".to_owned()),
        RepairKind::ReleaseHold if scene.stuck_units > 0 => {
            Ok(format!("frees {} units that are held for work that has ended", scene.stuck_units))
        }
        RepairKind::ReleaseHold => Err("nothing is held for work that has ended".to_owned()),
        RepairKind::AnswerForStore if scene.waited_for => of_store(exception, |store| {
            format!(
                "waits no longer for what {store} did before the restore; what it brings later may contradict"
            )
        }),
        RepairKind::AnswerForStore => Err("nobody waits for a store that is named here".to_owned()),
        RepairKind::LabelAgain => match (&exception.task, scene.carrier_label) {
            (Some(task), true) => Ok(format!(
                "asks the carrier once more for {task}: a label that is missing is made, one that is not needed is void"
            )),
            (Some(task), false) => {
                Err(format!("no carrier account makes the label of {task}, or it has left"))
            }
            (None, _) => Err("it names no task".to_owned()),
        },
        RepairKind::FoldAgain => match &exception.order {
            Some(order) => {
                Ok(format!("derives the state of order {order} anew, and tells its channel if it differs"))
            }
            None => Err("it names no order".to_owned()),
        },
        RepairKind::DeliverAgain => deliver_again(scene.consumer.as_ref()),
        RepairKind::SettleReturn => {
            scene.return_waits.clone().ok_or_else(|| "no return of the order waits for a word".to_owned())
        }
        RepairKind::AcceptAsIs => {
            Ok("changes nothing; the exception is over, and raised again if it comes back".to_owned())
        }
    }
}

fn take_back(scene: &Scene) -> Result<String, String> {
    let Some(task) = &scene.task else { return Err("it names no task that is known".to_owned()) };
    let store = &task.store;
    match task.phase {
        Phase::HandedOver | Phase::Declined | Phase::PutBack => {
            Err(format!("{} is {}", task.task, task.phase.as_str().replace('_', " ")))
        }
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed if task.recall.is_some() => {
            Err(format!("{store} was asked to stop {} before, and is still to answer", task.task))
        }
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed if task.cleared() => Ok(format!(
            "takes {} back from {store} although its goods may leave: they may have left, and two parcels may be \
             under way; its lines are routed again",
            task.task
        )),
        Phase::Offered | Phase::Accepted | Phase::Picking | Phase::Packed => {
            Ok(format!("takes {} back from {store}; its lines are routed again", task.task))
        }
    }
}

fn of_store(exception: &Exception, words: impl Fn(&str) -> String) -> Result<String, String> {
    let store = exception.store.as_ref().ok_or_else(|| "it names no store".to_owned())?;
    Ok(words(store.as_str()))
}

const fn usually(repair: RepairKind) -> &'static str {
    match repair {
        RepairKind::TakeBack => "takes work back from its store",
        RepairKind::CancelOrder => "cancels what is left of the order",
        RepairKind::RouteAgain => "looks for a node now",
        RepairKind::AcceptSubstitution => "accepts other goods for the customer",
        RepairKind::Resend => "asks the store to fetch what waits for it",
        RepairKind::EnrolAnew => "makes a code for a box of the store",
        RepairKind::LiftFreeze => "lets silence count",
        RepairKind::ReleaseHold => "frees units that are held for work that has ended",
        RepairKind::AnswerForStore => "waits no longer for a store",
        RepairKind::DeliverAgain => "has the consumer sent what waits for it",
        RepairKind::SettleReturn => "says yes to what a return waits for",
        RepairKind::LabelAgain => "asks the carrier once more",
        RepairKind::FoldAgain => "derives the order's state anew",
        RepairKind::AcceptAsIs => "changes nothing",
    }
}

/// What came of a repair that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepairOutcome {
    /// Somebody is at it, or was when central stopped.
    Begun,
    Done,
    /// It had mended itself meanwhile: nothing was done.
    Moot,
    /// It could not be done as things stood.
    Refused,
}

impl RepairOutcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Moot => "moot",
            Self::Refused => "refused",
        }
    }
}

/// One attempt, on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attempt {
    pub attempt: u32,
    pub repair: RepairKind,
    pub actor: holdfast_shared::ids::Actor,
    pub reason: String,
    pub began_at: holdfast_shared::time::UtcMs,
    pub outcome: RepairOutcome,
    pub words: String,
    pub ended_at: Option<holdfast_shared::time::UtcMs>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::exception::test_support::exception;
    use crate::core::exception::{Exception, ExceptionState};
    use crate::core::test_support::task;
    use holdfast_shared::domain::task::{Recall, Release};
    use holdfast_shared::time::UtcMs;

    fn scene(task: TaskState) -> Scene {
        Scene {
            task: Some(task),
            order: Some(OrderStands { state: "accepted", is_final: false }),
            ..Scene::default()
        }
    }

    #[test]
    fn released_goods_are_told_as_such_before_they_are_taken_back() {
        let mut released = task("leeds", Phase::Packed);
        let told = preview(RepairKind::TakeBack, &exception(), &scene(released.clone()));
        assert!(told.not_now.is_none() && !told.does.contains("may have left"), "{told:?}");
        released.release =
            Some(Release { fence: released.fence, replica: "leeds-a".parse().unwrap(), fact: None });
        let told = preview(RepairKind::TakeBack, &exception(), &scene(released.clone()));
        assert!(told.does.contains("two parcels may be"), "{told:?}");
        released.recall = Some(Recall { reason: "x".to_owned(), cancel: false });
        assert!(preview(RepairKind::TakeBack, &exception(), &scene(released)).not_now.is_some());
    }

    #[test]
    fn what_has_ended_offers_nothing() {
        let over = Exception {
            state: ExceptionState::Resolved,
            resolved_at: Some(UtcMs(1_790_000_000_000)),
            resolution: Some("the store answered".to_owned()),
            ..exception()
        };
        for repair in RepairKind::ALL {
            let told = preview(repair, &over, &scene(task("leeds", Phase::Packed)));
            assert!(told.not_now.unwrap().contains("the store answered"));
        }
    }

    #[test]
    fn a_repair_asks_for_what_it_needs() {
        let nothing = Exception { order: None, task: None, store: None, ..exception() };
        let possible: Vec<RepairKind> = RepairKind::ALL
            .into_iter()
            .filter(|repair| preview(*repair, &nothing, &Scene::default()).not_now.is_none())
            .collect();
        assert_eq!(possible, [RepairKind::AcceptAsIs]);
        let scene = Scene { stuck_units: 3, frozen: true, waited_for: true, ..Scene::default() };
        for repair in [RepairKind::ReleaseHold, RepairKind::LiftFreeze, RepairKind::AnswerForStore] {
            assert!(preview(repair, &exception(), &scene).not_now.is_none(), "{repair:?}");
        }
    }
}
