use super::*;
use crate::core::order::{Order, OrderState};
use crate::core::test_support::{order_request, task, tenant};
use crate::flows::test_support::Ram;
use crate::ports::work::TaskRow;
use holdfast_shared::domain::task::Phase;
use holdfast_shared::ids::TraceId;

async fn cancel(ram: &Ram, reason: &str) -> Result<Cancelled, FlowError> {
    let (order, actor) = ("o1".parse().unwrap(), "mia".parse().unwrap());
    cancel_order(ram, ram, &tenant(), &order, reason, &actor, UtcMs(0)).await
}

#[tokio::test]
async fn the_stores_that_still_have_work_are_poked() {
    let ram = Ram::default();
    let mut done = task("york", Phase::HandedOver);
    done.task = "o1-2".parse().unwrap();
    ram.told(|told| {
        told.cancel = Some(CancelOutcome::Requested { cancelled_units: 1, asked_stores: 1 });
        told.tasks =
            [task("leeds", Phase::Picking), done].map(|state| TaskRow { tenant: tenant(), state }).into();
        told.order = Some(Order {
            tenant: tenant(),
            order: "o1".parse().unwrap(),
            request: order_request(),
            state: OrderState::Picking,
            lines: Vec::new(),
            tasks: vec!["o1-1".parse().unwrap(), "o1-2".parse().unwrap()],
            placed_at: UtcMs(0),
            changed_at: UtcMs(0),
            trace: TraceId::new("0".repeat(32)).unwrap(),
            request_lost: false,
            root_key: None,
            duplicate_of: None,
        });
    });
    let asked = cancel(&ram, "changed their mind").await.unwrap();
    assert_eq!(asked, Cancelled { cancelled_units: 1, asked_stores: 1 });
    assert_eq!(ram.poked(), ["leeds: cancel requested"]);
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_said_in_words() {
    let ram = Ram::default();
    assert_eq!(cancel(&ram, "x").await.unwrap_err().code(), Code::UnknownOrder);
    ram.told(|told| told.cancel = Some(CancelOutcome::TooLate(OrderState::Shipped)));
    let late = cancel(&ram, "x").await.unwrap_err();
    assert_eq!(late.to_string(), "order o1 is shipped; nothing is left to cancel");
    for reason in ["", "  ", "refund 4111111111111111"] {
        assert_eq!(cancel(&ram, reason).await.unwrap_err().code(), Code::InvalidRequest);
    }
}
