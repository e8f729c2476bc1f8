//! Settings from a TOML file and the environment, with all mistakes told at once.
//!
//! Read every setting first, then call [`Reader::finish`], then take the values apart with `?`.
//! `PREFIX_LAN_LISTEN` overrides `lan.listen`. A key or variable that nothing asked for is a
//! mistake too: a setting that is misspelt must not silently keep its default.

mod file;
mod setting;

pub use setting::{ByteSize, Raw, Setting};

use file::Leaf;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// Everything that is wrong, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// This setting is wrong; what is wrong was written down in the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a setting is wrong")]
pub struct Flawed;

impl From<Flawed> for ConfigErrors {
    fn from(flawed: Flawed) -> Self {
        Self(vec![flawed.to_string()])
    }
}

/// Hands out settings and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader {
    name: String,
    prefix: String,
    leaves: BTreeMap<String, Leaf>,
    env: BTreeMap<String, String>,
    asked: BTreeSet<String>,
    asked_tables: BTreeSet<String>,
    errors: Vec<(usize, String)>,
    /// The file did not parse: absent keys mean nothing then.
    unreadable: bool,
}

impl Reader {
    /// Reads the file, if one is named, and the variables that begin with `prefix` and `_`.
    pub fn load(
        path: Option<&Path>,
        env_prefix: &str,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let prefix = format!("{env_prefix}_");
        let env = env.into_iter().filter(|(name, _)| name.starts_with(&prefix)).collect();
        let name = path.map(|path| path.display().to_string()).unwrap_or_default();
        let mut reader = Self {
            name,
            prefix,
            leaves: BTreeMap::new(),
            env,
            asked: BTreeSet::new(),
            asked_tables: BTreeSet::new(),
            errors: Vec::new(),
            unreadable: false,
        };
        if let Some(path) = path {
            match std::fs::read_to_string(path) {
                Ok(text) => reader.take_file(&text),
                Err(error) => reader.refuse_file(0, &format!("cannot be read: {error}")),
            }
        }
        reader
    }

    fn take_file(&mut self, text: &str) {
        match file::leaves(text) {
            Ok(leaves) => self.leaves = leaves,
            Err(errors) => errors.iter().for_each(|(line, error)| self.refuse_file(*line, error)),
        }
    }

    fn refuse_file(&mut self, line: usize, error: &str) {
        self.unreadable = true;
        let place = if line == 0 { self.name.clone() } else { format!("{}:{line}", self.name) };
        self.errors.push((line, format!("{place}: {error}")));
    }

    fn env_name(&self, key: &str) -> String {
        format!("{}{}", self.prefix, key.replace(['.', '-'], "_").to_ascii_uppercase())
    }

    /// Writes an error of this key down, with the place where its value stands.
    fn refuse(&mut self, key: &str, error: &str) -> Flawed {
        let env_name = self.env_name(key);
        let (line, place) = match (self.env.contains_key(&env_name), self.leaves.get(key)) {
            (true, _) => (usize::MAX, format!("environment: {env_name}")),
            (false, Some(leaf)) => (leaf.line, format!("{}:{}: {key}", self.name, leaf.line)),
            (false, None) if self.name.is_empty() => (0, format!("{key} (or {env_name})")),
            (false, None) => (0, format!("{}: {key} (or {env_name})", self.name)),
        };
        self.errors.push((line, format!("{place}: {error}")));
        Flawed
    }

    fn with<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Raw<'_>) -> Result<T, String>,
    ) -> Result<Option<T>, Flawed> {
        self.asked.insert(key.to_owned());
        let read = match (self.env.get(&self.env_name(key)), self.leaves.get(key)) {
            (Some(text), _) => read(Raw::Env(text)),
            (None, Some(leaf)) => read(Raw::Toml(&leaf.value)),
            (None, None) if self.unreadable => return Err(Flawed),
            (None, None) => return Ok(None),
        };
        read.map(Some).map_err(|error| self.refuse(key, &error))
    }

    /// A setting that may be absent.
    pub fn optional<T: Setting>(&mut self, key: &str) -> Result<Option<T>, Flawed> {
        self.with(key, T::read)
    }

    /// A setting that has a default.
    pub fn or_default<T: Setting>(&mut self, key: &str, default: T) -> Result<T, Flawed> {
        self.optional(key).map(|value| value.unwrap_or(default))
    }

    /// A setting that must be there.
    pub fn required<T: Setting>(&mut self, key: &str) -> Result<T, Flawed> {
        match self.optional(key)? {
            Some(value) => Ok(value),
            None => Err(self.refuse(key, "is missing")),
        }
    }

    /// One of a few words.
    pub fn one_of<T: Clone>(&mut self, key: &str, words: &[(&str, T)], default: T) -> Result<T, Flawed> {
        let accepted = words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(", ");
        let read = |raw: Raw<'_>| {
            let expected = format!("one of {accepted}");
            let text: String = raw.parse(&expected)?;
            let found = words.iter().find(|(word, _)| *word == text);
            found
                .map(|(_, value)| value.clone())
                .ok_or_else(|| format!("expected {expected}, found {text:?}"))
        };
        self.with(key, read).map(|value| value.unwrap_or(default))
    }

    /// An array of tables (`[[key]]`), or a whole value with a form of its own. From the
    /// environment: JSON-like inline TOML. `T` should deny unknown fields.
    pub fn list<T: DeserializeOwned>(&mut self, key: &str) -> Result<Vec<T>, Flawed> {
        let read = |raw: Raw<'_>| match raw {
            Raw::Toml(value) => {
                value.clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())
            }
            Raw::Env(text) => toml::from_str::<BTreeMap<String, Vec<T>>>(&format!("list = {text}"))
                .map(|mut table| table.remove("list").unwrap_or_default())
                .map_err(|error| error.message().to_owned()),
        };
        self.with(key, read).map(Option::unwrap_or_default)
    }

    /// Every setting directly below `key`, for tables whose keys people choose (labels).
    pub fn entries<T: Setting>(&mut self, key: &str) -> Result<BTreeMap<String, T>, Flawed> {
        let start = format!("{key}.");
        self.asked_tables.insert(start.clone());
        let names: Vec<String> =
            self.leaves.keys().filter(|name| name.starts_with(&start)).cloned().collect();
        let mut entries = BTreeMap::new();
        let mut flawed = if self.unreadable { Err(Flawed) } else { Ok(()) };
        for name in names {
            match (self.optional(&name), name.strip_prefix(&start)) {
                (Ok(Some(value)), Some(below)) => {
                    entries.insert(below.to_owned(), value);
                }
                (Ok(_), _) => {}
                (Err(error), _) => flawed = Err(error),
            }
        }
        flawed.map(|()| entries)
    }

    /// Writes down a mistake that only shows when settings are seen together.
    pub fn reject(&mut self, key: &str, error: impl fmt::Display) -> Flawed {
        self.refuse(key, &error.to_string())
    }

    /// All mistakes, in the order of the file. Call it after the last setting was read.
    pub fn finish(mut self) -> Result<(), ConfigErrors> {
        let keys: Vec<String> = self.asked.iter().cloned().collect();
        let in_table = |key: &str| self.asked_tables.iter().any(|table| format!("{key}.").starts_with(table));
        let mut unknown = Vec::new();
        for (key, leaf) in &self.leaves {
            // An empty table of known settings says nothing.
            let holds_known =
                leaf.is_empty_table() && keys.iter().any(|known| known.starts_with(&format!("{key}.")));
            if !self.asked.contains(key) && !in_table(key) && !holds_known {
                let text = format!("{}:{}: {key} is not known{}", self.name, leaf.line, nearest(key, &keys));
                unknown.push((leaf.line, text));
            }
        }
        let env_names: Vec<String> = keys.iter().map(|key| self.env_name(key)).collect();
        for name in self.env.keys().filter(|name| !env_names.contains(name)) {
            unknown
                .push((usize::MAX, format!("environment: {name} is not known{}", nearest(name, &env_names))));
        }
        self.errors.append(&mut unknown);
        // Stable: errors of one line stay in the order they were found.
        self.errors.sort_by_key(|(line, _)| *line);
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(ConfigErrors(self.errors.into_iter().map(|(_, error)| error).collect()))
        }
    }
}

/// The known name that was probably meant.
fn nearest(name: &str, known: &[String]) -> String {
    let close = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= 2.max(name.len() / 4))
        .min();
    close.map(|(_, candidate)| format!("; did you mean {candidate}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
