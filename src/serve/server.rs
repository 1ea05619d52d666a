//! The HTTP server: one thread that listens, and answers that are made beside it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::error::{Error, Result};
use crate::serve::answer::{Answer, Site};

/// The most bytes of a request's line and headers.
const HEADERS: usize = 16 << 10;

/// How long a connection may take to send them.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most connections at once; more are closed at once.
const CONNECTIONS: usize = 64;

/// Serves until the process is told to end. `ready` hears the address once it is open (port 0 asks for a free one), and
/// gives the site.
///
/// # Errors
/// The address cannot be opened.
pub fn serve(address: SocketAddr, ready: impl FnOnce(SocketAddr) -> Result<Site>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .map_err(Error::io("start", "the server"))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(Error::io("listen on", address.to_string()))?;
        let site = Arc::new(ready(listener.local_addr().map_err(Error::io("listen on", address.to_string()))?)?);
        let open = Arc::new(AtomicUsize::new(0));
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // Too many open files: the next one may find room.
                    Err(_) => { tokio::time::sleep(Duration::from_millis(100)).await; continue }
                },
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let (site, open) = (site.clone(), open.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| respond(site.clone(), request));
                // A client that goes away is no matter of ours.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(PATIENCE)
                    .max_buf_size(HEADERS)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
    })
}

async fn respond(site: Arc<Site>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if !request.body().is_end_stream() {
        let mut response = response(Answer::text(413, "This server takes no data."), false);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Ok(response);
    }
    let head = request.method() == "HEAD";
    let answer = tokio::task::spawn_blocking(move || {
        let host = request.headers().get(HOST).and_then(|h| h.to_str().ok());
        site.answer(request.method().as_str(), host, request.uri().path())
    });
    let answer = answer.await.unwrap_or_else(|_| Answer::text(500, "The page could not be made."));
    Ok(response(answer, head))
}

fn response(answer: Answer, head: bool) -> Response<Full<Bytes>> {
    let body = if head { Bytes::new() } else { Bytes::from(String::clone(&answer.body)) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if answer.status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
