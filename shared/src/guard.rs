//! Guards that the simulator takes away one at a time, to prove that it would notice.
//!
//! A guard is asked where it is kept: `if Guard::FenceCheck.stands() && ...`. In the product every
//! guard stands, and the compiler removes the question; only a build with the feature `breakable`,
//! which the tests crate asks for, can take one away, in the calling thread alone.

/// A line of code that an invariant rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Guard {
    /// Goods leave only with a release.
    ReleaseBeforeHandOver,
    /// A recall finds out in its own transaction whether the goods were released.
    RecallAndReleaseOnOneRow,
    /// A fact about an earlier assignment does not count for the present one.
    FenceCheck,
    /// The units of recalled work stay set aside until the store answers.
    HoldUntilAnswer,
    /// The agent knows a key again.
    IdempotencyRecord,
    /// Central knows an order's key again.
    OrderIdempotency,
    /// A new automerge writer at each start and after each failed commit.
    WriterRenewal,
    /// After a failed commit what was in memory is made again from the rows.
    MemoryThrownAway,
    /// Only what central's heads cover counts as safe there.
    AcknowledgedByHeads,
    /// A document is sealed only when count and digest are those that its writer told.
    SealCheck,
    /// Another incarnation of central is offered everything anew.
    IncarnationCheck,
    /// Many silent stores are evidence against the observer.
    ObserverFreeze,
    /// Facts fold in their one order, not in that of arrival.
    FoldRank,
    /// Units are set aside only if the position allows it in that transaction.
    ConditionalReserve,
    /// Accepted work is not moved before its lease has ended.
    LeaseBeforeRecall,
    /// A replica that lost facts fetches them before it takes work.
    RehydrateBeforeWork,
    /// Nothing of a cloned box is merged.
    CloneQuarantine,
    /// Recalled work is given back only while nobody has started to replace it.
    ReadoptWhileFree,
    /// A restored central moves nothing before the stores have told what it lost.
    RecoveryBeforeRouting,
    /// Nothing is answered before its commit.
    AnswerAfterCommit,
    /// Only goods that nobody touched are given back without asking staff: what a store did before it
    /// heard of a recall counts.
    UntouchedOnly,
    /// After a step of the wall clock, deadlines wait one full period more.
    DeadlinesWait,
    /// After a pause of central itself, silence starts anew.
    PauseStartsAnew,
    /// Goods that left have left, whoever forbade it.
    HappenedAnyway,
    /// A document is taken only from the store that it belongs to.
    DocumentOwner,
    /// Of a scarce SKU only units that the store has ceded are promised.
    RightsFloor,
    /// Units that other goods were sent for are not sent as they were ordered, also by a central that was
    /// restored and knows the others from their store alone.
    StandInsCount,
    /// Of what nobody answered the other side is asked before it is asked for again.
    VerifyBeforeRetry,
    /// A payment is asked for under the same key each time, so that a provider does it once.
    PaymentKey,
    /// Of a label that nobody answered for the carrier is asked before another is asked for.
    LabelLookedUp,
    /// A label is asked for under the same key each time, so that a carrier makes it once.
    LabelKey,
    /// A label whose goods do not leave is given back.
    NeedlessVoided,
    /// A scan that comes before its label is known is read again when it is.
    ScanWaits,
}

impl Guard {
    pub const ALL: [Self; 33] = [
        Self::ReleaseBeforeHandOver,
        Self::RecallAndReleaseOnOneRow,
        Self::FenceCheck,
        Self::HoldUntilAnswer,
        Self::IdempotencyRecord,
        Self::OrderIdempotency,
        Self::WriterRenewal,
        Self::MemoryThrownAway,
        Self::AcknowledgedByHeads,
        Self::SealCheck,
        Self::IncarnationCheck,
        Self::ObserverFreeze,
        Self::FoldRank,
        Self::ConditionalReserve,
        Self::LeaseBeforeRecall,
        Self::RehydrateBeforeWork,
        Self::CloneQuarantine,
        Self::ReadoptWhileFree,
        Self::RecoveryBeforeRouting,
        Self::AnswerAfterCommit,
        Self::UntouchedOnly,
        Self::DeadlinesWait,
        Self::PauseStartsAnew,
        Self::HappenedAnyway,
        Self::DocumentOwner,
        Self::RightsFloor,
        Self::StandInsCount,
        Self::VerifyBeforeRetry,
        Self::PaymentKey,
        Self::LabelLookedUp,
        Self::LabelKey,
        Self::NeedlessVoided,
        Self::ScanWaits,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReleaseBeforeHandOver => "release-before-hand-over",
            Self::RecallAndReleaseOnOneRow => "recall-and-release-on-one-row",
            Self::FenceCheck => "fence-check",
            Self::HoldUntilAnswer => "hold-until-answer",
            Self::IdempotencyRecord => "idempotency-record",
            Self::OrderIdempotency => "order-idempotency",
            Self::WriterRenewal => "writer-renewal",
            Self::MemoryThrownAway => "memory-thrown-away",
            Self::AcknowledgedByHeads => "acknowledged-by-heads",
            Self::SealCheck => "seal-check",
            Self::IncarnationCheck => "incarnation-check",
            Self::ObserverFreeze => "observer-freeze",
            Self::FoldRank => "fold-rank",
            Self::ConditionalReserve => "conditional-reserve",
            Self::LeaseBeforeRecall => "lease-before-recall",
            Self::RehydrateBeforeWork => "rehydrate-before-work",
            Self::CloneQuarantine => "clone-quarantine",
            Self::ReadoptWhileFree => "readopt-while-free",
            Self::RecoveryBeforeRouting => "recovery-before-routing",
            Self::AnswerAfterCommit => "answer-after-commit",
            Self::UntouchedOnly => "untouched-only",
            Self::DeadlinesWait => "deadlines-wait",
            Self::PauseStartsAnew => "pause-starts-anew",
            Self::HappenedAnyway => "happened-anyway",
            Self::DocumentOwner => "document-owner",
            Self::RightsFloor => "rights-floor",
            Self::StandInsCount => "stand-ins-count",
            Self::VerifyBeforeRetry => "verify-before-retry",
            Self::PaymentKey => "payment-key",
            Self::LabelLookedUp => "label-looked-up",
            Self::LabelKey => "label-key",
            Self::NeedlessVoided => "needless-voided",
            Self::ScanWaits => "scan-waits",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guard| guard.name() == name)
    }

    /// Always, in the product.
    #[cfg(not(feature = "breakable"))]
    #[must_use]
    pub const fn stands(self) -> bool {
        true
    }

    #[cfg(feature = "breakable")]
    #[must_use]
    pub fn stands(self) -> bool {
        BROKEN.get() != Some(self)
    }

    /// Takes this guard away in this thread, until the next call; `None` puts all back.
    #[cfg(feature = "breakable")]
    pub fn take_away(guard: Option<Self>) {
        BROKEN.set(guard);
    }
}

#[cfg(feature = "breakable")]
thread_local! {
    static BROKEN: std::cell::Cell<Option<Guard>> = const { std::cell::Cell::new(None) };
}
