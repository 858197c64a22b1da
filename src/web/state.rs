//! What every handler may use.

use std::sync::Arc;

use super::api::rate::Rate;
use super::oidc::Provider;
use super::picture::Pictures;
use super::review::live::LiveWork;
use super::throttle::Throttle;
use super::{WebError, password, session};
use crate::config::{Config, Keying};
use crate::decoding::Decoder;
use crate::domain::retention::Retention;
use crate::forms::definition::FormDefinition;
use crate::objects::ObjectStore;
use crate::storage::Database;
use crate::storage::review::FormHead;
use crate::storage::sealing::Sealer;
use crate::storage::sessions::SessionLimits;
use crate::storage::settlement::SettlementContext;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct AppState(Arc<Parts>);

pub(super) struct Parts {
    pub database: Database,
    pub objects: ObjectStore,
    pub sealer: Sealer,
    pub pictures: Pictures,
    pub throttle: Throttle,
    /// How often each recipient may ask the API.
    pub api_rate: Rate,
    /// How much work there is, for pages that show it as it changes.
    pub live: LiveWork,
    pub passwords: password::Checker,
    pub session_limits: SessionLimits,
    pub provider: Option<Provider>,
    /// Whether people may sign in with a password of Enrol's own.
    pub local_accounts: bool,
    /// What is keyed twice, blind or as a sample.
    pub keying: Keying,
    /// How long records are kept.
    pub retention: Retention,
    /// Address as seen from outside, without trailing slash.
    pub public_url: String,
    definitions: Vec<FormDefinition>,
}

impl std::ops::Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl AppState {
    pub async fn new(config: &Config, public_url: String) -> Result<Self, WebError> {
        let objects = ObjectStore::new(&config.objects);
        Ok(Self(Arc::new(Parts {
            database: Database::connect(&config.database).await?,
            pictures: Pictures::new(Decoder::find()?, objects.clone()),
            objects,
            sealer: Sealer::from_key_file(&config.keys.special_category_key_file)?,
            throttle: Throttle::default(),
            api_rate: Rate::new(config.web.api_requests_per_minute),
            live: LiveWork::default(),
            passwords: password::Checker::default(),
            session_limits: session::limits(&config.sign_in),
            local_accounts: config.sign_in.local_accounts(),
            provider: Provider::new(&config.sign_in, &public_url)?,
            keying: config.keying.clone(),
            retention: config.retention.clone(),
            public_url,
            definitions: crate::forms::load_all(),
        })))
    }
}

impl Parts {
    /// Whether browsers reach the pages over TLS, so that cookies can insist on it.
    pub fn secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// What settling a form printed from `definition` needs.
    pub fn settling<'a>(&'a self, definition: &'a FormDefinition) -> SettlementContext<'a> {
        SettlementContext {
            sealer: &self.sealer,
            definition,
            public_url: &self.public_url,
            keying: &self.keying,
            chance: &rand::random::<f64>,
        }
    }

    /// All forms that are set up here.
    pub fn definitions(&self) -> &[FormDefinition] {
        &self.definitions
    }

    /// The definition with that id and version.
    pub fn definition(&self, id: &str, version: u32) -> Option<&FormDefinition> {
        self.definitions
            .iter()
            .find(|d| d.id == id && d.version == version)
    }

    /// The definition a form was printed from.
    pub fn definition_of(&self, form: &FormHead) -> Option<&FormDefinition> {
        self.definition(&form.definition_id, form.definition_version)
    }
}
