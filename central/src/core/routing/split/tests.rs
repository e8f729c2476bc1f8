use super::*;
use crate::core::routing::decision::DemandLine;
use holdfast_shared::ids::LineNo;
use proptest::prelude::*;

fn lines(quantities: &[i64]) -> Vec<DemandLine> {
    let line = |(quantity, n): (&i64, u32)| DemandLine {
        line: LineNo(n),
        sku: format!("S{n}").parse().unwrap(),
        quantity: *quantity,
    };
    quantities.iter().zip(1..).map(line).collect()
}

fn wanted(lines: &[DemandLine], price: Option<i64>) -> Vec<Wanted<'_>> {
    let price = price.map(|minor| Money { minor, currency: "EUR".parse().unwrap() });
    lines
        .iter()
        .map(|line| Wanted { line, needs: None, price, asks: Default::default(), before: 0 })
        .collect()
}

/// Offers as the search gets them: no more than is wanted, the best first.
fn offers(lines: &[DemandLine], mut shelves: Vec<(f64, Vec<i64>)>) -> Vec<Offer> {
    shelves.sort_by(|one, other| one.0.total_cmp(&other.0));
    let offer = |(score, units): (f64, Vec<i64>)| {
        let units = units.iter().zip(lines).map(|(units, line)| *units.min(&line.quantity)).collect();
        Offer { score, units }
    };
    shelves.into_iter().map(offer).filter(|offer| offer.units.iter().any(|units| *units > 0)).collect()
}

fn key_of(sharing: &Sharing<'_>, offers: &[Offer], set: &[usize]) -> Key {
    let mut left: Vec<i64> = sharing.wanted.iter().map(|wanted| wanted.line.quantity).collect();
    let mut score = 0.0;
    for at in set {
        left = after(&left, &offers[*at].units);
        score += offers[*at].score;
    }
    Key { uncovered: left.iter().sum(), parcels: u32::try_from(set.len()).unwrap(), score }
}

/// Every set of offers, one after the other.
fn exhaustive(sharing: &Sharing<'_>, offers: &[Offer]) -> Option<Key> {
    let pool: Vec<usize> = (0..offers.len()).collect();
    let hunt = Hunt::new(sharing, &pool, offers);
    let sets = (1_usize..1 << offers.len())
        .map(|mask| (0..offers.len()).filter(|at| mask >> at & 1 == 1).collect::<Vec<usize>>())
        .filter(|set| set.len() <= sharing.parcels_max)
        .filter(|set| {
            let parts = hunt.allot(set);
            parts.len() == set.len() && (parts.len() == 1 || parts.iter().all(|part| hunt.is_worth(&part.1)))
        });
    let keys = sets.map(|set| key_of(sharing, offers, &set));
    keys.min_by(|one, other| one.compare(other, sharing.penalty))
}

fn any_shelves() -> impl Strategy<Value = (Vec<i64>, Vec<(f64, Vec<i64>)>)> {
    (prop::collection::vec(1_i64..7, 1..=4)).prop_flat_map(|quantities| {
        let shelf = prop::collection::vec(0_i64..5, quantities.len());
        (Just(quantities), prop::collection::vec((0.0..300.0_f64, shelf), 0..=7))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_search_is_as_good_as_trying_every_set(
        (quantities, shelves) in any_shelves(),
        parcels_max in 1_usize..6,
        penalty in prop::option::of(0.0..200.0_f64),
        least in prop::option::of(0_i64..8),
    ) {
        let lines = lines(&quantities);
        let wanted = wanted(&lines, Some(1));
        let least = least.map(|minor| Money { minor, currency: "EUR".parse().unwrap() });
        let sharing = Sharing { wanted: &wanted, parcels_max, penalty, least };
        let offers = offers(&lines, shelves);
        let parts = best(&sharing, &offers);
        let set: Vec<usize> = parts.iter().map(|(at, _)| *at).collect();
        match exhaustive(&sharing, &offers) {
            None => prop_assert!(parts.is_empty()),
            Some(wise) => {
                let got = key_of(&sharing, &offers, &set);
                prop_assert_eq!((got.uncovered, got.parcels), (wise.uncovered, wise.parcels));
                prop_assert!((got.score - wise.score).abs() < 1e-6, "{got:?} against {wise:?}");
            }
        }
    }

    #[test]
    fn every_unit_is_sent_once_and_by_who_has_it((quantities, shelves) in any_shelves(), most in 1_usize..6) {
        let lines = lines(&quantities);
        let wanted = wanted(&lines, None);
        let sharing = Sharing { wanted: &wanted, parcels_max: most, penalty: None, least: None };
        let offers = offers(&lines, shelves);
        let parts = best(&sharing, &offers);
        prop_assert!(parts.len() <= most);
        for (line, quantity) in quantities.iter().enumerate() {
            let sent: i64 = parts.iter().map(|(_, units)| units[line]).sum();
            let there: i64 = parts.iter().map(|(at, _)| offers[*at].units[line]).sum();
            prop_assert_eq!(sent, there.min(*quantity));
            prop_assert!(parts.iter().all(|(at, units)| (0..=offers[*at].units[line]).contains(&units[line])));
        }
        prop_assert!(parts.iter().all(|(_, units)| units.iter().sum::<i64>() > 0), "no empty parcel");
    }
}

#[test]
fn a_line_that_one_of_them_has_whole_is_not_broken_up() {
    let lines = lines(&[4, 2]);
    let wanted = wanted(&lines, None);
    let sharing = Sharing { wanted: &wanted, parcels_max: 3, penalty: None, least: None };
    let offers = offers(&lines, vec![(1.0, vec![3, 2]), (9.0, vec![4, 0])]);
    assert_eq!(best(&sharing, &offers), [(0, vec![0, 2]), (1, vec![4, 0])]);
}

#[test]
fn among_more_nodes_than_are_searched_whoever_alone_has_a_line_is_found() {
    let lines = lines(&[1, 1]);
    let wanted = wanted(&lines, None);
    let sharing = Sharing { wanted: &wanted, parcels_max: 2, penalty: None, least: None };
    let mut shelves: Vec<_> = (0..60_u32).map(|n| (f64::from(n), vec![1, 0])).collect();
    shelves.push((500.0, vec![0, 1]));
    let offers = offers(&lines, shelves);
    assert_eq!(best(&sharing, &offers), [(0, vec![1, 0]), (60, vec![0, 1])]);
}

#[test]
fn a_search_that_is_cut_short_still_shares_all_that_can_be() {
    // Forty nodes with two units of eight lines each: far more sets than steps.
    let lines = lines(&[5; 8]);
    let wanted = wanted(&lines, None);
    let sharing = Sharing { wanted: &wanted, parcels_max: 8, penalty: Some(0.0), least: None };
    let shelf = |n: usize| (0..8).map(|line| i64::from((n * 7 + line * 3) % 5 < 2) * 3).collect();
    let shelves = (0..40_usize).map(|n| (10.0 + f64::from(u32::try_from(n).unwrap()), shelf(n))).collect();
    let offers = offers(&lines, shelves);
    let parts = best(&sharing, &offers);
    let sent: i64 = parts.iter().flat_map(|(_, units)| units).sum();
    assert_eq!((parts.len() <= 8, sent), (true, 40));
}

/// All sets of up to three offers: too many for [`exhaustive`], few enough for this.
fn exhaustive_of_three(sharing: &Sharing<'_>, offers: &[Offer]) -> Key {
    let mut best: Option<Key> = None;
    let mut judge = |set: &[usize]| {
        let key = key_of(sharing, offers, set);
        if best.is_none_or(|best| key.compare(&best, sharing.penalty).is_lt()) {
            best = Some(key);
        }
    };
    for one in 0..offers.len() {
        judge(&[one]);
        for two in one + 1..offers.len() {
            judge(&[one, two]);
            (two + 1..offers.len()).for_each(|three| judge(&[one, two, three]));
        }
    }
    best.unwrap()
}

#[test]
fn among_forty_nodes_the_best_of_a_few_is_hardly_worse_than_the_best_of_all() {
    let mut chance: u64 = 11;
    let mut below = |most: i64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(chance >> 33).unwrap() % most
    };
    let (mut same, mut fewer, mut worst) = (0, 0, 0.0_f64);
    for _ in 0..60 {
        let lines = lines(&(0..4).map(|_| 1 + below(5)).collect::<Vec<_>>());
        let wanted = wanted(&lines, None);
        let sharing = Sharing { wanted: &wanted, parcels_max: 3, penalty: None, least: None };
        // Each has at most two of the four lines, so that nobody and hardly any pair has all.
        let mut shelf = |_| {
            let mut units = vec![0; 4];
            (0..2).for_each(|_| units[usize::try_from(below(4)).unwrap()] = below(5));
            (f64::from(u32::try_from(below(300)).unwrap()), units)
        };
        let offers = offers(&lines, (0..40).map(&mut shelf).collect());
        let wise = exhaustive_of_three(&sharing, &offers);
        let set: Vec<usize> = best(&sharing, &offers).iter().map(|(at, _)| *at).collect();
        let got = key_of(&sharing, &offers, &set);
        fewer += i32::from(got.uncovered > wise.uncovered || got.parcels > wise.parcels);
        same += i32::from(got.compare(&wise, None).is_eq());
        worst = worst.max(got.score / wise.score);
    }
    println!(
        "of 60: {same} the same, {fewer} with fewer units or more parcels, score at most {worst:.3} times"
    );
    assert!(same >= 45 && fewer <= 6 && worst < 1.5, "{same} {fewer} {worst}");
}
