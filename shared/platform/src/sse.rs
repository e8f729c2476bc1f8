//! Events to browsers and devices: one bounded hub, many streams.
//!
//! A stream that falls behind is not silently missing events: it gets one `reload`, and goes on
//! from now. Streams end when the process stops, because a graceful stop waits for open answers.

use crate::http::ProblemResponse;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;
use holdfast_shared::error::Code;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where events of type `E` are published, and streams of them opened.
#[derive(Debug, Clone)]
pub struct Hub<E> {
    events: broadcast::Sender<E>,
    streams: Arc<Semaphore>,
    stop: CancellationToken,
}

/// Waits for news, and does not carry it: for whoever reads what there is from where it is kept.
#[derive(Debug)]
pub struct Wakes<E> {
    events: broadcast::Receiver<E>,
    stop: CancellationToken,
    _place: Option<OwnedSemaphorePermit>,
}

impl<E: Clone> Wakes<E> {
    /// News that came while nobody waited counts. Never when the process stops.
    pub async fn next(&mut self) {
        match self.events.recv().await {
            // However many came meanwhile, one look shows them all.
            Ok(_) | Err(RecvError::Lagged(_)) => self.events = self.events.resubscribe(),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Ends with the process, as a stream must.
    pub async fn next_or_stop(&mut self) -> bool {
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => false,
            () = self.next() => true,
        }
    }
}

struct Open<E, R> {
    events: broadcast::Receiver<E>,
    render: R,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl<E: Clone + Send + 'static> Hub<E> {
    /// `lag_max` is usually `STREAM_LAG_MAX`, `streams_max` `STREAMS_MAX`.
    #[must_use]
    pub fn new(lag_max: usize, streams_max: usize, stop: CancellationToken) -> Self {
        let (events, _) = broadcast::channel(lag_max.max(1));
        Self { events, streams: Arc::new(Semaphore::new(streams_max)), stop }
    }

    /// Tells every open stream. Nobody need listen.
    pub fn publish(&self, event: E) {
        // The error says only that no stream is open.
        let _nobody = self.events.send(event);
    }

    /// Waits for news, as a part of this process.
    #[must_use]
    pub fn wakes(&self) -> Wakes<E> {
        Wakes { events: self.events.subscribe(), stop: self.stop.clone(), _place: None }
    }

    /// Waits for news on behalf of an open stream, which takes one of their places.
    pub fn wakes_a_stream(&self) -> Result<Wakes<E>, ProblemResponse> {
        Ok(Wakes { _place: Some(self.place()?), ..self.wakes() })
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, ProblemResponse> {
        Arc::clone(&self.streams)
            .try_acquire_owned()
            .map_err(|_| ProblemResponse::new(Code::Busy, "too many event streams are open"))
    }

    /// A stream of what `render` makes of each event; what it answers with `None` is not for this reader.
    pub fn stream<R>(&self, render: R) -> Result<impl IntoResponse + use<E, R>, ProblemResponse>
    where
        R: FnMut(&E) -> Option<Event> + Send + 'static,
    {
        let place = self.place()?;
        let open = Open { events: self.events.subscribe(), render, stop: self.stop.clone(), _place: place };
        let stream = stream::unfold(open, |mut open| async move {
            let event = open.next().await?;
            Some((Ok::<_, Infallible>(event), open))
        });
        Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
    }
}

impl<E: Clone, R: FnMut(&E) -> Option<Event>> Open<E, R> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let received = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                received = self.events.recv() => received,
            };
            match received {
                Ok(event) => {
                    if let Some(event) = (self.render)(&event) {
                        return Some(event);
                    }
                }
                Err(RecvError::Lagged(_)) => {
                    // What still waits is older than what the reload will show.
                    self.events = self.events.resubscribe();
                    return Some(Event::default().event("reload").data("{}"));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(hub: &Hub<u32>) -> Result<axum::response::Response, ProblemResponse> {
        hub.stream(|n| Some(Event::default().data(n.to_string()))).map(IntoResponse::into_response)
    }

    async fn text(response: axum::response::Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_to_reload_once() {
        let hub = Hub::new(2, 4, CancellationToken::new());
        let response = open(&hub).unwrap();
        (0..9).for_each(|n| hub.publish(n));
        let mut body = response.into_body().into_data_stream();
        let first = futures::StreamExt::next(&mut body).await.unwrap().unwrap();
        assert_eq!(first, "event: reload\ndata: {}\n\n");
        hub.publish(9);
        let second = futures::StreamExt::next(&mut body).await.unwrap().unwrap();
        assert_eq!(second, "data: 9\n\n");
    }

    #[tokio::test]
    async fn streams_are_counted_and_end_with_the_process() {
        let stop = CancellationToken::new();
        let hub = Hub::new(8, 1, stop.clone());
        let response = open(&hub).unwrap();
        assert_eq!(open(&hub).unwrap_err().0.code, Code::Busy);
        stop.cancel();
        assert_eq!(text(response).await, "");
        assert!(open(&hub).is_ok(), "the place is free again");
    }
}
