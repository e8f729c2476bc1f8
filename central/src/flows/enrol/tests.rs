use super::*;
use crate::core::test_support::{record, tenant};
use crate::flows::test_support::{Ram, identity};

fn request(code: &str) -> EnrolRequest {
    EnrolRequest { code: code.to_owned(), box_name: None }
}

async fn enrol_with(ram: &Ram, request: &EnrolRequest) -> Result<EnrolResponse, FlowError> {
    enrol(ram, request, String::from("secret"), String::from(":1883"), UtcMs(0)).await
}

async fn offered(code: &str) -> Ram {
    let ram = Ram::default();
    ram.told(|told| {
        told.stores = vec![record("leeds")];
        told.enrolment = Some(identity("leeds"));
    });
    let until = offer_enrolment(&ram, &tenant(), &"leeds".parse().unwrap(), code, UtcMs(5)).await.unwrap();
    assert_eq!(until, UtcMs(5 + CODE_TTL_MS));
    ram
}

#[tokio::test]
async fn a_code_is_good_once_however_it_is_typed() {
    let ram = offered("K7Q4-M9TX").await;
    let enrolled = enrol_with(&ram, &request(" k7q4 m9tx ")).await.unwrap();
    assert_eq!((enrolled.replica.as_str(), enrolled.store_name.as_str()), ("leeds-a", "leeds"));
    let again = enrol_with(&ram, &request("K7Q4-M9TX")).await.unwrap_err();
    assert_eq!(again.code(), Code::CodeExpired);
}

#[tokio::test]
async fn a_wrong_code_and_a_wild_box_name_are_refused() {
    let ram = offered("K7Q4-M9TX").await;
    assert_eq!(enrol_with(&ram, &request("K7Q4-M9TY")).await.unwrap_err().code(), Code::CodeExpired);
    let mut wild = request("K7Q4-M9TX");
    wild.box_name = Some(String::from("back\nroom"));
    assert_eq!(enrol_with(&ram, &wild).await.unwrap_err().code(), Code::InvalidRequest);
    wild.box_name = Some(String::from("back room"));
    assert!(enrol_with(&ram, &wild).await.is_ok(), "a refusal does not use up the code");
}

#[tokio::test]
async fn a_code_is_for_a_store_that_is_known() {
    let ram = Ram::default();
    let refused = offer_enrolment(&ram, &tenant(), &"york".parse().unwrap(), "X", UtcMs(0)).await;
    assert_eq!(refused.unwrap_err().code(), Code::UnknownStore);
}

#[test]
fn a_token_and_a_code_of_the_same_letters_have_unlike_hashes() {
    assert_ne!(token_hash("ABC"), code_hash("ABC"));
    assert_ne!(token_hash("ABC"), token_hash("abc"));
}
