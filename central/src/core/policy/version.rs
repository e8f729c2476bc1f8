//! The life of a version: draft, approved, active, retired; and who may take it a step further.

use holdfast_shared::ids::Actor;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Counted per tenant from 1; 0 is what was built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PolicyVersion(pub u32);

impl PolicyVersion {
    pub const BUILT_IN: Self = Self(0);
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the number of a version, like 3 or v3")]
pub struct BadVersion(String);

impl FromStr for PolicyVersion {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let digits = text.strip_prefix('v').unwrap_or(text);
        digits.parse().map(Self).map_err(|_| BadVersion(text.chars().take(40).collect()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyState {
    /// Written down; steers nothing.
    Draft,
    /// A second person agreed; it may begin.
    Approved,
    /// In force. One per tenant.
    Active,
    /// Was in force; may be again.
    Retired,
    /// Given up before it was in force.
    Withdrawn,
}

impl PolicyState {
    pub const ALL: [Self; 5] = [Self::Draft, Self::Approved, Self::Active, Self::Retired, Self::Withdrawn];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What a person, or time, does with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyAct {
    Draft,
    Approve,
    /// To begin at a time that is still to come.
    Schedule,
    Activate,
    /// In force again, after another one was.
    RollBack,
    /// Another one is in force now.
    Retire,
    Withdraw,
}

impl PolicyAct {
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Approve,
        Self::Schedule,
        Self::Activate,
        Self::RollBack,
        Self::Retire,
        Self::Withdraw,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approve => "approve",
            Self::Schedule => "schedule",
            Self::Activate => "activate",
            Self::RollBack => "roll_back",
            Self::Retire => "retire",
            Self::Withdraw => "withdraw",
        }
    }

    /// Whether it waits while policies are frozen. What only takes away, or brings back what was
    /// proven, does not.
    #[must_use]
    pub const fn waits_while_frozen(self) -> bool {
        match self {
            Self::Approve | Self::Schedule | Self::Activate => true,
            Self::Draft | Self::RollBack | Self::Retire | Self::Withdraw => false,
        }
    }
}

/// The state that an act leads to; none when it is not possible in this one. `from` is none before
/// there is a version.
#[must_use]
pub const fn next(from: Option<PolicyState>, act: PolicyAct) -> Option<PolicyState> {
    use PolicyState::{Active, Approved, Draft, Retired, Withdrawn};
    match (act, from) {
        (PolicyAct::Draft, None) => Some(Draft),
        (PolicyAct::Approve, Some(Draft)) | (PolicyAct::Schedule, Some(Approved)) => Some(Approved),
        (PolicyAct::Activate, Some(Approved)) | (PolicyAct::RollBack, Some(Retired)) => Some(Active),
        (PolicyAct::Retire, Some(Active)) => Some(Retired),
        (PolicyAct::Withdraw, Some(Draft | Approved)) => Some(Withdrawn),
        (PolicyAct::Draft, Some(Draft | Approved | Active | Retired | Withdrawn))
        | (PolicyAct::Approve, None | Some(Approved | Active | Retired | Withdrawn))
        | (PolicyAct::Schedule | PolicyAct::Activate, None | Some(Draft | Active | Retired | Withdrawn))
        | (PolicyAct::RollBack, None | Some(Draft | Approved | Active | Withdrawn))
        | (PolicyAct::Retire, None | Some(Draft | Approved | Retired | Withdrawn))
        | (PolicyAct::Withdraw, None | Some(Active | Retired | Withdrawn)) => None,
    }
}

/// What is kept of a version beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyRecord {
    pub version: PolicyVersion,
    pub state: PolicyState,
    /// Of the canonical text, in hexadecimal.
    pub hash: String,
    pub author: Actor,
    pub reason: String,
    pub created_at: UtcMs,
    pub approved_by: Option<Actor>,
    pub approved_at: Option<UtcMs>,
    /// When it is to begin by itself.
    pub effective_at: Option<UtcMs>,
    pub activated_at: Option<UtcMs>,
    pub retired_at: Option<UtcMs>,
}

/// One step of the history, which nothing changes any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvent {
    pub version: Option<PolicyVersion>,
    pub at: UtcMs,
    pub actor: Actor,
    /// `draft`, `approve`, `activate`, `roll_back`, `freeze`, ...
    #[schema(example = "activate")]
    pub act: String,
    pub reason: String,
}

/// Changes of policies wait until this ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PolicyFreeze {
    pub by: Actor,
    pub reason: String,
    pub since: UtcMs,
    pub until: UtcMs,
}

impl PolicyFreeze {
    #[must_use]
    pub fn in_force(&self, now: UtcMs) -> bool {
        now < self.until
    }

    fn until_in_words(&self) -> String {
        let stamp = serde_json::to_value(self.until.writable()).ok();
        stamp.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Why a version does not take a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("version {version} is {}; it cannot {} now", state.as_str(), act.as_str().replace('_', " "))]
    State { version: PolicyVersion, state: PolicyState, act: PolicyAct },
    #[error("{0} wrote this version; a second person approves it")]
    OwnWork(Actor),
    #[error("policies are frozen until {until} by {by}: {reason}", until = .0.until_in_words(), by = .0.by, reason = .0.reason)]
    Frozen(PolicyFreeze),
    #[error(
        "version {0} was not tried on a part of the orders: all of them would follow it at once. Try it with a \
         rollout first, or say big_bang: true with the reason why all at once is right"
    )]
    BigBang(PolicyVersion),
}

/// A step that somebody wants to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub act: PolicyAct,
    pub actor: Actor,
    pub reason: String,
    /// For a step that begins later.
    pub effective_at: Option<UtcMs>,
    /// All orders at once, although nothing was tried before.
    pub big_bang: bool,
}

/// Whether this version may take the step now, and the state that it then has.
pub fn may(
    record: &PolicyRecord,
    step: &Step,
    freeze: Option<&PolicyFreeze>,
    tried: bool,
    now: UtcMs,
) -> Result<PolicyState, Refusal> {
    let (version, act) = (record.version, step.act);
    let state = next(Some(record.state), act).ok_or(Refusal::State { version, state: record.state, act })?;
    if let Some(freeze) = freeze.filter(|freeze| act.waits_while_frozen() && freeze.in_force(now)) {
        return Err(Refusal::Frozen(freeze.clone()));
    }
    match act {
        PolicyAct::Approve if step.actor == record.author => Err(Refusal::OwnWork(record.author.clone())),
        PolicyAct::Schedule | PolicyAct::Activate if !tried && !step.big_bang => {
            Err(Refusal::BigBang(version))
        }
        PolicyAct::Draft
        | PolicyAct::Approve
        | PolicyAct::Schedule
        | PolicyAct::Activate
        | PolicyAct::RollBack
        | PolicyAct::Retire
        | PolicyAct::Withdraw => Ok(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(state: PolicyState) -> PolicyRecord {
        PolicyRecord {
            version: PolicyVersion(3),
            state,
            hash: String::new(),
            author: "key:ann".parse().unwrap(),
            reason: "why".into(),
            created_at: UtcMs(0),
            approved_by: None,
            approved_at: None,
            effective_at: None,
            activated_at: None,
            retired_at: None,
        }
    }

    fn step(act: PolicyAct, actor: &str) -> Step {
        Step { act, actor: actor.parse().unwrap(), reason: "why".into(), effective_at: None, big_bang: false }
    }

    fn frozen() -> PolicyFreeze {
        PolicyFreeze {
            by: "key:cy".parse().unwrap(),
            reason: "peak".into(),
            since: UtcMs(0),
            until: UtcMs(100),
        }
    }

    #[test]
    fn an_author_does_not_approve_their_own_work() {
        let draft = record(PolicyState::Draft);
        let own = may(&draft, &step(PolicyAct::Approve, "key:ann"), None, false, UtcMs(1));
        assert_eq!(own, Err(Refusal::OwnWork("key:ann".parse().unwrap())));
        let second = may(&draft, &step(PolicyAct::Approve, "key:bob"), None, false, UtcMs(1));
        assert_eq!(second, Ok(PolicyState::Approved));
    }

    #[test]
    fn all_at_once_is_said_or_refused() {
        let approved = record(PolicyState::Approved);
        let activate = step(PolicyAct::Activate, "key:ann");
        let refused = may(&approved, &activate, None, false, UtcMs(1));
        assert_eq!(refused, Err(Refusal::BigBang(PolicyVersion(3))));
        assert_eq!(may(&approved, &activate, None, true, UtcMs(1)), Ok(PolicyState::Active));
        let said = Step { big_bang: true, ..activate };
        assert_eq!(may(&approved, &said, None, false, UtcMs(1)), Ok(PolicyState::Active));
    }

    #[test]
    fn a_freeze_stops_what_is_new_and_nothing_that_goes_back() {
        let freeze = frozen();
        let ask =
            |state, act, now| may(&record(state), &step(act, "key:bob"), Some(&freeze), true, UtcMs(now));
        for (state, act) in [
            (PolicyState::Draft, PolicyAct::Approve),
            (PolicyState::Approved, PolicyAct::Activate),
            (PolicyState::Approved, PolicyAct::Schedule),
        ] {
            assert_eq!(ask(state, act, 99), Err(Refusal::Frozen(freeze.clone())));
            assert!(ask(state, act, 100).is_ok(), "it ends by itself");
        }
        assert_eq!(ask(PolicyState::Retired, PolicyAct::RollBack, 99), Ok(PolicyState::Active));
        assert_eq!(ask(PolicyState::Draft, PolicyAct::Withdraw, 99), Ok(PolicyState::Withdrawn));
    }

    #[test]
    fn a_version_is_named_by_its_number() {
        assert_eq!(("v12".parse(), "12".parse()), (Ok(PolicyVersion(12)), Ok(PolicyVersion(12))));
        for bad in ["", "v", "-1", "one", "99999999999"] {
            assert!(bad.parse::<PolicyVersion>().is_err(), "{bad}");
        }
    }

    fn any_act() -> impl Strategy<Value = PolicyAct> {
        prop::sample::select(PolicyAct::ALL.to_vec())
    }

    proptest! {
        /// Whatever is tried in whatever order: nothing is in force that was not approved before, and
        /// what was given up stays so.
        #[test]
        fn nothing_is_active_that_was_not_approved(acts in prop::collection::vec(any_act(), 0..40)) {
            let mut state = None;
            let mut approved = false;
            for act in acts {
                let was = state;
                if let Some(now) = next(state, act) {
                    prop_assert_ne!(was, Some(PolicyState::Withdrawn));
                    prop_assert!(was.is_some() || now == PolicyState::Draft);
                    approved |= act == PolicyAct::Approve;
                    state = Some(now);
                }
                prop_assert!(approved || state != Some(PolicyState::Active));
            }
        }
    }
}
