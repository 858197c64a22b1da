//! The web pages and the API.
//!
//! Pages are rendered on the server and work without JavaScript. Every page but the sign-in page needs a session;
//! every form carries the session's token; nothing with personal data may be cached.

mod accessibility;
mod accounts;
mod api;
mod assets;
mod audit_pages;
mod contact_lists;
mod frame;
mod guard;
mod health;
mod household;
mod matching;
mod oidc;
mod own_password;
mod page_error;
pub mod password;
mod people;
mod picture;
mod posted;
mod quality;
mod reception;
mod recipients;
mod review;
mod rights;
mod routes;
mod second;
mod session;
mod sign_in;
mod state;
mod stop;
mod supervision;
mod throttle;
mod tie;
mod visible;
mod words;

use std::net::SocketAddr;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

pub use api::{DISCLOSURES_READ, EVENTS_READ, READ, SCANS_READ, SCOPE_TITLES, WITHDRAWALS_WRITE};
pub use assets::AssetsError;
pub use routes::Route;
pub use session::{random_token, token_hash};

use crate::config::Config;
use crate::domain::retention::Due;
use crate::lifecycle::Shutdown;
use routes::Routes;
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
    /// The sign-in provider's settings cannot be used.
    #[error(transparent)]
    SignIn(#[from] oidc::OidcError),
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
    if let Due::Undecided(end) = config.retention.due(chrono::Local::now().date_naive()) {
        tracing::warn!(
            %end,
            "the contract that records are kept for has ended and nobody has said whether it was extended: nothing is \
             erased until retention.extension is set"
        );
    }
    server.serve(shutdown).await
}

/// Everything the server answers but its styles and scripts.
fn routes() -> Routes {
    let pages = Routes::default()
        .get("/", sign_in::home)
        .get("/sign-in", sign_in::show)
        .post("/sign-in", sign_in::submit)
        .get("/sign-in/password", own_password::show)
        .post("/sign-in/password", own_password::choose)
        .get("/sign-in/start", oidc::pages::start)
        .get("/sign-in/return", oidc::pages::come_back)
        .post("/sign-out", sign_in::sign_out)
        .post("/session/stay", sign_in::stay)
        .get("/review", review::list::show)
        .post("/review/next", review::next::next)
        .get("/review/events", review::live::events)
        .merge(review::desk::routes())
        .merge(review::actions::routes())
        .merge(review::pages::routes())
        .merge(review::batch::routes())
        .get("/accessibility", accessibility::show)
        .get("/review/{form}", review::form::show)
        .post("/review/{form}", review::submit::submit)
        .post("/review/{form}/release", review::submit::release)
        .post("/review/{form}/reopen", review::reopen::reopen)
        .get("/review/{form}/pages/{page}", review::evidence::page)
        .get(
            "/review/{form}/pages/{page}/picture",
            review::evidence::page_picture,
        )
        .get("/review/{form}/fields/{field}/crop", review::evidence::crop)
        .get("/households/{household}", household::show)
        .post("/households/{household}/special", household::show_special)
        .post("/households/{household}/protect", household::protect)
        .post("/households/{household}/unprotect", household::unprotect)
        .post("/households/{household}/withdraw", household::withdraw)
        .post(
            "/households/{household}/undo-withdrawal",
            household::undo_withdrawal,
        )
        .get("/service-users/{service_user}", household::of_service_user)
        .get("/audit", audit_pages::show)
        .merge(reception::routes())
        .get("/stop/{token}", stop::show)
        .post("/stop/{token}", stop::stop)
        .merge(contact_lists::routes())
        .merge(recipients::routes())
        .merge(rights::routes())
        .merge(supervision::routes())
        .merge(second::routes())
        .merge(matching::routes())
        .merge(people::routes())
        .merge(quality::routes())
        .merge(accounts::routes())
        .merge(api::routes())
        .merge(health::routes())
        .at_most(BODY_LIMIT);
    let upload = Routes::default()
        .post("/reception", reception::upload::upload)
        .merge(review::pages::uploads())
        .at_most(reception::upload::UPLOAD_LIMIT);
    pages.merge(upload).merge(api::uploads())
}

/// What the server answers but its styles and scripts, for tests that ask all of it.
pub fn route_list() -> Vec<Route> {
    routes().list()
}

fn router(state: AppState, assets: &std::path::Path) -> Router {
    routes()
        .router()
        .nest_service("/assets", assets::service(assets))
        .fallback(page_error::not_found)
        .layer(axum::middleware::from_fn(guard::same_site_only))
        .layer(CatchPanicLayer::custom(page_error::panicked))
        .layer(from_fn_with_state(state.clone(), guard::headers))
        .with_state(state)
}
