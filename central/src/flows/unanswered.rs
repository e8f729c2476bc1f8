//! Tells a person of cancels that no store has answered: the refund waits for that answer.

use super::{FlowError, Watch};
use crate::ports::work::Work;
use holdfast_shared::time::Now;

const CANCELS_MAX: u32 = 200;

/// `limit_ms` is how long a store may take. The time at which it was asked is a wall clock's, so after
/// a step of that clock and after a start all of it is waited for once more. How many were told.
pub async fn tell_unanswered_cancels<S: Work + ?Sized>(
    store: &S,
    watch: &Watch,
    limit_ms: i64,
    now: Now,
) -> Result<u32, FlowError> {
    if watch.with(|observatory| observatory.deadlines_wait(limit_ms, now.mono)) {
        return Ok(0);
    }
    let asked_before = now.utc.plus(limit_ms.saturating_neg());
    Ok(store.tell_unanswered_cancels(asked_before, CANCELS_MAX, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::test_support::{at_ms, record};
    use crate::flows::evaluate::evaluate;
    use crate::flows::test_support::Ram;

    const LIMIT_MS: i64 = 1_800_000;

    #[tokio::test]
    async fn a_limit_is_waited_for_in_full_after_a_start_and_after_a_step_of_the_clock() {
        let ram = Ram::default();
        let watch = Watch::default();
        ram.told(|told| {
            told.stores = vec![record("leeds")];
            told.unanswered_cancels = 1;
        });
        evaluate(&ram, &watch, at_ms(0)).await.unwrap();
        assert_eq!(tell_unanswered_cancels(&ram, &watch, LIMIT_MS, at_ms(LIMIT_MS - 1)).await.unwrap(), 0);
        assert_eq!(tell_unanswered_cancels(&ram, &watch, LIMIT_MS, at_ms(LIMIT_MS)).await.unwrap(), 1);
        assert_eq!(ram.done(|done| done.cancels_looked_for.clone()), [at_ms(0).utc]);
        let mut stepped = at_ms(LIMIT_MS + 1_000);
        stepped.utc = stepped.utc.plus(86_400_000);
        evaluate(&ram, &watch, stepped).await.unwrap();
        assert_eq!(tell_unanswered_cancels(&ram, &watch, LIMIT_MS, stepped).await.unwrap(), 0);
    }
}
