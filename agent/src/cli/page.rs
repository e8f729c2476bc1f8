//! Writes for the person in front. A terminal that went away is not an error.

use std::io::Write;

pub(super) fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

pub(super) fn complain(text: &str) {
    drop(writeln!(std::io::stderr(), "holdfast-agent: {text}"));
}
