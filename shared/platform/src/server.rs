//! Serving a router until told to stop, and not much longer.

use axum::Router;
use axum::serve::Listener;
use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{address} cannot be listened on: {source}. Is another process using it?")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("serving failed")]
    Serve(#[source] io::Error),
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every request was answered.
    All,
    /// The deadline passed; what was still open was cut.
    Cut,
}

/// Binds an address; port 0 takes a free one, which the returned address names.
pub async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Serves until `stop`, then takes no new connection, lets open requests end, and cuts what is
/// still open after `drain`. Handlers may extract `ConnectInfo<Peer>`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    drain: Duration,
) -> Result<Drained, ServeError> {
    let cut = CancellationToken::new();
    // Also when this future itself is dropped, its connections end.
    let _guard = cut.clone().drop_guard();
    let listener = CutListener { listener, cut };
    let service = router.into_make_service_with_connect_info::<Peer>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut serving = Box::pin(serving.into_future());
    tokio::select! {
        ended = &mut serving => return ended.map(|()| Drained::All).map_err(ServeError::Serve),
        () = stop.cancelled() => {}
    }
    match tokio::time::timeout(drain, serving).await {
        Ok(ended) => ended.map(|()| Drained::All).map_err(ServeError::Serve),
        Err(_) => Ok(Drained::Cut),
    }
}

/// The address of the other side (`ConnectInfo<Peer>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl axum::extract::connect_info::Connected<axum::serve::IncomingStream<'_, CutListener>> for Peer {
    fn connect_info(stream: axum::serve::IncomingStream<'_, CutListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Accepts connections that end when they are cut: axum's own live on after its future is dropped.
struct CutListener {
    listener: TcpListener,
    cut: CancellationToken,
}

impl Listener for CutListener {
    type Io = CutStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CutStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays with delayed sends");
        }
        (CutStream { stream, cut: Box::pin(self.cut.clone().cancelled_owned()) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

struct CutStream {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl CutStream {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for CutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, to)
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::Hub;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const NEVER: Duration = Duration::from_secs(3600);

    async fn ask(address: SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        stream
    }

    async fn local() -> (TcpListener, SocketAddr) {
        bind("127.0.0.1:0".parse().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn an_open_event_stream_does_not_hold_up_the_end() {
        let (listener, address) = local().await;
        let stop = CancellationToken::new();
        let hub: Hub<u32> = Hub::new(4, 4, stop.clone());
        let router = Router::new().route("/", get(move || std::future::ready(hub.stream(|_| None))));
        let serving = tokio::spawn(serve(listener, router, stop.clone(), NEVER));
        let mut stream = ask(address, "/").await;
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        stop.cancel();
        assert_eq!(serving.await.unwrap().unwrap(), Drained::All);
    }

    #[tokio::test]
    async fn a_request_that_never_ends_is_cut() {
        let (listener, address) = local().await;
        let stop = CancellationToken::new();
        let (begun, wait) = tokio::sync::oneshot::channel::<()>();
        let begun = std::sync::Arc::new(std::sync::Mutex::new(Some(begun)));
        let hang = move || {
            drop(begun.lock().unwrap().take());
            std::future::pending::<()>()
        };
        let router = Router::new().route("/", get(hang));
        let serving = tokio::spawn(serve(listener, router, stop.clone(), Duration::from_millis(20)));
        let mut stream = ask(address, "/").await;
        assert!(wait.await.is_err(), "the handler runs");
        stop.cancel();
        assert_eq!(serving.await.unwrap().unwrap(), Drained::Cut);
        // Without the cut this read would wait for ever.
        assert!(matches!(stream.read(&mut [0; 8]).await, Ok(0) | Err(_)));
    }
}
