//! The conformance suite of central's storage, on every engine.

#![allow(clippy::unwrap_used, reason = "a panic in here is a finding")]

mod sqlite_in_a_file {
    use holdfast_central::adapters::sqlite::SqliteStore;
    use holdfast_platform::sqlite::{Options, Place};
    use tempfile::TempDir;

    async fn open() -> (SqliteStore, TempDir) {
        let folder = TempDir::new().unwrap();
        let place = Place::File(folder.path().join("central.db"));
        (SqliteStore::open(&place, Options::default(), [7; 8]).unwrap(), folder)
    }

    holdfast_tests::conformance!(open);
}

mod sqlite_inline {
    use holdfast_central::adapters::sqlite::SqliteStore;
    use holdfast_platform::sqlite::{Mode, Options, Place};

    async fn open() -> (SqliteStore, ()) {
        let options = Options { mode: Mode::Inline, ..Options::default() };
        (SqliteStore::open(&Place::Memory, options, [7; 8]).unwrap(), ())
    }

    holdfast_tests::conformance!(open);
}
