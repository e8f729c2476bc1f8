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

/// A loopback address that no other process uses, as it is made from the number of this one: nobody's
/// connection can take a port of what is started here, not even between its crash and its next start.
/// All of 127.0.0.0/8 is this machine's.
fn own_loopback_address(n: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, n, high, low)
}

/// A port that is free, at the loopback address of this process.
pub fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((own_loopback_address(1), 0))?.local_addr()
}
