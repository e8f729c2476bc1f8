//! What people said, and what this installation stands on.

use super::{BackupSeen, CheckLine, Scene, Truth, gap, ok, unknown};

/// A night may be missed, two not.
const BACKUP_MS_MAX: i64 = 26 * 60 * 60 * 1000;

pub(super) fn systems(scene: &Scene) -> Vec<CheckLine> {
    let why = "when two systems disagree, one of them has the last word, and everybody knows which";
    let line = |truth: Truth| match scene.terms.systems.get(&truth) {
        Some(system) => ok("systems", format!("{}: {system}", truth.words()), why),
        None => {
            let to_do = format!("set {} in [launch] of central's configuration", truth.as_str());
            gap(
                "systems",
                format!("nobody said which system has the last word about {}", truth.words()),
                why,
                &to_do,
            )
        }
    };
    Truth::ALL.into_iter().map(line).collect()
}

pub(super) fn escalation(scene: &Scene) -> Vec<CheckLine> {
    let why = "at night somebody must know whom to call";
    vec![match &scene.terms.escalation {
        Some(contact) => ok("escalation", contact.clone(), why),
        None => gap(
            "escalation",
            "nobody is named".to_owned(),
            why,
            "set escalation in [launch] of central's configuration",
        ),
    }]
}

pub(super) fn backup(scene: &Scene) -> Vec<CheckLine> {
    let why = "without a recent backup a lost disk loses what stores do not know";
    let make = "run holdfast-central backup by a timer, into the folder that backup_dir names";
    vec![match &scene.backup {
        BackupSeen::Nowhere => unknown(
            "backup",
            "nobody said where backups lie".to_owned(),
            why,
            "set backup_dir in [launch] of central's configuration",
        ),
        BackupSeen::Unreadable(what) => unknown(
            "backup",
            format!("the folder of the backups cannot be read: {what}"),
            why,
            "let central's user read backup_dir",
        ),
        BackupSeen::None => gap("backup", "there is none".to_owned(), why, make),
        BackupSeen::Newest(at) => {
            let age_ms = scene.now.since(*at).max(0);
            let what = format!("the newest is {} hours old", age_ms / 3_600_000);
            if age_ms > BACKUP_MS_MAX { gap("backup", what, why, make) } else { ok("backup", what, why) }
        }
    }]
}

pub(super) fn witness(scene: &Scene) -> Vec<CheckLine> {
    let why =
        "a restore is found out by the witness beside the database; a copy that lies with it is lost with it";
    let apart = "let backup_dir be another disk or machine than the data directory";
    vec![match scene.witness_apart {
        Some(true) => ok("witness", "backups lie on another disk than database and witness".to_owned(), why),
        Some(false) => {
            gap("witness", "backups lie on the disk of database and witness".to_owned(), why, apart)
        }
        None => unknown("witness", "the disks could not be compared".to_owned(), why, apart),
    }]
}

pub(super) fn broker(scene: &Scene) -> Vec<CheckLine> {
    let why = "silence of stores proves something only while central hears itself";
    let hearing = &scene.hearing;
    let mut lines = vec![match hearing.canary_ms_ago {
        Some(ago) if ago < hearing.missing_ms => {
            ok("broker", format!("central's own word came back {} s ago", ago / 1_000), why)
        }
        Some(ago) => gap(
            "broker",
            format!("central's own word last came back {} s ago", ago / 1_000),
            why,
            "see whether the broker runs, and whether central reaches it by the address that stores are told",
        ),
        None => unknown(
            "broker",
            "central's own word has not come back yet".to_owned(),
            why,
            "wait some seconds after a start; else let the broker's access list pass central's canary",
        ),
    }];
    if hearing.frozen {
        lines.push(gap(
            "observer",
            "many stores fell silent at once: the observer is frozen".to_owned(),
            "while it is, no work is moved away from stores",
            "see whether it is the network or central, then DELETE /v1/health/freeze",
        ));
    }
    lines
}

pub(super) fn clocks(scene: &Scene) -> Vec<CheckLine> {
    let why = "promises, cutoffs and offers are read off clocks";
    vec![if scene.wrong_clocks == 0 {
        ok("clocks", "no clock is known to be off".to_owned(), why)
    } else {
        gap(
            "clocks",
            format!("{} open exceptions about clocks", scene.wrong_clocks),
            why,
            "set the clocks that they name, by NTP",
        )
    }]
}
