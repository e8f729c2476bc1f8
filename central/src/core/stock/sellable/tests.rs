use super::super::class::SkuClass;
use super::super::learned::{CheckRecord, Counts, Learned};
use super::*;
use holdfast_shared::domain::rights::Ceded;
use holdfast_shared::domain::stock::{Movement, StockFact};
use holdfast_shared::ids::{Sku, StoreId};
use proptest::prelude::*;

const NOW: UtcMs = UtcMs(1_700_000_000_000);
const HOUR_MS: i64 = 3_600_000;

fn known(on_hand: i64, reserved: i64) -> Known {
    Known {
        store: StoreId::new("leeds").unwrap(),
        sku: Sku::new("A").unwrap(),
        class: SkuClass::default(),
        on_hand,
        reserved,
        ceded: None,
        store_buffer: 0,
        as_of: NOW,
        level_at: None,
        recovering: false,
        learned: None,
    }
}

fn policy(json: serde_json::Value) -> ClassPolicy {
    serde_json::from_value(json).unwrap()
}

fn sold(known: &Known, policy: &ClassPolicy, channel: &str) -> (i64, String) {
    sold_in_doubt(known, policy, &Doubts::default(), channel)
}

fn sold_in_doubt(known: &Known, policy: &ClassPolicy, doubts: &Doubts, channel: &str) -> (i64, String) {
    let asked = Asked { channel: &Channel::new(channel), kind: Some(FulfilmentKind::Ship) };
    let sellable = sellable(known, &Records::default(), policy, doubts, asked, NOW);
    (sellable.units, sellable.words().unwrap_or_default())
}

#[test]
fn what_is_open_is_sold_but_for_what_orders_hold() {
    assert_eq!(sold(&known(5, 2), &ClassPolicy::open(), "web"), (3, String::new()));
    assert_eq!(sold(&known(2, 5), &ClassPolicy::open(), "web").0, 0);
    assert_eq!(sold(&known(-3, 0), &ClassPolicy::open(), "web").0, 0);
}

#[test]
fn the_larger_of_both_buffers_is_kept() {
    let mut known = known(9, 0);
    let class = policy(serde_json::json!({"buffer_units": 2, "allow_last_unit": true}));
    assert_eq!(sold(&known, &class, "web"), (7, "2 kept as buffer".to_owned()));
    known.store_buffer = 4;
    assert_eq!(sold(&known, &class, "web").0, 5);
    known.store_buffer = 40;
    assert_eq!(sold(&known, &class, "web").0, 0);
}

#[test]
fn while_the_tills_are_not_seen_the_last_units_stay() {
    let mut unseen = Doubts::default();
    unseen.note_tills_unseen();
    let of = |known: &Known, keeps: i64| {
        let class = ClassPolicy { unseen_pos_keeps: keeps, ..ClassPolicy::open() };
        sold_in_doubt(known, &class, &unseen, "web")
    };
    assert_eq!(of(&known(3, 0), 2), (1, "2 kept back while its tills are not seen".to_owned()));
    assert_eq!(of(&known(3, 2), 2).0, 0, "of what no order holds");
    assert_eq!(of(&known(3, 0), 0), (3, String::new()));
    assert_eq!(sold_in_doubt(&known(3, 0), &ClassPolicy::open(), &unseen, "web").0, 2, "one, by default");
    let mut buffered = known(9, 0);
    buffered.store_buffer = 5;
    assert_eq!(of(&buffered, 2), (4, "5 kept as buffer".to_owned()), "a larger buffer keeps them already");
    let mut scarce = known(3, 0);
    scarce.ceded = Some(Ceded { rights: 2, held: 0 });
    assert_eq!(of(&scarce, 2).0, 2, "its till does not sell what it has ceded");
}

#[test]
fn a_class_whose_feed_is_too_old_is_not_sold_and_the_others_are() {
    let mut doubts = Doubts::default();
    doubts.note_stale(SkuClass::new("hot"), Some([FulfilmentKind::Ship].into()));
    let mut hot = known(5, 1);
    assert_eq!(sold_in_doubt(&hot, &ClassPolicy::open(), &doubts, "web").0, 4, "of another class");
    hot.class = SkuClass::new("hot");
    let (units, words) = sold_in_doubt(&hot, &ClassPolicy::open(), &doubts, "web");
    let expected = "4 kept back: what the store did with this class is known too late";
    assert_eq!((units, words.as_str()), (0, expected));
}

#[test]
fn the_last_unit_stays_unless_it_is_allowed() {
    let class = policy(serde_json::json!({"channels": {"web": {"allow_last_unit": true}}}));
    assert_eq!(sold(&known(1, 0), &class, "market"), (0, "1 kept as the last unit".to_owned()));
    assert_eq!(sold(&known(1, 0), &class, "web").0, 1);
    assert_eq!(sold(&known(4, 2), &class, "market").0, 1, "of the two that are free");
    let buffered = policy(serde_json::json!({"buffer_units": 1}));
    assert_eq!(sold(&known(4, 0), &buffered, "web").0, 3, "the buffer holds the last unit already");
}

fn in_escrow(on_hand: i64, reserved: i64, rights: i64, held: i64) -> Known {
    Known { ceded: Some(Ceded { rights, held }), ..known(on_hand, reserved) }
}

#[test]
fn of_a_sku_in_escrow_only_what_is_ceded_and_unheld_is_sold() {
    let open = ClassPolicy::open();
    assert_eq!(sold(&in_escrow(9, 2, 5, 2), &open, "web"), (3, String::new()));
    assert_eq!(sold(&in_escrow(9, 0, 0, 0), &open, "web").0, 0, "nine are there, none is ceded");
    assert_eq!(sold(&in_escrow(2, 1, 5, 1), &open, "web").0, 1, "what is not there is not sold");
    assert_eq!(sold(&in_escrow(9, 0, -1, 0), &open, "web").0, 0);
}

#[test]
fn no_buffer_is_kept_of_what_a_store_has_ceded() {
    let class = policy(serde_json::json!({"buffer_units": 2, "allow_last_unit": true}));
    let scarce = Known { store_buffer: 4, ..in_escrow(9, 0, 3, 0) };
    assert_eq!(sold(&scarce, &class, "web"), (3, String::new()));
    assert_eq!(sold(&Known { ceded: None, ..scarce }, &class, "web").0, 5);
}

#[test]
fn the_last_unit_is_the_last_on_the_shelf_and_not_the_last_that_is_ceded() {
    let class = policy(serde_json::json!({}));
    assert_eq!(sold(&in_escrow(4, 0, 1, 0), &class, "web").0, 1);
    assert_eq!(sold(&in_escrow(1, 0, 1, 0), &class, "web"), (0, "1 kept as the last unit".to_owned()));
}

#[test]
fn what_is_ceded_is_sold_however_old_the_last_word_is_and_however_fast_the_till_sells() {
    let class = policy(serde_json::json!({
        "allow_last_unit": true, "max_age_ms": HOUR_MS, "confidence_min": 0.9,
    }));
    let mut learned = Learned::nothing_since(NOW.plus(-60 * 24 * HOUR_MS));
    for day in 3..60 {
        let sale = StockFact { sku: known(0, 0).sku, delta: -3, movement: Movement::Sale, note: None };
        learned.absorb(&sale, NOW.plus(-24 * HOUR_MS * day), Counts::Now);
    }
    let as_of = NOW.plus(-48 * HOUR_MS);
    let scarce = Known { as_of, learned: Some(learned), ..in_escrow(9, 0, 3, 0) };
    let (units, words) = sold(&scarce, &class, "web");
    assert!(
        (2..=3).contains(&units),
        "{units}: the books may be wrong, and the till sells the others: {words}"
    );
    let open = Known { ceded: None, ..scarce };
    assert_eq!(sold(&open, &class, "web").0, 0, "of the others the last word is too old");
}

#[test]
fn what_a_channel_gets_is_trade_and_holds_for_what_is_ceded_as_well() {
    let class =
        policy(serde_json::json!({"allow_last_unit": true, "channels": {"market": {"cap_units": 1}}}));
    assert_eq!(sold(&in_escrow(9, 0, 3, 0), &class, "market").0, 1);
    assert_eq!(sold(&in_escrow(9, 0, 3, 0), &class, "web").0, 3);
}

#[test]
fn a_cart_that_lets_go_frees_what_it_was_promised_out_of() {
    let after = |mut known: Known, units: i64, out_of_rights: bool| {
        known.release(units, out_of_rights);
        known.free()
    };
    assert_eq!(after(known(5, 3), 2, false), 4);
    assert_eq!(after(in_escrow(9, 3, 3, 3), 2, true), 2);
    assert_eq!(after(in_escrow(9, 3, 3, 1), 2, false), 2, "held before the SKU was in escrow");
    assert_eq!(after(in_escrow(9, 3, 0, 0), 2, true), 0, "rights in doubt stay none");
}

#[test]
fn a_channel_gets_its_share_and_not_more_than_its_cap() {
    let class = policy(serde_json::json!({"allow_last_unit": true, "channels": {
        "market": {"share_permille": 300}, "flash": {"share_permille": 900, "cap_units": 2}, "shut": {"cap_units": 0},
    }}));
    let units = ["market", "flash", "shut", "web"].map(|channel| sold(&known(11, 0), &class, channel).0);
    assert_eq!(units, [3, 2, 0, 11]);
}

#[test]
fn a_last_word_that_is_too_old_sells_nothing_of_its_class() {
    let class = policy(serde_json::json!({
        "allow_last_unit": true, "max_age_ms": HOUR_MS, "max_age_ms_of": {"ship": 2 * HOUR_MS},
    }));
    let mut known = known(5, 0);
    known.as_of = NOW.plus(-2 * HOUR_MS);
    assert_eq!(sold(&known, &class, "web").0, 5);
    known.as_of = NOW.plus(-2 * HOUR_MS - 1);
    let (units, words) = sold(&known, &class, "web");
    assert_eq!((units, words.as_str()), (0, "5 kept back: the store's last word is too old"));
    known.level_at = Some(NOW.plus(-1));
    assert_eq!(sold(&known, &class, "web").0, 5, "it had nothing more to tell a moment ago");
}

#[test]
fn units_that_are_not_sure_enough_are_kept_back() {
    let class = policy(serde_json::json!({"allow_last_unit": true, "confidence_min": 0.95}));
    let mut known = known(6, 0);
    let mut learned = Learned::nothing_since(NOW.plus(-60 * 24 * HOUR_MS));
    for day in 1..60 {
        let sale = StockFact { sku: known.sku.clone(), delta: -2, movement: Movement::Sale, note: None };
        learned.absorb(&sale, NOW.plus(-24 * HOUR_MS * day), Counts::Now);
    }
    known.learned = Some(learned);
    assert_eq!(sold(&known, &class, "web").0, 5, "two a day, but told just now; books may be wrong");
    known.as_of = NOW.plus(-24 * HOUR_MS);
    let (units, words) = sold(&known, &class, "web");
    assert!((1..=3).contains(&units), "{units}: about two were sold since");
    assert!(words.contains("not sure enough"), "{words}");
}

#[test]
fn a_store_whose_checks_fail_sells_fewer() {
    let class = policy(serde_json::json!({"allow_last_unit": true, "confidence_min": 0.95}));
    let (known, asked) = (known(3, 0), Asked { channel: &Channel::new("web"), kind: None });
    let mut sloppy = Records::default();
    let mut record = CheckRecord::default();
    let wrong =
        StockFact { sku: known.sku.clone(), delta: -2, movement: Movement::Count { found: 0 }, note: None };
    for _ in 0..30 {
        let check = super::super::learned::Check::of(&wrong, 2).unwrap();
        record.absorb(check, 1.0, NOW, Counts::Now);
    }
    sloppy.put(SkuClass::default(), record);
    let [usual, less] = [Records::default(), sloppy]
        .map(|records| sellable(&known, &records, &class, &Doubts::default(), asked, NOW).units);
    assert!(less < usual, "{less} of {usual}");
}

proptest! {
    #[test]
    fn what_is_sold_and_what_is_kept_is_what_is_free(
        on_hand in -10_i64..3_000, reserved in 0_i64..40, buffer in 0_i64..9, last in any::<bool>(),
        least in 0.0_f64..0.999, share in 0_u16..=1000, cap in proptest::option::of(0_i64..50), age in 0_i64..90,
        unseen in any::<bool>(), keeps in 0_i64..9,
    ) {
        let mut known = known(on_hand, reserved);
        known.as_of = NOW.plus(-age * HOUR_MS);
        let web = Channel::new("web");
        let mut class = ClassPolicy { buffer_units: buffer, allow_last_unit: last, confidence_min: least, unseen_pos_keeps: keeps, ..ClassPolicy::open() };
        class.max_age_ms = Some(48 * HOUR_MS);
        let allotment = ChannelPolicy { share_permille: Some(share), cap_units: cap, allow_last_unit: None };
        class.channels.insert(web.clone(), allotment);
        let asked = Asked { channel: &web, kind: None };
        let mut doubts = Doubts::default();
        if unseen {
            doubts.note_tills_unseen();
        }
        let sold = sellable(&known, &Records::default(), &class, &doubts, asked, NOW);
        let kept: i64 = sold.kept.iter().map(|(_, units)| units).sum();
        prop_assert_eq!(sold.units + kept, (on_hand - reserved).max(0));
        prop_assert!(sold.units <= (on_hand - reserved - buffer).max(0));
        prop_assert!(!unseen || sold.units <= (on_hand - reserved - keeps).max(0));
        prop_assert!(sold.units == 0 || age <= 48);
        prop_assert!(cap.is_none_or(|cap| sold.units <= cap));
        let sure = known.evidence(&Records::default(), NOW).that_free(sold.units);
        prop_assert!(sure >= least, "{} units with {sure}, {least} asked", sold.units);
    }
}
