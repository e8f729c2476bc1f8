//! Which box speaks when a replica speaks: the one that always does, a disk that was put back, or
//! one of two that share an identity.
//!
//! A replica speaks with one boot at a time: its data directory is locked, so a boot begins after
//! the one before it has ended. Whoever is alive after another boot has spoken is therefore another
//! box. That a boot is alive it proves by sending back a challenge that was made after the other
//! spoke; a message that was late or came twice cannot.

use holdfast_shared::ids::BootId;
use holdfast_shared::time::Hlc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What central makes of a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BootStanding)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It speaks for the replica.
    Current,
    /// Another boot has spoken since.
    Followed,
    /// It looks older than one that has spoken, and has not shown that it is alive.
    Unproven,
    /// One of two boxes under one identity: kept apart until a person decides.
    Quarantined,
}

impl Standing {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Followed => "followed",
            Self::Unproven => "unproven",
            Self::Quarantined => "quarantined",
        }
    }
}

/// A boot of a replica that central has heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBoot {
    pub boot: BootId,
    pub number: u64,
    pub standing: Standing,
    /// The newest stamp that it sent.
    pub stamp: Hlc,
    pub challenge: Option<Challenge>,
    /// Of a quarantined one: the boot by which its box is known.
    pub copy: Option<BootId>,
}

/// What a boot has to send back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    pub words: String,
    /// The boot that spoke for the replica when it was made.
    pub after: BootId,
}

/// What a request says of who sends it.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    pub boot: &'a BootId,
    /// 0 from an agent that does not count.
    pub number: u64,
    /// Boots of the same database before this one.
    pub before: &'a [BootId],
    pub resumed: Option<Hlc>,
    pub challenge: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It speaks for the replica, as before.
    GoesOn,
    /// A restart: it speaks for the replica from now on.
    Begins,
    /// It is alive, and its disk lacks what the replica has said: it speaks from now on.
    BeginsBehind,
    /// Nothing of it is taken until it has shown that it is alive.
    MustProve,
    /// It is alive, and so was the boot that followed it: two boxes. The later one is kept apart.
    TwoAlive,
    /// Of a box that is kept apart, known by this boot.
    Apart(BootId),
}

#[must_use]
pub fn judge(known: &[KnownBoot], speaker: Speaker<'_>) -> Verdict {
    let current = known.iter().find(|boot| boot.standing == Standing::Current);
    let proven = |boot: &KnownBoot| match (&boot.challenge, current, speaker.challenge) {
        (Some(made), Some(current), Some(said)) => made.words == said && made.after == current.boot,
        (None, _, _) | (_, None, _) | (_, _, None) => false,
    };
    match known.iter().find(|boot| boot.boot == *speaker.boot) {
        Some(boot) => match boot.standing {
            Standing::Current => Verdict::GoesOn,
            Standing::Quarantined => Verdict::Apart(boot.copy.clone().unwrap_or_else(|| boot.boot.clone())),
            Standing::Followed if proven(boot) => Verdict::TwoAlive,
            Standing::Unproven if proven(boot) => Verdict::BeginsBehind,
            Standing::Followed | Standing::Unproven => Verdict::MustProve,
        },
        None => newcomer(known, current, speaker),
    }
}

fn newcomer(known: &[KnownBoot], current: Option<&KnownBoot>, speaker: Speaker<'_>) -> Verdict {
    // A box that is kept apart does not get out by starting anew, heard of it or not.
    let same_box = known.iter().filter(|boot| speaker.before.contains(&boot.boot));
    let mut apart = same_box.filter(|boot| boot.standing == Standing::Quarantined);
    if let Some(copy) = apart.find_map(|boot| boot.copy.clone()) {
        return Verdict::Apart(copy);
    }
    let Some(current) = current else { return Verdict::Begins };
    let counted = known.iter().filter(|boot| boot.standing != Standing::Quarantined);
    let started_before = speaker.number > 0 && counted.map(|boot| boot.number).max() >= Some(speaker.number);
    let lacks = speaker.resumed.is_some_and(|resumed| resumed < current.stamp);
    if started_before || lacks { Verdict::MustProve } else { Verdict::Begins }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::time::UtcMs;

    fn stamp(ms: i64) -> Hlc {
        Hlc { wall: UtcMs(ms), counter: 0 }
    }

    fn boot(text: &str, number: u64, standing: Standing, newest: i64) -> KnownBoot {
        let boot: BootId = text.parse().unwrap();
        let copy = (standing == Standing::Quarantined).then(|| boot.clone());
        KnownBoot { boot, number, standing, stamp: stamp(newest), challenge: None, copy }
    }

    fn challenged(mut boot: KnownBoot, after: &str) -> KnownBoot {
        boot.challenge = Some(Challenge { words: "1-7".to_owned(), after: after.parse().unwrap() });
        boot
    }

    fn said(known: &[KnownBoot], text: &str, change: impl FnOnce(&mut Speaker<'_>)) -> Verdict {
        let boot: BootId = text.parse().unwrap();
        let mut speaker =
            Speaker { boot: &boot, number: 9, before: &[], resumed: Some(stamp(99)), challenge: None };
        change(&mut speaker);
        judge(known, speaker)
    }

    #[test]
    fn a_restart_knows_the_newest_that_its_database_said() {
        let known = [boot("a", 4, Standing::Followed, 40), boot("b", 5, Standing::Current, 50)];
        let restart = |number, resumed| {
            said(&known, "c", |speaker| (speaker.number, speaker.resumed) = (number, resumed))
        };
        assert_eq!(said(&known, "b", |_| ()), Verdict::GoesOn);
        assert_eq!(restart(6, Some(stamp(50))), Verdict::Begins);
        assert_eq!(restart(6, Some(stamp(49))), Verdict::MustProve);
        assert_eq!(restart(5, Some(stamp(50))), Verdict::MustProve);
        assert_eq!(restart(0, None), Verdict::Begins, "an agent that does not count is believed");
        assert_eq!(
            judge(
                &[],
                Speaker { boot: &known[0].boot, number: 1, before: &[], resumed: None, challenge: None }
            ),
            Verdict::Begins
        );
    }

    #[test]
    fn only_a_challenge_that_was_made_after_the_other_spoke_proves_anything() {
        let current = boot("b", 5, Standing::Current, 50);
        let echo = |first: KnownBoot, words| {
            let known = [first, current.clone()];
            said(&known, "a", |speaker| speaker.challenge = words)
        };
        let followed = || boot("a", 4, Standing::Followed, 40);
        assert_eq!(echo(followed(), Some("1-7")), Verdict::MustProve);
        assert_eq!(echo(challenged(followed(), "b"), None), Verdict::MustProve);
        assert_eq!(echo(challenged(followed(), "b"), Some("1-6")), Verdict::MustProve);
        assert_eq!(echo(challenged(followed(), "an-earlier-one"), Some("1-7")), Verdict::MustProve);
        assert_eq!(echo(challenged(followed(), "b"), Some("1-7")), Verdict::TwoAlive);
        let behind = challenged(boot("a", 4, Standing::Unproven, 40), "b");
        assert_eq!(echo(behind, Some("1-7")), Verdict::BeginsBehind);
    }

    #[test]
    fn a_box_that_is_kept_apart_stays_so_over_its_restarts_and_does_not_count() {
        let known = [boot("a", 4, Standing::Current, 40), boot("x", 8, Standing::Quarantined, 80)];
        let apart = Verdict::Apart("x".parse().unwrap());
        assert_eq!(said(&known, "x", |_| ()), apart);
        // It may have spoken several times since it was answered, and does not know that it is kept apart.
        let before = ["a", "x", "unheard"].map(|boot| boot.parse().unwrap());
        for before in [&before[1..2], &before[..]] {
            let (again, resumed) = ("y".parse().unwrap(), Some(stamp(99)));
            let restarted = Speaker { boot: &again, number: 10, before, resumed, challenge: None };
            assert_eq!(judge(&known, restarted), apart);
        }
        assert_eq!(said(&known, "b", |speaker| speaker.number = 5), Verdict::Begins);
    }
}
