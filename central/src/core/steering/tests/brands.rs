//! Orders of a brand are given away in a way of their own.

use crate::core::policy::layers::Target;
use crate::core::policy::version::PolicyVersion;
use crate::core::steering::lint::{Landscape, lint};
use crate::core::steering::{Steering, read_policy};
use holdfast_shared::ids::BrandId;

const TEXT: &str = "[routing]\nsplits_max = 3\n[brand.luxe.routing]\nsplits_max = 1\nconfidence_min = 0.9\n\
                    [[brand.luxe.routing.ladder]]\nname = \"flagship\"\nwords = \"The flagship\"\nkinds = [\"store\"]\n";

fn steering(text: &str) -> Steering {
    Steering::new(PolicyVersion(3), read_policy(text).unwrap())
}

fn luxe() -> BrandId {
    "luxe".parse().unwrap()
}

#[test]
fn a_brand_has_its_own_ladder_and_limits_and_others_have_the_tenants() {
    let steering = steering(TEXT);
    let of = steering.routing_of(Some(&luxe()));
    let names: Vec<&str> = of.ladder.iter().map(|rung| rung.name.as_str()).collect();
    assert_eq!((of.splits_max, of.confidence_min, names), (1, Some(0.9), vec!["flagship"]));
    assert_eq!(of.name, steering.routing.name, "a decision names the version");
    let other = "basic".parse().unwrap();
    assert_eq!(steering.routing_of(Some(&other)).splits_max, 3);
    assert_eq!(steering.routing_of(None).splits_max, 3);
}

#[test]
fn a_brands_value_is_explained_and_told_where_versions_differ() {
    let document = read_policy(TEXT).unwrap();
    let target = Target { brand: Some(luxe()), ..Target::default() };
    let told = document.explain(&target);
    let splits = told.iter().find(|one| one.path == "routing.splits_max").unwrap();
    assert_eq!((splits.layer.as_str(), splits.covers[0].layer.as_str()), ("brand luxe", "tenant"));
    let before = read_policy("[routing]\nsplits_max = 3\n").unwrap();
    let paths: Vec<String> =
        crate::core::policy::diff::diff(&before, &document).into_iter().map(|one| one.path).collect();
    assert!(paths.iter().any(|path| path == "brand.luxe.routing.splits_max"), "{paths:?}");
    let again = read_policy(document.canonical()).unwrap();
    assert_eq!(again.hash(), document.hash(), "it reads back as it is");
}

#[test]
fn what_cannot_differ_by_brand_or_cannot_be_meant_is_refused_by_line() {
    let wrong = |text: &str| -> Vec<String> {
        read_policy(text).unwrap_err().iter().map(ToString::to_string).collect()
    };
    let told =
        wrong("[brand.luxe.routing]\naccept_within_ms = 5\nsplits_max = 0\n[brand.'No Name'.routing]\n");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("2:1") && told[0].contains("cannot differ by brand"), "{told:?}");
    assert!(told[1].contains("brand.luxe.routing.splits_max"), "{told:?}");
    assert!(told[2].contains("is not a brand id"), "{told:?}");
}

#[test]
fn the_linter_looks_at_the_rungs_of_a_brand() {
    let text = "[routing]\nsplits_max = 3\n[brand.luxe.routing]\nsplits_max = 1\n\
                [[brand.luxe.routing.ladder]]\nname = \"parts\"\nwords = \"Parts\"\nkinds = [\"store\"]\ncover = \"part\"\n";
    let found = lint(&steering(text), &Landscape::default());
    let at = "brand.luxe.routing.ladder[parts]";
    let told = found.iter().find(|one| one.at == at && one.what.contains("splits_max = 1"));
    assert!(told.is_some(), "{found:?}");
    let bare = lint(&steering("[brand.luxe.routing]\nconfidence_min = 0.5\n"), &Landscape::default());
    assert!(
        bare.iter().all(|one| !one.at.starts_with("brand")),
        "what is the tenant's is told once: {bare:?}"
    );
}
