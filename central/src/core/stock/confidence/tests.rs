use super::*;
use proptest::prelude::*;

const DAY_MS: i64 = 86_400_000;

fn errors(chance: f64, missing_units: f64) -> Errors {
    Errors { chance, missing_units }
}

fn evidence(on_hand: i64, age_days: i64, sales: f64, errors: Errors) -> Evidence {
    Evidence::new(on_hand, 0, age_days * DAY_MS, Rate::observed(sales, 90.0), errors)
}

#[test]
fn books_that_are_right_and_fresh_are_certain() {
    let fresh = evidence(3, 0, 40.0, errors(0.0, 1.0));
    assert_eq!((fresh.that_free(3), fresh.that_free(4)), (1.0, 0.0));
    assert_eq!((fresh.that_on_hand(), fresh.that_reserved()), (1.0, 1.0));
}

#[test]
fn ceded_units_are_missing_only_where_the_books_were_wrong() {
    let sold_out = evidence(9, 30, 900.0, errors(0.2, 2.0));
    assert!(sold_out.that_free(1) < 0.01, "ten a day, not heard of for a month");
    let ceded = sold_out.with_ceded(3);
    let [one, three, four] = [1, 3, 4].map(|units| ceded.that_free(units));
    assert!(
        (one - (1.0 - 0.2 * 0.25)).abs() < 1e-9,
        "{one}: two spare ones are missing with a quarter of 0.2"
    );
    assert!((three - 0.8).abs() < 1e-9, "{three}: none to spare");
    assert!(four < 0.01, "the fourth is the till's");
}

proptest! {
    #[test]
    fn ceding_makes_nothing_less_sure_and_more_units_never_surer(
        on_hand in 0_i64..60, age in 0_i64..40, sales in 0.0_f64..400.0, chance in 0.0_f64..1.0,
        missing in 1.0_f64..5.0, ceded in 0_i64..60, units in 1_i64..60,
    ) {
        let open = evidence(on_hand, age, sales, errors(chance, missing));
        let scarce = open.with_ceded(ceded.min(on_hand));
        prop_assert!(scarce.that_free(units) >= open.that_free(units));
        prop_assert!(scarce.that_free(units) >= scarce.that_free(units + 1));
        prop_assert!((0.0..=1.0).contains(&scarce.that_free(units)));
    }
}

#[test]
fn units_that_orders_hold_are_not_free() {
    let held = Evidence::new(5, 3, 0, Rate::observed(0.0, 90.0), errors(0.0, 1.0));
    assert_eq!((held.that_free(2), held.that_free(3), held.that_reserved()), (1.0, 0.0, 1.0));
}

#[test]
fn the_sum_is_that_of_the_distributions_written_out() {
    let judged = evidence(6, 2, 30.0, errors(0.3, 2.0));
    // Sold: negative binomial with 30.1 sales in 92 days, two days on. Missing: 1/2, 1/4, 1/8, ...
    let more: f64 = 2.0 / 94.0;
    let just = |sold: u32| {
        let ways: f64 = (0..sold).map(|j| (30.1 + f64::from(j)) / f64::from(j + 1)).product();
        ways * (1.0 - more).powf(30.1) * more.powi(i32::try_from(sold).unwrap())
    };
    let missing =
        |units: u32| if units == 0 { 0.7 } else { 0.3 * 0.5_f64.powi(i32::try_from(units).unwrap()) };
    let both: f64 = (0..=4)
        .flat_map(|gone| (0..=gone).map(move |sold| (sold, gone - sold)))
        .map(|(sold, lost)| just(sold) * missing(lost))
        .sum();
    assert!((judged.that_free(2) - both).abs() < 1e-12, "{} is not {both}", judged.that_free(2));
}

#[test]
fn the_bound_beyond_the_sum_is_never_surer_than_the_sum() {
    let judged = evidence(1_000, 20, 900.0, errors(0.2, 8.0));
    for spare in [200_u32, 300, 400, 512] {
        assert!(judged.bound(i64::from(spare)) <= judged.sum_up_to(spare), "{spare}");
    }
    let plenty = evidence(1_000_000, 20, 900.0, errors(0.2, 8.0));
    assert!(plenty.that_free(1) > 0.999);
    assert!(evidence(1_000, 60, 9e5, errors(0.0, 1.0)).that_free(1) < 1e-6, "600,000 were sold meanwhile");
}

#[test]
fn the_most_units_that_are_sure_enough_are_found() {
    let judged = evidence(10, 3, 60.0, errors(0.1, 2.0));
    for least in [0.5, 0.8, 0.95] {
        let most = judged.free_with(least, 10);
        assert!(judged.that_free(most) >= least && judged.that_free(most + 1) < least, "{least}: {most}");
    }
    assert_eq!((judged.free_with(0.0, 7), judged.free_with(0.5, -2)), (7, 0));
}

#[test]
fn a_band_is_a_word_for_a_confidence() {
    let bands = [1.0, 0.95, 0.94, 0.8, 0.5, 0.49].map(|sure| Band::of(Some(sure)));
    assert_eq!(bands, [Band::High, Band::High, Band::Good, Band::Good, Band::Doubtful, Band::Poor]);
    assert_eq!(Band::of(None), Band::Unknown);
}

prop_compose! {
    fn anything()(
        on_hand in prop_oneof![any::<i64>(), -5_i64..2_000],
        reserved in prop_oneof![any::<i64>(), 0_i64..50],
        age_ms in prop_oneof![any::<i64>(), 0_i64..40 * DAY_MS],
        sales in prop_oneof![any::<f64>(), 0.0..500.0],
        days in prop_oneof![any::<f64>(), 0.0..60.0],
        chance in prop_oneof![any::<f64>(), 0.0..1.0],
        missing in prop_oneof![any::<f64>(), 1.0..20.0],
    ) -> Evidence {
        Evidence::new(on_hand, reserved, age_ms, Rate::observed(sales, days), errors(chance, missing))
    }
}

proptest! {
    #[test]
    fn whatever_goes_in_a_probability_comes_out(judged in anything(), units in any::<i64>()) {
        for sure in [judged.that_free(units), judged.that_on_hand(), judged.that_reserved()] {
            prop_assert!((0.0..=1.0).contains(&sure), "{sure}");
        }
        let most = judged.free_with(0.9, units);
        prop_assert!((0..=units.max(0)).contains(&most));
    }

    #[test]
    fn more_units_are_never_more_likely(judged in anything(), units in 0_i64..1_500) {
        prop_assert!(judged.that_free(units) + 1e-9 >= judged.that_free(units + 1));
    }

    #[test]
    fn an_older_word_is_never_surer(
        on_hand in 1_i64..600, units in 1_i64..20, age in 0_i64..30, sales in 0.0_f64..400.0,
        chance in 0.0_f64..0.5,
    ) {
        let at = |age| evidence(on_hand, age, sales, errors(chance, 2.0)).that_free(units);
        prop_assert!(at(age) + 1e-9 >= at(age + 1));
    }
}
