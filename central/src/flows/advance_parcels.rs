//! Brings parcels on by one step after the other: what a carrier is to be asked is written down, then asked, then what
//! came of it is written down. Whoever begins anew finds the last fact and goes on from there; a label that may have been
//! made is looked for by its key before it is asked for again.

use super::FlowError;
use super::advance_sagas::{Advanced, Clock};
use super::gateways::{CarrierGateways, Gateway};
use super::out_of_reach::{OutOfReach, tell_of};
use crate::core::keys::{Root, Scope, Step as KeyStep, Turn};
use crate::core::outside::backoff::apart;
use crate::core::outside::gate::Stopped;
use crate::core::parcel::address::{Address, BadAddress};
use crate::core::parcel::fact::{Ask, AskId, Said, Source, Wish};
use crate::core::parcel::fold::Parcel;
use crate::core::parcel::needs::{Needs, needs, units};
use crate::core::parcel::plan::{LOOK_MS_MAX, NO_ADDRESS, Next, View, next};
use crate::core::saga::steps::terms;
use crate::core::trace::spans;
use crate::ports::StoreError;
use crate::ports::carriers::{Answer, Carriers, Known, Question};
use crate::ports::fleet::Fleet;
use crate::ports::poke::Poke;
use crate::ports::shipments::{NewParcelFact, ParcelKey, Shipment, Shipments, Written};
use futures::StreamExt;
use futures::stream;
use holdfast_shared::guard::Guard;
use holdfast_shared::ids::{BadId, CarrierAccount, IdempotencyKey};
use holdfast_shared::limits::PARCEL_FACTS_MAX;
use holdfast_shared::time::UtcMs;
use holdfast_shared::trace::TraceParent;

/// Parcels that one run looks at.
const PARCELS_MAX: u32 = 200;
/// Steps of one parcel in one run: more than the longest way has, so that nothing goes round for ever.
const STEPS_MAX: u32 = 16;

type Account = Gateway<dyn Carriers>;

/// All parcels of one account at which it is time to look.
pub async fn advance_parcels<S: Shipments + Fleet + ?Sized>(
    store: &S,
    carriers: &CarrierGateways,
    name: &CarrierAccount,
    poke: &dyn Poke,
    clock: Clock<'_>,
) -> Result<Advanced, FlowError> {
    let Some(account) = carriers.of(name) else { return Ok(Advanced::default()) };
    let now = clock();
    let beyond = now.utc.plus(LOOK_MS_MAX.saturating_mul(100));
    let due = store.due_parcels(name, now.utc, beyond, PARCELS_MAX).await?;
    let looked_at = u32::try_from(due.len()).unwrap_or(u32::MAX);
    let at_once = usize::try_from(account.calls_max()).unwrap_or(1).max(1);
    let advanced =
        stream::iter(due).map(|key| async move { advance(store, account, &key, poke, clock).await });
    let all: Vec<Result<u32, FlowError>> = advanced.buffer_unordered(at_once).collect().await;
    let mut done = Advanced { looked_at, steps: 0, more: looked_at >= PARCELS_MAX };
    let mut failed = None;
    for outcome in all {
        match outcome {
            Ok(steps) => done.steps = done.steps.saturating_add(steps),
            // One parcel that cannot be written keeps no other waiting.
            Err(error) => failed = Some(error),
        }
    }
    let lies = OutOfReach { what: "carrier account", name: name.as_str(), waits: "parcels" };
    tell_of(store, account, lies, clock()).await?;
    failed.map_or(Ok(done), Err)
}

/// One parcel, as far as it goes now. How many facts were written.
async fn advance<S: Shipments + ?Sized>(
    store: &S,
    account: &Account,
    key: &ParcelKey,
    poke: &dyn Poke,
    clock: Clock<'_>,
) -> Result<u32, FlowError> {
    let mut steps: u32 = 0;
    while steps < STEPS_MAX {
        let Some(shipment) = store.shipment(key).await? else { return Ok(steps) };
        let now = clock().utc;
        let parcel = Parcel::fold(&shipment.facts);
        if shipment.facts.len() >= PARCEL_FACTS_MAX {
            store.rest_parcel(&shipment, None).await?;
            return Ok(steps);
        }
        let to = address(&shipment);
        let view = View {
            parcel: &parcel,
            needs: needs(&shipment.task, shipment.served),
            service: shipment.service.as_deref(),
            units: units(&shipment.task),
            addressed: to.is_ok(),
            held: shipment.held,
        };
        let on = On { store, account, shipment: &shipment, parcel: &parcel, clock };
        let draw = apart([key.tenant.as_str(), key.task.as_str()], parcel.sequence);
        let moved = match next(&view, draw, now) {
            Next::Rest => {
                store.rest_parcel(&shipment, None).await?;
                return Ok(steps);
            }
            Next::Until(at) => {
                store.rest_parcel(&shipment, Some(at)).await?;
                return Ok(steps);
            }
            Next::Ask { id, wish } => {
                let asked = on.ask(id, wish, to).await?;
                if asked.is_some() && view.needs == Needs::Label {
                    // Whoever stands before the parcel is shown its label at once.
                    poke.poke(&key.tenant, &shipment.task.store, "a label was seen to");
                }
                asked
            }
            Next::LookUp(id) => on.look_up(id).await?,
            Next::Unaddressed { id, wish } => on.refuse(id, wish, to.err()).await?,
            Next::GiveUp { id, words } => on.say(Some(id), Said::GivenUp { words }, Source::Central).await?,
            Next::Drop => on.say(None, Said::Dropped, Source::Central).await?,
            Next::Silent { words } => on.say(None, Said::Silent { words }, Source::Central).await?,
        };
        match moved {
            Some(facts) => steps = steps.saturating_add(facts),
            None => return Ok(steps),
        }
    }
    Ok(steps)
}

fn address(shipment: &Shipment) -> Result<Address, BadAddress> {
    let nobody = BadAddress::Name;
    shipment.contact.as_ref().map_or(Err(nobody), |contact| Address::of(&contact.customer))
}

/// The key of a question: the same at each try of it, whoever asks.
fn key_of(shipment: &Shipment, id: AskId, attempt: u32) -> Result<IdempotencyKey, BadId> {
    let step = match id.ask {
        Ask::Label => KeyStep::Label,
        Ask::VoidLabel => KeyStep::VoidLabel,
    };
    let of_try = id.run.saturating_mul(PARCELS_MAX).saturating_add(attempt);
    let nth = if Guard::LabelKey.stands() { id.run } else { of_try };
    let turn = Turn::OfParcel { parcel: shipment.number, nth };
    Root::of(&shipment.key.tenant, &shipment.root).derive(Scope { step, line: None, turn })
}

/// One parcel as it was read.
struct On<'a, S: ?Sized> {
    store: &'a S,
    account: &'a Account,
    shipment: &'a Shipment,
    parcel: &'a Parcel,
    clock: Clock<'a>,
}

impl<S: Shipments + ?Sized> On<'_, S> {
    fn question(
        &self,
        (id, attempt): (AskId, u32),
        wish: Wish,
        to: Option<Address>,
        at: UtcMs,
    ) -> Result<Question, FlowError> {
        let shipment = self.shipment;
        let of = wish.label.and_then(|run| self.parcel.labels().find(|made| made.run == run));
        Ok(Question {
            tenant: shipment.key.tenant.clone(),
            order: shipment.order.clone(),
            task: shipment.key.task.clone(),
            store: shipment.task.store.clone(),
            id,
            key: key_of(shipment, id, attempt).map_err(StoreError::from)?,
            label: of.map(|made| made.label.clone()),
            wish,
            to,
            at,
            parent: TraceParent {
                trace: shipment.trace.clone(),
                span: spans::label(&shipment.key.task, id),
                sampled: true,
            },
        })
    }

    fn attempt(&self, id: AskId) -> u32 {
        self.parcel.ask(id).map_or(1, |record| record.attempts.saturating_add(1))
    }

    /// Writes it down, asks, and writes down what came of it. None: it has to wait, or somebody else was first.
    async fn ask(
        &self,
        id: AskId,
        wish: Wish,
        to: Result<Address, BadAddress>,
    ) -> Result<Option<u32>, FlowError> {
        let now = (self.clock)();
        let pass = match self.account.enter(now.mono) {
            Ok(pass) => pass,
            Err(stopped) => return self.wait(stopped, now.utc).await,
        };
        let attempt = self.attempt(id);
        let question = self.question((id, attempt), wish.clone(), to.ok(), now.utc)?;
        let asked = Said::Asked { attempt, key: question.key.clone(), wish };
        if self.say(Some(id), asked, Source::Central).await?.is_none() {
            return Ok(None);
        }
        let answer = self.account.port().ask(&question).await;
        self.account.answered(pass, id.ask.as_str(), &answer, (self.clock)().mono);
        let after = self.parcel.sequence.saturating_add(1);
        let told = self.say_after(after, Some(id), answer.into(), Source::Answer).await?;
        Ok(told.map(|facts| facts.saturating_add(1)))
    }

    async fn look_up(&self, id: AskId) -> Result<Option<u32>, FlowError> {
        let Some(record) = self.parcel.ask(id) else { return Ok(None) };
        let now = (self.clock)();
        let pass = match self.account.enter(now.mono) {
            Ok(pass) => pass,
            Err(stopped) => return self.wait(stopped, now.utc).await,
        };
        let question = self.question((id, record.attempts), record.wish.clone(), None, now.utc)?;
        let known = if Guard::LabelLookedUp.stands() {
            self.account.port().look_up(&question).await
        } else {
            let (code, words) = (String::from("silence"), String::from("silence is taken for a no"));
            Known::Ended(Answer::Soft { code, words })
        };
        let said = match known {
            Known::Ended(answer) => {
                self.account.answered(pass, "look_up", &answer, (self.clock)().mono);
                match Said::from(answer) {
                    // The look-up was not taken in; the question itself is as unknown as before.
                    Said::Busy { words, .. } => Said::Unknown { words },
                    said => said,
                }
            }
            Known::Absent => {
                self.account.went(pass, "look_up", "absent", (self.clock)().mono);
                Said::Absent
            }
        };
        self.say(Some(id), said, Source::LookUp).await
    }

    /// Nobody is asked: it is refused here, in the words of what is missing.
    async fn refuse(&self, id: AskId, wish: Wish, why: Option<BadAddress>) -> Result<Option<u32>, FlowError> {
        let attempt = self.attempt(id);
        let key = key_of(self.shipment, id, attempt).map_err(StoreError::from)?;
        let asked = Said::Asked { attempt, key, wish };
        if self.say(Some(id), asked, Source::Central).await?.is_none() {
            return Ok(None);
        }
        let words = why.map_or_else(String::new, |why| why.to_string());
        let said = Said::Declined { code: NO_ADDRESS.to_owned(), words };
        let after = self.parcel.sequence.saturating_add(1);
        let told = self.say_after(after, Some(id), said, Source::Central).await?;
        Ok(told.map(|facts| facts.saturating_add(1)))
    }

    /// Nothing was asked: it is looked at again when there is room.
    async fn wait(&self, stopped: Stopped, now: UtcMs) -> Result<Option<u32>, FlowError> {
        metrics::counter!("holdfast_outside_stopped_total",
            "system" => self.shipment.carrier.to_string(), "why" => stopped.why())
        .increment(1);
        let at = now.plus(stopped.wait_ms().max(1));
        self.store.rest_parcel(self.shipment, Some(at)).await?;
        Ok(None)
    }

    async fn say(&self, id: Option<AskId>, said: Said, source: Source) -> Result<Option<u32>, FlowError> {
        self.say_after(self.parcel.sequence, id, said, source).await
    }

    /// One fact. None when somebody else wrote one first.
    async fn say_after(
        &self,
        after: u32,
        id: Option<AskId>,
        said: Said,
        source: Source,
    ) -> Result<Option<u32>, FlowError> {
        let now = (self.clock)().utc;
        // While it is asked, nobody else looks; if whoever asks is gone by then, it is looked up.
        let next_at = match (&said, id) {
            (Said::Asked { .. }, Some(id)) => now.plus(terms(id.ask.step()).timeout_ms),
            _ => now,
        };
        let key = self.shipment.key.clone();
        let fact = NewParcelFact { key, after, id, said, source, next_at };
        Ok(match self.store.write_parcel(&fact, now).await? {
            Written::Yes => Some(1),
            Written::Moved => None,
        })
    }
}
