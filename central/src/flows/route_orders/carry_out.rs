//! Writing what was decided: the assignments of many orders together, then what becomes of each order.

use super::late::LOST;
use super::{Decided, End, Goods, backorder, note_withheld};
use crate::flows::FlowError;
use crate::flows::date_backorders::key_of;
use crate::flows::gather::{Gathered, gather};
use crate::ports::fleet::Fleet;
use crate::ports::work::{AssignOutcome, Assignment};
use futures::future::join_all;
use holdfast_shared::ids::{LineNo, Sku, TenantId};
use holdfast_shared::time::Now;
use std::collections::BTreeMap;

/// What was decided about an order, and how far it came.
pub(super) struct Written<'a> {
    pub(super) decided: Decided<'a>,
    /// Parcels whose stores have them now, from the first on.
    pub(super) given: usize,
    pub(super) carried: Carried,
}

/// Whether what nobody can send was looked for as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherGoods {
    Untried,
    Wanted,
    Tried,
}

/// How far a plan came.
pub(super) enum Carried {
    /// Units that were kept back somewhere are counted where that was new.
    Out {
        withheld: u64,
    },
    /// What is left is routed again, with the stock as it is then.
    StockGone(Sku),
    OrderMoved,
    /// Nobody can send what is left, and the customer may take something else.
    OtherGoods,
    /// It is decided again, and not gathered.
    NotGathered,
    Failed(FlowError),
}

/// Beside what became of each, what could not be written of all together.
pub(super) async fn carry_out<'w, S: Goods + ?Sized>(
    store: &S,
    mut decided: Vec<Decided<'w>>,
    now: Now,
) -> (Vec<Written<'w>>, Option<FlowError>) {
    let assignments: Vec<Assignment> =
        decided.iter_mut().flat_map(|decided| std::mem::take(&mut decided.assignments)).collect();
    let mut outcomes = store.assign_all(assignments, now).await.into_iter();
    let mut written: Vec<Written<'w>> = Vec::with_capacity(decided.len());
    for decided in decided {
        let of_order = outcomes.by_ref().take(decided.parcels.len());
        let (mut given, mut carried) = (0_usize, Carried::Out { withheld: 0 });
        for outcome in of_order {
            // What comes after one that was refused is refused for that alone.
            if !matches!(carried, Carried::Out { .. }) {
                continue;
            }
            carried = match outcome {
                Ok(AssignOutcome::Assigned { .. }) => {
                    given = given.saturating_add(1);
                    continue;
                }
                Ok(AssignOutcome::StockGone { sku }) => Carried::StockGone(sku),
                Ok(AssignOutcome::OrderMoved) => Carried::OrderMoved,
                Err(error) => Carried::Failed(error.into()),
            };
        }
        // An outcome that is not there is none.
        if given < decided.parcels.len() && matches!(carried, Carried::Out { .. }) {
            carried = Carried::OrderMoved;
        }
        written.push(Written { decided, given, carried });
    }
    let settled = settle_all(store, &written, now).await;
    let ends = written.iter_mut().filter(|written| matches!(written.carried, Carried::Out { .. }));
    // Together, so that they share a commit.
    join_all(ends.map(|written| async move {
        if let Err(error) = end(store, written, now).await {
            written.carried = Carried::Failed(error);
        }
    }))
    .await;
    (written, settled.err())
}

/// Nobody needs to look for a node for these any more.
async fn settle_all<S: Fleet + ?Sized>(
    store: &S,
    written: &[Written<'_>],
    now: Now,
) -> Result<(), FlowError> {
    let mut keys: BTreeMap<&TenantId, Vec<String>> = BTreeMap::new();
    for Written { decided, carried, .. } in written {
        if matches!((&decided.end, carried), (End::Placed, Carried::Out { .. })) {
            keys.entry(&decided.left.tenant).or_default().push(key_of(&decided.left.order));
        }
    }
    for (tenant, keys) in keys {
        store.settle_all(tenant, keys, "a node took it", now.utc).await?;
    }
    Ok(())
}

/// What becomes of an order whose assignments are all written.
async fn end<S: Goods + ?Sized>(store: &S, written: &mut Written<'_>, now: Now) -> Result<(), FlowError> {
    let Decided { waiting, left, end, lost, .. } = &mut written.decided;
    let held = match end {
        End::Placed => false,
        End::Hold { decision, until } => {
            store.hold(left, decision, *until, now).await?;
            true
        }
        End::Backorder(decision) => {
            if waiting.others == OtherGoods::Untried {
                let terms = store.substitution_terms(&left.tenant, &left.order).await?;
                let open = |line: LineNo| left.lines.iter().any(|known| known.line == line);
                if terms.lines.iter().any(|wanted| open(wanted.line)) {
                    written.carried = Carried::OtherGoods;
                    return Ok(());
                }
            }
            backorder(store, left, decision, now).await?;
            false
        }
        End::Gather(new) => {
            written.carried = match gather(store, new, now).await? {
                Gathered::Begun => Carried::Out { withheld: 0 },
                Gathered::StockGone(sku) => Carried::StockGone(sku),
                Gathered::OrderMoved => Carried::OrderMoved,
                Gathered::Not => Carried::NotGathered,
            };
            if !matches!(written.carried, Carried::Out { .. }) {
                return Ok(());
            }
            true
        }
    };
    if *lost {
        store.promise_lost(&left.tenant, &left.order, LOST, now.utc).await?;
    }
    if held {
        return Ok(());
    }
    let withheld = note_withheld(store, left, std::mem::take(&mut waiting.withheld), now).await?;
    written.carried = Carried::Out { withheld };
    Ok(())
}
