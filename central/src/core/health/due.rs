//! When a store is judged again. Judging costs what changes: a store that says nothing new is left
//! until the first moment at which time alone may change the judgement. It may be judged more often
//! than that and nothing differs; later would be wrong.

use holdfast_shared::time::{MonoMs, Now, UtcMs};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Something of it changed since it was judged.
    touched: bool,
    mono: MonoMs,
    utc: UtcMs,
}

impl Due {
    pub const AT_ONCE: Self = Self { touched: true, ..Self::NEVER };
    /// Until it is touched.
    pub const NEVER: Self = Self { touched: false, mono: MonoMs(i64::MAX), utc: UtcMs(i64::MAX) };

    pub const fn touch(&mut self) {
        self.touched = true;
    }

    #[must_use]
    pub fn is_due(&self, now: Now) -> bool {
        self.touched || now.mono >= self.mono || now.utc >= self.utc
    }

    /// Until time alone makes it due. What was touched waits for the next look, whenever that is.
    #[must_use]
    pub fn in_ms(&self, now: Now) -> i64 {
        self.mono.since(now.mono).min(self.utc.since(now.utc)).max(0)
    }

    #[must_use]
    pub const fn at(mono: MonoMs, utc: UtcMs) -> Self {
        Self { touched: false, mono, utc }
    }
}
