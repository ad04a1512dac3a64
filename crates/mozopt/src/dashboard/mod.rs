//! The dashboard: the report of an optimization, live, for the user's own browser.
//!
//! It reads what anybody may read who sees the optimization's directory, and asks its controller
//! through [`Requests`](journal::Requests): neither has to be on the same machine. Several viewers
//! share what is computed for them.

mod access;
mod biology;
mod candidates;
mod controls;
mod followed;
mod modelled;
mod page;
mod pictures;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use figures::Kind;
use futures_util::stream::{self, Stream};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

pub use access::Token;
pub use followed::Followed;

use crate::failure::Failure;

/// Larger than any request.
const MAX_BODY_BYTES: usize = 16 << 10;
/// How long a request may take to come, or the next one on the same connection.
const PATIENCE: Duration = Duration::from_secs(10);
const A_MOMENT: Duration = Duration::from_millis(200);

/// What every answer is made from.
type Shared = State<Arc<Followed>>;

/// A port of this machine that only this machine can reach; 0: any that is free.
pub fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves the dashboard until the user presses Ctrl-C.
pub fn serve(listener: TcpListener, token: Token, followed: Arc<Followed>) -> io::Result<()> {
    followed.follow()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        tokio::select! {
            () = accept(listener, router(token, followed)) => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
    });
    // Viewers that listen for news never hang up: they are not waited for.
    runtime.shutdown_background();
    served
}

/// Answers whoever connects. A connection on which no request comes is closed: whoever leaves half
/// a request behind would otherwise take a file of this process for good.
async fn accept(listener: tokio::net::TcpListener, router: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // There may be no file left for it.
            tokio::time::sleep(A_MOMENT).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let mut connections = http1::Builder::new();
        connections.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        let connection = connections.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // That the other side went away concerns nobody.
            let _ = connection.await;
        });
    }
}

/// Gives up on a request whose body does not come. News and figures have none.
async fn with_its_body(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request did not come").into_response()
        }
    }
}

fn router(token: Token, followed: Arc<Followed>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/assets/{name}", get(page::asset))
        .route("/api/news", get(news))
        .route("/api/sections/{name}", get(section))
        .route("/api/figures/{name}", get(figure))
        .route("/api/candidates", get(candidates::table))
        .route("/api/candidates/{number}", get(candidates::candidate))
        .route("/api/candidates/{number}/biology", get(biology::biology))
        .route("/api/candidates/{number}/files/{name}", get(candidates::file))
        .route("/api/requests", post(controls::request))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(with_its_body))
        .layer(middleware::from_fn_with_state(Arc::new(token), access::guard))
        .with_state(followed)
}

/// Where the optimization stands, now and whenever that changes.
async fn news(State(followed): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut news: watch::Receiver<Arc<str>> = followed.news();
    news.mark_changed();
    let stream = stream::unfold(news, |mut news| async {
        news.changed().await.ok()?;
        let status = news.borrow_and_update().clone();
        Some((Ok(Event::default().data(status.as_ref())), news))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// A figure.
async fn figure(State(followed): Shared, Path(name): Path<String>) -> Answer {
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name == name) else {
        return Err(Refusal::not_found("there is no such figure"));
    };
    let figure = computed(move || {
        if kind.shows_model {
            return Ok(modelled::figure(&followed, kind));
        }
        let mut pictures = followed.pictures();
        {
            let known = followed.known();
            pictures.renew(&followed.configuration, &known.state, known.entries)?;
        }
        Ok(pictures.figure(kind))
    });
    let figure = figure.await?.to_string();
    Ok(([(CONTENT_TYPE, "application/json")], figure).into_response())
}

/// A section of the report.
async fn section(State(followed): Shared, Path(name): Path<String>) -> Answer {
    let html = computed(move || followed.section(&name)).await?;
    match html {
        Some(html) => Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()),
        None => Err(Refusal::not_found("there is no such section")),
    }
}

/// Runs what takes a while beside the server, which goes on answering others.
async fn computed<T: Send + 'static>(
    compute: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Refusal> {
    let failed = |why: String| Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, why };
    let computed = tokio::task::spawn_blocking(compute).await;
    computed
        .map_err(|error| failed(error.to_string()))?
        .map_err(|failure| failed(failure.in_words()))
}

type Answer = Result<Response, Refusal>;

/// Why there is no answer.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    why: String,
}

impl Refusal {
    fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }

    fn not_found(why: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(serde_json::json!({"error": self.why}))).into_response()
    }
}
