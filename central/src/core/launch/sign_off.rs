//! Who looked at a version and found that it does what was done before it. The old logic goes when every
//! role has.

use holdfast_shared::ids::Actor;
use holdfast_shared::limits::SIGN_OFFS_MAX;
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Support,
    Analytics,
    Fulfilment,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Support, Self::Analytics, Self::Fulfilment];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Analytics => "analytics",
            Self::Fulfilment => "fulfilment",
        }
    }
}

/// Somebody's word about a version; nothing of it ever changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignOff {
    pub role: Role,
    /// The person, as they call themselves.
    pub name: String,
    /// The key by which they spoke.
    pub actor: Actor,
    pub note: String,
    pub at: UtcMs,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{actor} signed for {} already; each role is another person's word", role.as_str())]
    SamePerson { actor: Actor, role: Role },
    #[error("this version has {SIGN_OFFS_MAX} sign-offs already")]
    TooMany,
}

/// Whether this word may be added to those that there are.
pub fn may_sign(before: &[SignOff], role: Role, actor: &Actor) -> Result<(), Refusal> {
    if before.len() >= SIGN_OFFS_MAX {
        return Err(Refusal::TooMany);
    }
    match before.iter().find(|one| one.actor == *actor && one.role != role) {
        Some(one) => Err(Refusal::SamePerson { actor: actor.clone(), role: one.role }),
        None => Ok(()),
    }
}

/// The roles whose word is lacking.
#[must_use]
pub fn lacking(all: &[SignOff]) -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| !all.iter().any(|one| one.role == *role)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(role: Role, actor: &str) -> SignOff {
        let actor = actor.parse().unwrap();
        SignOff { role, name: "Ann".to_owned(), actor, note: "checked".to_owned(), at: UtcMs(0) }
    }

    #[test]
    fn each_role_is_another_persons_word() {
        let before = [signed(Role::Support, "key:ann")];
        let may = |role, actor: &str| may_sign(&before, role, &actor.parse().unwrap());
        assert_eq!(may(Role::Analytics, "key:bob"), Ok(()));
        assert_eq!(may(Role::Support, "key:ann"), Ok(()), "she may add to what she said");
        assert!(matches!(may(Role::Analytics, "key:ann"), Err(Refusal::SamePerson { .. })));
    }

    #[test]
    fn it_is_complete_when_no_role_is_lacking() {
        let mut all = vec![signed(Role::Support, "a"), signed(Role::Fulfilment, "b")];
        assert_eq!(lacking(&all), [Role::Analytics]);
        all.push(signed(Role::Analytics, "c"));
        assert_eq!(lacking(&all), []);
    }

    #[test]
    fn the_list_has_an_end() {
        let many: Vec<SignOff> = (0..SIGN_OFFS_MAX).map(|_| signed(Role::Support, "a")).collect();
        assert_eq!(may_sign(&many, Role::Support, &"a".parse().unwrap()), Err(Refusal::TooMany));
    }
}
