//! `/metrics` and `/healthz`.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::metrics::Page;
use super::text;

/// Asks the daemon for a page.
pub type Pages = mpsc::Sender<oneshot::Sender<Page>>;

/// The OpenMetrics form.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The older form.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves until the listener fails.
pub async fn serve(listener: TcpListener, pages: Pages) -> std::io::Result<()> {
    let router = Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(pages);
    axum::serve(listener, router).await
}

async fn page(pages: &Pages) -> Option<Page> {
    let (answer, page) = oneshot::channel();
    pages.send(answer).await.ok()?;
    page.await.ok()
}

async fn metrics(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    let Some(page) = page(&pages).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let Ok(page) = page.open_metrics() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if wants_open_metrics(accept.unwrap_or_default()) {
        ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response()
    } else {
        ([(header::CONTENT_TYPE, TEXT)], text::from_open_metrics(&page)).into_response()
    }
}

/// Answers `ok` while a generation is in force and the daemon answers.
async fn health(State(pages): State<Pages>) -> Response {
    match page(&pages).await {
        Some(page) if page.generation != 0 => "ok\n".into_response(),
        _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// True where the client would rather have OpenMetrics.
fn wants_open_metrics(accept: &str) -> bool {
    let quality = |wanted: &str| {
        accept
            .split(',')
            .filter_map(|entry| {
                let mut parts = entry.split(';').map(str::trim);
                if parts.next()? != wanted {
                    return None;
                }
                let quality = parts.find_map(|part| part.strip_prefix("q="));
                Some(quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0)))
            })
            .fold(0.0, f32::max)
    };
    let open = quality("application/openmetrics-text");
    open > 0.0 && open >= quality("text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_picks_the_form() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                          application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
        assert!(wants_open_metrics(prometheus));
        assert!(wants_open_metrics("application/openmetrics-text"));
        assert!(!wants_open_metrics(""));
        assert!(!wants_open_metrics("*/*"));
        assert!(!wants_open_metrics("text/plain, application/openmetrics-text;q=0.5"));
        assert!(!wants_open_metrics("application/openmetrics-text;q=0"));
    }
}
