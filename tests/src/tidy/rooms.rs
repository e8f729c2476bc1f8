//! Agent and central: `core -> ports -> flows -> adapters -> runtime -> cli -> main`, each importing
//! only what stands to its left. Code that only tests use may reach further.

use super::modules::{module_of, resolve};
use super::{File, Finding, Rule, Tree};

pub(super) const RULE: Rule = Rule {
    name: "rooms import only what stands to their left",
    check,
    refused: &[
        &[("agent/src/core/task.rs", "use crate::runtime::start;")],
        &[("agent/src/core/task.rs", "use crate::{core::x, ports::Ledger};")],
        &[("central/src/flows/order.rs", "fn f() { crate::adapters::sqlite::open(); }")],
        &[("central/src/flows/order.rs", "use super::super::adapters::sqlite;")],
        &[("agent/src/ports/mod.rs", "macro_rules! m { () => { crate::flows::x() } }")],
        &[("agent/src/runtime/mod.rs", "use crate::cli::page;")],
        &[("agent/src/util.rs", "")],
    ],
    allowed: &[
        &[("agent/src/adapters/http/mod.rs", "use crate::{core::x, ports::y, flows::z}; use super::sqlite;")],
        &[("agent/src/core/task.rs", "#[cfg(test)] mod tests { use crate::flows::x; }")],
        &[("agent/src/main.rs", "use holdfast_agent::runtime::run;"), ("agent/src/lib.rs", "pub mod core;")],
        &[(
            "agent/src/core/task.rs",
            "// crate::runtime is not for us\nconst A: &str = \"crate::runtime::x\";",
        )],
    ],
};

const ROOMS: &[&str] = &["core", "ports", "flows", "adapters", "runtime", "cli"];

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (source, name) in [("agent/src", "holdfast_agent"), ("central/src", "holdfast_central")] {
        for file in tree.rust() {
            if let Some(module) = module_of(&file.path, source) {
                check_file(file, &module, name, &mut findings);
            }
        }
    }
    findings
}

fn check_file(file: &File, module: &[String], name: &str, findings: &mut Vec<Finding>) {
    // lib.rs and main.rs stand to the right of everything.
    let Some(room) = module.first() else { return };
    let Some(own) = ROOMS.iter().position(|known| known == room) else {
        findings.push(Finding::new(
            &file.path,
            0,
            format!("`{room}` is none of the rooms {}, main", ROOMS.join(", ")),
        ));
        return;
    };
    for used in file.code.iter().flat_map(|code| &code.paths).filter(|used| !used.in_test) {
        let target = resolve(module, used, name);
        let Some(target) = target.as_deref().and_then(<[String]>::first) else { continue };
        if ROOMS.iter().position(|known| known == target).is_some_and(|other| other > own) {
            findings.push(Finding::new(
                &file.path,
                used.line,
                format!("`{room}` must not import from `{target}`, which stands to its right"),
            ));
        }
    }
}
