//! A cable between two TCP addresses that can be pulled out and put back.
//!
//! Pulled, it drops every connection and takes no new one: what a store sees when its uplink is
//! gone. Nothing in the product knows of it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug)]
pub struct Cable {
    address: SocketAddr,
    plugged: watch::Sender<bool>,
    carrier: JoinHandle<()>,
}

impl Cable {
    /// Listens at `near` (port 0 is any free one) and carries every connection to `target`.
    pub async fn plug(near: SocketAddr, target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(near).await?;
        let address = listener.local_addr()?;
        let (plugged, state) = watch::channel(true);
        let carrier = tokio::spawn(carry(listener, Far { target, from: near.ip() }, state));
        Ok(Self { address, plugged, carrier })
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pull(&self) {
        self.plugged.send_replace(false);
    }

    pub fn put_back(&self) {
        self.plugged.send_replace(true);
    }

    #[must_use]
    pub fn is_plugged(&self) -> bool {
        *self.plugged.borrow()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// Where a cable ends, and the address that its traffic comes from there: each cable has its own, as
/// each box of a network has.
#[derive(Debug, Clone, Copy)]
struct Far {
    target: SocketAddr,
    from: IpAddr,
}

impl Far {
    async fn connect(self) -> io::Result<TcpStream> {
        let socket = if self.target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind((self.from, 0).into())?;
        socket.connect(self.target).await
    }
}

async fn carry(listener: TcpListener, far: Far, plugged: watch::Receiver<bool>) {
    loop {
        let Ok((near, _)) = listener.accept().await else { continue };
        if !*plugged.borrow() {
            continue;
        }
        tokio::spawn(carry_one(near, far, plugged.clone()));
    }
}

async fn carry_one(mut near: TcpStream, far: Far, mut plugged: watch::Receiver<bool>) {
    let Ok(mut far) = far.connect().await else { return };
    // Small frames, answered at once: without this each would wait for the next.
    if near.set_nodelay(true).and_then(|()| far.set_nodelay(true)).is_err() {
        return;
    }
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = plugged.wait_for(|plugged| !plugged) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_pulled_cable_drops_what_it_carries_and_takes_nothing_new() {
        let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = echo.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = echo.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await.unwrap();
                });
            }
        });
        let cable = Cable::plug((Ipv4Addr::LOCALHOST, 0).into(), target).await.unwrap();
        let mut carried = TcpStream::connect(cable.address()).await.unwrap();
        carried.write_all(b"x").await.unwrap();
        assert_eq!(carried.read_u8().await.unwrap(), b'x');
        cable.pull();
        assert!(carried.read_u8().await.is_err());
        let mut refused = TcpStream::connect(cable.address()).await.unwrap();
        assert!(refused.read_u8().await.is_err());
        cable.put_back();
        let mut again = TcpStream::connect(cable.address()).await.unwrap();
        again.write_all(b"y").await.unwrap();
        assert_eq!(again.read_u8().await.unwrap(), b'y');
    }
}
