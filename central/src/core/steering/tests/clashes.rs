//! Limits of which different layers say the ends.

use crate::core::policy::Placed;
use crate::core::steering::*;

fn clashes(text: &str, placed: &[(&str, &str)]) -> Vec<String> {
    let usual = Steering::built_in(&Sections::default()).unwrap();
    let place = |(store, region): &(&str, &str)| (store.parse().unwrap(), region.parse().unwrap());
    let placed: Placed = placed.iter().map(place).collect();
    let found = read_policy_over(text, &usual, &placed).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn an_end_of_a_limit_that_clashes_with_another_layers_names_both_lines() {
    let text =
        "[health.silence_ms]\nsoft = 5000\nhard = 9000\n[region.north.health.silence_ms]\nsoft = 9500\n";
    let told = clashes(text, &[]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("5:8: region.north.health.silence_ms.hard: is 9000"), "{told:?}");
    for words in ["soft is said in line 5 by region.north.health", "hard is said in line 3 by health"] {
        assert!(told[0].contains(words), "{told:?}");
    }
}

#[test]
fn an_end_that_clashes_with_what_the_document_does_not_name_says_so_where_it_stands() {
    let told = clashes("[region.north.health.silence_ms]\nsoft = 9999999\n", &[]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("2:8: region.north.health.silence_ms.hard"), "{told:?}");
    assert!(told[0].contains("hard stands so where this document says nothing of it"), "{told:?}");
}

#[test]
fn what_a_region_and_a_store_of_it_say_is_checked_together() {
    let text =
        "[region.north.health.silence_ms]\nsoft = 20000\n[store.leeds.health.silence_ms]\nhard = 15000\n";
    assert_eq!(clashes(text, &[("leeds", "south"), ("york", "north")]), Vec::<String>::new());
    let told = clashes(text, &[("leeds", "north")]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("4:8: store.leeds.health.silence_ms.hard: is 15000"), "{told:?}");
    assert!(told[0].contains("soft is said in line 2 by region.north.health"), "{told:?}");
}
