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

#[test]
fn what_stands_in_is_told_with_what_was_passed_over() {
    let substitution = json!({
        "number": 1, "line": 1, "sku": "TEA", "instead": "MUG", "quantity": 2, "state": "made",
        "proposed_at": "2026-11-22T12:00:00Z", "new_line": 1_001, "words": "2 of MUG in place of TEA (line 1)",
        "passed": [{ "sku": "CUP", "why": "no node can send 2 of it" }]
    });
    let explained = json!({ "decisions": [], "substitutions": [substitution] });
    let mut out = Vec::new();
    write_order(&json!({ "events": [] }), explained, &mut out).unwrap();
    let shown = String::from_utf8(out).unwrap();
    assert!(shown.contains("made       2 of MUG in place of TEA (line 1), as line 1001"), "{shown}");
    assert!(shown.contains("not CUP: no node can send 2 of it"), "{shown}");
}
