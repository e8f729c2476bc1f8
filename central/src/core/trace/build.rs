//! From records to a tree.

use super::labels::{LookedUp, asked};
use super::record::{Call, Cause, OnRecord, PLACE};
use super::returned::behind;
use super::{Link, Place, Step, Trace, What, spans};
use crate::core::order::OrderEvent;
use crate::core::saga::fact::{CallId, SagaFact, Said};
use holdfast_shared::domain::fact::{Body, Fact};
use holdfast_shared::domain::task::TaskEvent;
use holdfast_shared::ids::{Actor, TaskId, TraceId};
use holdfast_shared::limits::TRACE_STEPS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::SpanId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The timeline's word for an offer.
const OFFERED: &str = "allocated";
const CENTRAL: &str = "central";

/// The one tree of an order.
#[must_use]
pub fn trace(known: &OnRecord) -> Trace {
    let mut build = Build::new(known);
    build.begin();
    build.requests();
    build.timeline();
    build.decisions();
    build.money();
    build.labels();
    build.exceptions();
    build.events();
    build.over()
}

/// An entry of the timeline, with the fact that it tells of.
struct Happened<'a> {
    event: &'a OrderEvent,
    fact: Option<&'a Fact>,
    span: SpanId,
    /// Of goods that came back: the entry that their return began with.
    began: Option<u64>,
}

struct Build<'a> {
    known: &'a OnRecord,
    intake: SpanId,
    happened: Vec<Happened<'a>>,
    /// Span and time of each entry.
    entries: BTreeMap<u64, (SpanId, UtcMs)>,
    /// What the steps of a task hang on.
    offers: BTreeMap<TaskId, SpanId>,
    steps: Vec<Step>,
}

impl<'a> Build<'a> {
    fn new(known: &'a OnRecord) -> Self {
        let intake = spans::intake(&known.order);
        let happened = paired(known, intake);
        let entry = |done: &Happened<'_>| (done.event.sequence, (done.span, done.event.at));
        let offer = |done: &Happened<'_>| {
            let task = done.event.task.clone().filter(|_| done.event.kind == OFFERED)?;
            Some((task, done.span))
        };
        Self {
            intake,
            entries: happened.iter().map(entry).collect(),
            offers: happened.iter().filter_map(offer).collect(),
            happened,
            known,
            steps: Vec::new(),
        }
    }

    fn step(&self, span: SpanId, what: What, name: &str, at: UtcMs) -> Step {
        Step {
            span,
            parent: Some(self.intake),
            depth: 0,
            what,
            name: name.to_owned(),
            place: Place::Central,
            actor: None,
            store: None,
            task: None,
            began_at: at,
            ended_at: Some(at),
            words: String::new(),
            link: None,
            clock_off: false,
        }
    }

    /// What something came of: the entry that was the newest then.
    fn cause(&self, cause: Cause) -> (SpanId, Option<UtcMs>) {
        let newest = cause.and_then(|cause| self.entries.range(..=cause).next_back());
        newest.map_or((self.intake, None), |(_, (span, at))| (*span, Some(*at)))
    }

    /// The caller, as far as it said who it is, and the order as it was taken in.
    fn begin(&mut self) {
        let known = self.known;
        let placed = known.calls.iter().find(|call| call.act == PLACE && call.trace == known.trace);
        let caller = placed.and_then(|call| self.caller(call));
        let first = self.happened.iter().find(|done| done.span == self.intake).map(|done| done.event);
        let words =
            first.map_or_else(|| String::from("known from a store alone"), |event| event.words.clone());
        let intake = Step {
            parent: caller,
            actor: first.map(|event| event.actor.clone()),
            words,
            ..self.step(self.intake, What::Intake, "placed", known.placed_at)
        };
        self.steps.push(intake);
    }

    /// The caller's span in this very trace, as a step that its owner tells of.
    fn caller(&mut self, call: &Call) -> Option<SpanId> {
        let upstream = call.upstream.as_ref().filter(|_| call.trace == self.known.trace)?;
        if self.steps.iter().all(|step| step.span != upstream.span) {
            let root = self.steps.iter().find(|step| step.parent.is_none()).map(|step| step.span);
            let state = upstream.state.as_ref().map(|state| format!("tracestate {}", state.as_str()));
            let name = if root.is_none() { "storefront" } else { "caller" };
            let caller = Step {
                parent: root,
                place: Place::Outside,
                words: state.unwrap_or_default(),
                ..self.step(upstream.span, What::Caller, name, call.at)
            };
            self.steps.push(caller);
        }
        Some(upstream.span)
    }

    /// The promise before it, and what was asked of it afterwards.
    fn requests(&mut self) {
        let known = self.known;
        // The intake itself stands for the request that placed it.
        let placing = known.calls.iter().position(|call| call.act == PLACE && call.trace == known.trace);
        let about =
            known.calls.iter().enumerate().filter(|(at, _)| Some(*at) != placing).map(|(_, call)| call);
        for call in known.promised.iter().chain(about) {
            let same = call.trace == known.trace;
            let parent = self.caller(call).or(Some(self.intake)).filter(|parent| *parent != call.span);
            let link = Link { trace_id: call.trace.clone(), span: call.span };
            let span = if same { call.span } else { spans::request(&known.order, call.span) };
            let request = Step {
                parent: parent.or(Some(self.intake)),
                actor: Some(call.actor.clone()),
                link: (!same).then_some(link),
                words: if same { String::new() } else { String::from("asked in a trace of its own") },
                ..self.step(span, What::Request, &call.act, call.at)
            };
            self.steps.push(request);
        }
    }

    fn timeline(&mut self) {
        let mut newest: BTreeMap<&TaskId, UtcMs> = BTreeMap::new();
        let mut steps = Vec::with_capacity(self.happened.len());
        for done in self.happened.iter().filter(|done| done.span != self.intake) {
            let Happened { event, fact, span, began } = done;
            let decided = self.decided_before(event.sequence);
            let is_decided = matches!(event.kind.as_str(), OFFERED | "held" | "backordered");
            let of_task = event.task.as_ref().and_then(|task| self.offers.get(task));
            let of_return = began.and_then(|began| self.entries.get(&began));
            let (parent, followed) = match (decided.filter(|_| is_decided), of_task, of_return) {
                (Some((span, at)), ..) => (span, Some(at)),
                // It lasts from when the store had the goods until central knew of it.
                (None, None, Some((began, _))) => (*began, fact.map(|fact| fact.at.wall)),
                (None, Some(offer), _) if offer != span => {
                    (*offer, event.task.as_ref().and_then(|task| newest.get(task).copied()))
                }
                (None, ..) => (self.intake, None),
            };
            if let Some(task) = &event.task {
                newest.insert(task, event.at);
            }
            let name = if event.kind == OFFERED { "offered" } else { event.kind.as_str() };
            let what = if fact.is_some() { What::Fact } else { What::Entry };
            steps.push(Step {
                parent: Some(parent),
                place: place_of(event, *fact),
                actor: Some(event.actor.clone()),
                store: event.store.clone(),
                task: event.task.clone(),
                began_at: followed.map_or(event.at, |at| at.min(event.at)),
                words: event.words.clone(),
                link: fact.and_then(|fact| other_trace(fact, &self.known.trace, *span)),
                clock_off: event.store_clock.is_some(),
                ..self.step(*span, what, name, event.at)
            });
        }
        self.steps.append(&mut steps);
    }

    /// The newest decision that was made before this entry was written.
    fn decided_before(&self, sequence: u64) -> Option<(SpanId, UtcMs)> {
        let before = |cause: Cause| cause.is_none_or(|cause| cause < sequence);
        let decided = self.known.decisions.iter().rfind(|decided| before(decided.cause))?;
        Some((spans::decision(&decided.decision), decided.at))
    }

    fn decisions(&mut self) {
        for decided in &self.known.decisions {
            let (parent, at) = self.cause(decided.cause);
            let step = Step {
                parent: Some(parent),
                began_at: at.unwrap_or(self.known.placed_at).min(decided.at),
                words: decided.words.clone(),
                ..self.step(spans::decision(&decided.decision), What::Decision, "decision", decided.at)
            };
            self.steps.push(step);
        }
    }

    /// Each question to the provider, from when it was first asked until it was known what came of it.
    fn money(&mut self) {
        let mut questions: BTreeMap<CallId, Vec<&(SagaFact, Cause)>> = BTreeMap::new();
        for said in &self.known.money {
            questions.entry(said.0.id).or_default().push(said);
        }
        let provider = self.known.provider.as_ref().and_then(|name| Actor::new(name.as_str()).ok());
        for (id, said) in questions {
            let Some((first, cause)) = said.first() else { continue };
            let is_asked = |said: &Said| matches!(said, Said::Asked { .. });
            let answered = said.iter().rfind(|(fact, _)| !is_asked(&fact.said)).map(|(fact, _)| fact);
            let tries = said.iter().filter(|(fact, _)| is_asked(&fact.said)).count();
            let words = answered.map_or("asked", |fact| fact.said.kind()).replace('_', " ");
            let step = Step {
                parent: Some(self.cause(*cause).0),
                place: Place::Provider,
                actor: provider.clone(),
                ended_at: answered.map(|fact| fact.at),
                words: if tries > 1 { format!("{words}, asked {tries} times") } else { words },
                ..self.step(spans::question(&self.known.order, id), What::Payment, id.call.as_str(), first.at)
            };
            self.steps.push(step);
        }
    }

    /// Each question to a carrier, below the offer of the work that it is for.
    fn labels(&mut self) {
        for asked in asked(self.known) {
            let at_carrier = |step: Step| Step {
                place: Place::Carrier,
                actor: Actor::new(asked.carrier.as_str()).ok(),
                task: Some(asked.task.clone()),
                ..step
            };
            let question = Step {
                parent: self.offers.get(asked.task).copied().or(Some(self.intake)),
                ended_at: asked.ended_at,
                words: asked.words,
                ..self.step(asked.span, What::Label, asked.name, asked.began_at)
            };
            let mut steps = vec![at_carrier(question)];
            for LookedUp { span, at, words } in asked.looked_up {
                let found = self.step(span, What::Label, "look_up", at);
                steps.push(at_carrier(Step { parent: Some(asked.span), words, ..found }));
            }
            self.steps.append(&mut steps);
        }
    }

    fn exceptions(&mut self) {
        for raised in &self.known.exceptions {
            let step = Step {
                parent: Some(self.cause(raised.cause).0),
                store: raised.store.clone(),
                task: raised.task.clone(),
                ended_at: raised.resolved_at,
                words: format!("{} {}", raised.exception, raised.category.replace('_', " ")),
                ..self.step(
                    spans::exception(&raised.exception),
                    What::Exception,
                    "exception",
                    raised.raised_at,
                )
            };
            self.steps.push(step);
        }
    }

    fn events(&mut self) {
        for told in &self.known.events {
            let step = Step {
                parent: Some(self.cause(told.cause).0),
                ended_at: told.published_at.map(|at| at.max(told.at)),
                words: told.id.clone(),
                ..self.step(spans::event(&told.id), What::Event, &told.kind, told.at)
            };
            self.steps.push(step);
        }
    }

    /// Each below what it hangs on; what hangs on something that is no longer kept hangs on the intake.
    fn over(self) -> Trace {
        let there: BTreeSet<SpanId> = self.steps.iter().map(|step| step.span).collect();
        let mut below: BTreeMap<Option<SpanId>, Vec<Step>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for mut step in self.steps {
            // One record has one step, however often it is told.
            if !seen.insert(step.span) {
                continue;
            }
            if step.parent.is_some_and(|parent| !there.contains(&parent) || parent == step.span) {
                step.parent = Some(self.intake);
            }
            below.entry(step.parent).or_default().push(step);
        }
        for siblings in below.values_mut() {
            siblings.sort_by_key(|step| std::cmp::Reverse(step.began_at));
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut open: Vec<(u32, Step)> =
            below.remove(&None).unwrap_or_default().into_iter().map(|step| (0, step)).collect();
        while let Some((depth, step)) = open.pop() {
            let children = below.remove(&Some(step.span)).unwrap_or_default();
            open.extend(children.into_iter().map(|child| (depth.saturating_add(1), child)));
            steps.push(Step { depth, ..step });
        }
        let truncated = steps.len() > TRACE_STEPS_MAX;
        steps.truncate(TRACE_STEPS_MAX);
        let (order, trace) = (self.known.order.clone(), self.known.trace.clone());
        Trace { order, trace, intake: self.intake, steps, truncated }
    }
}

/// Finds for each entry of the timeline the fact that it tells of: the oldest of its kind and task that none before
/// it told of.
fn paired<'k>(known: &'k OnRecord, intake: SpanId) -> Vec<Happened<'k>> {
    let mut facts: Vec<&Fact> = known.facts.iter().collect();
    facts.sort_by_key(|fact| fact.at);
    let mut waiting: BTreeMap<(&TaskId, &str), VecDeque<&Fact>> = BTreeMap::new();
    for fact in facts {
        let Body::Task(said) = &fact.body else { continue };
        let kind = if matches!(said.event, TaskEvent::Offered(_)) { OFFERED } else { said.event.kind() };
        waiting.entry((&said.task, kind)).or_default().push_back(fact);
    }
    let (mut is_placed, returned) = (false, behind(known));
    let pair = |event: &'k OrderEvent| {
        let told =
            event.task.as_ref().and_then(|task| waiting.get_mut(&(task, event.kind.as_str()))?.pop_front());
        let back = returned.get(&event.sequence);
        let told = told.or_else(|| back.and_then(|back| back.fact));
        let first = event.kind == "placed" && !std::mem::replace(&mut is_placed, true);
        let span = match told {
            Some(fact) => SpanId::of_fact(&fact.id),
            None if first => intake,
            None => spans::entry(&known.order, event.sequence),
        };
        Happened { event, fact: told, span, began: back.and_then(|back| back.began) }
    };
    known.timeline.iter().map(pair).collect()
}

fn place_of(event: &OrderEvent, fact: Option<&Fact>) -> Place {
    let by_central = match fact {
        Some(fact) => fact.id.device() == CENTRAL,
        None => event.actor.as_str() == CENTRAL,
    };
    if by_central || event.store.is_none() { Place::Central } else { Place::Store }
}

/// A device that sent a trace of its own, at a store whose agent did not put the order's in its place.
fn other_trace(fact: &Fact, of_order: &TraceId, span: SpanId) -> Option<Link> {
    let trace = fact.trace.as_ref().filter(|trace| *trace != of_order)?;
    Some(Link { trace_id: trace.clone(), span })
}
