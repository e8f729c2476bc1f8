//! Who puts it right: for everything that cannot simply be undone, the way back. Each match names
//! every kind, so that a new one does not compile before somebody has thought about it.
//!
//! The table of ARCHITECTURE.md is made of this, and each call in it exists: the tests say so.

use super::effects::Effect;
use super::exception::Category;
use holdfast_shared::domain::fact::Body;
use holdfast_shared::domain::stock::Movement;
use holdfast_shared::domain::task::TaskEvent;

/// A way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Nobody has to do anything.
    ByItself(&'static str),
    /// A person decides, and says so by this call.
    ByPerson(Call, &'static str),
    /// It ends by itself when what is named happens; a person need not wait for it.
    Either(&'static str, Call, &'static str),
}

/// Calls of central, and of the agent in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Resolve,
    Triage,
    TakeBack,
    Place,
    Cancel,
    LiftFreeze,
    Enrol,
    DecideCopy,
    OverrideStore,
    DraftPolicy,
    Move,
    Unpair,
    RetryPayment,
    LabelAgain,
    RepairException,
    ApproveReturn,
}

impl Call {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolve => "POST /v1/exceptions/{exception}/resolve",
            Self::Triage => "POST /v1/shadow/diffs/{diff}/triage",
            Self::TakeBack => "POST /v1/tasks/{task}/take-back",
            Self::Place => "POST /v1/orders",
            Self::Cancel => "POST /v1/orders/{order}/cancel",
            Self::LiftFreeze => "DELETE /v1/health/freeze",
            Self::Enrol => "POST /v1/stores/{store}/enrolments",
            Self::DecideCopy => "POST /v1/stores/{store}/replicas/{replica}/quarantine",
            Self::OverrideStore => "POST /v1/recovery/stores/{store}",
            Self::DraftPolicy => "POST /v1/policies",
            Self::Move => "POST /v1/movements",
            Self::Unpair => "DELETE /v1/devices/{device}",
            Self::RetryPayment => "POST /v1/orders/{order}/payment/retry",
            Self::LabelAgain => "POST /v1/tasks/{task}/label/again",
            Self::RepairException => "POST /v1/exceptions/{exception}/repair",
            Self::ApproveReturn => "POST /v1/returns/{return}/approve",
        }
    }

    /// Answered by the agent of the store, not by central.
    #[must_use]
    pub const fn is_of_the_store(self) -> bool {
        match self {
            Self::Move | Self::Unpair => true,
            Self::Resolve
            | Self::Triage
            | Self::TakeBack
            | Self::Place
            | Self::Cancel
            | Self::LiftFreeze
            | Self::Enrol
            | Self::DecideCopy
            | Self::OverrideStore
            | Self::RepairException
            | Self::ApproveReturn
            | Self::DraftPolicy
            | Self::LabelAgain
            | Self::RetryPayment => false,
        }
    }
}

impl Repair {
    #[must_use]
    pub const fn call(self) -> Option<Call> {
        match self {
            Self::ByItself(_) => None,
            Self::ByPerson(call, _) | Self::Either(_, call, _) => Some(call),
        }
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> String {
        let person = |call: Call, how: &str| {
            let at = if call.is_of_the_store() { " at the store's agent" } else { "" };
            format!("a person: {how} (`{}`{at})", call.as_str())
        };
        match self {
            Self::ByItself(how) => format!("by itself: {how}"),
            Self::ByPerson(call, how) => person(call, how),
            Self::Either(itself, call, how) => format!("by itself: {itself}; or {}", person(call, how)),
        }
    }
}

const COUNT: &str = "count the SKUs";
const TAKE_BACK: Repair = Repair::ByPerson(Call::TakeBack, "ask where the goods are, then move the work");
const CORRECT: Repair = Repair::ByPerson(Call::Move, "record the opposite, or count the SKU");
const SHADOW_CRITICAL: Repair = Repair::Either(
    "the version leaves the shadow",
    Call::Triage,
    "say of each difference whether it is a defect",
);
const AWAITING_PAYMENT: Repair =
    Repair::ByPerson(Call::RetryPayment, "let it be tried again, or agree another way with the customer");
const PAYMENT_UNCLEAR: Repair = Repair::Either(
    "the provider answers, which is asked once an hour",
    Call::Resolve,
    "look it up at the provider",
);
const PARCEL_LOST: Repair = Repair::Either(
    "it is found, or delivered after all",
    Call::Resolve,
    "claim it at the carrier, and send the goods once more or give the money back",
);
const TRACKING_SILENT: Repair =
    Repair::Either("the carrier tells of it again", Call::Resolve, "ask the carrier where it is");
const VOID_FAILED: Repair = Repair::Either(
    "the label is void after all",
    Call::LabelAgain,
    "have the carrier asked once more, or claim the cost",
);
const REFUND_FAILED: Repair =
    Repair::ByPerson(Call::RetryPayment, "let it be tried again, or pay it back another way");
const OUTSIDE_DOWN: Repair = Repair::Either("it answers again", Call::Resolve, "look at its status page");
const BOOKS_DIFFER: Repair =
    Repair::Either("the books agree again", Call::RepairException, "carry out what is proposed");
const UNDELIVERED: Repair =
    Repair::Either("it gets through", Call::RepairException, "tell its owner, and have it tried again");

const UNEXPECTED_RETURN: Repair = Repair::Either(
    "the store that handed the goods over tells of it",
    Call::ApproveReturn,
    "ask the customer, and approve it",
);
const RETURN_WAITS: Repair =
    Repair::ByPerson(Call::RepairException, "approve it, or say whether damaged goods are paid back");
const RELEASED_AT_DARK_STORE: Repair = Repair::Either(
    "the store is back and answers",
    Call::TakeBack,
    "ask where the goods are, then move the work",
);
const RESTORED: Repair =
    Repair::Either("every store has told what it did", Call::OverrideStore, "answer for one that cannot");

#[must_use]
pub const fn of_category(category: Category) -> Repair {
    match category {
        Category::Backorder => {
            Repair::Either("stock comes in, or a node is back", Call::Cancel, "agree it with the customer")
        }
        Category::ReleasedAtDarkStore => RELEASED_AT_DARK_STORE,
        Category::Contradiction => {
            Repair::ByPerson(Call::Resolve, "ask the store what left, and put it right with the customer")
        }
        Category::Drift => Repair::Either("the digests are equal again", Call::Move, COUNT),
        Category::DamagedSync => Repair::ByPerson(
            Call::Resolve,
            "run holdfast-agent doctor; a damaged box salvages itself at its start",
        ),
        Category::FactConflict => {
            Repair::ByPerson(Call::Unpair, "pair the device anew, and count what it moved")
        }
        Category::ObserverFrozen => {
            Repair::Either("enough stores are heard again", Call::LiftFreeze, "let the silence count")
        }
        Category::ForeignClaim => Repair::ByPerson(Call::Enrol, "enrol the box anew, if it is one of ours"),
        Category::Sealing | Category::LostFacts => Repair::ByPerson(Call::Move, COUNT),
        Category::ClonedBox => Repair::ByPerson(Call::DecideCopy, "merge, discard or swap the copy"),
        Category::Override => Repair::ByPerson(
            Call::Resolve,
            "see to it that one parcel goes, and say what became of the other",
        ),
        Category::ReturnDue => {
            Repair::Either("the goods are back", Call::Resolve, "fetch the goods, and give the money back")
        }
        Category::CancelUnanswered => {
            Repair::Either("the store answers", Call::TakeBack, "ask where the goods are, then move the work")
        }
        Category::WrongClock => Repair::Either("the clock is right again", Call::Resolve, "set it"),
        Category::Stuck => TAKE_BACK,
        Category::Restored => RESTORED,
        Category::Policy => Repair::Either(
            "the nightly look finds nothing more",
            Call::DraftPolicy,
            "draft a version that says what is meant",
        ),
        Category::PromiseMissed => {
            Repair::ByPerson(Call::Resolve, "agree a new date with the customer, or cancel the order")
        }
        Category::Overdrawn => {
            Repair::Either("goods come in, or what was ceded goes out", Call::Move, "count the SKU")
        }
        Category::LabelFailed => {
            Repair::ByPerson(Call::TakeBack, "send it by another carrier, or move the work")
        }
        Category::ParcelMissing => {
            Repair::Either("it is recorded in after all", Call::Resolve, "ask the carrier where it is")
        }
        Category::PossibleDuplicate => {
            Repair::ByPerson(Call::Cancel, "ask the customer, and cancel one if both were not meant")
        }
        Category::ShadowCritical => SHADOW_CRITICAL,
        Category::AwaitingPayment => AWAITING_PAYMENT,
        Category::PaymentUnclear => PAYMENT_UNCLEAR,
        Category::RefundFailed => REFUND_FAILED,
        Category::ParcelLost => PARCEL_LOST,
        Category::TrackingSilent => TRACKING_SILENT,
        Category::VoidFailed => VOID_FAILED,
        Category::OutsideDown => OUTSIDE_DOWN,
        Category::BooksDiffer => BOOKS_DIFFER,
        Category::Undelivered => UNDELIVERED,
        Category::UnexpectedReturn => UNEXPECTED_RETURN,
        Category::ReturnWaits => RETURN_WAITS,
    }
}

#[must_use]
pub const fn of_effect(effect: &Effect) -> Repair {
    match effect {
        Effect::Units { .. } => {
            Repair::ByItself("open units are routed again; a late fact gives the difference that mends them")
        }
        Effect::EndHolds => Repair::ByItself("the units are free, and the next order may have them"),
        Effect::Release => TAKE_BACK,
        Effect::LetGo(_) => of_category(Category::Override),
        Effect::CancelAnswered(_) => of_category(Category::ReturnDue),
        Effect::Contradicted { .. } => of_category(Category::Contradiction),
    }
}

/// Facts never change; what they did is mended by another one.
#[must_use]
pub const fn of_fact(body: &Body) -> Repair {
    match body {
        Body::Stock(stock) => of_movement(&stock.movement),
        Body::Task(said) => of_event(&said.event),
        Body::Epoch(_) => {
            Repair::ByItself("a fact that comes after the closing is carried again, in the newest document")
        }
    }
}

#[must_use]
pub const fn of_movement(movement: &Movement) -> Repair {
    match movement {
        Movement::Opening
        | Movement::Sale
        | Movement::Return
        | Movement::BroughtBack { .. }
        | Movement::Receipt
        | Movement::Adjustment
        | Movement::Count { .. }
        | Movement::TransferOut { .. }
        | Movement::TransferIn { .. }
        | Movement::HandOver { .. }
        | Movement::ShortPick { .. } => CORRECT,
        Movement::PutBack { .. } => Repair::ByItself("it moves nothing; the units are free"),
        Movement::Ceded { .. } => Repair::ByItself("central gives back what it wants no more"),
        Movement::Returned { .. } => Repair::ByItself("the store cedes again when central wants it"),
    }
}

#[must_use]
pub const fn of_event(event: &TaskEvent) -> Repair {
    match event {
        TaskEvent::Offered(_) => {
            Repair::ByItself("nobody accepts it in time: it is recalled and routed again")
        }
        TaskEvent::Accepted => Repair::Either(
            "the store goes dark and its lease ends: it is recalled",
            Call::TakeBack,
            "move the work",
        ),
        TaskEvent::Declined { .. } => Repair::ByItself("its lines are routed again"),
        TaskEvent::Short { .. } => {
            Repair::Either("the missing units are routed again", Call::Move, "they turn up: count the SKU")
        }
        TaskEvent::PickingStarted
        | TaskEvent::Picked { .. }
        | TaskEvent::Packed
        | TaskEvent::Released { .. } => TAKE_BACK,
        TaskEvent::HandedOver { .. } => Repair::ByPerson(Call::Move, "a return, when the goods come back"),
        TaskEvent::PutBack => Repair::ByItself("its lines are routed again, or cancelled"),
        TaskEvent::Recalled { .. } => Repair::ByItself(
            "the store puts the goods back, or is given the work again while nobody else began",
        ),
        TaskEvent::CancelRequested { .. } => Repair::ByPerson(Call::Place, "order it once more"),
        TaskEvent::Readopted => Repair::Either("the store goes on", Call::TakeBack, "move the work"),
        TaskEvent::TakenBack { .. } => {
            Repair::ByItself("its lines are routed again; the store puts the goods back")
        }
        TaskEvent::LetGo { .. } => of_category(Category::Override),
    }
}

#[cfg(test)]
mod tests;
