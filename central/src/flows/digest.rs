//! Proof instead of hope: a heartbeat's root and stock digest against central's own recent pairs.

use super::{FlowError, Watch};
use crate::core::health::StoreKey;
use crate::core::health::pairs::Recalled;
use crate::core::health::store::DigestVerdict;
use crate::ports::replication::{Replication, StoreDigest};
use holdfast_shared::ids::ReplicaId;
use holdfast_shared::time::MonoMs;

/// Only a root that central has had can be compared; everything else says nothing.
#[must_use]
pub fn compare(root: &str, stock_digest: &str, recent: &[StoreDigest]) -> DigestVerdict {
    if root.is_empty() || stock_digest.is_empty() {
        return DigestVerdict::Unknown;
    }
    let mut same_root = recent.iter().filter(|pair| pair.root == root).peekable();
    if same_root.peek().is_none() {
        DigestVerdict::Unknown
    } else if same_root.any(|pair| pair.stock_digest == stock_digest) {
        DigestVerdict::Equal
    } else {
        DigestVerdict::Drift
    }
}

/// Compares the newest heartbeat of a replica, and notes the result. After a sync as well: the
/// beat may have been ahead of it. Storage is asked for what memory cannot say.
pub async fn compare_newest<S: Replication + ?Sized>(
    store: &S,
    watch: &Watch,
    key: &StoreKey,
    replica: &ReplicaId,
    now: MonoMs,
) -> Result<DigestVerdict, FlowError> {
    let newest = watch.with(|observatory| {
        let health = observatory.book.store(key)?;
        let voice = health.voices.get(replica)?;
        let (root, stock_digest) = (&voice.beat.root, &voice.beat.stock_digest);
        // A quiet store says the same at each beat: what was equal once is equal.
        let proven = |(known, stock): &(String, String)| known == root && stock == stock_digest;
        let recalled = match &voice.proven {
            Some(pair) if proven(pair) => Recalled::Equal,
            Some(_) | None => health.pairs.recall(root, stock_digest, now),
        };
        let verdict = match recalled {
            Recalled::Equal => DigestVerdict::Equal,
            Recalled::Unknown => DigestVerdict::Unknown,
            Recalled::Unsure => return Some(Err((root.clone(), stock_digest.clone()))),
        };
        observatory.book.note_digest(key, replica, verdict);
        Some(Ok(verdict))
    });
    let (root, stock_digest) = match newest {
        None => return Ok(DigestVerdict::Unknown),
        Some(Ok(verdict)) => return Ok(verdict),
        Some(Err(told)) => told,
    };
    let recent = store.digests(&key.tenant, &key.store).await?;
    let verdict = compare(&root, &stock_digest, &recent);
    watch.with(|observatory| {
        observatory.book.learn_pairs(key, pairs(&recent), now);
        observatory.book.note_digest(key, replica, verdict);
    });
    Ok(verdict)
}

/// A sync has told what storage has of the store now, or may have changed it.
pub(super) fn heed_sync(watch: &Watch, key: &StoreKey, recent: &[StoreDigest], now: MonoMs) {
    watch.with(|observatory| match recent {
        [] => observatory.book.doubt_pairs(key),
        [..] => observatory.book.learn_pairs(key, pairs(recent), now),
    });
}

fn pairs(recent: &[StoreDigest]) -> impl Iterator<Item = (&str, &str)> {
    recent.iter().map(|pair| (pair.root.as_str(), pair.stock_digest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_shared::time::UtcMs;

    fn pair(root: &str, stock_digest: &str) -> StoreDigest {
        StoreDigest { root: root.to_owned(), stock_digest: stock_digest.to_owned(), as_of: UtcMs(0) }
    }

    #[test]
    fn only_an_equal_root_can_prove_or_refute() {
        let recent = [pair("r2", "d2"), pair("r1", "d1")];
        assert_eq!(compare("r1", "d1", &recent), DigestVerdict::Equal);
        assert_eq!(compare("r1", "d2", &recent), DigestVerdict::Drift);
        assert_eq!(compare("r3", "d2", &recent), DigestVerdict::Unknown);
        assert_eq!(compare("", "", &[pair("", "")]), DigestVerdict::Unknown);
    }
}
