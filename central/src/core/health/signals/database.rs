//! Whether the agent's database passed its integrity check. Failed excludes: the agent only reads.
//! Unknown (not checked yet) makes suspect.

use super::{Signal, View};
use crate::core::eligibility::{Reason, Standing};

const NAME: &str = "database";

#[derive(Debug)]
pub(super) struct Database;

impl Signal for Database {
    fn name(&self) -> &'static str {
        NAME
    }

    fn assess(&self, view: &View<'_>) -> Option<Reason> {
        match view.health.vitals()?.database_ok {
            Some(true) => None,
            Some(false) => {
                let words = "database failed its integrity check: the agent only reads";
                Some(Reason::new(NAME, Standing::Ineligible, words))
            }
            None => Some(Reason::new(NAME, Standing::Suspect, "database not checked yet")),
        }
    }
}
