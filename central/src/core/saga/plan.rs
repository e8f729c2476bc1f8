//! What is to be done next about an order's money: one thing at most. It compares what the account has with what the order
//! is worth, so it is the same after a crash, after a late answer and after a cancel in the middle of a question.

use super::account::{Account, Authorization, CallRecord, CallState, Refusal};
use super::fact::{Call, CallId, Wish};
use super::refund::RefundAsked;
use super::steps::terms;
use super::worth::Worth;
use crate::core::outside::asking::{Open, Patience, Then, Unanswered, then};
use crate::core::outside::backoff::{Again, Tried};
use holdfast_shared::time::UtcMs;
use serde::{Deserialize, Serialize};

/// What a provider can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Several captures of one authorization; else the first releases the rest.
    pub several_captures: bool,
    /// Part of a capture may go back.
    pub partial_refund: bool,
    /// The token may be used again when an authorization nears its end.
    pub renewable: bool,
    /// How long an authorization lives when its answer does not say.
    pub authorization_ms: i64,
}

/// All that the plan goes by.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub account: &'a Account,
    pub worth: Worth,
    pub refunds: &'a [RefundAsked],
    pub can: Capabilities,
    /// Central was restored, and a store that may have worked on it has not told yet.
    pub held: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until something of the order changes.
    Rest,
    /// Nothing before then.
    Until(UtcMs),
    /// Write it down, then ask.
    Ask { id: CallId, wish: Wish },
    /// Find out what came of it.
    LookUp(CallId),
    /// The order cannot be paid, and nothing of it has left.
    Reject { code: String, words: String },
    /// Its money cannot be had, and goods have left or are at work.
    Owe { words: String },
    /// A person is told; it is looked up further, rarely.
    GiveUp { id: CallId, words: String },
    /// Its time is over.
    Lapse { run: u32 },
}

const HOUR_MS: i64 = 60 * 60 * 1_000;
/// The longest that nobody looks at an order whose money is not settled.
pub const LOOK_MS_MAX: i64 = HOUR_MS;
/// An authorization is renewed when so much of its life is left, or a quarter of what is usual there, or half of its own
/// where that is less: one that lives shortly is not renewed as soon as it is there.
const RENEW_MS: i64 = 12 * HOUR_MS;
/// Of one order in a row: nobody is asked for a third authorization without a person's word.
const CAPTURES_DECLINED_MAX: usize = 2;
/// Between looks at an order that waits for stores after a restore.
const HELD_MS: i64 = 10_000;

#[must_use]
pub fn next(view: &View<'_>, draw: u64, now: UtcMs) -> Next {
    if let Some(open) = view.account.open() {
        return of_open(open, draw, now);
    }
    if view.held {
        return Next::Until(now.plus(HELD_MS));
    }
    if let Some(lapsed) = view.account.authorizations.iter().find(|known| has_lapsed(known, now)) {
        return Next::Lapse { run: lapsed.run };
    }
    rejection(view)
        .or_else(|| owing(view))
        .or_else(|| capture(view, draw, now))
        .or_else(|| authorize(view, draw, now))
        .or_else(|| void(view, draw, now))
        .or_else(|| refund(view, draw, now))
        .unwrap_or_else(|| rest(view, now))
}

fn tried(record: &CallRecord, times: u32, asked_ms: Option<i64>) -> Tried {
    Tried { first_at: record.first_at, times, asked_ms }
}

fn of_open(record: &CallRecord, draw: u64, now: UtcMs) -> Next {
    let terms = terms(record.id.call.step());
    let stands = match record.state {
        CallState::Asked => Unanswered::Asked,
        CallState::Unknown { in_a_row } => Unanswered::Unknown { in_a_row },
        CallState::Busy { in_a_row, retry_after_ms } => Unanswered::Busy { in_a_row, retry_after_ms },
        CallState::Absent | CallState::Done { .. } | CallState::Declined { .. } | CallState::Soft { .. } => {
            return Next::Rest;
        }
    };
    let open = Open { stands, first_at: record.first_at, last_at: record.last_at, given_up: record.given_up };
    let patience =
        Patience { timeout_ms: terms.timeout_ms, backoff: terms.retries.backoff, look_ms_max: LOOK_MS_MAX };
    match then(&open, &patience, draw, now) {
        Then::Until(at) => Next::Until(at),
        Then::LookUp => Next::LookUp(record.id),
        Then::AskAgain => Next::Ask { id: record.id, wish: record.wish.clone() },
        Then::GiveUp => {
            let words = format!(
                "nobody knows what came of {} ({} tries): the provider does not say",
                record.id, record.attempts
            );
            Next::GiveUp { id: record.id, words }
        }
    }
}

/// Asks, unless the same failed a moment ago: then not before its wait is over.
fn ask(view: &View<'_>, call: Call, wish: Wish, draw: u64, now: UtcMs) -> Next {
    let id = view.account.run_for(call, &wish);
    let backoff = terms(call.step()).retries.backoff;
    let absent = view.account.call(id).filter(|record| record.state == CallState::Absent);
    let failures = u32::try_from(view.account.failures(call).count()).unwrap_or(u32::MAX);
    let before = match absent {
        // The first time there is nothing to wait for: it is known that it did not arrive.
        Some(record) if record.attempts > 1 => Some((tried(record, record.attempts, None), record.last_at)),
        Some(_) => None,
        None => {
            view.account.failures(call).next().map(|newest| (tried(newest, failures, None), newest.last_at))
        }
    };
    let wait = before.map(|(tried, last_at)| (backoff.again(&tried, last_at, draw), last_at));
    match wait {
        Some((Again::At(at), last_at)) if now < at && now >= last_at => Next::Until(at),
        Some((Again::Never, last_at)) if now.since(last_at) < LOOK_MS_MAX && now >= last_at => {
            Next::Until(last_at.plus(LOOK_MS_MAX))
        }
        Some(_) | None => Next::Ask { id, wish },
    }
}

fn refused(view: &View<'_>, call: Call) -> Option<Refusal> {
    view.account.refused(call, terms(call.step()).retries.failures_max)
}

fn rejection(view: &View<'_>) -> Option<Next> {
    let never_paid = view.account.authorizations.is_empty() && !view.account.rejected;
    if !never_paid || view.worth.live == 0 || view.worth.finished > 0 {
        return None;
    }
    refused(view, Call::Authorize).map(|refusal| Next::Reject { code: refusal.code, words: refusal.words })
}

/// What was taken and did not go back by itself.
fn taken(view: &View<'_>) -> i64 {
    view.account.sums().captured.saturating_sub(view.account.given_back())
}

/// No way is left to what is due, or to setting aside what the rest will cost.
fn owing(view: &View<'_>) -> Option<Next> {
    if view.account.owed.is_some() || view.account.rejected || view.account.authorizations.is_empty() {
        return None;
    }
    let due = view.worth.finished.saturating_sub(taken(view));
    let missing = view.worth.live.saturating_sub(taken(view)).saturating_sub(view.account.available());
    let told = |refusal: Refusal| Next::Owe { words: refusal.words };
    if missing > 0 && !view.can.renewable {
        let newest = refused(view, Call::Capture).map(told);
        let words =
            String::from("the authorization is over, and the provider sets no money aside a second time");
        return Some(newest.unwrap_or(Next::Owe { words }));
    }
    let by_authorizing = refused(view, Call::Authorize).filter(|_| missing > 0);
    // A capture that was declined is tried once more, on another authorization; one that only fails is not.
    let declined = view.account.captures_declined();
    let no_way = if declined == 0 { view.account.available() > 0 } else { declined >= CAPTURES_DECLINED_MAX };
    let by_capturing = refused(view, Call::Capture).filter(|_| due > 0 && no_way);
    by_authorizing.or(by_capturing).map(told)
}

fn capture(view: &View<'_>, draw: u64, now: UtcMs) -> Option<Next> {
    let due = view.worth.finished.saturating_sub(taken(view));
    if due <= 0 {
        return None;
    }
    let from = view.account.authorizations.iter().find(|known| known.available() > 0)?;
    let ends = nears_its_end(from, view.can, now);
    if !view.can.several_captures && !view.worth.settled && !ends {
        return None;
    }
    let amount = due.min(from.available());
    let last = !view.can.several_captures || (view.worth.settled && amount == due);
    let wish = Wish { amount, authorization: Some(from.run), refund: None, last };
    Some(ask(view, Call::Capture, wish, draw, now))
}

fn authorize(view: &View<'_>, draw: u64, now: UtcMs) -> Option<Next> {
    let wanted = view.worth.live.saturating_sub(taken(view));
    let lasting = |known: &&Authorization| !(view.can.renewable && nears_its_end(known, view.can, now));
    let covered: i64 = view
        .account
        .authorizations
        .iter()
        .filter(lasting)
        .map(Authorization::available)
        .fold(0, i64::saturating_add);
    let missing = wanted.saturating_sub(covered);
    let may = view.can.renewable || view.account.authorizations.is_empty();
    let is_over = view.account.rejected || view.account.owed.is_some();
    if missing <= 0 || !may || is_over || refused(view, Call::Authorize).is_some() {
        return None;
    }
    let wish = Wish { amount: missing, authorization: None, refund: None, last: false };
    Some(ask(view, Call::Authorize, wish, draw, now))
}

/// What is set aside and not needed any more.
fn void(view: &View<'_>, draw: u64, now: UtcMs) -> Option<Next> {
    let wanted = view.worth.live.saturating_sub(taken(view)).max(0);
    let all = view.account.available();
    let is_needless = |known: &&Authorization| {
        known.rest() > 0
            && !view.account.void_refused(known.run)
            && (known.spent || wanted == 0 || all.saturating_sub(known.available()) >= wanted)
    };
    let needless = view.account.authorizations.iter().find(is_needless)?;
    if refused(view, Call::Void).is_some() {
        return None;
    }
    let wish = Wish { amount: needless.rest(), authorization: Some(needless.run), refund: None, last: false };
    Some(ask(view, Call::Void, wish, draw, now))
}

fn refund(view: &View<'_>, draw: u64, now: UtcMs) -> Option<Next> {
    let excess = taken(view).saturating_sub(view.worth.finished);
    let from = |amount: i64| {
        let most = view.account.authorizations.iter().max_by_key(|known| known.refundable())?;
        (most.refundable() > 0 && amount > 0).then(|| (most.run, amount.min(most.refundable())))
    };
    if let Some((run, amount)) = from(excess) {
        if refused(view, Call::Refund).is_some() {
            return None;
        }
        let wish = Wish { amount, authorization: Some(run), refund: None, last: false };
        return Some(ask(view, Call::Refund, wish, draw, now));
    }
    for asked in view.refunds {
        let left = asked.amount.saturating_sub(view.account.refunded(asked.number));
        if let Some((run, amount)) = from(left).filter(|_| !view.account.refund_refused(asked.number)) {
            let wish = Wish { amount, authorization: Some(run), refund: Some(asked.number), last: false };
            return Some(ask(view, Call::Refund, wish, draw, now));
        }
    }
    None
}

/// When its answer did not say, the provider's usual time counts from the answer on.
fn lapses_at(known: &Authorization, can: Capabilities) -> UtcMs {
    known.lapses_at.unwrap_or_else(|| known.since.plus(can.authorization_ms))
}

fn has_lapsed(known: &Authorization, now: UtcMs) -> bool {
    // Without the provider's own word it is asked by capturing: it may live longer than usual.
    known.rest() > 0 && known.lapses_at.is_some_and(|at| at <= now)
}

fn margin_ms(known: &Authorization, can: Capabilities) -> i64 {
    let life_ms = lapses_at(known, can).since(known.since).max(0);
    RENEW_MS.min(can.authorization_ms / 4).min(life_ms / 2)
}

fn nears_its_end(known: &Authorization, can: Capabilities, now: UtcMs) -> bool {
    known.lapses_at.is_some_and(|at| at.since(now) <= margin_ms(known, can))
}

fn rest(view: &View<'_>, now: UtcMs) -> Next {
    let waits = view.account.available() > 0
        || view.worth.live.saturating_sub(taken(view)) > 0
        || view.refunds.iter().any(|asked| view.account.refunded(asked.number) < asked.amount);
    if !waits {
        return Next::Rest;
    }
    let turns = view.account.authorizations.iter().filter(|known| known.rest() > 0);
    let ends =
        turns.map(|known| lapses_at(known, view.can).plus(margin_ms(known, view.can).saturating_neg()));
    let soonest = ends.filter(|at| *at > now).min();
    let latest = now.plus(LOOK_MS_MAX);
    Next::Until(soonest.map_or(latest, |at| at.min(latest)))
}

#[cfg(test)]
mod tests;
