//! Real processes, and a network between them that can be cut.

mod cable;
mod central_box;
mod process;
mod store_box;

pub use cable::Cable;
pub use central_box::{Broker, CentralBox};
pub use process::{Process, Program};
pub use store_box::{CentralAddresses, StoreBox};

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A loopback port that is free now. Another process may take it before it is used; the one who
/// binds it then says so.
pub fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
