//! Returns as facts tell them, for tests.
