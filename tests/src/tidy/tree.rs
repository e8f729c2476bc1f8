//! The files that the rules read: the working tree, or a small one made for a test.

use std::collections::BTreeSet;
use std::path::Path;

use super::Example;
use super::code::Code;

/// Folders that hold what was built or fetched, not what was written.
const SKIPPED_FOLDERS: &[&str] = &["target", "node_modules"];
/// Endings of the files whose text rules read; of all others only the name is known.
const READ_ENDINGS: &[&str] = &["rs", "sql", "md", "toml", "sh", "js", "css", "html", "yml", "yaml", "json"];

/// One file: its path from the root, with `/`, and its text.
#[derive(Debug)]
pub struct File {
    pub path: String,
    pub text: String,
    /// Tokens, for files of Rust that parse.
    pub code: Option<Code>,
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let code = if path.ends_with(".rs") { Code::parse(path, &text) } else { None };
        Self { path: path.to_owned(), text, code }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Code that ships, as opposed to code that proves.
    #[must_use]
    pub fn is_product(&self) -> bool {
        let ships = ["agent/src/", "central/src/", "shared/src/", "shared/platform/src/", "src/"];
        ships.iter().any(|room| self.path.starts_with(room)) && !self.is_test_file()
    }

    /// A file that only a `#[cfg(test)]` module reaches, by the house's names for such files.
    #[must_use]
    pub fn is_test_file(&self) -> bool {
        self.name() == "tests.rs" || self.path.contains("/tests/")
    }
}

#[derive(Debug)]
pub struct Tree {
    pub files: Vec<File>,
    folders: BTreeSet<String>,
}

impl Tree {
    /// Reads the working tree under `root`.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn read(root: &Path) -> std::io::Result<Self> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        Ok(Self::from_files(files))
    }

    #[must_use]
    pub fn of(example: Example) -> Self {
        Self::from_files(example.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect())
    }

    fn from_files(mut files: Vec<File>) -> Self {
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let mut folders = BTreeSet::new();
        for file in &files {
            let mut folder = file.folder();
            while !folder.is_empty() {
                folders.insert(folder.to_owned());
                folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            }
        }
        Self { files, folders }
    }

    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    #[must_use]
    pub fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(path.trim_end_matches('/'))
    }

    /// A file or a folder of that path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.file(path).is_some() || self.has_folder(path)
    }

    /// Whether a module (a file or a folder) of that path exists, like `agent/src/core`.
    #[must_use]
    pub fn has_module(&self, path: &str) -> bool {
        self.has_folder(path) || self.file(&format!("{path}.rs")).is_some()
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        // Of the hidden folders only `.ci` is written by hand.
        let hidden = name.starts_with('.') && name != ".ci";
        if kind.is_dir() && !hidden && !SKIPPED_FOLDERS.contains(&name.as_str()) {
            read_folder(&entry.path(), &path, files)?;
        } else if kind.is_file() {
            let read = READ_ENDINGS.iter().any(|ending| name.ends_with(&format!(".{ending}")));
            let text = if read { std::fs::read_to_string(entry.path())? } else { String::new() };
            files.push(File::new(&path, text));
        }
    }
    Ok(())
}
