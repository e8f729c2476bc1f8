//! Tells a collector of traces what is on record of orders: each step as the span that its record has.
//!
//! It reads behind the orders and never before them: an entry of a timeline is told when there is room for it, and
//! what an order waits for never waits for a collector. A step is told once its record is closed; after a restart some
//! are told again, under the same ids.

use super::tasks::{Ended, Trouble};
use crate::adapters::http::Shared;
use crate::core::trace::record::OnRecord;
use crate::core::trace::{Place, Step, What, trace};
use crate::flows::FlowError;
use crate::ports::StoreError;
use crate::ports::traces::Entry;
use holdfast_platform::service::Ticker;
use holdfast_platform::telemetry::{self, Span, SpanKind};
use holdfast_shared::ids::{OrderId, TenantId};
use holdfast_shared::limits::{
    TRACE_BACKLOG_MAX, TRACE_ENTRIES_READ_MAX, TRACE_ORDERS_REMEMBERED_MAX, TRACE_STEPS_MAX,
};
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::SpanId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(1);

type Whose = (TenantId, OrderId);

/// Which spans of which orders were told, of those that moved last.
#[derive(Debug, Default)]
struct Memory {
    told: BTreeMap<Whose, BTreeSet<SpanId>>,
    order: VecDeque<Whose>,
}

impl Memory {
    fn of(&mut self, whose: &Whose) -> &mut BTreeSet<SpanId> {
        if !self.told.contains_key(whose) {
            self.order.push_back(whose.clone());
            if self.order.len() > TRACE_ORDERS_REMEMBERED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.told.remove(&oldest);
            }
        }
        self.told.entry(whose.clone()).or_default()
    }
}

pub(super) async fn tell(app: Shared, stop: CancellationToken) -> Ended {
    let mut ticker = Ticker::new(EVERY, stop.clone());
    let mut trouble = Trouble::of("traces");
    let mut memory = Memory::default();
    while ticker.tick().await {
        measure();
        while telemetry::is_on() && telemetry::room() > TRACE_STEPS_MAX && !stop.is_cancelled() {
            let told = tell_some(&app, &mut memory).await.map_err(FlowError::from);
            if trouble.note(told) != Some(true) {
                break;
            }
        }
    }
    Ok(())
}

fn measure() {
    let told = telemetry::told();
    metrics::counter!("holdfast_trace_spans_total", "outcome" => "sent").absolute(told.sent);
    metrics::counter!("holdfast_trace_spans_total", "outcome" => "dropped").absolute(told.dropped);
}

/// Whether there may be more.
async fn tell_some(app: &Shared, memory: &mut Memory) -> Result<bool, StoreError> {
    let at = app.storage.told_up_to().await?;
    let behind = at.newest.saturating_sub(at.entry);
    if behind > u64::from(TRACE_BACKLOG_MAX) {
        // Nobody listened for long: what is on record can still be asked for.
        telemetry::count_dropped(behind);
        tracing::warn!(entries = behind, "steps of orders are passed over: no collector was told for long");
        app.storage.tell_up_to(at.newest).await?;
        return Ok(true);
    }
    let entries = app.storage.entries_after(at.entry, TRACE_ENTRIES_READ_MAX).await?;
    let Some(last) = entries.last().map(|entry| entry.entry) else { return Ok(false) };
    let more = u32::try_from(entries.len()).is_ok_and(|read| read == TRACE_ENTRIES_READ_MAX);
    let mut upto = None;
    let mut seen = BTreeSet::new();
    for Entry { entry, tenant, order } in entries {
        let whose = (tenant, order);
        if seen.insert(whose.clone())
            && let Some(known) = app.storage.on_record(&whose.0, &whose.1).await?
            && telemetry::tells_of(&known.trace)
        {
            if telemetry::room() < TRACE_STEPS_MAX {
                break;
            }
            for span in spans(&known, memory.of(&whose)) {
                telemetry::record(span);
            }
        }
        upto = Some(entry);
    }
    if let Some(upto) = upto {
        app.storage.tell_up_to(upto).await?;
    }
    Ok(more && upto == Some(last))
}

/// Those that were not told yet. A caller's own spans, and requests that were measured as they came, are told by
/// others under the same ids.
fn spans(known: &OnRecord, told: &mut BTreeSet<SpanId>) -> Vec<Span> {
    let tree = trace(known);
    let closed = tree.steps.into_iter().filter(|step| match step.what {
        What::Caller => false,
        What::Request => step.link.is_some(),
        What::Intake | What::Decision | What::Fact | What::Entry | What::Event => true,
        What::Payment | What::Label | What::Exception => step.ended_at.is_some(),
    });
    let unsaid: Vec<Step> = closed.filter(|step| told.insert(step.span)).collect();
    unsaid.into_iter().map(|step| span(known, step)).collect()
}

/// Names and numbers of the system. Whoever acted, and what people wrote, stays here.
fn span(known: &OnRecord, step: Step) -> Span {
    let mut attributes = vec![
        ("holdfast.tenant", known.tenant.to_string()),
        ("holdfast.order", known.order.to_string()),
        ("holdfast.place", step.place.as_str().to_owned()),
    ];
    attributes.extend(step.store.as_ref().map(|store| ("holdfast.store", store.to_string())));
    attributes.extend(step.task.as_ref().map(|task| ("holdfast.task", task.to_string())));
    let end = step.ended_at.unwrap_or(step.began_at);
    Span {
        trace: known.trace.clone(),
        span: step.span,
        parent: step.parent,
        link: step.link.map(|link| (link.trace_id, link.span)),
        kind: match (step.what, step.place) {
            (What::Event, _) => SpanKind::Producer,
            (_, Place::Provider | Place::Carrier) => SpanKind::Client,
            (_, Place::Outside | Place::Central | Place::Store) => SpanKind::Internal,
        },
        name: step.name,
        begin_ns: nanoseconds(step.began_at),
        end_ns: nanoseconds(end),
        attributes,
        failed: step.what == What::Exception,
    }
}

fn nanoseconds(at: UtcMs) -> u64 {
    u64::try_from(at.0).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::order::{OrderEvent, OrderState};
    use crate::core::saga::fact::{Call as Question, CallId, SagaFact, Said, Source, Wish};
    use crate::core::trace::record::{Call, PLACE, Raised};
    use holdfast_shared::ids::TraceId;
    use holdfast_shared::trace::Upstream;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const OTHER: &str = "0af7651916cd43dd8448eb211c80319c";

    fn call(act: &str, trace: &str, span: &str, parent: Option<&str>) -> Call {
        let upstream =
            parent.map(|span| Upstream { span: span.parse().unwrap(), sampled: true, state: None });
        let (trace, span) = (trace.parse().unwrap(), span.parse().unwrap());
        Call { act: act.to_owned(), at: UtcMs(5), actor: "key:web".parse().unwrap(), trace, span, upstream }
    }

    fn entry(sequence: u64, kind: &str) -> OrderEvent {
        OrderEvent {
            sequence,
            kind: kind.to_owned(),
            at: UtcMs(1_000),
            actor: "device:zq-ada".parse().unwrap(),
            store: Some("leeds".parse().unwrap()),
            task: None,
            words: "zq-words of a person".to_owned(),
            store_clock: None,
        }
    }

    fn asked(sequence: u32, said: Said) -> (SagaFact, Option<u64>) {
        let id = CallId { call: Question::Capture, run: 0 };
        (SagaFact { sequence, id, said, source: Source::Central, at: UtcMs(2_000) }, Some(1))
    }

    /// Placed by a storefront that said who it is; paid for, and looked after, by questions that are open.
    fn known() -> OnRecord {
        let wish = Wish { amount: 100, authorization: None, refund: None, last: false };
        let key = "acme:k/capture/-/n0".parse().unwrap();
        OnRecord {
            tenant: "acme".parse().unwrap(),
            order: "o1".parse().unwrap(),
            state: OrderState::Placed,
            trace: TRACE.parse().unwrap(),
            channel: "web".to_owned(),
            placed_at: UtcMs(1_000),
            calls: vec![
                call(PLACE, TRACE, "00f067aa0ba902b7", Some("aaaaaaaaaaaaaaaa")),
                call("change", TRACE, "dddddddddddddddd", None),
                call("cancel", OTHER, "bbbbbbbbbbbbbbbb", None),
            ],
            promised: Vec::new(),
            timeline: vec![entry(1, "placed"), entry(2, "held")],
            facts: Vec::new(),
            labels: Vec::new(),
            returned: Vec::new(),
            decisions: Vec::new(),
            events: Vec::new(),
            provider: None,
            money: vec![asked(1, Said::Asked { attempt: 1, key, wish })],
            exceptions: vec![Raised {
                exception: "x7".parse().unwrap(),
                category: "drift".to_owned(),
                store: None,
                task: None,
                raised_at: UtcMs(3_000),
                resolved_at: None,
                cause: None,
            }],
        }
    }

    fn names(spans: &[Span]) -> BTreeSet<&str> {
        spans.iter().map(|span| span.name.as_str()).collect()
    }

    #[test]
    fn a_step_is_told_once_and_one_that_is_open_when_it_is_closed() {
        let mut told = BTreeSet::new();
        let first = spans(&known(), &mut told);
        assert_eq!(names(&first), ["placed", "held", "cancel"].into(), "what is open is told later");
        assert_eq!(spans(&known(), &mut told), []);
        let mut closed = known();
        closed.exceptions[0].resolved_at = Some(UtcMs(9_000));
        let done = Said::Done { reference: "ch-1".to_owned(), amount: 100, lapses_at: None };
        closed.money.push(asked(2, done));
        let later = spans(&closed, &mut told);
        assert_eq!(names(&later), ["capture", "exception"].into());
        assert_eq!(spans(&closed, &mut told), []);
        let failed: BTreeSet<&str> =
            later.iter().filter(|span| span.failed).map(|span| span.name.as_str()).collect();
        assert_eq!(failed, ["exception"].into());
    }

    #[test]
    fn spans_of_callers_are_their_own_to_tell_and_requests_of_other_traces_are_linked() {
        let told = spans(&known(), &mut BTreeSet::new());
        let own: TraceId = TRACE.parse().unwrap();
        assert!(told.iter().all(|span| span.trace == own), "{told:#?}");
        assert!(!names(&told).contains("storefront") && !names(&told).contains("change"), "{told:#?}");
        let cancel = told.iter().find(|span| span.name == "cancel").unwrap();
        let (trace, span) = cancel.link.clone().unwrap();
        assert_eq!((trace.as_str(), span.to_string().as_str()), (OTHER, "bbbbbbbbbbbbbbbb"));
        let placed = told.iter().find(|span| span.name == "placed").unwrap();
        assert_eq!(placed.parent.map(|span| span.to_string()).as_deref(), Some("aaaaaaaaaaaaaaaa"));
    }

    #[test]
    fn no_word_of_a_person_leaves_with_a_span() {
        let told = format!("{:?}", spans(&known(), &mut BTreeSet::new()));
        assert!(told.contains("acme") && told.contains("leeds"), "{told}");
        assert!(!told.contains("zq-") && !told.contains("key:web"), "{told}");
    }

    #[test]
    fn of_orders_that_moved_long_ago_it_is_forgotten_what_was_told() {
        let mut memory = Memory::default();
        let whose = |n: usize| -> Whose { ("acme".parse().unwrap(), format!("o{n}").parse().unwrap()) };
        for n in 0..=TRACE_ORDERS_REMEMBERED_MAX {
            memory.of(&whose(n)).insert(SpanId::of_record("x"));
        }
        assert_eq!(
            (memory.told.len(), memory.order.len()),
            (TRACE_ORDERS_REMEMBERED_MAX, TRACE_ORDERS_REMEMBERED_MAX)
        );
        assert!(memory.of(&whose(1)).contains(&SpanId::of_record("x")), "one of the newer ones is known");
        assert!(memory.of(&whose(0)).is_empty(), "the oldest is told anew");
    }
}
