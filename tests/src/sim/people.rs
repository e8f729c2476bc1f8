//! Customers and storefronts, and those who decide on old news.

use super::dice::Dice;
use super::fate::Fate;
use super::head_office::{ACCEPT_WITHIN_MS, HeadOffice};
use super::shop::Shop;
use anyhow::{Result, bail, ensure};
use holdfast_central::core::fleet::Place;
use holdfast_central::core::order::{Consent, OrderLineRequest, OrderRequest};
use holdfast_central::core::order_terms::{Payment, Priority};
use holdfast_central::core::personal::{Customer, Personal};
use holdfast_central::core::routing::decision::{Choice, Decision, Demand, Plan};
use holdfast_central::flows::FlowError;
use holdfast_central::flows::answer_substitution::{Reply, answer_substitution};
use holdfast_central::flows::cancel::cancel_order;
use holdfast_central::flows::place_order::{PlaceOrder, place_order};
use holdfast_central::ports::orders::Placed;
use holdfast_central::ports::work::{AssignOutcome, Assignment, RecallOutcome, TaskRow, Work};
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::task::{FulfilmentKind, ReleasePoint};
use holdfast_shared::ids::{Actor, IdempotencyKey, OrderId, Sku, TenantId, TraceId};
use holdfast_shared::money::Money;
use holdfast_shared::time::{Now, UtcMs};

/// What a customer says beside what is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// Whether other goods may come in place of those that cannot be had.
    pub consent: Option<Consent>,
    /// Rather one parcel later than several soon.
    pub one_parcel: bool,
    /// How it is paid for, where it is through central.
    pub payment: Option<Payment>,
    /// Who gets it, where labels are made.
    pub customer: Option<Personal<Customer>>,
}

/// # Errors
/// When a number makes no id.
pub fn order(
    tenant: &TenantId,
    n: u64,
    (skus, shops): (&[Sku], &[Shop]),
    dice: &Dice,
    wants: Wants,
) -> Result<PlaceOrder> {
    let kind = match dice.between(0, 10) {
        0..7 => FulfilmentKind::Ship,
        7 => FulfilmentKind::Delivery,
        _ => FulfilmentKind::Pickup,
    };
    let first = dice.index(skus.len());
    let lines = (0..1 + dice.index(3)).map(|k| (first + k) % skus.len());
    let lines = lines.filter_map(|n| Some((n, skus.get(n)?)));
    let pickup = dice.pick(shops).filter(|_| kind == FulfilmentKind::Pickup);
    let latitude = 53.0 + f64::from(u32::try_from(dice.between(0, 100))?) / 100.0;
    Ok(PlaceOrder {
        tenant: tenant.clone(),
        order: OrderId::new(format!("o{n}"))?,
        request: OrderRequest {
            pickup_store: pickup.map(|shop| shop.identity.store.clone()),
            substitution: wants.consent,
            consolidate: wants.one_parcel,
            payment: wants.payment,
            customer: wants.customer,
            ..OrderRequest::of(
                "web",
                kind,
                Place { latitude, longitude: -1.5 },
                lines.map(|line| priced(line, dice)).collect::<Result<_>>()?,
            )
        },
        key: IdempotencyKey::new(format!("key-{n}"))?,
        actor: Actor::new("storefront")?,
        trace: TraceId::new(format!("{:032x}", u128::from(n) + 1))?,
        upstream: None,
        duplicate_within_ms: 0,
        priority: Priority::Standard,
    })
}

/// Each SKU has its price, so that none is taken for another.
fn priced((n, sku): (usize, &Sku), dice: &Dice) -> Result<OrderLineRequest> {
    let unit_price = Money { minor: 100 + i64::try_from(n)? * 7, currency: "EUR".parse()? };
    let line = OrderLineRequest::of(sku.clone(), dice.between(1, 3));
    Ok(OrderLineRequest { unit_price: Some(unit_price), ..line })
}

/// A customer who was asked about other goods says something, maybe too late, maybe about nothing.
///
/// # Errors
/// When central fails.
pub async fn answer(
    office: &HeadOffice,
    wish: &PlaceOrder,
    dice: &Dice,
    fate: &Fate,
    now: Now,
) -> Result<()> {
    let Some(store) = office.store().filter(|_| !office.is_paused(fate.step())) else { return Ok(()) };
    let (accept, number) = (dice.happens(600), if dice.happens(900) { 1 } else { 2 });
    let PlaceOrder { tenant, order, actor, .. } = wish;
    let reply = Reply { tenant, order, number, accept, by: actor };
    match answer_substitution(store, reply, office.clock(now).utc).await {
        Err(FlowError::Refused { what, .. }) => fate.say(what),
        other => {
            let Some((told, replayed)) = office.excuse(other, fate)? else { return Ok(()) };
            fate.say(format_args!("{order}: {} is {}, replayed {replayed}", told.words, told.state.as_str()));
            fate.mark(if accept { "substitute_accepted" } else { "substitute_declined" });
        }
    }
    Ok(())
}

/// Whether this wish reached central before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    No,
    Answered,
    /// It was answered, and central lost it with its disk.
    Lost,
    /// It failed without an answer that can be believed.
    Unknown,
}

/// Whether central took it; nothing when it does not answer.
///
/// # Errors
/// When the same order comes out as two.
pub async fn place(
    office: &HeadOffice,
    wish: &PlaceOrder,
    before: Before,
    fate: &Fate,
    now: Now,
) -> Result<Option<bool>> {
    let Some(store) = office.store().filter(|_| !office.is_paused(fate.step())) else { return Ok(None) };
    let mut wish = wish.clone();
    let first = wish.order.clone();
    if before == Before::Answered {
        wish.order = OrderId::new(format!("{first}-again"))?;
    }
    let placed = place_order(store, wish, office.clock(now).utc).await;
    let placed = match placed {
        Err(FlowError::Refused { what, .. }) => bail!("ONCE: order {first} ({before:?}) was refused: {what}"),
        other => office.excuse(other, fate)?,
    };
    match (&placed, before) {
        (None, _) => {}
        (Some(Placed::New), Before::No | Before::Unknown | Before::Lost) => fate.mark("order_placed"),
        (Some(Placed::Replayed { order, .. }), Before::Answered | Before::Unknown | Before::Lost)
            if *order == first =>
        {
            fate.mark("order_retried");
        }
        _ => bail!("ONCE: order {first} asked for ({before:?}) came out as {placed:?}"),
    }
    fate.say(format_args!(
        "order {first}, {before:?}: {}",
        if placed.is_some() { "taken" } else { "no answer" }
    ));
    Ok(Some(placed.is_some()))
}

/// A customer changes their mind, maybe too late.
///
/// # Errors
/// When central fails.
pub async fn cancel(office: &HeadOffice, wish: &PlaceOrder, fate: &Fate, now: Now) -> Result<()> {
    let Some(store) = office.store().filter(|_| !office.is_paused(fate.step())) else { return Ok(()) };
    let (tenant, order, at) = (&wish.tenant, &wish.order, office.clock(now).utc);
    let asked = cancel_order(store, &office.pokes, tenant, order, "changed my mind", &wish.actor, at).await;
    match asked {
        Err(FlowError::Refused { what, .. }) => {
            fate.say(what);
            fate.mark("cancelled_too_late");
        }
        other => {
            let Some(done) = office.excuse(other, fate)? else { return Ok(()) };
            fate.say(format_args!("{order} is to be cancelled: {done:?}"));
            fate.mark(if done.asked_stores > 0 { "cancel_asked_a_store" } else { "cancelled_at_once" });
        }
    }
    Ok(())
}

/// A second central that decides on what it saw a while ago takes work back: the row decides, whose
/// fence is passed in as it stands now.
///
/// # Errors
/// When central fails.
pub async fn rival_recalls(
    office: &HeadOffice,
    seen: &TaskRow,
    fence: Option<Fence>,
    fate: &Fate,
    now: Now,
) -> Result<()> {
    let Some(store) = office.store() else { return Ok(()) };
    let task = &seen.state;
    let recalled =
        store.recall(&seen.tenant, &task.task, task.fence, "a rival decided so", office.clock(now)).await;
    let Some(outcome) = office.excuse(recalled, fate)? else { return Ok(()) };
    fate.say(format_args!("a rival recalls {}: {outcome:?}", task.task));
    if fence.is_some_and(|fence| fence != task.fence) {
        ensure!(
            outcome != RecallOutcome::Recalled,
            "LEGAL: {} was recalled by what was decided when it had fence {}, and it has another",
            task.task,
            task.fence
        );
        fate.mark("rival_was_given_anew");
    }
    fate.mark(match outcome {
        RecallOutcome::Recalled => "rival_recalled",
        RecallOutcome::ReleasedAlready => "rival_met_a_release",
        RecallOutcome::Moot => "rival_came_late",
    });
    Ok(())
}

/// A second central gives work to a store by stock that it only imagines: the position decides.
///
/// # Errors
/// When central fails.
pub async fn rival_assigns(
    office: &HeadOffice,
    shops: &[Shop],
    dice: &Dice,
    fate: &Fate,
    now: Now,
) -> Result<()> {
    let Some(store) = office.store() else { return Ok(()) };
    let now = office.clock(now);
    let demands = store.demands(20, UtcMs(i64::MAX), now.utc).await?;
    // What goes to a store is no store's of its choice.
    let free = |demand: &&Demand| demand.kind == FulfilmentKind::Ship && demand.feeds.is_none();
    let shipped: Vec<_> = demands.iter().filter(free).collect();
    let (Some(demand), Some(shop)) = (dice.pick(&shipped), dice.pick(shops)) else { return Ok(()) };
    let chosen = shop.identity.store.clone();
    let choice = Choice::Assign(Plan::single("rival", chosen.clone(), demand.lines.clone()));
    let decision = Decision {
        inputs: None,
        decision: office.decision_id(now),
        order: demand.order.clone(),
        at: now.utc,
        policy: String::from("rival"),
        hash: String::new(),
        demand: demand.lines.clone(),
        rungs: Vec::new(),
        choice,
        runner_up: None,
        gather: None,
        missed: None,
        words: String::from("a rival chose it by old stock"),
    };
    let assignment = Assignment {
        tenant: demand.tenant.clone(),
        order: demand.order.clone(),
        store: chosen,
        kind: demand.kind,
        release_point: ReleasePoint::Packed,
        lines: demand.lines.clone(),
        assignments: demand.assignments,
        accept_by: now.utc.plus(ACCEPT_WITHIN_MS),
        promise_by: None,
        note: None,
        decision,
        journey: None,
    };
    let assigned = store.assign(&assignment, now).await;
    let Some(outcome) = office.excuse(assigned, fate)? else { return Ok(()) };
    fate.say(format_args!("a rival gives {} to {}: {outcome:?}", demand.order, shop.name()));
    fate.mark(match outcome {
        AssignOutcome::Assigned { .. } => "rival_assigned",
        AssignOutcome::StockGone { .. } => "rival_met_no_stock",
        AssignOutcome::OrderMoved => "rival_met_a_moved_order",
    });
    Ok(())
}
