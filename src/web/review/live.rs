//! How much work there is, told to open pages as it changes.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::Mutex;

use crate::storage::accounts::Permission;
use crate::storage::centres::Scope;
use crate::storage::queue::{self, Work};
use crate::storage::{Database, StorageError};
use crate::web::page_error::PageError;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Time between two looks at the counts.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a page is told; shorter than a session may idle.
const LONGEST: Duration = Duration::from_secs(600);

/// The counts as last seen, shared by all pages, so that fifty clerks ask no more of the database than one.
#[derive(Default)]
pub(in crate::web) struct LiveWork(Mutex<Vec<Seen>>);

struct Seen {
    scope: Scope,
    at: Instant,
    work: Work,
}

impl LiveWork {
    async fn now(&self, database: &Database, scope: &Scope) -> Result<Work, StorageError> {
        let mut seen = self.0.lock().await;
        seen.retain(|s| s.at.elapsed() < PAUSE);
        if let Some(fresh) = seen.iter().find(|s| s.scope == *scope) {
            return Ok(fresh.work);
        }
        let work = queue::work(database, scope).await?;
        seen.push(Seen {
            scope: scope.clone(),
            at: Instant::now(),
            work,
        });
        Ok(work)
    }
}

/// What the list says above its table.
pub(super) fn in_words(work: Work) -> String {
    let mut text = format!("{} waiting, {} of them free", work.waiting, work.free);
    if work.urgent > 0 {
        text.push_str(&format!(", {} urgent", work.urgent));
    }
    if work.referred > 0 {
        text.push_str(&format!("; {} with the supervisors", work.referred));
    }
    text
}

pub(in crate::web) async fn events(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let told = Told {
        state,
        scope: signed_in.scope(),
        began: Instant::now(),
        last: None,
        ended: false,
    };
    let stream = futures_util::stream::unfold(told, |mut told| async move {
        let event = told.next().await?;
        Some((Ok(event), told))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

struct Told {
    state: AppState,
    scope: Scope,
    began: Instant,
    last: Option<Work>,
    ended: bool,
}

impl Told {
    /// The next change; an end after a while, then nothing.
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        loop {
            let work = self.state.live.now(&self.state.database, &self.scope).await;
            match work {
                Ok(work) if self.last != Some(work) => {
                    self.last = Some(work);
                    let data = serde_json::json!({ "text": in_words(work) });
                    return Some(Event::default().event("work").data(data.to_string()));
                }
                Ok(_) if self.began.elapsed() < LONGEST => tokio::time::sleep(PAUSE).await,
                Ok(_) | Err(_) => {
                    self.ended = true;
                    return Some(Event::default().event("end").data(""));
                }
            }
        }
    }
}
