//! A router that knows what it answers, so that a test can ask every address for every role.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing;

use super::state::AppState;

/// A method and an address that the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The address, its changing parts in braces.
    pub path: &'static str,
}

/// Routes as they are put together.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<AppState>,
    list: Vec<Route>,
}

impl Routes {
    /// Answers `GET path`.
    pub fn get<T: 'static>(self, path: &'static str, handler: impl Handler<T, AppState>) -> Self {
        self.add("GET", path, routing::get(handler))
    }

    /// Answers `POST path`.
    pub fn post<T: 'static>(self, path: &'static str, handler: impl Handler<T, AppState>) -> Self {
        self.add("POST", path, routing::post(handler))
    }

    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        handler: routing::MethodRouter<AppState>,
    ) -> Self {
        self.list.push(Route { method, path });
        self.router = self.router.route(path, handler);
        self
    }

    /// Refuses bodies larger than `bytes` on all routes so far.
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// Adds the routes of `other`.
    pub fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self.router = self.router.merge(other.router);
        self
    }

    /// What is answered.
    pub fn list(self) -> Vec<Route> {
        self.list
    }

    /// What answers.
    pub fn router(self) -> Router<AppState> {
        self.router
    }
}
