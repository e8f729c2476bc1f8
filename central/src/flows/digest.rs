//! Proof instead of hope: a heartbeat's root and stock digest against central's own recent pairs.

use super::{FlowError, Watch};
use crate::core::health::StoreKey;
use crate::core::health::store::DigestVerdict;
use crate::ports::replication::{Replication, StoreDigest};
use holdfast_shared::ids::ReplicaId;

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
/// beat may have been ahead of it.
pub async fn compare_newest<S: Replication + ?Sized>(
    store: &S,
    watch: &Watch,
    key: &StoreKey,
    replica: &ReplicaId,
) -> Result<DigestVerdict, FlowError> {
    let newest = watch.with(|observatory| {
        let voice = observatory.book.store(key)?.voices.get(replica)?;
        let told = (voice.beat.root.clone(), voice.beat.stock_digest.clone());
        let known = voice.proven.as_ref() == Some(&told);
        Some((told, known))
    });
    let Some(((root, stock_digest), known)) = newest else { return Ok(DigestVerdict::Unknown) };
    if known {
        // A quiet store says the same at each beat: what was equal once is equal.
        watch.with(|observatory| observatory.book.note_digest(key, replica, DigestVerdict::Equal));
        return Ok(DigestVerdict::Equal);
    }
    let recent = store.digests(&key.tenant, &key.store).await?;
    let verdict = compare(&root, &stock_digest, &recent);
    watch.with(|observatory| observatory.book.note_digest(key, replica, verdict));
    Ok(verdict)
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
