//! The web pages and the API.
//!
//! Pages are rendered on the server and work without JavaScript. Every page but the sign-in page needs a session;
//! every form carries the session's token; nothing with personal data may be cached.

mod api;
mod assets;
mod frame;
mod guard;
mod health;
mod household;
mod page_error;
pub mod password;
mod picture;
mod posted;
mod quality;
mod reception;
mod review;
mod second;
mod session;
mod sign_in;
mod state;
mod throttle;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

pub use api::{READ, READ_SPECIAL};
pub use assets::AssetsError;
pub use session::{random_token, token_hash};

use crate::config::Config;
use crate::lifecycle::Shutdown;
use state::AppState;

/// Largest request body other than an upload, in bytes: a form of 200 fields is some 30 kB.
const BODY_LIMIT: usize = 1024 * 1024;
/// How long requests in progress may take once the server is asked to stop.
const LAST_REQUESTS: std::time::Duration = std::time::Duration::from_secs(10);

/// Why the web server does not start, or stopped. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Styles and scripts are not built.
    #[error(transparent)]
    Assets(#[from] AssetsError),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The configured address.
        address: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The database cannot be reached.
    #[error(transparent)]
    Storage(#[from] crate::storage::StorageError),
    /// The key that opens special-category values is not there.
    #[error(transparent)]
    Key(#[from] crate::storage::sealing::SealingError),
    /// The decoder is not installed.
    #[error(transparent)]
    Decoder(#[from] crate::decoding::DecodeError),
    /// Serving failed.
    #[error("web server stopped")]
    Serve(#[source] std::io::Error),
}

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: AppState,
    assets: std::path::PathBuf,
}

impl Server {
    /// Checks what the pages need and takes the configured address; port 0 takes a free one.
    ///
    /// # Errors
    /// See [`WebError`]; nothing is worth trying again before somebody has looked, except the database.
    pub async fn bind(config: &Config) -> Result<Self, WebError> {
        let assets = assets::folder(&config.web.assets_folder)?;
        let listening = |source| WebError::Listen {
            address: config.web.listen.clone(),
            source,
        };
        let listener = TcpListener::bind(&config.web.listen)
            .await
            .map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let public_url = if config.web.public_url.is_empty() {
            format!("http://{address}")
        } else {
            config.web_url()
        };
        let state = AppState::new(config, public_url).await?;
        Ok(Self {
            listener,
            address,
            state,
            assets,
        })
    }

    /// The address in use.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `shutdown`, then finishes those in progress.
    ///
    /// # Errors
    /// [`WebError::Serve`] when the listener breaks.
    pub async fn serve(self, shutdown: Shutdown) -> Result<(), WebError> {
        let router = router(self.state, &self.assets);
        let stopping = shutdown.clone();
        let serving = axum::serve(self.listener, router)
            .with_graceful_shutdown(async move { stopping.triggered().await });
        // A browser that keeps its connection open must not keep the server from stopping.
        let too_late = async {
            shutdown.triggered().await;
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        tokio::select! {
            result = serving => result.map_err(WebError::Serve),
            () = too_late => Ok(()),
        }
    }
}

/// Serves pages and API until `shutdown`.
///
/// # Errors
/// See [`Server::bind`] and [`Server::serve`].
pub async fn run(config: Config, shutdown: Shutdown) -> Result<(), WebError> {
    let server = Server::bind(&config).await?;
    tracing::info!(address = %server.address(), "web server listens");
    server.serve(shutdown).await
}

fn router(state: AppState, assets: &std::path::Path) -> Router {
    let pages = Router::new()
        .route("/", get(sign_in::home))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/review", get(review::list::show))
        .route(
            "/review/{form}",
            get(review::form::show).post(review::submit::submit),
        )
        .route("/review/{form}/release", post(review::submit::release))
        .route("/review/{form}/pages/{page}", get(review::evidence::page))
        .route(
            "/review/{form}/pages/{page}/picture",
            get(review::evidence::page_picture),
        )
        .route(
            "/review/{form}/fields/{field}/crop",
            get(review::evidence::crop),
        )
        .route("/second", get(second::keying::show))
        .route("/second/tasks/{task}", post(second::keying::submit))
        .route(
            "/second/tasks/{task}/release",
            post(second::keying::release),
        )
        .route("/second/tasks/{task}/crop", get(second::keying::crop))
        .route("/second/adjudicate", get(second::deciding::show))
        .route("/second/adjudicate/{task}", post(second::deciding::submit))
        .route("/second/waiting", get(second::waiting::show))
        .route("/second/waiting/{form}/waive", post(second::waiting::waive))
        .route("/quality", get(quality::show))
        .route("/quality/wrong-records/{task}", post(quality::dealt_with))
        .route("/households/{household}", get(household::show))
        .route(
            "/households/{household}/special",
            post(household::show_special),
        )
        .route(
            "/service-users/{service_user}",
            get(household::of_service_user),
        )
        .route("/reception", get(reception::show))
        .route("/reception/{document}", get(reception::scan));
    let upload = Router::new()
        .route("/reception", post(reception::upload))
        .layer(DefaultBodyLimit::max(reception::UPLOAD_LIMIT));
    Router::new()
        .merge(pages)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(upload)
        .merge(api::routes())
        .merge(health::routes())
        .nest_service("/assets", assets::service(assets))
        .fallback(page_error::not_found)
        .layer(axum::middleware::from_fn(guard::same_site_only))
        .layer(CatchPanicLayer::custom(page_error::panicked))
        .layer(from_fn_with_state(state.clone(), guard::headers))
        .with_state(state)
}
