//! What of a heartbeat can be meant. A number that no machine measures is unknown, which is never
//! fine; a word that is longer than any real one is refused with its heartbeat.

use holdfast_shared::limits::{NOTE_CHARS_MAX, PLANS_AT_STORE_MAX, SIGNAL_WORD_CHARS_MAX};
use holdfast_shared::wire::signal::Heartbeat;

/// Why a heartbeat is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbelievable {
    #[error("{0} has more characters than any real one")]
    TooLong(&'static str),
    #[error("{0} has more entries than any real one")]
    TooMany(&'static str),
}

/// Whether anything of it had to be made unknown.
pub fn make_sense(beat: &mut Heartbeat) -> Result<bool, Unbelievable> {
    for (name, word, most) in [
        ("version", &beat.version, SIGNAL_WORD_CHARS_MAX),
        ("root", &beat.root, SIGNAL_WORD_CHARS_MAX),
        ("stock_digest", &beat.stock_digest, SIGNAL_WORD_CHARS_MAX),
    ] {
        is_within(name, word, most)?;
    }
    if let Some(note) = &beat.vitals.closure {
        is_within("closure.cause", &note.cause, NOTE_CHARS_MAX)?;
        is_within("closure.author", &note.author, NOTE_CHARS_MAX)?;
    }
    if beat.vitals.planned.len() > PLANS_AT_STORE_MAX {
        return Err(Unbelievable::TooMany("planned"));
    }
    for planned in &beat.vitals.planned {
        is_within("planned.cause", &planned.cause, SIGNAL_WORD_CHARS_MAX)?;
        is_within("planned.author", &planned.author, SIGNAL_WORD_CHARS_MAX)?;
    }
    let before = (beat.uptime_ms, beat.vitals.clone());
    beat.uptime_ms = beat.uptime_ms.max(0);
    let vitals = &mut beat.vitals;
    for age in [
        &mut vitals.pos_seen_ms_ago,
        &mut vitals.handheld_seen_ms_ago,
        &mut vitals.last_movement_ms_ago,
        &mut vitals.sync_ok_ms_ago,
    ] {
        *age = age.filter(|age_ms| *age_ms >= 0);
    }
    vitals.temperature_c = vitals.temperature_c.filter(|celsius| celsius.is_finite());
    vitals.load_1m = vitals.load_1m.filter(|load| load.is_finite());
    vitals.battery_percent = vitals.battery_percent.filter(|percent| *percent <= 100);
    if vitals.disk_free_bytes > vitals.disk_total_bytes {
        (vitals.disk_free_bytes, vitals.disk_total_bytes) = (None, None);
    }
    Ok((beat.uptime_ms, &beat.vitals) != (before.0, &before.1))
}

fn is_within(name: &'static str, word: &str, most: usize) -> Result<(), Unbelievable> {
    if word.chars().count() > most { Err(Unbelievable::TooLong(name)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::beat;
    use holdfast_shared::time::UtcMs;
    use holdfast_shared::wire::signal::PlannedNote;

    #[test]
    fn numbers_that_cannot_be_are_unknown_and_the_rest_is_kept() {
        let mut absurd = beat("leeds", "b1", 1);
        absurd.uptime_ms = i64::MIN;
        absurd.vitals.pos_seen_ms_ago = Some(-1);
        absurd.vitals.sync_ok_ms_ago = Some(i64::MIN);
        absurd.vitals.temperature_c = Some(f64::NAN);
        absurd.vitals.battery_percent = Some(200);
        (absurd.vitals.disk_free_bytes, absurd.vitals.disk_total_bytes) = (Some(u64::MAX), Some(1));
        absurd.vitals.unsynced_facts = u64::MAX;
        assert_eq!(make_sense(&mut absurd), Ok(true));
        let vitals = absurd.vitals;
        assert_eq!((absurd.uptime_ms, vitals.pos_seen_ms_ago, vitals.sync_ok_ms_ago), (0, None, None));
        assert_eq!((vitals.temperature_c, vitals.battery_percent), (None, None));
        assert_eq!((vitals.disk_free_bytes, vitals.disk_total_bytes), (None, None));
        assert_eq!(vitals.unsynced_facts, u64::MAX, "it may be many");
        assert_eq!(vitals.handheld_seen_ms_ago, Some(1_000));
    }

    #[test]
    fn an_ordinary_heartbeat_is_left_as_it_is() {
        let mut ordinary = beat("leeds", "b1", 1);
        assert_eq!(make_sense(&mut ordinary), Ok(false));
        assert_eq!(ordinary, beat("leeds", "b1", 1));
    }

    #[test]
    fn words_longer_than_any_real_one_are_refused_by_name() {
        let long = "x".repeat(SIGNAL_WORD_CHARS_MAX + 1);
        let mut version = beat("leeds", "b1", 1);
        version.version.clone_from(&long);
        assert_eq!(make_sense(&mut version), Err(Unbelievable::TooLong("version")));
        let mut root = beat("leeds", "b1", 1);
        root.root.clone_from(&long);
        assert_eq!(make_sense(&mut root), Err(Unbelievable::TooLong("root")));
        let mut planned = beat("leeds", "b1", 1);
        let note = |cause: &str| PlannedNote {
            number: 1,
            hard: false,
            cause: cause.to_owned(),
            author: "amy".to_owned(),
            from: UtcMs(0),
            until: UtcMs(1),
        };
        planned.vitals.planned = vec![note(&long)];
        assert_eq!(make_sense(&mut planned), Err(Unbelievable::TooLong("planned.cause")));
        planned.vitals.planned = vec![note("weather"); PLANS_AT_STORE_MAX + 1];
        assert_eq!(make_sense(&mut planned), Err(Unbelievable::TooMany("planned")));
        planned.vitals.planned.pop();
        assert_eq!(make_sense(&mut planned), Ok(false));
    }
}
