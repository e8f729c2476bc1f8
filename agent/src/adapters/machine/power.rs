//! Mains and batteries, as Linux shows them under `/sys/class/power_supply`: one folder per supply,
//! one small file per property. Elsewhere, and on machines without any, nothing is known.

use std::fs::{File, read_dir};
use std::io::Read;
use std::path::Path;

pub(super) const SUPPLIES: &str = "/sys/class/power_supply";
/// More supplies than any machine has.
const SUPPLIES_MAX: usize = 32;
/// More than any property that is asked for.
const PROPERTY_BYTES_MAX: u64 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Power {
    pub(super) on_battery: Option<bool>,
    pub(super) battery_percent: Option<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Supply {
    /// Whether it delivers.
    Mains(bool),
    Battery {
        discharging: bool,
        percent: Option<u8>,
    },
}

pub(super) fn read(supplies: &Path) -> Power {
    let Ok(folders) = read_dir(supplies) else { return Power::default() };
    let found: Vec<Supply> =
        folders.flatten().take(SUPPLIES_MAX).filter_map(|folder| supply(&folder.path())).collect();
    let batteries = found.iter().filter_map(|supply| match supply {
        Supply::Mains(_) => None,
        Supply::Battery { discharging, percent } => Some((*discharging, *percent)),
    });
    let discharging = batteries.clone().any(|(discharging, _)| discharging);
    let mains = found.contains(&Supply::Mains(true));
    Power {
        // A battery that discharges beside mains only helps out.
        on_battery: (!found.is_empty()).then_some(discharging && !mains),
        battery_percent: batteries.filter_map(|(_, percent)| percent).min(),
    }
}

fn supply(folder: &Path) -> Option<Supply> {
    let says = |property: &str| property_of(folder, property);
    // The battery of a mouse or a scanner carries no machine.
    if says("scope").as_deref() == Some("Device") {
        return None;
    }
    match says("type")?.as_str() {
        "Mains" | "USB" => Some(Supply::Mains(says("online").as_deref() == Some("1"))),
        "Battery" | "UPS" => Some(Supply::Battery {
            discharging: says("status").as_deref() == Some("Discharging"),
            percent: says("capacity").and_then(|text| text.parse().ok()).filter(|percent| *percent <= 100),
        }),
        _ => None,
    }
}

fn property_of(folder: &Path, property: &str) -> Option<String> {
    let mut text = String::new();
    File::open(folder.join(property)).ok()?.take(PROPERTY_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(supplies: &[(&str, &[(&str, &str)])]) -> Power {
        let dir = tempfile::tempdir().unwrap();
        for (name, properties) in supplies {
            std::fs::create_dir(dir.path().join(name)).unwrap();
            for (property, text) in *properties {
                std::fs::write(dir.path().join(name).join(property), format!("{text}\n")).unwrap();
            }
        }
        read(dir.path())
    }

    const PLUGGED: (&str, &[(&str, &str)]) = ("AC", &[("type", "Mains"), ("online", "1")]);
    const UNPLUGGED: (&str, &[(&str, &str)]) = ("AC", &[("type", "Mains"), ("online", "0")]);
    const DRAINING: (&str, &[(&str, &str)]) =
        ("BAT0", &[("type", "Battery"), ("status", "Discharging"), ("capacity", "57")]);

    #[test]
    fn a_machine_without_supplies_tells_nothing() {
        assert_eq!(machine(&[]), Power::default());
        assert_eq!(read(Path::new("/there/is/no/such/folder")), Power::default());
    }

    #[test]
    fn mains_carries_the_machine_whatever_its_battery_does() {
        assert_eq!(machine(&[PLUGGED]), Power { on_battery: Some(false), battery_percent: None });
        assert_eq!(
            machine(&[PLUGGED, DRAINING]),
            Power { on_battery: Some(false), battery_percent: Some(57) }
        );
    }

    #[test]
    fn without_mains_the_weakest_battery_counts() {
        let full = ("BAT1", &[("type", "Battery"), ("status", "Full"), ("capacity", "100")] as &[_]);
        let drained = machine(&[UNPLUGGED, full, DRAINING]);
        assert_eq!(drained, Power { on_battery: Some(true), battery_percent: Some(57) });
    }

    #[test]
    fn what_a_scanner_runs_on_and_what_cannot_be_read_is_left_out() {
        let scanner = (
            "hid-1",
            &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging"), ("capacity", "3")]
                as &[_],
        );
        assert_eq!(machine(&[scanner]), Power::default());
        let odd = ("BAT0", &[("type", "Battery"), ("status", "Discharging"), ("capacity", "many")] as &[_]);
        assert_eq!(machine(&[odd]), Power { on_battery: Some(true), battery_percent: None });
    }
}
