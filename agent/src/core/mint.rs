//! Where facts get their ids and stamps.

use super::command::{Intent, Refusal};
use super::outcome::Said;
use holdfast_shared::domain::fact::Fact;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{Actor, DeviceId, FactId, TraceId};
use holdfast_shared::time::{Hlc, HlcClock, UtcMs};

/// Counts this installation's own facts. It is stored in the transaction of the facts that it
/// named, so no id is given twice; and its generation is drawn from the boot, so a restored disk,
/// whose counter went back, or a cloned one, does not give the ids of its original either.
#[derive(Debug, Clone)]
pub struct Mint {
    device: DeviceId,
    generation: u32,
    next: u64,
    clock: HlcClock,
    last: Hlc,
}

/// In whose name facts are written.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    pub actor: &'a Actor,
    pub trace: Option<&'a TraceId>,
    /// The id that the device gave its intent.
    pub given: Option<&'a FactId>,
}

impl<'a> Author<'a> {
    #[must_use]
    pub fn of(intent: &'a Intent) -> Self {
        let given = intent.fact_id.as_ref().filter(|_| Guard::IdempotencyRecord.stands());
        Self { actor: &intent.actor, trace: intent.trace.as_ref(), given }
    }
}

impl Mint {
    #[must_use]
    pub const fn resume(device: DeviceId, generation: u32, next: u64, last: Hlc) -> Self {
        Self { device, generation, next, clock: HlcClock::resume(last), last }
    }

    /// What must be stored: the next number, and the greatest stamp given.
    #[must_use]
    pub const fn kept(&self) -> (u64, Hlc) {
        (self.next, self.last)
    }

    /// Passes the stamp of a fact from elsewhere, so that what is written now comes after it.
    pub fn witness(&mut self, seen: Hlc, wall: UtcMs) {
        // One from the future is kept in its fact as it is, and moves nothing here.
        let _ = self.clock.witness(seen, wall);
    }

    /// A stamp that is no fact's: greater than all before it.
    pub fn stamp(&mut self, wall: UtcMs) -> Hlc {
        self.last = self.clock.tick(wall);
        self.last
    }

    /// Makes facts of what was decided, all under one intent.
    pub fn write(&mut self, said: Vec<Said>, author: Author<'_>, wall: UtcMs) -> Result<Vec<Fact>, Refusal> {
        let several = said.len() > 1;
        let mut facts = Vec::with_capacity(said.len());
        for (k, said) in (1_u32..).zip(said) {
            let id = match author.given {
                Some(intent) if several => intent.part(k),
                Some(intent) => Ok(intent.clone()),
                None => self.id(),
            };
            facts.push(Fact {
                id: id.map_err(|bad| Refusal::Invalid(bad.to_string()))?,
                at: self.stamp(wall),
                actor: author.actor.clone(),
                after: said.after,
                trace: author.trace.cloned(),
                body: said.body,
            });
        }
        Ok(facts)
    }

    fn id(&mut self) -> Result<FactId, holdfast_shared::ids::BadId> {
        let id = FactId::new(&self.device, self.generation, self.next);
        self.next = self.next.saturating_add(1);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::{intent, sale};
    use holdfast_shared::domain::fact::Body;
    use holdfast_shared::domain::stock::Movement;

    fn mint() -> Mint {
        Mint::resume("s-a".parse().unwrap(), 7, 40, Hlc { wall: UtcMs(900), counter: 0 })
    }

    #[test]
    fn facts_without_a_given_id_are_counted_and_stamped_upwards() {
        let mut mint = mint();
        let intent = intent("k");
        let facts = mint.write(vec![sale("A"), sale("B")], Author::of(&intent), UtcMs(100)).unwrap();
        let ids: Vec<_> = facts.iter().map(|fact| fact.id.as_str()).collect();
        assert_eq!(ids, ["s-a.7.40", "s-a.7.41"]);
        assert!(facts[0].at > Hlc { wall: UtcMs(900), counter: 0 } && facts[1].at > facts[0].at);
        assert_eq!(mint.kept(), (42, facts[1].at));
    }

    #[test]
    fn a_given_id_is_kept_and_split_when_it_makes_several_facts() {
        let mut intent = intent("k");
        intent.fact_id = Some("till.1.5".parse().unwrap());
        let one = mint().write(vec![sale("A")], Author::of(&intent), UtcMs(1)).unwrap();
        assert_eq!(one[0].id.as_str(), "till.1.5");
        let two = mint().write(vec![sale("A"), sale("B")], Author::of(&intent), UtcMs(1)).unwrap();
        assert_eq!(two.iter().map(|fact| fact.id.as_str()).collect::<Vec<_>>(), ["till.1.5.1", "till.1.5.2"]);
        assert!(matches!(&two[0].body, Body::Stock(stock) if stock.movement == Movement::Sale));
    }

    #[test]
    fn a_witnessed_stamp_is_passed_and_one_from_the_future_is_not() {
        let mut mint = mint();
        let intent = intent("k");
        mint.witness(Hlc { wall: UtcMs(2_000), counter: 9 }, UtcMs(1_000));
        mint.witness(Hlc { wall: UtcMs(99_000_000), counter: 0 }, UtcMs(1_000));
        let facts = mint.write(vec![sale("A")], Author::of(&intent), UtcMs(1_000)).unwrap();
        assert_eq!(facts[0].at, Hlc { wall: UtcMs(2_000), counter: 10 });
    }
}
