//! What a change takes: which units go, which tasks are recalled for it, which lines come on top, and what each
//! line's money is then.

use super::{
    CannotChange, ChangeRequest, FulfilmentKind, LineNo, LineUnits, ORDER_LINES_MAX, OrderLine,
    OrderLineRequest, OrderRequest, OrderState, Phase, Shipping, TaskId, TaskState, Tax, allot_added,
    stands_in_for,
};
use crate::core::shares::{Amounts, LineMoney};
use holdfast_shared::money::{Currency, Money};
use std::collections::{BTreeMap, BTreeSet};

/// An order as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub request: &'a OrderRequest,
    pub state: OrderState,
    pub lines: &'a [OrderLine],
    pub tasks: &'a [TaskState],
    pub cancelling: bool,
    pub request_lost: bool,
    /// Its goods come together at one store now.
    pub gathering: bool,
    /// It is the order by which goods travel between stores.
    pub travels: bool,
}

/// What is to be done, all of it in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Units of each line that are wanted no more.
    pub cancel: Vec<LineUnits>,
    /// Tasks that nobody has begun with; their units are routed anew, but for those that are cancelled.
    pub recall: Vec<TaskId>,
    pub add: Vec<(OrderLineRequest, Option<Amounts>)>,
    /// Lines whose money is another beside their price.
    pub amounts: Vec<(LineNo, Amounts)>,
    /// The order as it is asked for from now on; none when that is as before.
    pub request: Option<OrderRequest>,
}

pub fn plan(change: &ChangeRequest, standing: &Standing<'_>) -> Result<Plan, CannotChange> {
    may_change(standing)?;
    let mut plan = Plan::default();
    let mut request = standing.request.clone();
    let mut off = Vec::new();
    for wanted in &change.lines {
        let line = find(standing, wanted.line)?;
        let has = line.quantity.saturating_sub(line.cancelled);
        let more = wanted.quantity.saturating_sub(has);
        if more > 0 {
            plan.add.push(on_top(standing, line, more)?);
        } else if more < 0 {
            off.push(LineUnits { line: wanted.line, quantity: more.saturating_neg() });
        }
    }
    take_off(standing, &off, &mut plan)?;
    for (index, line) in change.add.iter().enumerate() {
        plan.add.push(added(standing, line, index)?);
    }
    request.lines.extend(plan.add.iter().map(|(line, _)| line.clone()));
    if request.lines.len() > ORDER_LINES_MAX {
        return Err(CannotChange::TooManyLines);
    }
    if change.moves_the_order() {
        move_order(change, standing, &mut request, &mut plan)?;
    }
    if let Some(shipping) = &change.shipping {
        nothing_begun(standing, "the shipping option")?;
        plan.amounts = shipped_so(standing, shipping, &plan.cancel)?;
        request.shipping = Some(shipping.clone());
    }
    if let Some(gift) = &change.gift {
        nothing_begun(standing, "the gift")?;
        request.gift = Some(gift.clone());
    }
    if change.customer.is_some() {
        nothing_begun(standing, "the customer's address")?;
    }
    plan.request = (request != *standing.request).then_some(request);
    Ok(plan)
}

/// A part of an order that is wanted no more.
pub fn plan_cancel(lines: &[LineUnits], standing: &Standing<'_>) -> Result<Plan, CannotChange> {
    may_change(standing)?;
    let mut plan = Plan::default();
    take_off(standing, lines, &mut plan)?;
    Ok(plan)
}

fn may_change(standing: &Standing<'_>) -> Result<(), CannotChange> {
    if standing.travels {
        return Err(CannotChange::Travels);
    }
    if standing.request_lost {
        return Err(CannotChange::RequestLost);
    }
    if standing.state.is_final() {
        return Err(CannotChange::Over(standing.state));
    }
    if standing.cancelling {
        return Err(CannotChange::Cancelling);
    }
    if standing.gathering { Err(CannotChange::Gathering) } else { Ok(()) }
}

fn find<'a>(standing: &Standing<'a>, line: LineNo) -> Result<&'a OrderLine, CannotChange> {
    standing.lines.iter().find(|known| known.line == line).ok_or(CannotChange::UnknownLine(line))
}

/// Whether it has the units, and nobody there has touched them or may send them away.
fn is_untouched(task: &TaskState) -> bool {
    let free = task.recall.is_none() && task.release.is_none() && task.let_go.is_none();
    free && matches!(task.phase, Phase::Offered | Phase::Accepted)
}

/// Whether a store works on the order, and has begun or may let the goods leave.
fn has_begun(task: &TaskState) -> bool {
    let moved_away = task.recall.as_ref().is_some_and(|recall| !recall.cancel);
    !moved_away && !task.phase.is_final() && !is_untouched(task)
}

/// What no store has goes first; then the youngest work that nobody has begun with.
fn take_off(standing: &Standing<'_>, off: &[LineUnits], plan: &mut Plan) -> Result<(), CannotChange> {
    let mut untouched: Vec<&TaskState> = standing.tasks.iter().filter(|task| is_untouched(task)).collect();
    untouched.sort_by_key(|task| std::cmp::Reverse(task.fence));
    let mut recalled: BTreeSet<&TaskId> = BTreeSet::new();
    for LineUnits { line, quantity } in off {
        let known = find(standing, *line)?;
        let units = |task: &&TaskState| task.line(*line).map_or(0, |part| part.quantity);
        let back = |recalled: &BTreeSet<&TaskId>| {
            let of_line = untouched.iter().filter(|task| recalled.contains(&task.task)).map(units);
            of_line.fold(known.open, i64::saturating_add)
        };
        for task in untouched.iter().filter(|task| units(task) > 0) {
            if back(&recalled) >= *quantity {
                break;
            }
            recalled.insert(&task.task);
        }
        let can = back(&recalled);
        if can < *quantity {
            let pickup = standing.request.kind == FulfilmentKind::Pickup && can == 0 && known.finished == 0;
            let begun = CannotChange::Begun { line: *line, wanted: *quantity, can };
            return Err(if pickup { CannotChange::PickupBound } else { begun });
        }
        plan.cancel.push(LineUnits { line: *line, quantity: *quantity });
    }
    plan.recall = recalled.into_iter().cloned().collect();
    Ok(())
}

/// More of a line: a line of its own, so that no share of the line's money changes. Its taxes are in
/// proportion, and discounts stay with the units that they were given for.
fn on_top(
    standing: &Standing<'_>,
    line: &OrderLine,
    more: i64,
) -> Result<(OrderLineRequest, Option<Amounts>), CannotChange> {
    let asked = standing.request.line(stands_in_for(line.line).unwrap_or(line.line));
    let taxes = asked.map(|asked| asked.taxes.as_slice()).unwrap_or_default();
    let scaled = taxes.iter().map(|tax| {
        let exact = i128::from(tax.amount.minor).saturating_mul(i128::from(more));
        let minor = i64::try_from(exact.div_euclid(i128::from(line.quantity.max(1))));
        let amount = Money { minor: minor.map_err(|_| CannotChange::TooLarge)?, ..tax.amount };
        Ok(Tax { amount, ..tax.clone() })
    });
    let request = OrderLineRequest {
        sku: line.sku.clone(),
        quantity: more,
        unit_price: line.unit_price,
        discounts: Vec::new(),
        taxes: scaled.collect::<Result<_, _>>()?,
        ..asked.cloned().unwrap_or_else(|| OrderLineRequest::of(line.sku.clone(), more))
    };
    let amounts = allot_added(&request, "lines").map_err(|_| CannotChange::TooLarge)?;
    Ok((request, amounts.and_then(Amounts::if_any)))
}

fn added(
    standing: &Standing<'_>,
    line: &OrderLineRequest,
    index: usize,
) -> Result<(OrderLineRequest, Option<Amounts>), CannotChange> {
    if standing.request.payment.is_some() && line.unit_price.is_none() {
        return Err(CannotChange::Unpriced(index));
    }
    if let (Some(price), Some(currency)) = (line.unit_price, currency_of(standing))
        && price.currency != currency
    {
        return Err(CannotChange::OtherCurrency("add.unit_price"));
    }
    let amounts = allot_added(line, "add").map_err(|_| CannotChange::TooLarge)?;
    Ok((line.clone(), amounts.and_then(Amounts::if_any)))
}

fn currency_of(standing: &Standing<'_>) -> Option<Currency> {
    standing.lines.iter().find_map(|line| line.unit_price).map(|price| price.currency)
}

/// What is about all of the order waits for nobody: work that nobody has begun with is routed anew.
fn move_order(
    change: &ChangeRequest,
    standing: &Standing<'_>,
    request: &mut OrderRequest,
    plan: &mut Plan,
) -> Result<(), CannotChange> {
    if change.pickup_store.is_some() && request.kind != FulfilmentKind::Pickup {
        return Err(CannotChange::NoPickup);
    }
    nothing_begun(standing, "where and when it goes")?;
    let given = standing.tasks.iter().filter(|task| is_untouched(task)).map(|task| task.task.clone());
    let all: BTreeSet<TaskId> = plan.recall.drain(..).chain(given).collect();
    plan.recall = all.into_iter().collect();
    request.destination = change.destination.unwrap_or(request.destination);
    request.promise_by = change.promise_by.or(request.promise_by);
    if let Some(store) = &change.pickup_store {
        request.pickup_store = Some(store.clone());
    }
    Ok(())
}

fn nothing_begun(standing: &Standing<'_>, what: &'static str) -> Result<(), CannotChange> {
    let left = standing.lines.iter().any(|line| line.finished > 0);
    let begun = standing.tasks.iter().filter(|task| has_begun(task));
    match begun.count() {
        0 if !left => Ok(()),
        _ if standing.request.kind == FulfilmentKind::Pickup && !left => Err(CannotChange::PickupBound),
        _ => Err(CannotChange::OrderBegun(what)),
    }
}

/// Another price of shipping, allotted to the units that are due after the change, in proportion to what they
/// cost. Each line's amount is chosen so that its due units have exactly their part.
fn shipped_so(
    standing: &Standing<'_>,
    shipping: &Shipping,
    cancel: &[LineUnits],
) -> Result<Vec<(LineNo, Amounts)>, CannotChange> {
    let price = shipping.price;
    if let (Some(price), Some(currency)) = (price, currency_of(standing))
        && price.currency != currency
    {
        return Err(CannotChange::OtherCurrency("shipping.price"));
    }
    let Some(money) = standing.lines.iter().map(OrderLine::money).collect::<Option<Vec<LineMoney>>>() else {
        return Ok(Vec::new());
    };
    let going: BTreeMap<LineNo, i64> = cancel.iter().map(|units| (units.line, units.quantity)).collect();
    let due = |line: &OrderLine| {
        let gone = going.get(&line.line).copied().unwrap_or(0);
        line.quantity.saturating_sub(line.cancelled).saturating_sub(gone).max(0)
    };
    let worth: Vec<i128> = (standing.lines.iter().zip(&money))
        .map(|(line, money)| i128::from(money.unit_price.max(0)).saturating_mul(i128::from(due(line))))
        .collect();
    let worthless = worth.iter().all(|worth| *worth == 0);
    let weights: Vec<i128> =
        if worthless { standing.lines.iter().map(|line| i128::from(due(line))).collect() } else { worth };
    let all: i128 = weights.iter().fold(0, |all, weight| all.saturating_add(*weight));
    let minor = i128::from(price.map_or(0, |price| price.minor));
    let until = |weight: i128| if all == 0 { 0 } else { minor.saturating_mul(weight).div_euclid(all) };
    let (mut before, mut told) = (0_i128, Vec::new());
    for ((line, money), weight) in standing.lines.iter().zip(&money).zip(weights) {
        let after = before.saturating_add(weight);
        let part = until(after).saturating_sub(until(before));
        before = after;
        // Rounded up over all units, so that rounding down over those that are due gives the part again.
        let (quantity, due) = (i128::from(line.quantity), i128::from(due(line)));
        let over_all = match due {
            0 => 0,
            due => part.saturating_mul(quantity).saturating_add(due.saturating_sub(1)).div_euclid(due),
        };
        let shipping = i64::try_from(over_all).map_err(|_| CannotChange::TooLarge)?;
        told.push((line.line, Amounts { shipping, ..money.amounts }));
    }
    Ok(told)
}
