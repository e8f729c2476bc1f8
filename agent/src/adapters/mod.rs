//! The outside, one folder per thing. An adapter implements a port or calls one, and knows no
//! other adapter.

pub mod central_http;
pub mod http;
pub mod import_file;
pub mod machine;
pub mod mqtt;
pub mod sqlite;
