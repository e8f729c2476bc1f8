use super::*;
use crate::core::test_support::{record, tenant};
use crate::flows::test_support::Ram;

fn command(until: Option<i64>) -> Close {
    Close {
        hard: true,
        cause: ClosureCause::Weather,
        author: "mia".parse().unwrap(),
        until: until.map(UtcMs),
    }
}

async fn close_leeds(ram: &Ram, until: Option<i64>) -> Result<(), FlowError> {
    close(ram, ram, &tenant(), &"leeds".parse().unwrap(), command(until), UtcMs(100)).await
}

#[tokio::test]
async fn a_closure_is_written_with_author_and_end_and_the_store_is_poked() {
    let ram = Ram::default();
    ram.told(|told| told.stores = vec![record("leeds")]);
    close_leeds(&ram, Some(200)).await.unwrap();
    let closure = ram.done(|done| done.closures[0].clone());
    assert_eq!(
        (closure.author.as_str(), closure.since, closure.until),
        ("mia", UtcMs(100), Some(UtcMs(200)))
    );
    assert!(!closure.from_store);
    let leeds = "leeds".parse().unwrap();
    assert!(reopen(&ram, &ram, &tenant(), &leeds).await.unwrap());
    assert!(!reopen(&ram, &ram, &tenant(), &leeds).await.unwrap());
    assert_eq!(ram.poked()[..2], ["leeds: closure", "leeds: reopened"]);
}

#[tokio::test]
async fn a_closure_that_is_over_and_a_store_that_is_not_known_are_refused() {
    let ram = Ram::default();
    assert_eq!(close_leeds(&ram, None).await.unwrap_err().code(), Code::UnknownStore);
    ram.told(|told| told.stores = vec![record("leeds")]);
    assert_eq!(close_leeds(&ram, Some(100)).await.unwrap_err().code(), Code::InvalidRequest);
    let york = "york".parse().unwrap();
    assert_eq!(reopen(&ram, &ram, &tenant(), &york).await.unwrap_err().code(), Code::UnknownStore);
}
