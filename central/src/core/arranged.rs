//! Changes of what people arrange for a store. Each is checked as a whole; what is over goes with
//! the next one.

use super::fleet::{Arranged, DatedHours, PlannedClosure, Staffing};
use super::hours;
use holdfast_shared::limits::{
    DATED_HOURS_MAX, NOTE_CHARS_MAX, PLANNED_AHEAD_MS_MAX, PLANNED_CLOSURES_MAX, STAFFING_PERMILLE_MAX,
};
use holdfast_shared::time::UtcMs;

/// What a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrangement {
    /// All days that have hours of their own.
    DatedHours(Vec<DatedHours>),
    Capacity {
        tasks_per_hour: Option<u32>,
        staffing: Option<Staffing>,
    },
    /// Its number is given here.
    Plan(PlannedClosure),
    Unplan(u32),
}

/// Why it cannot be arranged so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// What, why and what was expected.
    #[error("{0}")]
    Cannot(String),
    #[error("there is no planned closure {0}")]
    NotPlanned(u32),
}

impl Arranged {
    pub fn with(&self, change: Arrangement, now: UtcMs) -> Result<Self, Unfit> {
        let mut arranged = self.clone();
        arranged.planned.retain(|planned| now < planned.until);
        match change {
            Arrangement::DatedHours(dated) => {
                check_dated(&dated)?;
                arranged.dated_hours = dated;
            }
            Arrangement::Capacity { tasks_per_hour, staffing } => {
                staffing.as_ref().map_or(Ok(()), |staffing| check_staffing(staffing, now))?;
                arranged.tasks_per_hour = tasks_per_hour;
                arranged.staffing = staffing;
            }
            Arrangement::Plan(planned) => {
                check_planned(&planned, arranged.planned.len(), now)?;
                let last = self.planned.iter().map(|known| known.number).max().unwrap_or(0);
                arranged.planned.push(PlannedClosure { number: last.saturating_add(1), ..planned });
                arranged.planned.sort_by_key(|planned| planned.from);
            }
            Arrangement::Unplan(number) => {
                let before = arranged.planned.len();
                arranged.planned.retain(|planned| planned.number != number);
                if arranged.planned.len() == before {
                    return Err(Unfit::NotPlanned(number));
                }
            }
        }
        Ok(arranged)
    }
}

fn check_dated(dated: &[DatedHours]) -> Result<(), Unfit> {
    if dated.len() > DATED_HOURS_MAX {
        let words = format!("{} days have hours of their own: at most {DATED_HOURS_MAX} may", dated.len());
        return Err(Unfit::Cannot(words));
    }
    let long = |day: &&DatedHours| day.why.as_ref().is_some_and(|why| why.chars().count() > NOTE_CHARS_MAX);
    if let Some(day) = dated.iter().find(long) {
        let words = format!("{}: why has more than {NOTE_CHARS_MAX} characters", day.date);
        return Err(Unfit::Cannot(words));
    }
    hours::check_dated(dated).map_err(Unfit::Cannot)
}

fn check_staffing(staffing: &Staffing, now: UtcMs) -> Result<(), Unfit> {
    if staffing.permille > STAFFING_PERMILLE_MAX {
        return Err(Unfit::Cannot(format!(
            "staffing of {} permille: expected 0 to {STAFFING_PERMILLE_MAX}, where 1000 is as usual",
            staffing.permille
        )));
    }
    if staffing.until.is_some_and(|until| until <= now) {
        return Err(Unfit::Cannot(
            "staffing: until is in the past, so it would count for nothing".to_owned(),
        ));
    }
    Ok(())
}

fn check_planned(planned: &PlannedClosure, others: usize, now: UtcMs) -> Result<(), Unfit> {
    let cannot = |words: String| Err(Unfit::Cannot(words));
    if planned.until <= planned.from {
        return cannot("the closure would end before it begins: until must be after from".to_owned());
    }
    if planned.until <= now {
        return cannot("the closure would be over already: until is in the past".to_owned());
    }
    if planned.from.since(now) > PLANNED_AHEAD_MS_MAX {
        return cannot("from is more than two years ahead: plan it nearer to its time".to_owned());
    }
    if others >= PLANNED_CLOSURES_MAX {
        return cannot(format!(
            "{PLANNED_CLOSURES_MAX} closures are planned already: end one that is not needed"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fleet::ClosureCause;

    const NOW: UtcMs = UtcMs(1_790_000_000_000);

    fn planned(from: i64, until: i64) -> PlannedClosure {
        PlannedClosure {
            number: 0,
            hard: false,
            cause: ClosureCause::Maintenance,
            author: "mia".parse().unwrap(),
            from: NOW.plus(from),
            until: NOW.plus(until),
        }
    }

    fn numbers(arranged: &Arranged) -> Vec<u32> {
        arranged.planned.iter().map(|planned| planned.number).collect()
    }

    #[test]
    fn planned_closures_stand_in_the_order_of_their_times_and_keep_their_numbers() {
        let one = Arranged::default().with(Arrangement::Plan(planned(5_000, 9_000)), NOW).unwrap();
        let two = one.with(Arrangement::Plan(planned(1_000, 2_000)), NOW).unwrap();
        assert_eq!(numbers(&two), [2, 1]);
        assert_eq!(numbers(&two.with(Arrangement::Unplan(1), NOW).unwrap()), [2]);
        assert_eq!(two.with(Arrangement::Unplan(7), NOW), Err(Unfit::NotPlanned(7)));
        let later = two.with(Arrangement::Plan(planned(7_000, 8_000)), NOW.plus(3_000)).unwrap();
        assert_eq!(numbers(&later), [1, 3], "what is over is gone, and its number is not given again");
    }

    #[test]
    fn a_closure_that_cannot_be_is_refused_in_words() {
        let refused =
            |change| Arranged::default().with(Arrangement::Plan(change), NOW).unwrap_err().to_string();
        assert!(refused(planned(5_000, 5_000)).contains("end before it begins"));
        assert!(refused(planned(5_000, 1_000)).contains("end before it begins"));
        assert!(refused(planned(-9_000, -1_000)).contains("over already"));
        assert!(refused(planned(PLANNED_AHEAD_MS_MAX + 1, i64::MAX)).contains("two years"));
        let full = Arranged { planned: vec![planned(1, 2); PLANNED_CLOSURES_MAX], ..Arranged::default() };
        let told = full.with(Arrangement::Plan(planned(1, 2)), NOW).unwrap_err().to_string();
        assert!(told.contains("planned already"), "{told}");
    }

    #[test]
    fn staffing_that_cannot_be_is_refused_in_words() {
        let with = |permille, until: Option<i64>| {
            let staffing =
                Staffing { permille, until: until.map(|ms| NOW.plus(ms)), author: "mia".parse().unwrap() };
            let change = Arrangement::Capacity { tasks_per_hour: Some(4), staffing: Some(staffing) };
            Arranged::default().with(change, NOW)
        };
        assert_eq!(with(500, Some(1)).unwrap().tasks_per_hour, Some(4));
        assert!(with(STAFFING_PERMILLE_MAX + 1, None).unwrap_err().to_string().contains("permille"));
        assert!(with(500, Some(0)).unwrap_err().to_string().contains("past"));
    }

    #[test]
    fn too_many_days_and_too_long_words_are_refused() {
        let day =
            |why: Option<String>| DatedHours { date: "2026-12-24".parse().unwrap(), spans: vec![], why };
        let refused = |days| Arranged::default().with(Arrangement::DatedHours(days), NOW).unwrap_err();
        assert!(refused(vec![day(None); DATED_HOURS_MAX + 1]).to_string().contains("at most"));
        assert!(refused(vec![day(Some("x".repeat(NOTE_CHARS_MAX + 1)))]).to_string().contains("characters"));
    }
}
