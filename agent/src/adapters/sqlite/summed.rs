//! What the sum of each row is over, as `sound` and rescue ask for it.

macro_rules! agent_sum {
    () => {
        "installation, tenant, store, fact_number, hlc_wall, hlc_counter, stock_digest, closure, sealed_root"
    };
}
macro_rules! fact_sum {
    () => {
        "id, text, sku, task, recorded_at"
    };
}
macro_rules! item_sum {
    () => {
        "sku, item.name, barcode, class, on_hand, reserved, moved_at, counted_at"
    };
}
macro_rules! task_sum {
    () => {
        "task, phase, state, changed_at"
    };
}
macro_rules! key_sum {
    () => {
        "device, key, request_hash, answer"
    };
}
macro_rules! device_sum {
    () => {
        "device, name, role, generation, token_hash"
    };
}
pub(super) const SUMS: [(&str, &str); 6] = [
    ("agent", agent_sum!()),
    ("fact", fact_sum!()),
    ("item", item_sum!()),
    ("task", task_sum!()),
    ("idempotency", key_sum!()),
    ("device", device_sum!()),
];
