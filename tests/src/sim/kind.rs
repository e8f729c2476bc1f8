//! What can happen in a run beside its routine: one line for each fault and each act of people.
//!
//! A kind that is switched off here waits for the product to survive it; everything else of it is
//! there. How often a kind happens is per opportunity: a message, a step, or a slot of a step.

/// What takes a kind away when a schedule is made shorter, and who has what from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Struck by a seed's draw of which faults it has at all.
    Fault,
    /// What people do all day.
    Act,
}

macro_rules! kinds {
    ($($kind:ident $mark:literal $permille:literal $class:ident $switch:ident $words:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($kind),* }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its counter among the marks of a run.
            #[must_use]
            pub const fn mark(self) -> &'static str {
                match self { $(Self::$kind => $mark),* }
            }

            /// In how many of a thousand opportunities.
            #[must_use]
            pub const fn permille(self) -> u64 {
                match self { $(Self::$kind => $permille),* }
            }

            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$kind => Class::$class),* }
            }

            #[must_use]
            pub const fn is_on(self) -> bool {
                match self { $(Self::$kind => switch::$switch),* }
            }

            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$kind => $words),* }
            }
        }
    };
}

mod switch {
    pub(super) const ON: bool = true;
    /// The product does not survive it yet.
    #[expect(dead_code, reason = "it survives all of them")]
    pub(super) const OFF: bool = false;
}

kinds! {
    // Messages.
    RequestLost "request_lost" 60 Fault ON "a sync request is lost";
    AnswerLost "answer_lost" 60 Fault ON "the answer to a sync is lost";
    RequestLate "request_late" 50 Fault ON "a sync request arrives late";
    AnswerLate "answer_late" 50 Fault ON "the answer to a sync arrives late";
    RequestDoubled "request_doubled" 60 Fault ON "a sync request arrives twice";
    AnswerDoubled "answer_doubled" 40 Fault ON "the answer to a sync arrives again later";
    Reordered "reordered" 300 Fault ON "late messages overtake each other";
    BeatLost "beat_lost" 80 Fault ON "a heartbeat is lost";
    BeatLate "beat_late" 40 Fault ON "a heartbeat arrives late";
    PokeLost "poke_lost" 300 Fault ON "a poke is lost";
    // Connections.
    StoreCutOff "store_cut_off" 20 Fault ON "a store is cut off";
    AnswersCut "answers_cut" 8 Fault ON "a store's requests pass, and no answer comes back";
    RequestsCut "requests_cut" 8 Fault ON "nothing from a store passes, but pokes and late answers do";
    BrokerLost "broker_lost" 4 Fault ON "the broker is lost, HTTP is not";
    UplinkLost "uplink_lost" 3 Fault ON "central is cut off from all stores";
    // Processes.
    AgentCrashed "agent_crashed" 15 Fault ON "an agent is killed between two operations";
    AgentKilledInside "agent_killed_inside" 15 Fault ON "an agent is killed between two commits";
    CentralCrashed "central_crashed" 6 Fault ON "central is killed between two operations";
    CentralKilledInside "central_killed_inside" 8 Fault ON "central is killed between two commits";
    CentralPaused "central_paused" 4 Fault ON "central stands still for a while";
    // Disks.
    AgentCommitFailed "agent_commit_failed" 12 Fault ON "a commit of an agent fails";
    CentralCommitFailed "central_commit_failed" 8 Fault ON "a commit of central fails";
    AgentDiskFull "agent_disk_full" 5 Fault ON "an agent's disk is full";
    CentralDiskFull "central_disk_full" 3 Fault ON "central's disk is full";
    AgentPowerLost "agent_power_lost" 6 Fault ON "a store loses power in the middle of a write";
    CentralPowerLost "central_power_lost" 3 Fault ON "central loses power in the middle of a write";
    SlowDisk "slow_disk" 12 Fault ON "an agent's disk is slow: time passes within a sync";
    AgentRestored "agent_restored" 6 Fault ON "an agent's disk is restored from a backup";
    CentralRestored "central_restored" 3 Fault ON "central is restored from a backup";
    BoxCloned "box_cloned" 2 Fault ON "a box is cloned, and both go on";
    // The chain as it is built.
    TwoBoxes "two_boxes" 120 Fault ON "a store has a standby beside its box, and staff use both";
    // Clocks.
    AgentClockStepped "agent_clock_stepped" 6 Fault ON "a store's clock is put forward or back";
    CentralClockStepped "central_clock_stepped" 3 Fault ON "central's clock is put forward or back";
    // People.
    Ordered "ordered" 120 Act ON "a customer orders";
    OrderedAgain "ordered_again" 30 Act ON "a storefront sends an order again";
    Cancelled "cancelled" 15 Act ON "a customer changes their mind";
    RivalRecalls "rival_recalls" 30 Act ON "a second central recalls by what it saw a while ago";
    RivalAssigns "rival_assigns" 20 Act ON "a second central assigns by stock that it imagines";
    ForeignClaim "foreign_claim" 4 Act ON "a store sends what belongs to another";
    Worked "worked" 700 Act ON "staff work on a task";
    Moved "moved" 240 Act ON "a till sells, goods come in, somebody counts";
    AskedAgain "asked_again_later" 40 Act ON "a device asks again what was answered long ago";
    Closed "closed" 5 Act ON "staff close a store";
    DoubleTap "double_tap" 100 Act ON "a picker taps twice";
    HurriedHandOver "tried_to_hand_over_early" 40 Act ON "a picker hands over whatever the screen says";
    Unwilling "unwilling" 60 Act ON "staff decline, or say that they do not find it";
    // Those who know better. At the end: what a seed does hangs on the place of a kind.
    TakesBack "takes_back" 8 Act ON "a person takes work back, whatever was released";
    LetGo "let_go" 60 Act ON "a manager lets goods go without a release";
    ClosedWrongly "closed_wrongly" 3 Act ON "a box closes its document with a count that is not right";
    Escrowed "escrowed" 60 Act ON "central wants a scarce SKU to be ceded, or wants it no more";
    OtherGoods "other_goods" 250 Act ON "a customer takes other goods in place of what cannot be had";
    OneParcel "one_parcel" 350 Act ON "a customer rather has one parcel later than several";
    ParcelLost "parcel_lost" 600 Fault ON "goods are lost on their way from store to store";
    Scattered "scattered" 500 Fault ON "each store has only some of the goods, and gets no others";
    // Money.
    Paid "paid" 450 Act ON "a customer pays by card";
    RefundAsked "refund_asked" 25 Act ON "customer service gives money back";
    CardDeclined "card_declined" 40 Fault ON "a payment provider refuses for good";
    CardSoft "card_soft" 40 Fault ON "a payment provider cannot do it for now";
    CardBusy "card_busy" 40 Fault ON "a payment provider takes a question not in";
    CardUnheard "card_unheard" 50 Fault ON "a payment provider has done it, and its answer is lost";
    CardLost "card_lost" 50 Fault ON "a question to a payment provider is lost";
    CardLate "card_late" 60 Fault ON "a question to a payment provider arrives long after";
    CardTwice "card_twice" 60 Fault ON "a question to a payment provider arrives twice";
    CardSilent "card_silent" 30 Fault ON "a payment provider does not answer, and says nothing when it is asked again";
    CardsDown "cards_down" 6 Fault ON "a payment provider is down";
    KilledBeforeAsking "killed_before_asking" 25 Fault ON "central is killed before its question to somebody outside leaves";
    KilledBeforeHearing "killed_before_hearing" 25 Fault ON "central is killed before the answer of somebody outside comes";
    WebhookLate "webhook_late" 150 Fault ON "a webhook comes late";
    WebhookDoubled "webhook_doubled" 150 Fault ON "a webhook comes twice";
    // Parcels.
    Labelled "chain_labelled" 550 Act ON "the chain has its labels made by a carrier";
    OddAddress "odd_address" 180 Act ON "a customer's address is one that a carrier may refuse";
    CarrierDeclined "carrier_declined" 40 Fault ON "a carrier refuses for good";
    CarrierSoft "carrier_soft" 60 Fault ON "a carrier cannot do it for now";
    CarrierBusy "carrier_busy" 60 Fault ON "a carrier takes a question not in";
    CarrierUnheard "carrier_unheard" 90 Fault ON "a carrier has done it, and its answer is lost";
    CarrierLost "carrier_lost" 80 Fault ON "a question to a carrier is lost";
    CarrierLate "carrier_late" 90 Fault ON "a question to a carrier arrives long after";
    CarrierTwice "carrier_twice" 90 Fault ON "a question to a carrier arrives twice";
    CarrierSilent "carrier_silent" 60 Fault ON "a carrier does not answer, and says nothing when it is asked again";
    CarrierDown "carrier_down" 8 Fault ON "a carrier is down";
    LabelWished "label_wished" 25 Act ON "a person has a label made once more, or wants none";
    ParcelAstray "parcel_astray" 220 Fault ON "a carrier loses a parcel, and may find it";
    ParcelSentBack "parcel_sent_back" 180 Fault ON "a carrier brings a parcel back";
    ScanEarly "scan_early" 300 Fault ON "a carrier tells of a label before it answers that it has made it";
}

impl Kind {
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.mark() == name)
    }
}
