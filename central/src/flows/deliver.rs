//! Sends one consumer what comes next, a step at a time: what failed before and is due, then what is new.
//!
//! Events of one key go one after the other, those of different keys beside each other. One that does not get through
//! keeps its own key back and no other: it is tried again at growing waits, and parked for a person when it is too old
//! or was refused too often. When nothing gets through at all the breaker leaves the receiver alone, and the position
//! stays where it is. What was sent is written down after the sending, so a crash between the two sends it again, under
//! the same id.

use super::FlowError;
use crate::core::events::cloud::{CloudEvent, Naming};
use crate::core::events::consumer::{Consumer, Criticality, Room, room};
use crate::core::events::pace::Pace;
use crate::core::outside::backoff::{Again, Tried};
use crate::core::outside::breaker::{Breaker, BreakerTerms, CallEnd, Pass, Permit, Stands};
use crate::ports::deliveries::{Deliveries, Delivery, Done, Due, Outcome, Stays, Waits, Work};
use crate::ports::outbox::OutboxEvent;
use crate::ports::sinks::{SendEnd, Sent, Sink};
use futures::StreamExt;
use futures::stream;
use holdfast_shared::limits::{EVENTS_PER_SECOND_MAX, EVENTS_READ_MAX, EVENTS_SENT_AT_ONCE_MAX};
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const BREAKER: BreakerTerms =
    BreakerTerms { failures_max: 5, rest_ms: 2_000, rest_ms_max: 5 * 60_000, trial_ms: 2 * 60_000 };

/// Between two times that a person is told that as much waits as may.
const TOLD_AGAIN_MS: i64 = 60 * 60_000;

/// Silence after which a person is told.
const fn told_after_ms(criticality: Criticality) -> i64 {
    const MINUTE_MS: i64 = 60_000;
    match criticality {
        Criticality::Critical => 2 * MINUTE_MS,
        Criticality::Ordinary => 15 * MINUTE_MS,
        Criticality::Minor => 24 * 60 * MINUTE_MS,
    }
}

/// Carries for one consumer. What it knows of the receiver is forgotten with it.
pub struct Courier {
    sink: Arc<dyn Sink>,
    naming: Arc<Naming>,
    breaker: Mutex<Breaker>,
    pace: Pace,
    /// Any random number.
    draw: fn() -> u64,
    /// Whether a person was told that nothing gets through; none: it is not known what was told before.
    told: Option<bool>,
    /// Whether a person was told that as much waits as may, and when; none: nobody has looked yet.
    told_full: Option<(bool, MonoMs)>,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

/// What to do after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There may be more.
    Again,
    /// Nothing before this time, unless something new comes.
    Idle { until: Option<UtcMs> },
    /// Nothing for so long, whatever comes.
    Rest { ms: i64 },
}

impl Courier {
    #[must_use]
    pub const fn new(sink: Arc<dyn Sink>, naming: Arc<Naming>, draw: fn() -> u64, now: Now) -> Self {
        let breaker = Mutex::new(Breaker::new(BREAKER));
        let pace = Pace::starting(now.mono);
        Self { sink, naming, breaker, pace, draw, told: None, told_full: None }
    }

    #[must_use]
    pub fn stands(&self) -> Stands {
        self.breaker().stands()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // What a panic left behind is a count of failures at worst.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one event whatever stands in its way: a person wants to see what the receiver says. It goes beside the
    /// others, moves nothing, and is only logged.
    pub async fn once(sink: &dyn Sink, naming: &Naming, due: &Due, by: &str) -> Delivery {
        let cloud = CloudEvent::of(&due.event, naming, true);
        let sent = sink.send(&due.event.id, &due.event.key, &due.event.kind, &cloud).await;
        Delivery { by_hand: Some(by.to_owned()), ..line(due, &sent, true) }
    }
}

/// An event to be sent, and what became of it. None: the receiver is left alone.
type Attempt = (Due, Option<Sent>);

/// One step for one consumer.
pub async fn deliver(
    storage: &(impl Deliveries + ?Sized),
    courier: &mut Courier,
    consumer: &Consumer,
    now: Now,
) -> Result<Step, FlowError> {
    tell_silence(storage, courier, consumer, now).await?;
    let stands = courier.stands();
    if let Some(ms) = rests(courier, now) {
        return Ok(Step::Rest { ms });
    }
    let per_s = rate(consumer);
    let allowed = courier.pace.allowed(per_s, now.mono).min(EVENTS_READ_MAX);
    // While nothing gets through, one event is enough to try with.
    let rows = if stands == Stands::Closed { allowed } else { allowed.min(1) };
    if rows == 0 {
        return Ok(Step::Rest { ms: courier.pace.wait_ms(per_s) });
    }
    let work = storage.work_of(consumer, rows, now.utc).await?;
    tell_full(storage, courier, consumer, room(work.waiting, rows), now).await?;
    let next_due = work.next_due;
    let (groups, mut done) = sorted(consumer, work, stands);
    let to_send: usize = groups.iter().map(Vec::len).sum();
    if to_send == 0 && done == Done::default() {
        return Ok(Step::Idle { until: next_due });
    }
    courier.pace.spend(u32::try_from(to_send).unwrap_or(u32::MAX));
    let (this, backfill) = (&*courier, consumer.backfill_until);
    let tried: Vec<Vec<Attempt>> = stream::iter(groups)
        .map(|group| send_group(this, group, backfill, now))
        .buffer_unordered(EVENTS_SENT_AT_ONCE_MAX)
        .collect()
        .await;
    let ended = tried
        .iter()
        .flatten()
        .filter_map(|(_, sent)| sent.as_ref().map(|sent| sent.ended))
        .max_by_key(|at| at.mono);
    let ended = ended.unwrap_or(now);
    for group in tried {
        take_down(courier, consumer, group, &mut done, ended);
    }
    let delivered = done.delivered;
    storage.note_deliveries(consumer, done, ended.utc).await?;
    // Who worked here before a restart may have told that nothing gets through.
    if delivered && courier.told.is_none() {
        storage.note_silence(consumer, None, ended.utc).await?;
        courier.told = Some(false);
    }
    Ok(Step::Again)
}

/// So long nothing is sent. A trial that is allowed is asked for when it is made.
fn rests(courier: &Courier, now: Now) -> Option<i64> {
    // Asked of a copy: the pass belongs to whoever sends.
    match courier.breaker().clone().ask(now.mono) {
        Permit::Go(_) => None,
        Permit::Rest { ms } => Some(ms),
    }
}

fn rate(consumer: &Consumer) -> u32 {
    let catching_up = consumer.position < consumer.backfill_until;
    let backfill = consumer.backfill_rate_per_s.filter(|_| catching_up);
    let rates = consumer.terms.rate_per_s.into_iter().chain(backfill);
    rates.min().unwrap_or(EVENTS_PER_SECOND_MAX)
}

/// By key, in order: what is to be sent. What waits behind another is written down at once.
fn sorted(consumer: &Consumer, work: Work, stands: Stands) -> (Vec<Vec<Due>>, Done) {
    let mut groups: BTreeMap<String, Vec<Due>> = BTreeMap::new();
    let mut done = Done { position: work.next.last().map(|event| event.sequence), ..Done::default() };
    for event in work.next {
        if !consumer.terms.filter.passes(&event.kind, &event.key) {
            continue;
        }
        if work.keys_waiting.contains(&event.key) {
            done.waits.push(behind(new(event)));
        } else {
            let due = new(event);
            groups.entry(due.event.key.clone()).or_default().push(due);
        }
    }
    // A trial is made with what never failed, if there is any: what fails may fail by its own fault.
    if stands == Stands::Closed || groups.is_empty() {
        for due in work.again {
            groups.entry(due.event.key.clone()).or_default().push(due);
        }
    }
    (groups.into_values().collect(), done)
}

const fn new(event: OutboxEvent) -> Due {
    Due { event, waited: false, tries: 0, refusals: 0, first_at: None }
}

fn behind(due: Due) -> Waits {
    let Due { event, waited: _, tries, refusals, first_at } = due;
    Waits {
        sequence: event.sequence,
        key: event.key,
        tries,
        refusals,
        first_at,
        stays: Stays::Behind,
        why: None,
    }
}

/// Of one key, one after the other, until one does not get through.
async fn send_group(courier: &Courier, group: Vec<Due>, backfill_until: u64, now: Now) -> Vec<Attempt> {
    let mut tried = Vec::with_capacity(group.len());
    let mut stopped = false;
    let mut at = now;
    for due in group {
        let permit = (!stopped).then(|| courier.breaker().ask(at.mono));
        let Some(Permit::Go(pass)) = permit else {
            stopped = true;
            tried.push((due, None));
            continue;
        };
        let event = &due.event;
        let cloud = CloudEvent::of(event, &courier.naming, event.sequence <= backfill_until);
        let sent = courier.sink.send(&event.id, &event.key, &event.kind, &cloud).await;
        at = sent.ended;
        note(&mut courier.breaker(), pass, &due, &sent);
        stopped = sent.end != SendEnd::Taken;
        tried.push((due, Some(sent)));
    }
    tried
}

/// Who answers that it does not want an event is there: only silence and trouble count against it. The trouble of one
/// event counts once, as it would keep back all others when it alone is what fails.
fn note(breaker: &mut Breaker, pass: Pass, due: &Due, sent: &Sent) {
    let end = match sent.end {
        SendEnd::Taken | SendEnd::Refused { .. } | SendEnd::Gone { .. } => CallEnd::Went,
        SendEnd::Failed { .. } => CallEnd::Failed,
    };
    if end == CallEnd::Went || due.tries == 0 || breaker.stands() != Stands::Closed {
        breaker.note(pass, end, sent.ended.mono);
    }
}

fn take_down(courier: &Courier, consumer: &Consumer, group: Vec<Attempt>, done: &mut Done, now: Now) {
    let mut first_left = true;
    for (due, sent) in group {
        let Some(sent) = sent else {
            // Not tried. The first of a key is due when the receiver is asked again, the others stand behind it.
            let stays = if first_left { Stays::Until(now.utc.plus(BREAKER.rest_ms)) } else { Stays::Behind };
            first_left = false;
            done.waits.push(Waits { stays, ..behind(due) });
            continue;
        };
        let backfill = due.event.sequence <= consumer.backfill_until;
        if sent.end != SendEnd::Taken || courier.sink.logs_what_went() {
            done.log.push(line(&due, &sent, backfill));
        }
        match &sent.end {
            SendEnd::Taken => {
                done.delivered = true;
                if due.waited {
                    done.gone.push((due.event.sequence, due.event.key));
                }
            }
            SendEnd::Gone { why } => {
                first_left = false;
                done.ended = Some(why.clone());
                done.waits.push(Waits { stays: Stays::Until(sent.ended.utc), ..behind(due) });
            }
            SendEnd::Refused { why } => {
                first_left = false;
                done.waits.push(failed(courier, consumer, due, (why, None, 1), sent.ended.utc));
            }
            SendEnd::Failed { why, asked_ms } => {
                first_left = false;
                done.waits.push(failed(courier, consumer, due, (why, *asked_ms, 0), sent.ended.utc));
            }
        }
    }
}

/// It did not get through: when it is tried again, or that a person must look at it.
fn failed(
    courier: &Courier,
    consumer: &Consumer,
    due: Due,
    (why, asked_ms, refusal): (&str, Option<i64>, u32),
    now: UtcMs,
) -> Waits {
    let terms = consumer.terms.retry;
    let (tries, refusals) = (due.tries.saturating_add(1), due.refusals.saturating_add(refusal));
    let first_at = due.first_at.unwrap_or(now);
    let tried = Tried { first_at, times: tries, asked_ms };
    let stays = match terms.backoff().again(&tried, now, (courier.draw)()) {
        Again::At(at) if refusals < terms.refusals_max => Stays::Until(at),
        Again::At(_) | Again::Never => Stays::Parked(now),
    };
    let (sequence, key) = (due.event.sequence, due.event.key);
    Waits { sequence, key, tries, refusals, first_at: Some(first_at), stays, why: Some(why.to_owned()) }
}

fn line(due: &Due, sent: &Sent, backfill: bool) -> Delivery {
    let (outcome, why) = match &sent.end {
        SendEnd::Taken => (Outcome::Taken, None),
        SendEnd::Refused { why } => (Outcome::Refused, Some(why.clone())),
        SendEnd::Failed { why, .. } => (Outcome::Failed, Some(why.clone())),
        SendEnd::Gone { why } => (Outcome::Gone, Some(why.clone())),
    };
    let spoken = sent.spoken.clone();
    Delivery {
        delivery: 0,
        sequence: due.event.sequence,
        event: due.event.id.clone(),
        kind: due.event.kind.clone(),
        key: due.event.key.clone(),
        try_number: due.tries.saturating_add(1),
        outcome,
        at: sent.began.utc,
        took_ms: sent.ended.mono.since(sent.began.mono),
        status: spoken.status,
        why,
        asked: spoken.asked,
        answered: spoken.answered,
        backfill,
        by_hand: None,
    }
}

/// A person is told once when nothing has got through for long, and once when it does again.
async fn tell_silence(
    storage: &(impl Deliveries + ?Sized),
    courier: &mut Courier,
    consumer: &Consumer,
    now: Now,
) -> Result<(), FlowError> {
    let since = courier.breaker().open_since();
    let silent_ms = since.map_or(0, |since| now.mono.since(since));
    let long = silent_ms > told_after_ms(consumer.terms.criticality);
    if long != (courier.told == Some(true)) {
        let since = long.then(|| now.utc.plus(silent_ms.saturating_neg()));
        storage.note_silence(consumer, since, now.utc).await?;
        courier.told = Some(long);
    }
    Ok(())
}

/// A person is told when as much waits as may, and what is new is not even read; again after a while, with what waits by
/// then; and that it is over when there is ample room again.
async fn tell_full(
    storage: &(impl Deliveries + ?Sized),
    courier: &mut Courier,
    consumer: &Consumer,
    room: Room,
    now: Now,
) -> Result<(), FlowError> {
    let long_ago = |at: MonoMs| now.mono.since(at) >= TOLD_AGAIN_MS;
    let full = match (room, courier.told_full) {
        (Room::Full, Some((true, at))) if !long_ago(at) => return Ok(()),
        (Room::Full, _) => true,
        (Room::Ample, Some((false, _))) | (Room::Narrow, _) => return Ok(()),
        (Room::Ample, _) => false,
    };
    storage.note_full(consumer, full, now.utc).await?;
    courier.told_full = Some((full, now.mono));
    Ok(())
}
