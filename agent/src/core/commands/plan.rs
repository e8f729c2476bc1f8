//! Staff plan a closure ahead, like maintenance, or take one back. No fact: heartbeats tell it, as they tell
//! a closure of now, and central judges by it when its time comes.

use crate::core::command::{PlanRequest, Refusal};
use crate::core::outcome::{Context, Outcome, PlanChange, Reply};
use holdfast_shared::limits::{PLANNED_AHEAD_MS_MAX, PLANS_AT_STORE_MAX};
use holdfast_shared::wire::signal::PlannedNote;

pub fn decide(
    request: &PlanRequest,
    planned: &[PlannedNote],
    context: Context<'_>,
) -> Result<Outcome, Refusal> {
    let now = context.now.utc;
    let invalid = |what: &str| Err(Refusal::Invalid(what.to_owned()));
    if request.until <= request.from {
        return invalid("the closure would end before it begins: until must be after from");
    }
    if request.until <= now {
        return invalid("the closure would be over already: until is in the past");
    }
    if request.from.since(now) > PLANNED_AHEAD_MS_MAX {
        return invalid("from is more than two years ahead: plan it nearer to its time");
    }
    if planned.iter().filter(|known| now < known.until).count() >= PLANS_AT_STORE_MAX {
        let what =
            format!("{PLANS_AT_STORE_MAX} closures are planned here: take one back that is not needed");
        return Err(Refusal::Invalid(what));
    }
    let note = PlannedNote {
        number: 0,
        hard: request.hard,
        cause: request.cause.as_str().to_owned(),
        author: context.intent.actor.to_string(),
        from: request.from,
        until: request.until,
    };
    Ok(changed(PlanChange::Add(note)))
}

pub fn take_back(number: u32, planned: &[PlannedNote]) -> Result<Outcome, Refusal> {
    match planned.iter().any(|known| known.number == number) {
        true => Ok(changed(PlanChange::Remove(number))),
        false => Err(Refusal::NotPlanned(number)),
    }
}

fn changed(change: PlanChange) -> Outcome {
    Outcome { plan: Some(change), ..Outcome::facts(Vec::new(), Reply::Planned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::command::PlanCause;
    use crate::core::testing::{at, intent};
    use holdfast_shared::time::UtcMs;

    const NOW: i64 = 1_000;

    fn plan(from: i64, until: i64, planned: &[PlannedNote]) -> Result<PlannedNote, String> {
        let request =
            PlanRequest { hard: true, cause: PlanCause::Maintenance, from: UtcMs(from), until: UtcMs(until) };
        let intent = intent("k");
        let context = Context { intent: &intent, replica: None, now: at(NOW) };
        match decide(&request, planned, context).map(|outcome| outcome.plan) {
            Ok(Some(PlanChange::Add(note))) => Ok(note),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    #[test]
    fn a_plan_says_who_why_from_when_and_until_when() {
        let note = plan(5_000, 9_000, &[]).unwrap();
        assert_eq!((note.author.as_str(), note.cause.as_str(), note.hard), ("amy", "maintenance", true));
        assert_eq!((note.from, note.until), (UtcMs(5_000), UtcMs(9_000)));
        assert!(plan(0, 9_000, &[]).is_ok(), "it may have begun");
    }

    #[test]
    fn a_plan_that_cannot_be_is_refused_in_words() {
        let refused = |from, until| plan(from, until, &[]).unwrap_err();
        assert!(refused(9_000, 9_000).contains("end before it begins"));
        assert!(refused(100, NOW).contains("over already"));
        assert!(refused(NOW + PLANNED_AHEAD_MS_MAX + 1, i64::MAX).contains("two years"));
        let note = plan(5_000, 9_000, &[]).unwrap();
        let mut full = vec![note; PLANS_AT_STORE_MAX];
        assert!(plan(5_000, 9_000, &full).unwrap_err().contains("take one back"));
        full[0].until = UtcMs(NOW);
        assert!(plan(5_000, 9_000, &full).is_ok(), "what is over counts for nothing");
    }

    #[test]
    fn only_what_is_planned_is_taken_back() {
        let known = PlannedNote { number: 3, ..plan(5_000, 9_000, &[]).unwrap() };
        let taken = take_back(3, std::slice::from_ref(&known)).unwrap();
        assert_eq!(taken.plan, Some(PlanChange::Remove(3)));
        assert_eq!(take_back(4, &[known]), Err(Refusal::NotPlanned(4)));
    }
}
