use super::*;

#[test]
fn one_order_reads_as_it_always_did() {
    let told: Value = serde_json::from_str(include_str!("golden/order.json")).unwrap();
    let mut out = Vec::new();
    write_order(&told["timeline"], told["explain"].clone(), &mut out).unwrap();
    let shown = String::from_utf8(out).unwrap();
    assert_eq!(shown, include_str!("golden/order.txt"), "{shown}");
}

#[test]
fn a_decision_that_this_version_cannot_read_is_said_to_be_one() {
    let explained = json!({ "decisions": [{ "decision": "d-1" }] });
    let refused = write_order(&json!({ "events": [] }), explained, &mut Vec::new()).unwrap_err();
    assert!(refused.to_string().contains("--json"), "{refused}");
}
