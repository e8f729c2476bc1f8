use super::*;
use holdfast_shared::domain::fence::Fence;
use holdfast_shared::domain::stock::HoldRef;
use holdfast_shared::ids::{LineNo, Sku, TaskId};
use proptest::prelude::*;

const BEGIN: i64 = 1_700_000_000_000;
const DAY_MS: i64 = 86_400_000;

fn on_day(day: i64) -> UtcMs {
    UtcMs(BEGIN + day * DAY_MS)
}

fn fact(delta: i64, movement: Movement) -> StockFact {
    StockFact { sku: Sku::new("A").unwrap(), delta, movement, note: None }
}

fn hold() -> HoldRef {
    HoldRef { task: TaskId::new("o-1").unwrap(), line: LineNo(1), fence: Fence::default(), ceded: false }
}

fn learn(facts: &[(StockFact, UtcMs)]) -> Learned {
    let mut learned = Learned::nothing_since(on_day(0));
    facts.iter().for_each(|(fact, at)| learned.absorb(fact, *at, Counts::Now));
    learned
}

#[test]
fn a_steady_seller_is_known_by_its_rate() {
    let sales: Vec<_> = (0..200).map(|day| (fact(-3, Movement::Sale), on_day(day))).collect();
    let learned = learn(&sales);
    let rate = learned.rate(on_day(200)).per_day();
    assert!((2.4..3.2).contains(&rate), "three a day were sold, {rate} are seen");
    let gone = learned.rate(on_day(400)).per_day();
    assert!(gone < rate / 5.0, "half a year without a sale: {gone}");
}

#[test]
fn only_sales_at_the_till_are_demand() {
    let others = [
        fact(9, Movement::Receipt),
        fact(-2, Movement::Adjustment),
        fact(-1, Movement::HandOver { hold: hold() }),
        fact(-1, Movement::ShortPick { hold: hold() }),
    ];
    let facts: Vec<_> = others.into_iter().map(|fact| (fact, on_day(1))).collect();
    assert_eq!(learn(&facts), Learned::nothing_since(on_day(0)));
}

#[test]
fn the_newest_count_is_the_one_that_is_known() {
    let count = |day| (fact(0, Movement::Count { found: 1 }), on_day(day));
    assert_eq!(learn(&[count(9), count(4)]).counted_at, Some(on_day(9)));
}

#[test]
fn counts_and_picks_are_checks_and_the_rest_is_none() {
    let weigh = |fact: StockFact| Check::of(&fact, 5).map(|check| (check.weight, check.missing));
    assert_eq!(weigh(fact(-2, Movement::Count { found: 1 })), Some((1.0, 2)));
    assert_eq!(
        weigh(fact(5, Movement::Count { found: 9 })),
        Some((1.0, 0)),
        "more than the books is no loss"
    );
    assert_eq!(weigh(fact(-3, Movement::ShortPick { hold: hold() })), Some((1.0, 3)));
    assert_eq!(weigh(fact(-5, Movement::HandOver { hold: hold() })), Some((1.0, 0)), "it took all");
    assert_eq!(weigh(fact(-3, Movement::HandOver { hold: hold() })), Some((0.25, 0)), "two stay behind");
    assert_eq!(weigh(fact(-3, Movement::Sale)), None);
}

fn recorded(wrong: i64, right: i64) -> CheckRecord {
    let mut record = CheckRecord::default();
    for n in 0..wrong + right {
        let missing = if n < wrong { 2 } else { 0 };
        record.absorb(Check { weight: 1.0, missing }, 10.0, on_day(1), Counts::Now);
    }
    record
}

#[test]
fn a_store_whose_counts_are_wrong_is_believed_less() {
    let judge = |record: &CheckRecord| {
        Errors::judge(record, &CheckRecord::default(), Some(10 * DAY_MS), on_day(1)).chance
    };
    let (new, good, bad) = (judge(&recorded(0, 0)), judge(&recorded(1, 199)), judge(&recorded(40, 60)));
    assert!(good < new && new < bad, "{good} {new} {bad}");
    assert!((0.25..0.4).contains(&bad), "four in ten were wrong: {bad}");
}

#[test]
fn a_class_that_goes_missing_is_believed_less_than_the_rest_of_its_store() {
    let store = recorded(20, 180);
    let judge = |class: &CheckRecord| Errors::judge(&store, class, Some(10 * DAY_MS), on_day(1)).chance;
    assert!(judge(&recorded(15, 15)) > 2.0 * judge(&CheckRecord::default()));
}

#[test]
fn books_that_were_counted_lately_had_less_time_to_go_wrong() {
    let store = recorded(30, 70);
    let judge =
        |days: Option<i64>| Errors::judge(&store, &store, days.map(|days| days * DAY_MS), on_day(1)).chance;
    assert!(judge(Some(1)) < judge(None) && judge(None) < judge(Some(30)));
    assert!(judge(Some(i64::MAX / DAY_MS)) < 1.0);
}

/// Faded to a day by adding everything up at once.
fn plainly(facts: &[(i64, i64)], now: i64, fade: f64) -> f64 {
    facts.iter().map(|(units, day)| amount(*units) * (-days((now - day) * DAY_MS) / fade).exp()).sum()
}

proptest! {
    #[test]
    fn sums_that_are_kept_are_those_that_are_made_anew(
        sales in prop::collection::vec((1_i64..50, 0_i64..300), 1..60),
        taken_back in prop::collection::vec((1_i64..50, 0_i64..300), 0..5),
    ) {
        let mut learned = Learned::nothing_since(on_day(0));
        for (units, day) in sales.iter().chain(&taken_back) {
            learned.absorb(&fact(-units, Movement::Sale), on_day(*day), Counts::Now);
        }
        for (units, day) in &taken_back {
            learned.absorb(&fact(-units, Movement::Sale), on_day(*day), Counts::NoMore);
        }
        let kept = learned.sold * left(days(on_day(300).since(learned.as_of)), SALES_FADE_DAYS);
        let anew = plainly(&sales, 300, SALES_FADE_DAYS);
        prop_assert!((kept - anew).abs() < 1e-6 * (1.0 + anew), "{kept} is not {anew}");
    }

    #[test]
    fn a_record_that_is_kept_is_that_which_is_made_anew(
        checks in prop::collection::vec((0_i64..9, 0_i64..900, 0_i64..50), 1..60),
    ) {
        let mut record = CheckRecord::default();
        for (missing, day, book_days) in &checks {
            let check = Check { weight: 1.0, missing: *missing };
            record.absorb(check, amount(*book_days), on_day(*day), Counts::Now);
        }
        record.fade_to(on_day(900));
        let of = |what: &dyn Fn(&(i64, i64, i64)) -> i64| {
            let weighed: Vec<_> = checks.iter().map(|check| (what(check), check.1)).collect();
            plainly(&weighed, 900, CHECKS_FADE_DAYS)
        };
        let anew = [of(&|_| 1), of(&|check| i64::from(check.0 > 0)), of(&|check| check.0), of(&|check| check.2)];
        let kept = [record.checks, record.wrong, record.missing_units, record.days];
        for (kept, anew) in kept.iter().zip(anew) {
            prop_assert!((kept - anew).abs() < 1e-6 * (1.0 + anew), "{kept} is not {anew}");
        }
    }
}
