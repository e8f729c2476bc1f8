//! What a person decides about a box that is kept apart, and what there is to see of boxes.

use super::boots::{exception_key, set_apart, tell};
use super::branch::Branch;
use super::exceptions::{raise, settle};
use super::incoming::take_in;
use super::refusal::report;
use super::row::{below, fetch, list, one, paged, parsed, run};
use super::savepoint::attempt_or;
use super::seen::{read_apart, read_branch_fact, replicas};
use super::sql::sql;
use super::state::State;
use super::{Result, SqliteStore, error, ledger, own_stock};
use crate::core::effects::words;
use crate::core::exception::{Category, NewException, Severity};
use crate::ports::access::ReplicaIdentity;
use crate::ports::boxes::{
    ApartBoot, Boxes, BranchFact, BranchOutcome, Decided, Decision, DecisionDone, ReplicaSeen,
};
use crate::ports::{Page, PageRequest, StoreError};
use async_trait::async_trait;
use holdfast_shared::document::Heads;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::error::Code;
use holdfast_shared::ids::{BootId, FactId, ReplicaId, StoreId, TaskId, TenantId};
use holdfast_shared::limits::{CHANGE_FACTS_MAX, NOTE_CHARS_MAX};
use holdfast_shared::time::UtcMs;
use holdfast_shared::wire::fact::decode;
use holdfast_shared::wire::sync::DocumentFrame;
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

#[async_trait]
impl Boxes for SqliteStore {
    async fn replicas(&self, tenant: &TenantId, store: &StoreId) -> Result<Vec<ReplicaSeen>> {
        let (tenant, store) = (tenant.clone(), store.clone());
        self.read(move |conn| replicas(conn, &tenant, &store)).await
    }

    async fn apart(&self) -> Result<Vec<ApartBoot>> {
        self.read(move |conn| list(conn, sql!(IDENTITY.apart), [], read_apart)).await
    }

    async fn decide_quarantine(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        replica: &ReplicaId,
        boot: &BootId,
        decided: Decided,
        now: UtcMs,
    ) -> Result<Option<DecisionDone>> {
        let from = ReplicaIdentity { tenant: tenant.clone(), store: store.clone(), replica: replica.clone() };
        let boot = boot.clone();
        self.write(move |conn, state| {
            let Some(copy) = copy_of(conn, &from, &boot)? else { return Ok(None) };
            let done = decide(conn, state, Branch { from: &from, copy: &copy }, &decided, now);
            if done.is_err() {
                state.forget_bags();
            }
            done.map(Some)
        })
        .await
    }

    async fn branch(
        &self,
        tenant: &TenantId,
        store: &StoreId,
        replica: &ReplicaId,
        copy: &BootId,
        page: &PageRequest,
    ) -> Result<Page<BranchFact>> {
        let (tenant, store, replica) = (tenant.clone(), store.clone(), replica.clone());
        let (copy, page) = (copy.clone(), page.clone());
        self.read(move |conn| {
            let params = named_params! {
                ":tenant": tenant.as_str(),
                ":store": store.as_str(),
                ":replica": replica.as_str(),
                ":copy": copy.as_str(),
                ":below": below(&page)?,
                ":rows": fetch(&page),
            };
            Ok(paged(list(conn, sql!(IDENTITY.branch), params, read_branch_fact)?, &page))
        })
        .await
    }
}

fn copy_of(conn: &Connection, from: &ReplicaIdentity, boot: &BootId) -> Result<Option<BootId>> {
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":boot": boot.as_str(),
    };
    one(conn, sql!(IDENTITY.copy_of), params, |row| parsed(row, "copy"))
}

fn decide(
    conn: &Connection,
    state: &mut State,
    branch: Branch<'_>,
    decided: &Decided,
    now: UtcMs,
) -> Result<DecisionDone> {
    let before = one(conn, sql!(IDENTITY.quarantine), branch.key().as_slice(), |row| {
        row.get::<_, Option<String>>("decision")
    })?;
    if let Some(before) = before.flatten()
        && decided.decision != Decision::TradePlaces
        && facts_kept(conn, branch)?.is_empty()
    {
        return decided_already(&before, decided.decision);
    }
    let done = match decided.decision {
        Decision::Merge => merge(conn, state, branch, now)?,
        Decision::Discard => {
            for kept in facts_kept(conn, branch)? {
                set_outcome(conn, kept.sequence, BranchOutcome::Discarded)?;
            }
            DecisionDone::default()
        }
        Decision::TradePlaces => trade_places(conn, state, branch, now)?,
    };
    let params = named_params! {
        ":tenant": branch.from.tenant.as_str(),
        ":store": branch.from.store.as_str(),
        ":replica": branch.from.replica.as_str(),
        ":copy": branch.copy.as_str(),
        ":decision": decided.decision.as_str(),
        ":reason": decided.reason,
        ":decided_by": decided.by.as_str(),
        ":now": now.0,
    };
    run(conn, sql!(IDENTITY.decide), params)?;
    let resolution = format!("{}: {} ({})", decided.decision.as_str(), decided.reason, decided.by);
    settle(conn, &branch.from.tenant, &exception_key(branch.from, branch.copy), &resolution, now)?;
    Ok(done)
}

/// Nothing waits: the same decision once more changes nothing, and another comes too late.
fn decided_already(before: &str, decision: Decision) -> Result<DecisionDone> {
    if before == decision.as_str() {
        return Ok(DecisionDone::default());
    }
    let what = format!("nothing of this box waits for a decision; what there was has had this one: {before}");
    Err(StoreError { code: Code::IllegalTransition, what, source: None })
}

/// A fact of the branch that waits.
struct Kept {
    sequence: i64,
    id: FactId,
    text: String,
}

fn facts_kept(conn: &Connection, branch: Branch<'_>) -> Result<Vec<Kept>> {
    list(conn, sql!(IDENTITY.facts_kept), branch.key().as_slice(), |row| {
        Ok(Kept { sequence: row.get("sequence")?, id: parsed(row, "fact")?, text: row.get("text")? })
    })
}

fn set_outcome(conn: &Connection, sequence: i64, outcome: BranchOutcome) -> Result<()> {
    let params = named_params! { ":sequence": sequence, ":outcome": outcome.as_str() };
    run(conn, sql!(IDENTITY.set_outcome), params)?;
    Ok(())
}

/// Central puts the branch's stock facts, word for word, into a stock document of its own. They
/// keep their ids, so that a fact that the other box has too, or sends later, is one fact. What the
/// box said about tasks is not followed: a person hears of it.
fn merge(conn: &Connection, state: &mut State, branch: Branch<'_>, now: UtcMs) -> Result<DecisionDone> {
    let from = branch.from;
    let (mut new, mut said): (Vec<Kept>, BTreeMap<TaskId, Vec<String>>) = (Vec::new(), BTreeMap::new());
    for kept in facts_kept(conn, branch)? {
        let fact = decode(&kept.id, &kept.text).map_err(error::unreadable)?;
        let known = ledger::text_of(conn, &from.tenant, &from.store, &kept.id)?;
        match (fact.body, known) {
            (_, Some(known)) if known == kept.text => {
                set_outcome(conn, kept.sequence, BranchOutcome::InLedger)?;
            }
            (Body::Stock(_), None) => new.push(kept),
            // The other box's body counts; this one stays in the branch.
            (Body::Stock(_), Some(_)) => {
                ledger::raise_conflict(conn, &from.tenant, &from.store, &kept.id, now)?;
                set_outcome(conn, kept.sequence, BranchOutcome::Recorded)?;
            }
            // What the branch's document says of itself is nothing about the store.
            (Body::Epoch(_), _) => set_outcome(conn, kept.sequence, BranchOutcome::Recorded)?,
            (Body::Task(task), _) => {
                said.entry(task.task.clone()).or_default().push(words(&task.event, &from.store));
                set_outcome(conn, kept.sequence, BranchOutcome::Recorded)?;
            }
        }
    }
    for (task, said) in said {
        tell_of_task(conn, branch, &task, &said, now)?;
    }
    for piece in new.chunks(CHANGE_FACTS_MAX) {
        write_stock(conn, state, from, piece, now)?;
    }
    Ok(DecisionDone { merged_facts: u64::try_from(new.len()).unwrap_or(u64::MAX), changed_tasks: Vec::new() })
}

fn tell_of_task(
    conn: &Connection,
    branch: Branch<'_>,
    task: &TaskId,
    said: &[String],
    now: UtcMs,
) -> Result<()> {
    let all =
        format!("a second box of {} worked on {task} as well: {}", branch.from.replica, said.join("; "));
    let state = super::tasks::load(conn, &branch.from.tenant, task)?;
    let exception = NewException {
        key: format!("{}/{task}", exception_key(branch.from, branch.copy)),
        category: Category::ClonedBox,
        severity: Severity::High,
        order: state.map(|state| state.order),
        task: Some(task.clone()),
        store: Some(branch.from.store.clone()),
        detail: all.chars().take(NOTE_CHARS_MAX).collect(),
        suggestion: "Find out where these goods are; if they left twice, ask for one parcel back.".to_owned(),
    };
    raise(conn, &branch.from.tenant, &exception, now)
}

fn write_stock(
    conn: &Connection,
    state: &State,
    from: &ReplicaIdentity,
    facts: &[Kept],
    now: UtcMs,
) -> Result<()> {
    let texts: Vec<(FactId, String)> =
        facts.iter().map(|kept| (kept.id.clone(), kept.text.clone())).collect();
    own_stock::write(conn, state, (&from.tenant, &from.store), &texts, now)?;
    facts.iter().try_for_each(|kept| set_outcome(conn, kept.sequence, BranchOutcome::Merged))
}

/// The branch is taken in whole, as if it had come just now; the other box is kept apart instead.
fn trade_places(
    conn: &Connection,
    state: &mut State,
    branch: Branch<'_>,
    now: UtcMs,
) -> Result<DecisionDone> {
    let from = branch.from;
    let key = named_params! {
        ":tenant": from.tenant.as_str(), ":store": from.store.as_str(), ":replica": from.replica.as_str(),
    };
    let other = one(conn, sql!(IDENTITY.current), key, |row| parsed::<BootId>(row, "boot"))?;
    let newest = one(conn, sql!(IDENTITY.newest_of_copy), branch.key().as_slice(), |row| {
        parsed::<BootId>(row, "boot")
    })?
    .ok_or_else(|| error::missing("replica_boot"))?;
    if let Some(other) = &other {
        set_apart(conn, from, other, &newest, now)?;
    }
    run(conn, sql!(IDENTITY.let_go), branch.key().as_slice())?;
    let params = named_params! {
        ":tenant": from.tenant.as_str(),
        ":store": from.store.as_str(),
        ":replica": from.replica.as_str(),
        ":boot": newest.as_str(),
    };
    run(conn, sql!(IDENTITY.stand_for), params)?;
    let mut done = DecisionDone::default();
    for document in branch.documents(conn)? {
        let heads = branch.document(conn, state, &document)?.heads();
        let mut frame = DocumentFrame::new(&document, &Heads::empty(), &heads, Vec::new());
        frame.changes = branch.changes(conn, &document)?;
        match attempt_or(conn, || take_in(conn, state, from, &frame, &document, now))? {
            Ok(taken) => {
                done.merged_facts = done.merged_facts.saturating_add(taken.new_facts);
                done.changed_tasks.extend(taken.changed_task);
            }
            Err(refusal) => report(conn, from, &refusal, now)?,
        }
    }
    for kept in facts_kept(conn, branch)? {
        let counted = ledger::text_of(conn, &from.tenant, &from.store, &kept.id)?;
        let merged = counted.as_deref() == Some(kept.text.as_str());
        set_outcome(
            conn,
            kept.sequence,
            if merged { BranchOutcome::Merged } else { BranchOutcome::Recorded },
        )?;
    }
    if other.is_none() {
        tracing::warn!(replica = %from.replica, "a box that was kept apart takes the place of none");
        tell(conn, from, branch.copy, format!("{} speaks from one box again", from.replica), now)?;
    }
    Ok(done)
}
