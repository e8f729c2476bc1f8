//! Central's half of a sync round.

use super::answer::{Asked, answer, bare};
use super::boots::{self, Hearing};
use super::branch::{self, Branch};
use super::counters::incarnation;
use super::documents::Digests;
use super::exceptions::{raise, settle};
use super::incoming::{Taken, take_in};
use super::losses::note;
use super::older::{self, Excerpts};
use super::readopt::answer_returning;
use super::refusal::{Refusal, report};
use super::row::{from_json, list, run};
use super::savepoint::attempt_or;
use super::sql::sql;
use super::state::State;
use super::tasks::{Grown, follow};
use super::{Result, SqliteStore, error, escrow, ledger, parcels, recovery, rivals, seals, window};
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::StoreError;
use crate::ports::access::ReplicaIdentity;
use crate::ports::replication::{Exchanged, Replication, StoreDigest};
use async_trait::async_trait;
use holdfast_shared::document::Heads;
use holdfast_shared::domain::task::TaskState;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{DocumentId, FactId, StoreId, TaskId, TenantId};
use holdfast_shared::limits::DIGEST_PAIRS_MAX;
use holdfast_shared::set_hash::SetHash;
use holdfast_shared::stamp::Receipt;
use holdfast_shared::time::{Now, UtcMs};
use holdfast_shared::wire::sync::{DocumentFrame, DocumentProblem, SyncRequest, SyncResponse};
use rusqlite::{Connection, named_params};

#[async_trait]
impl Replication for SqliteStore {
    async fn exchange(
        &self,
        replica: &ReplicaIdentity,
        address: Option<&str>,
        request: &SyncRequest,
        now: Now,
    ) -> Result<Exchanged> {
        let (replica, request) = (replica.clone(), request.clone());
        let address = address.map(str::to_owned);
        self.write(move |conn, state| {
            let exchanged = exchange(conn, state, &replica, address.as_deref(), &request, now.utc);
            if exchanged.is_err() {
                state.forget_bags();
            }
            exchanged
        })
        .await
    }

    async fn missing_intents(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        intents: &[FactId],
    ) -> Result<Vec<FactId>> {
        let (tenant, store, intents) = (tenant.clone(), store.clone(), intents.to_vec());
        self.read(move |conn| {
            let mut missing = Vec::new();
            for intent in intents {
                let params = named_params! {
                    ":tenant": tenant.as_str(), ":store": store.as_str(), ":fact": intent.as_str(),
                };
                if list(conn, sql!(DOCUMENTS.facts_of_intent), params, |_| Ok(()))?.is_empty() {
                    missing.push(intent);
                }
            }
            Ok(missing)
        })
        .await
    }

    async fn digests(&self, tenant: &TenantId, store: &StoreId) -> Result<Vec<StoreDigest>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| Ok(recent(conn, &tenant, &store)?.into_iter().map(shown).collect())).await
    }
}

/// What the request's documents came to.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) new_facts: u64,
    pub(super) changed_tasks: Vec<TaskId>,
    pub(super) stock_grew: bool,
    pub(super) lags_ms: Vec<i64>,
    pub(super) documents: Vec<DocumentId>,
    pub(super) errors: Vec<DocumentProblem>,
}

fn exchange(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    address: Option<&str>,
    request: &SyncRequest,
    now: UtcMs,
) -> Result<Exchanged> {
    if request.store != from.store || request.replica != from.replica {
        let what = format!("{} may not sync as {} of {}", from.replica, request.replica, request.store);
        return Err(StoreError { code: Code::Forbidden, what, source: None });
    }
    // A stamp from the future is kept in its fact, and does not move this clock.
    let _witness = state.hlc.witness(request.sent_at, now);
    state.sender_ahead_ms = Receipt::of(request.sent_at.wall, now).ahead_ms;
    recovery::heed_echo(conn, state, from, request, now)?;
    state.sender_replays = window::is_replaying(conn, from)?;
    let behind = match boots::hear(conn, from, address, request, now)? {
        Hearing::Merge { behind } => behind,
        Hearing::Challenge(words) => {
            let response = SyncResponse { superseded: Some(words), ..bare(conn, state, from, request, now)? };
            return Ok(Exchanged::nothing(response));
        }
        Hearing::Apart(copy) => return branch::keep(conn, state, Branch { from, copy: &copy }, request, now),
    };
    let mut received = Received::default();
    // Looked up before this request's own changes make it look known.
    let behind = behind || (request.incarnation.is_none() && authored_before(conn, from)?);
    let heard = older::heard(conn, from, request, reached(conn, request)?, now)?;
    if heard.is_too_late {
        seals::tell_of_one_too_late(conn, from, now)?;
    }
    for frame in &request.documents {
        receive(conn, state, from, frame, now, &mut received)?;
    }
    recovery::heed_level(conn, state, from, request, now)?;
    received.changed_tasks.extend(answer_returning(conn, state, from, request.version, now)?);
    release_due(conn, state, from, now, &mut received)?;
    note(conn, from, &request.losses, now)?;
    escrow::hear(conn, state, from, request, behind, now)?;
    let reported = parcels::hear(conn, from, &request.label_reports, now)?;
    received.changed_tasks.extend(reported.tasks);
    let digests = Digests::read(conn, &from.tenant, &from.store)?;
    let excerpts = Excerpts::for_version(conn, state, from, request.version)?;
    let mut known = recent(conn, &from.tenant, &from.store)?;
    remember_excerpt(conn, from, digests, &excerpts, (&mut known, now))?;
    remember(conn, from, digests, (&mut known, now))?;
    compare(conn, from, request, &known, now)?;
    let level = excerpts.root(digests.root) == request.root;
    set_level(conn, from, level, now)?;
    let errors = std::mem::take(&mut received.errors);
    let asked = Asked { request, received: &received.documents, behind, updated: heard.updated, excerpts };
    let escrow = escrow::news(conn, from, request)?;
    let answered = answer(conn, state, from, asked, errors, now)?;
    let parcels = parcels::news(conn, from, request, now)?;
    let response = SyncResponse { escrow, parcels, labels_noted: reported.noted, ..answered };
    if behind && (level || (request.rehydrating && !response.more && !response.rehydrate)) {
        boots::caught_up(conn, from, &request.boot)?;
    }
    Ok(Exchanged {
        response,
        new_facts: received.new_facts,
        changed_tasks: received.changed_tasks,
        stock_grew: received.stock_grew,
        lags_ms: received.lags_ms,
        digests: known.into_iter().map(shown).collect(),
    })
}

fn set_level(conn: &Connection, from: &ReplicaIdentity, level: bool, now: UtcMs) -> Result<()> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(), ":store": from.store.as_str(), ":level": level, ":now": now.0,
    };
    run(conn, sql!(DOCUMENTS.set_level), params)?;
    Ok(())
}

fn receive(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    frame: &DocumentFrame,
    now: UtcMs,
    received: &mut Received,
) -> Result<()> {
    let document = match frame.document() {
        Ok(document) => document,
        Err(error) => {
            let detail = error.to_string();
            let problem = DocumentProblem::new(frame.name(), Code::InvalidRequest, &detail, &Heads::empty());
            let refusal = Refusal { problem, category: Some(Category::DamagedSync) };
            return refused(conn, from, refusal, now, received);
        }
    };
    match attempt_or(conn, || take_in(conn, state, from, frame, &document, now))? {
        Ok(Taken { new_facts, changed_task, stock_grew, lags_ms }) => {
            received.new_facts = received.new_facts.saturating_add(new_facts);
            received.changed_tasks.extend(changed_task);
            received.stock_grew |= stock_grew;
            received.lags_ms.extend(lags_ms);
            received.documents.push(document);
            Ok(())
        }
        Err(refusal) => refused(conn, from, refusal, now, received),
    }
}

fn refused(
    conn: &Connection,
    from: &ReplicaIdentity,
    refusal: Refusal,
    now: UtcMs,
    received: &mut Received,
) -> Result<()> {
    report(conn, from, &refusal, now)?;
    received.errors.push(refusal.problem);
    Ok(())
}

/// Releases that waited for a replica to ask: this one has.
fn release_due(
    conn: &Connection,
    state: &mut State,
    from: &ReplicaIdentity,
    now: UtcMs,
    received: &mut Received,
) -> Result<()> {
    let key = [from.tenant.as_str(), from.store.as_str()];
    let due: Vec<TaskState> = list(conn, sql!(WORK.release_due), key, |row| from_json(row, "state"))?;
    for task in due {
        let before = ledger::folded(conn, &from.tenant, &task.task)?;
        let release_to = Some(&from.replica);
        let grown = Grown { tenant: &from.tenant, task: &task.task, before, release_to, now };
        if let Some(clash) = follow(conn, state, &grown)? {
            rivals::settle_clash(conn, state, &from.tenant, &clash, now)?;
        }
        received.changed_tasks.push(task.task);
    }
    Ok(())
}

/// What this replica has fetched: a document is sealed when all have all of it.
fn reached(conn: &Connection, request: &SyncRequest) -> Result<u64> {
    Ok(if request.incarnation == Some(u64::from(incarnation(conn)?)) { request.cursor } else { 0 })
}

fn authored_before(conn: &Connection, from: &ReplicaIdentity) -> Result<bool> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
    };
    Ok(!list(conn, sql!(DOCUMENTS.authored), params, |_| Ok(()))?.is_empty())
}

type Pair = (SetHash, SetHash, UtcMs);

fn recent(conn: &Connection, tenant: &TenantId, store: &StoreId) -> Result<Vec<Pair>> {
    list(conn, sql!(DOCUMENTS.recent_digests), [tenant.as_str(), store.as_str()], |row| {
        let root = SetHash::from_bytes(row.get("root")?);
        let stock = SetHash::from_bytes(row.get("stock_digest")?);
        Ok((root, stock, UtcMs(row.get("as_of")?)))
    })
}

fn shown((root, stock, as_of): Pair) -> StoreDigest {
    StoreDigest { root: root.hex(), stock_digest: stock.hex(), as_of }
}

fn remember(
    conn: &Connection,
    from: &ReplicaIdentity,
    digests: Digests,
    (known, now): (&mut Vec<Pair>, UtcMs),
) -> Result<()> {
    let newest = known.first();
    if newest.is_some_and(|(root, stock, _)| *root == digests.root && *stock == digests.stock) {
        return Ok(());
    }
    add_pair(conn, from, (digests.root, digests.stock, now), known)
}

/// What the heartbeats of a replica speak of that is shown less than there is.
fn remember_excerpt(
    conn: &Connection,
    from: &ReplicaIdentity,
    digests: Digests,
    excerpts: &Excerpts,
    (known, now): (&mut Vec<Pair>, UtcMs),
) -> Result<()> {
    let root = excerpts.root(digests.root);
    let is_new = !known.iter().any(|(known, stock, _)| *known == root && *stock == digests.stock);
    if root != digests.root && excerpts.have_all_stock() && is_new {
        add_pair(conn, from, (root, digests.stock, now), known)?;
    }
    Ok(())
}

fn add_pair(conn: &Connection, from: &ReplicaIdentity, pair: Pair, known: &mut Vec<Pair>) -> Result<()> {
    let (root, stock, now) = pair;
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":root": root.to_bytes(),
        ":stock_digest": stock.to_bytes(),
        ":as_of": now.0,
    };
    run(conn, sql!(DOCUMENTS.add_digest), params)?;
    let kept = i64::try_from(DIGEST_PAIRS_MAX).map_err(error::unreadable)?;
    let params = named_params! {
        ":tenant": from.tenant.as_str(), ":store": from.store.as_str(), ":kept": kept,
    };
    run(conn, sql!(DOCUMENTS.drop_old_digests), params)?;
    known.insert(0, pair);
    known.truncate(DIGEST_PAIRS_MAX);
    Ok(())
}

/// Equal documents must mean equal stock.
fn compare(
    conn: &Connection,
    from: &ReplicaIdentity,
    request: &SyncRequest,
    known: &[Pair],
    now: UtcMs,
) -> Result<()> {
    let Some((_, stock, _)) = known.iter().find(|(root, ..)| *root == request.root) else {
        return Ok(());
    };
    let key = format!("drift/{}", from.store);
    if *stock == request.stock_digest {
        settle(conn, &from.tenant, &key, "root and stock digest are equal again", now)?;
        return Ok(());
    }
    let exception = NewException {
        key,
        category: Category::Drift,
        severity: Severity::High,
        order: None,
        task: None,
        store: Some(from.store.clone()),
        detail: format!("{} and central have the same documents, but not the same stock", from.store),
        suggestion: "Run holdfast-agent doctor at the store, and compare the positions.".to_owned(),
    };
    raise(conn, &from.tenant, &exception, now)
}
