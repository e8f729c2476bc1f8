//! One well-formed exception, to change what matters.

use super::{Category, Exception, ExceptionState, Severity};
use holdfast_shared::time::UtcMs;

pub(crate) fn exception() -> Exception {
    Exception {
        exception: "x1".parse().unwrap(),
        category: Category::Stuck,
        severity: Severity::High,
        state: ExceptionState::Open,
        order: Some("o1".parse().unwrap()),
        task: Some("o1-1".parse().unwrap()),
        store: Some("leeds".parse().unwrap()),
        detail: "o1 stands still".to_owned(),
        suggestion: "Look at it.".to_owned(),
        repair: String::new(),
        failure: None,
        times: 1,
        raised_at: UtcMs(1_000_000),
        seen_at: UtcMs(1_000_000),
        looked_at: None,
        taken_by: None,
        taken_at: None,
        waiting_since: None,
        waiting_for: None,
        paused_ms: 0,
        resolved_at: None,
        resolution: None,
        resolved_by: None,
        root_cause: None,
        minutes: None,
    }
}
