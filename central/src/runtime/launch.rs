//! What the configuration says of a launch: `[launch]`.

use crate::core::launch::systems::{LaunchTerms, Truth};
use holdfast_platform::config::{Flawed, Reader};
use holdfast_shared::limits::{LAUNCH_NAMES_MAX, NOTE_CHARS_MAX};
use std::path::PathBuf;

/// The terms, and where backups lie.
pub(super) fn read(reader: &mut Reader) -> Result<(LaunchTerms, Option<PathBuf>), Flawed> {
    let backups = reader.optional::<PathBuf>("launch.backup_dir");
    let escalation = said(reader, "launch.escalation");
    let consumers = reader.list::<String>("launch.consumers");
    let mut systems = Vec::new();
    for truth in Truth::ALL {
        systems.push((truth, said(reader, &format!("launch.{}", truth.as_str()))));
    }
    let consumers = consumers?;
    if consumers.len() > LAUNCH_NAMES_MAX || consumers.iter().any(|name| !fits(name)) {
        let why = format!("expected up to {LAUNCH_NAMES_MAX} names of at most {NOTE_CHARS_MAX} characters");
        return Err(reader.reject("launch.consumers", why));
    }
    let mut terms = LaunchTerms { escalation: escalation?, consumers, ..LaunchTerms::default() };
    for (truth, system) in systems {
        if let Some(system) = system? {
            terms.systems.insert(truth, system);
        }
    }
    Ok((terms, backups?))
}

fn fits(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NOTE_CHARS_MAX
}

fn said(reader: &mut Reader, key: &str) -> Result<Option<String>, Flawed> {
    match reader.optional::<String>(key)? {
        Some(text) if !fits(&text) => {
            Err(reader.reject(key, format!("expected 1 to {NOTE_CHARS_MAX} characters")))
        }
        said => Ok(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<(LaunchTerms, Option<PathBuf>), String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut reader = Reader::load(Some(file.path()), "HOLDFAST_CENTRAL", Vec::new());
        let read = read(&mut reader);
        reader.finish().map_err(|errors| errors.to_string())?;
        Ok(read.unwrap())
    }

    #[test]
    fn what_was_said_is_known_and_the_rest_is_not() {
        let (terms, backups) = load(
            "[launch]\ninventory = 'holdfast'\nescalation = 'ann'\nconsumers = ['erp']\nbackup_dir = '/b'\n",
        )
        .unwrap();
        assert_eq!(terms.systems.get(&Truth::Inventory).map(String::as_str), Some("holdfast"));
        assert_eq!(terms.systems.len(), 1);
        assert_eq!((terms.escalation.as_deref(), terms.consumers), (Some("ann"), vec!["erp".to_owned()]));
        assert_eq!(backups, Some(PathBuf::from("/b")));
        assert_eq!(load("").unwrap().0, LaunchTerms::default());
    }

    #[test]
    fn words_that_say_nothing_are_refused() {
        for text in ["[launch]\npricing = ' '\n", "[launch]\nconsumers = ['']\n", "[launch]\nprices = 'x'\n"]
        {
            assert!(load(text).unwrap_err().contains("launch."), "{text}");
        }
    }
}
