//! The money of orders: its facts, and the sums, states and news that follow from each of them in the same transaction.

use super::counters::next as next_number;
use super::error::unreadable;
use super::order_rows::lines;
use super::row::{below, fetch, from_json, list, one, paged, parsed, run, to_json, word};
use super::saga_news::{refund_asked, tell};
use super::saga_wake::wake;
use super::sql::sql;
use super::timeline::fold_state;
use super::{Result, SqliteStore, window};
use crate::core::order::{OrderLine, OrderRequest};
use crate::core::saga::account::Account;
use crate::core::saga::fact::{Call, CallId, SagaFact};
use crate::core::saga::news::news;
use crate::core::saga::notice::{Notice, NoticeOutcome, Received};
use crate::core::saga::refund::{self, BadRefund, RefundAsked};
use crate::core::saga::standing::{Standing, is_covered};
use crate::core::saga::worth::Worth;
use crate::ports::orders::NewOrder;
use crate::ports::sagas::{NewRefund, NewSagaFact, RefundTaken, Saga, SagaKey, Sagas, Written};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{PaymentProvider, TenantId, TraceId};
use holdfast_shared::limits::{PAGE_ROWS_MAX, REFUNDS_MAX};
use holdfast_shared::money::{Currency, MoneyError};
use holdfast_shared::time::UtcMs;
use rusqlite::{Connection, Row, named_params};

/// The order's money begins with it; nothing where it is not paid for through here.
pub(super) fn begin(conn: &Connection, new: &NewOrder, lines: &[OrderLine]) -> Result<()> {
    let Some(payment) = &new.request.payment else { return Ok(()) };
    let Some(worth) = worth(lines)? else { return Ok(()) };
    let params = named_params! {
        ":tenant": new.tenant.as_str(),
        ":order": new.order.as_str(),
        ":provider": payment.provider.as_str(),
        ":root": new.key.as_str(),
        ":currency": worth.currency.to_string(),
        ":now": new.now.0,
    };
    run(conn, sql!(SAGAS.begin), params)?;
    Ok(())
}

fn worth(lines: &[OrderLine]) -> Result<Option<Worth>> {
    Worth::of(lines).map_err(too_large)
}

fn too_large(error: MoneyError) -> StoreError {
    StoreError { code: Code::Internal, what: error.to_string(), source: Some(Box::new(error)) }
}

fn call(row: &Row<'_>) -> rusqlite::Result<CallId> {
    Ok(CallId { call: word::<Call>(row, "call")?, run: row.get("run")? })
}

fn read_fact(row: &Row<'_>) -> rusqlite::Result<SagaFact> {
    Ok(SagaFact {
        sequence: row.get("sequence")?,
        id: call(row)?,
        said: from_json(row, "said")?,
        source: word(row, "source")?,
        at: UtcMs(row.get("at")?),
    })
}

fn read_refund(row: &Row<'_>) -> rusqlite::Result<RefundAsked> {
    Ok(RefundAsked {
        number: row.get("number")?,
        amount: row.get("amount")?,
        currency: parsed(row, "currency")?,
        lines: from_json(row, "lines")?,
        reason: row.get("reason")?,
        by: parsed(row, "actor")?,
        at: UtcMs(row.get("at")?),
    })
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<SagaKey> {
    Ok(SagaKey { tenant: parsed(row, "tenant")?, order: parsed(row, "order_id")? })
}

fn read_notice(row: &Row<'_>) -> rusqlite::Result<(i64, Received)> {
    let outcome: Option<String> = row.get("outcome")?;
    let received = Received {
        tenant: parsed(row, "tenant")?,
        provider: row.get("provider")?,
        notice: from_json(row, "notice")?,
        at: UtcMs(row.get("at")?),
        outcome: outcome.map(|_| word(row, "outcome")).transpose()?,
    };
    Ok((row.get("number")?, received))
}

pub(super) fn facts_of(conn: &Connection, key: &SagaKey) -> Result<Vec<SagaFact>> {
    list(conn, sql!(SAGAS.facts), [key.tenant.as_str(), key.order.as_str()], read_fact)
}

fn load(conn: &Connection, key: &SagaKey) -> Result<Option<Saga>> {
    let names = [key.tenant.as_str(), key.order.as_str()];
    let head = one(conn, sql!(SAGAS.head), names, |row| {
        let request: OrderRequest = from_json(row, "request")?;
        let currency: Currency = parsed(row, "currency")?;
        let trace: TraceId = parsed(row, "trace")?;
        Ok((parsed(row, "provider")?, parsed(row, "root")?, trace, currency, row.get("changes")?, request))
    })?;
    let Some((provider, root, trace, currency, changes, request)) = head else { return Ok(None) };
    let Some(payment) = request.payment else { return Ok(None) };
    Ok(Some(Saga {
        key: key.clone(),
        provider,
        token: payment.token,
        root,
        trace,
        currency,
        lines: lines(conn, &key.tenant, &key.order)?,
        facts: facts_of(conn, key)?,
        refunds: refund_rows(conn, key)?,
        changes,
        held: window::is_held(conn, &key.tenant, &key.order)?,
    }))
}

fn write(conn: &Connection, new: &NewSagaFact, now: UtcMs) -> Result<Written> {
    let Some(saga) = load(conn, &new.key)? else { return Ok(Written::Moved) };
    let before = Account::fold(&saga.facts);
    let Some(worth) = worth(&saga.lines)?.filter(|_| before.sequence == new.after) else {
        return Ok(Written::Moved);
    };
    let sequence = new.after.saturating_add(1);
    let (id, said, source) = (new.id, new.said.clone(), new.source);
    let fact = SagaFact { sequence, id, said, source, at: now };
    let mut facts = saga.facts;
    facts.push(fact.clone());
    let after = Account::fold(&facts);
    let SagaKey { tenant, order } = &new.key;
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":sequence": sequence,
        ":call": id.call.as_str(),
        ":run": id.run,
        ":source": source.as_str(),
        ":at": now.0,
        ":said": to_json(&fact.said)?,
    };
    run(conn, sql!(SAGAS.say), params)?;
    let sums = after.sums();
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":after": new.after,
        ":facts": sequence,
        ":authorized": sums.authorized,
        ":captured": sums.captured,
        ":voided": sums.voided,
        ":refunded": sums.refunded,
        ":standing": Standing::of(&after, worth).as_str(),
        ":covered": is_covered(&after, worth),
        ":next_at": new.next_at.0,
        ":now": now.0,
    };
    run(conn, sql!(SAGAS.stand), params)?;
    for told in news(&before, &after, worth) {
        tell(conn, &new.key, (&saga.provider, worth.currency), &told, now)?;
    }
    fold_state(conn, tenant, order, now)?;
    Ok(Written::Yes)
}

/// Not, when something of it changed since it was read.
fn rest(conn: &Connection, saga: &Saga, next_at: Option<UtcMs>, now: UtcMs) -> Result<Written> {
    let SagaKey { tenant, order } = &saga.key;
    let account = Account::fold(&saga.facts);
    let worth = worth(&saga.lines)?;
    let covered = worth.is_none_or(|worth| is_covered(&account, worth));
    let standing = worth.map_or(Standing::Authorized, |worth| Standing::of(&account, worth));
    let params = named_params! {
        ":tenant": tenant.as_str(),
        ":order": order.as_str(),
        ":after": account.sequence,
        ":changes": saga.changes,
        ":next_at": next_at.map(|at| at.0),
        ":now": now.0,
        ":covered": covered,
        ":standing": standing.as_str(),
    };
    if run(conn, sql!(SAGAS.rest), params)? == 0 {
        return Ok(Written::Moved);
    }
    fold_state(conn, tenant, order, now)?;
    Ok(Written::Yes)
}

pub(super) fn ask_refund(conn: &Connection, new: &NewRefund, now: UtcMs) -> Result<RefundTaken> {
    let SagaKey { tenant, order } = &new.key;
    let key = [tenant.as_str(), new.idempotency.as_str()];
    let known = one(conn, sql!(SAGAS.refund_by_key), key, |row| {
        Ok((
            row.get::<_, String>("order_id")?,
            row.get::<_, [u8; 32]>("request_hash")?,
            row.get::<_, u32>("number")?,
        ))
    })?;
    let Some(saga) = load(conn, &new.key)? else {
        let exists =
            one(conn, sql!(ORDERS.state_of), [tenant.as_str(), order.as_str()], |_| Ok(()))?.is_some();
        let refused = RefundTaken::Refused(BadRefund::NotPaid);
        return Ok(if exists { refused } else { RefundTaken::UnknownOrder });
    };
    if let Some((of, hash, number)) = known {
        let same = of == order.as_str() && hash == new.request_hash;
        let found = saga.refunds.into_iter().find(|refund| refund.number == number).filter(|_| same);
        return Ok(found.map_or(RefundTaken::KeyReused, RefundTaken::Replayed));
    }
    if saga.refunds.len() >= REFUNDS_MAX {
        return Ok(RefundTaken::Refused(BadRefund::TooMany));
    }
    let account = Account::fold(&saga.facts);
    // What has left is about to be taken, if it is not yet.
    let finished = worth(&saga.lines)?.map_or(0, |worth| worth.finished);
    let taken = account.sums().captured.saturating_sub(account.given_back()).max(finished);
    if account.authorizations.is_empty() || taken == 0 {
        return Ok(RefundTaken::Refused(BadRefund::NotPaid));
    }
    let amount = match refund::amount(&new.request, &saga.lines, &saga.refunds, (taken, saga.currency)) {
        Ok(amount) => amount,
        Err(bad) => return Ok(RefundTaken::Refused(bad)),
    };
    let number = saga.refunds.last().map_or(1, |last| last.number.saturating_add(1));
    let asked = RefundAsked {
        number,
        amount,
        currency: saga.currency,
        lines: new.request.lines.clone(),
        reason: new.request.reason.trim().to_owned(),
        by: new.by.clone(),
        at: now,
    };
    keep_refund(conn, new, &asked)?;
    refund_asked(conn, &new.key, &asked)?;
    wake(conn, tenant, order, now)?;
    Ok(RefundTaken::New(asked))
}

pub(super) fn refund_rows(conn: &Connection, key: &SagaKey) -> Result<Vec<RefundAsked>> {
    list(conn, sql!(SAGAS.refunds), [key.tenant.as_str(), key.order.as_str()], read_refund)
}

/// Each refund with what of it went back; none where the order is not paid for through here.
pub(super) fn refunds_of(conn: &Connection, key: &SagaKey) -> Result<Option<Vec<(RefundAsked, i64)>>> {
    let Some(saga) = load(conn, key)? else { return Ok(None) };
    let account = Account::fold(&saga.facts);
    let with = |asked: RefundAsked| {
        let back = account.refunded(asked.number);
        (asked, back)
    };
    Ok(Some(saga.refunds.into_iter().map(with).collect()))
}

fn keep_refund(conn: &Connection, new: &NewRefund, asked: &RefundAsked) -> Result<()> {
    let params = named_params! {
        ":tenant": new.key.tenant.as_str(),
        ":order": new.key.order.as_str(),
        ":number": asked.number,
        ":key": new.idempotency.as_str(),
        ":request_hash": new.request_hash,
        ":amount": asked.amount,
        ":currency": asked.currency.to_string(),
        ":lines": to_json(&asked.lines)?,
        ":reason": asked.reason,
        ":actor": asked.by.as_str(),
        ":at": asked.at.0,
    };
    run(conn, sql!(SAGAS.begin_refund), params)?;
    Ok(())
}

#[async_trait]
impl Sagas for SqliteStore {
    async fn due_sagas(&self, provider: &PaymentProvider, now: UtcMs, limit: u32) -> Result<Vec<SagaKey>> {
        let provider = provider.clone();
        self.read(move |conn| {
            let rows = limit.min(PAGE_ROWS_MAX);
            let params = named_params! {
                ":provider": provider.as_str(), ":now": now.0, ":rows": rows,
            };
            list(conn, sql!(SAGAS.due), params, read_key)
        })
        .await
    }

    async fn sagas_without(&self, known: &[PaymentProvider], now: UtcMs, limit: u32) -> Result<Vec<Saga>> {
        let known = to_json(&known)?;
        self.read(move |conn| {
            let params = named_params! { ":known": known, ":now": now.0, ":rows": limit.min(PAGE_ROWS_MAX) };
            let keys = list(conn, sql!(SAGAS.sagas_without), params, read_key)?;
            let sagas = keys.iter().map(|key| load(conn, key)).collect::<Result<Vec<_>>>()?;
            Ok(sagas.into_iter().flatten().collect())
        })
        .await
    }

    async fn saga(&self, key: &SagaKey) -> Result<Option<Saga>> {
        let key = key.clone();
        self.read(move |conn| load(conn, &key)).await
    }

    async fn write_saga(&self, fact: &NewSagaFact, now: UtcMs) -> Result<Written> {
        let fact = fact.clone();
        self.write(move |conn, _| write(conn, &fact, now)).await
    }

    async fn rest_saga(&self, saga: &Saga, next_at: Option<UtcMs>, now: UtcMs) -> Result<Written> {
        let saga = saga.clone();
        self.write(move |conn, _| rest(conn, &saga, next_at, now)).await
    }

    async fn ask_refund(&self, refund: &NewRefund, now: UtcMs) -> Result<RefundTaken> {
        let refund = refund.clone();
        self.write(move |conn, _| ask_refund(conn, &refund, now)).await
    }

    async fn take_in_notice(
        &self,
        tenant: &TenantId,
        provider: &PaymentProvider,
        notice: &Notice,
        now: UtcMs,
    ) -> Result<bool> {
        let (tenant, provider, notice) = (tenant.clone(), provider.clone(), notice.clone());
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":provider": provider.as_str(),
                ":event": notice.event,
                ":notice": to_json(&notice)?,
                ":at": now.0,
                ":number": i64::try_from(next_number(conn, "notice")?).map_err(unreadable)?,
            };
            Ok(run(conn, sql!(SAGAS.take_in), params)? > 0)
        })
        .await
    }

    async fn waiting_notices(&self, limit: u32) -> Result<Vec<Received>> {
        self.read(move |conn| {
            let params = named_params! { ":rows": limit.min(PAGE_ROWS_MAX) };
            let rows = list(conn, sql!(SAGAS.waiting_notices), params, read_notice)?;
            Ok(rows.into_iter().map(|(_, received)| received).collect())
        })
        .await
    }

    async fn settle_notice(&self, received: &Received, outcome: NoticeOutcome, now: UtcMs) -> Result<()> {
        let received = received.clone();
        self.write(move |conn, _| {
            let params = named_params! {
                ":tenant": received.tenant.as_str(),
                ":provider": received.provider,
                ":event": received.notice.event,
                ":outcome": outcome.as_str(),
                ":now": now.0,
            };
            run(conn, sql!(SAGAS.settle_notice), params)?;
            Ok(())
        })
        .await
    }

    async fn notices(&self, tenant: &TenantId, page: &PageRequest) -> Result<Page<Received>> {
        let (tenant, page) = (tenant.clone(), page.clone());
        self.read(move |conn| {
            let params =
                named_params! { ":tenant": tenant.as_str(), ":below": below(&page)?, ":rows": fetch(&page) };
            Ok(paged(list(conn, sql!(SAGAS.notices), params, read_notice)?, &page))
        })
        .await
    }
}
