use super::*;
use crate::core::policy::Fault;
use crate::core::policy::diff::diff;
use crate::core::policy::layers::Target;
use crate::core::policy::section::{Layered, Section};
use proptest::prelude::*;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kitchen {
    ovens: u32,
    heat: f64,
    dishes: Vec<Dish>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dish {
    name: String,
    minutes: u32,
    #[serde(default)]
    course: Course,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Course {
    #[default]
    Main,
    Dessert,
}

impl Default for Kitchen {
    fn default() -> Self {
        let soup = Dish { name: "soup".into(), minutes: 20, course: Course::Main };
        Self { ovens: 1, heat: 180.0, dishes: vec![soup] }
    }
}

impl Section for Kitchen {
    const NAME: &'static str = "kitchen";
    const LAYERED: &'static [Layered] =
        &[("ovens", &LayerKind::ALL), ("heat", &[LayerKind::Region, LayerKind::Store])];

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        faults.extend((self.ovens == 0).then(|| Fault::new("ovens", "a kitchen has an oven")));
        faults.extend((self.heat > 300.0 && self.ovens > 2).then(|| Fault::new("heat", "the fuse blows")));
        for (index, dish) in self.dishes.iter().enumerate().filter(|(_, dish)| dish.minutes == 0) {
            let what = format!("{} takes no time", dish.name);
            faults.push(Fault::new(format!("dishes[{index}].minutes"), what));
        }
        faults
    }
}

const KINDS: &[Kind] = &[Kind::of::<Kitchen>()];

fn sound(text: &str) -> Document {
    read(text, KINDS).unwrap()
}

fn wrong(text: &str) -> Vec<String> {
    read(text, KINDS).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = "\
ownr = 'ann'
about = 5
[kitchen]
ovens = 'two'
haet = 200
[[kitchen.dishes]]
name = 'pie'
minutes = 40
course = 'desert'
[[kitchen.dishes]]
minutes = 'long'
name = 'bread'
[region.north]
within = 'uk'
[region.north.kitchen]
dishes = []
[region.'No Name'.kitchen]
[store.leeds.kitchn]
";
    assert_eq!(
        wrong(text),
        [
            "1:1: ownr: `ownr` is not known here; did you mean `owner`?",
            "2:1: about: expected words in quotes, this is of type integer",
            "4:9: kitchen.ovens: invalid type: string \"two\", expected u32",
            "5:1: kitchen.haet: `haet` is not known here; did you mean `heat`?",
            "9:10: kitchen.dishes[0].course: `desert` is none of the words here; did you mean `dessert`?",
            "11:11: kitchen.dishes[1].minutes: invalid type: string \"long\", expected u32",
            "14:1: region.north.within: there is no [region.uk] in this document that north could lie within",
            "16:1: region.north.kitchen.dishes: `dishes` cannot differ by region; of kitchen ovens, heat can",
            "17:9: region.No Name: \"No Name\" is not a region id: expected 1 to 64 of a-z, 0-9, '-' and '_'",
            "18:14: store.leeds.kitchn: `kitchn` is not known here; did you mean `kitchen`?",
        ]
    );
}

#[test]
fn what_cannot_be_meant_is_told_at_its_value_or_where_it_would_stand() {
    let text = "[kitchen]\novens = 0\n\n[[kitchen.dishes]]\nname = 'air'\nminutes = 0\n";
    assert_eq!(
        wrong(text),
        ["2:1: kitchen.ovens: a kitchen has an oven", "6:1: kitchen.dishes[0].minutes: air takes no time"]
    );
    let missing = wrong("[[kitchen.dishes]]\nname = 'pie'\n");
    assert_eq!(missing, ["1:1: kitchen.dishes[0]: missing field `minutes`"]);
}

#[test]
fn a_layer_is_checked_with_what_lies_below_it() {
    let text = "[kitchen]\nheat = 320\n[region.uk.kitchen]\novens = 2\n[region.north]\nwithin = 'uk'\n\
                [store.leeds.kitchen]\novens = 3\n";
    assert_eq!(wrong(text), ["2:1: store.leeds.kitchen.heat: the fuse blows"]);
    let text = "[kitchen]\nheat = 'hot'\n[store.leeds.kitchen]\novens = 0\n[class.hot.kitchen]\nheat = 1\n";
    assert_eq!(
        wrong(text),
        [
            "2:8: kitchen.heat: invalid type: string \"hot\", expected f64",
            "6:1: class.hot.kitchen.heat: `heat` cannot differ by class; of kitchen ovens can"
        ]
    );
}

#[test]
fn regions_that_lie_within_each_other_are_refused() {
    let text = "[region.a]\nwithin = 'b'\n[region.b]\nwithin = 'a'\n";
    let told = wrong(text);
    assert!(
        told.len() == 2 && told.iter().all(|line| line.contains("a loop has no widest region")),
        "{told:?}"
    );
}

#[test]
fn what_is_no_toml_is_told_by_line_and_a_section_that_is_none_as_well() {
    let told = wrong("[kitchen]\novens = \n[kitchen]\n");
    assert!(told.len() >= 2 && told[0].starts_with("2:"), "{told:?}");
    assert_eq!(wrong("kitchen = 3\n"), ["1:1: kitchen: expected a table, this is of type integer"]);
    assert!(wrong(&" ".repeat(POLICY_BYTES_MAX + 1))[0].contains("at most 65536 bytes"));
}

#[test]
fn the_same_meaning_has_the_same_hash() {
    let plain = sound("[kitchen]\novens = 1\n[store.leeds.kitchen]\nheat = 5\n");
    let other = sound("# words\nstore.leeds.kitchen.heat = 5.0\n[kitchen]\nheat = 180\n");
    assert_eq!((plain.canonical(), plain.hash()), (other.canonical(), other.hash()));
    assert_ne!(plain.hash(), sound("[store.leeds.kitchen]\nheat = 6\n").hash());
    assert_eq!(sound(plain.canonical()), plain, "what is written is read again");
    assert!(sound("").canonical().contains("heat = 180.0"), "every default is written down");
}

#[test]
fn a_value_is_explained_by_the_narrowest_layer_that_says_it() {
    let text = "[region.uk.kitchen]\novens = 2\n[region.north]\nwithin = 'uk'\nkitchen.heat = 200\n\
                [store.leeds.kitchen]\novens = 4\n";
    let document = sound(text);
    let target = Target { region: "north".parse().ok(), store: "leeds".parse().ok(), ..Target::default() };
    let told = document.explain(&target);
    let line = |path: &str| {
        let one = told.iter().find(|told| told.path == path).unwrap();
        let covers: Vec<String> =
            one.covers.iter().map(|below| format!("{} {}", below.layer, below.value)).collect();
        format!("{} by {} over {}", one.value, one.layer, covers.join(", "))
    };
    assert_eq!(line("kitchen.ovens"), "4 by store leeds over tenant 1, region uk 2");
    assert_eq!(line("kitchen.heat"), "200.0 by region north over tenant 180.0");
    assert_eq!(line("kitchen.dishes[soup].minutes"), "20 by tenant over ");
    let kitchen: Kitchen = document.section(&target).unwrap();
    assert_eq!((kitchen.ovens, kitchen.heat), (4, 200.0));
    assert_eq!(document.section::<Kitchen>(&Target::default()).unwrap(), Kitchen::default());
}

#[test]
fn a_difference_is_told_value_by_value() {
    let dishes = |names: &[&str]| -> String {
        names.iter().map(|name| format!("[[kitchen.dishes]]\nname = '{name}'\nminutes = 9\n")).collect()
    };
    let before = sound(&dishes(&["soup", "pie"]));
    let after = sound(&format!("owner = 'ann'\nkitchen.ovens = 2\n{}", dishes(&["soup", "fish", "pie"])));
    let told = diff(&before, &after);
    let paths: Vec<&str> = told.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "kitchen.dishes, in order",
            "kitchen.dishes[fish].course",
            "kitchen.dishes[fish].minutes",
            "kitchen.dishes[fish].name",
            "kitchen.ovens",
            "owner"
        ]
    );
    assert_eq!((told[4].before.clone(), told[4].after.clone()), (Some(1.into()), Some(2.into())));
    assert!(diff(&after, &after).is_empty());
}

proptest! {
    /// No text makes it panic, and what it takes it writes down in words that mean the same.
    #[test]
    fn any_text_is_read_or_refused(text in "(\\[{1,2}(kitchen|region|store|class)(\\.[a-c\"é]{1,2}){0,2}(\\.kitchen)?\\]{1,2}\n|(ovens|heat|within|name|minutes|dishes|x) = (0|3|4.5|'a'|\\[\\]|\\{\\}|nan|-1|é)\n){0,12}") {
        match read(&text, KINDS) {
            Ok(document) => {
                let again = read(document.canonical(), KINDS).unwrap();
                prop_assert_eq!(again.hash(), document.hash());
            }
            Err(found) => {
                prop_assert!(!found.is_empty());
                let lines = u32::try_from(text.lines().count()).unwrap() + 1;
                prop_assert!(found.iter().all(|one| (1..=lines).contains(&one.line)), "{found:?}");
            }
        }
    }
}
