//! The way back, worked out from what is going on now: which version follows, where the orders in flight
//! go, what stays done, who puts it right.

use crate::core::order::OrderState;
use crate::core::policy::version::{PolicyEvent, PolicyFreeze, PolicyVersion};
use crate::core::rollout::{Rollout, RolloutState};
use holdfast_shared::ids::Actor;
use serde::Serialize;
use utoipa::ToSchema;

/// Orders that are not final, counted by state and by the policy of their newest decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    pub state: OrderState,
    /// None: nothing was decided yet.
    pub policy: Option<String>,
    pub orders: u64,
    /// Those of which goods are released and not answered for yet.
    pub released: u64,
    /// Those that have units without a node.
    pub open: u64,
}

/// What goes back, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The trial ends; what is in force for all others is in force for its orders.
    EndTrial,
    /// A version that was in force before is in force again.
    FormerVersion,
    /// What was built in is in force, and nothing is on trial.
    Nothing,
}

/// What is known when somebody asks for the way back.
#[derive(Debug, Clone)]
pub struct Situation {
    pub in_force: PolicyVersion,
    pub trial: Option<Rollout>,
    /// Of the version that is withdrawn, as decisions record it.
    pub from_name: String,
    pub to: Option<PolicyVersion>,
    pub freeze: Option<PolicyFreeze>,
    pub flights: Vec<Flight>,
    /// Orders of newest decisions that followed the version and whose goods have left.
    pub left: u64,
    pub open_exceptions: u64,
}

/// One question of the decision tree, answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Branch {
    #[schema(example = "Is a version on trial?")]
    pub question: &'static str,
    pub answer: String,
    pub then: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InFlight {
    pub state: OrderState,
    /// The policy of the newest decision; absent: nothing was decided yet.
    pub policy: Option<String>,
    pub orders: u64,
    pub released: u64,
    /// Decided by the version that is withdrawn.
    pub concerned: bool,
    /// Where these orders go.
    pub goes: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RollbackPlan {
    pub way: Way,
    pub from: PolicyVersion,
    /// Absent where the way back is not known from the history: name it.
    pub to: Option<PolicyVersion>,
    /// The decision tree, from its root down, with what holds now.
    pub tree: Vec<Branch>,
    /// What `run` does, in order.
    pub steps: Vec<String>,
    pub in_flight: Vec<InFlight>,
    pub stays_done: Vec<String>,
    pub compensations: Vec<String>,
    /// What is compared afterwards.
    pub reconcile: Vec<String>,
}

/// A trial that is not over.
#[must_use]
pub fn on_trial(rollout: Rollout) -> Option<Rollout> {
    match rollout.state {
        RolloutState::Running | RolloutState::Paused => Some(rollout),
        RolloutState::Finished | RolloutState::RolledBack => None,
    }
}

/// What was in force before this version began, by the history, newest first. A version that was itself
/// taken back is no way back: only the step that let this one begin counts. None: it is not told there.
#[must_use]
pub fn former(events: &[PolicyEvent], in_force: PolicyVersion) -> Option<PolicyVersion> {
    let mut before =
        events.iter().skip_while(|event| !(event.version == Some(in_force) && event.act == "activate"));
    let began = before.next()?;
    // The version that ended is noted just before the one that begins.
    let ended = before.next().filter(|event| event.act == "retire" && event.at == began.at);
    Some(ended.and_then(|event| event.version).unwrap_or(PolicyVersion::BUILT_IN))
}

const fn goes(state: OrderState) -> &'static str {
    match state {
        OrderState::Placed | OrderState::Authorized => {
            "its next decision follows the version that it goes back to"
        }
        OrderState::Backordered => "it is tried again under the version that it goes back to",
        OrderState::Allocated => {
            "the offer stands; if the store does not accept it in time, it is routed anew under the version that it \
             goes back to"
        }
        OrderState::Accepted | OrderState::Picking => {
            "it stays with its store: going back moves no work that a store has in hand"
        }
        OrderState::Ready => "it stays with its store, and its goods may leave",
        OrderState::Exception => "a person decides; its exception says what to do",
        OrderState::Shipped
        | OrderState::Collected
        | OrderState::Returned
        | OrderState::Refunded
        | OrderState::Delivered
        | OrderState::Cancelled
        | OrderState::Rejected => "nothing: it is over",
    }
}

/// The way back as it stands.
#[must_use]
pub fn plan(now: &Situation) -> RollbackPlan {
    let (way, from, to) = match (&now.trial, now.in_force) {
        (Some(trial), in_force) => (Way::EndTrial, trial.version, Some(in_force)),
        (None, PolicyVersion::BUILT_IN) => (Way::Nothing, PolicyVersion::BUILT_IN, None),
        (None, in_force) => (Way::FormerVersion, in_force, now.to),
    };
    let is_concerned = |flight: &Flight| flight.policy.as_ref() == Some(&now.from_name);
    let in_flight: Vec<InFlight> = now
        .flights
        .iter()
        .map(|flight| InFlight {
            state: flight.state,
            policy: flight.policy.clone(),
            orders: flight.orders,
            released: flight.released,
            concerned: is_concerned(flight),
            goes: goes(flight.state),
        })
        .collect();
    let released =
        now.flights.iter().filter(|flight| is_concerned(flight)).map(|flight| flight.released).sum();
    RollbackPlan {
        way,
        from,
        to,
        tree: tree(now, way, to, released),
        steps: steps(way, from, to),
        in_flight,
        stays_done: stays_done(released, now.left),
        compensations: compensations(released, now.left, now.open_exceptions),
        reconcile: vec![
            "the state of each of its orders, folded anew from lines and tasks".to_owned(),
            "units that are held, against the tasks that hold them".to_owned(),
            "promised dates that have passed, of orders that are not final".to_owned(),
            "by which version orders are decided since then".to_owned(),
        ],
    }
}

fn tree(now: &Situation, way: Way, to: Option<PolicyVersion>, released: u64) -> Vec<Branch> {
    let branch = |question, answer: String, then: String| Branch { question, answer, then };
    let on_trial = match &now.trial {
        Some(trial) => branch(
            "Is a version on trial?",
            format!(
                "v{} is {}, on {} percent",
                trial.version,
                trial.state.as_str().replace('_', " "),
                trial.percent
            ),
            format!(
                "end the trial; {} may, and {}",
                trial.plan.owner,
                trial.plan.may_pause.iter().map(Actor::as_str).collect::<Vec<_>>().join(", ")
            ),
        ),
        None => {
            branch("Is a version on trial?", "no".to_owned(), "what is in force for all goes back".to_owned())
        }
    };
    let back_to = match (way, to) {
        (Way::Nothing, _) => branch(
            "What was in force before?",
            "nothing: what was built in is in force".to_owned(),
            "there is nothing to go back to".to_owned(),
        ),
        (Way::EndTrial | Way::FormerVersion, Some(to)) => {
            branch("What was in force before?", format!("v{to}"), format!("new decisions follow v{to}"))
        }
        (Way::EndTrial | Way::FormerVersion, None) => branch(
            "What was in force before?",
            "the newest part of the history does not tell".to_owned(),
            "look at the history and name the version with --to".to_owned(),
        ),
    };
    let frozen = match &now.freeze {
        Some(freeze) => format!("yes, by {}: {}", freeze.by, freeze.reason),
        None => "no".to_owned(),
    };
    let frozen = branch(
        "Are policies frozen?",
        frozen,
        "a freeze never stops the way back; the run freezes what is new until somebody has looked".to_owned(),
    );
    let gone = branch(
        "Are goods released that followed it?",
        format!("{released} orders; of {} the goods have left", now.left),
        if released == 0 && now.left == 0 {
            "everything that followed it can still be answered by its store".to_owned()
        } else {
            "that stays done; see the compensations".to_owned()
        },
    );
    let waiting = branch(
        "Do people have to look at something?",
        format!("{} open exceptions", now.open_exceptions),
        "the way back does not wait for them; resolve them afterwards".to_owned(),
    );
    vec![on_trial, back_to, frozen, gone, waiting]
}

fn steps(way: Way, from: PolicyVersion, to: Option<PolicyVersion>) -> Vec<String> {
    let back = match (way, to) {
        (Way::Nothing, _) => return Vec::new(),
        (Way::EndTrial, _) => format!("end the trial of v{from} (POST /v1/rollouts/rollback)"),
        (Way::FormerVersion, Some(to)) => {
            format!("let v{to} be in force again (POST /v1/policies/{to}/rollback)")
        }
        (Way::FormerVersion, None) => "let the version that you name be in force again".to_owned(),
    };
    let to = to.map_or_else(|| "that version".to_owned(), |to| format!("v{to}"));
    vec![
        back,
        "freeze policies, so that nothing new begins meanwhile (PUT /v1/policy/freeze)".to_owned(),
        format!("see that the next decision follows {to}, by asking what steers them"),
        format!("compare the orders that v{from} decided (GET /v1/rollback/report)"),
    ]
}

fn stays_done(released: u64, left: u64) -> Vec<String> {
    let mut done = Vec::new();
    if released > 0 {
        done.push(format!(
            "{released} orders have goods released: their stores may hand them over, connected or not"
        ));
    }
    if left > 0 {
        done.push(format!("the goods of {left} orders have left"));
    }
    done.push("what customers were told, and the dates that they were promised".to_owned());
    done
}

fn compensations(released: u64, left: u64, exceptions: u64) -> Vec<String> {
    let mut needed = Vec::new();
    if released > 0 {
        needed.push(
            "released work that must not leave: ask the store by telephone, then POST /v1/tasks/{task}/take-back"
                .to_owned(),
        );
    }
    if left > 0 {
        needed.push(
            "goods that left wrongly: a return, recorded at the store (POST /v1/movements at its agent)"
                .to_owned(),
        );
    }
    if exceptions > 0 {
        needed.push(format!("{exceptions} open exceptions: each says what to do (GET /v1/exceptions)"));
    }
    needed.push(
        "a date that cannot be kept any more: agree a new one, or POST /v1/orders/{order}/cancel".to_owned(),
    );
    needed
}

#[cfg(test)]
mod tests;
