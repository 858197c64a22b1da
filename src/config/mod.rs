//! Configuration: defaults, then `enrol.toml`, then environment variables (`ENROL_DATABASE__URL`), then flags.
//!
//! Unknown keys are errors. Every secret `x` may instead come from the file named by `x_file`.

mod secret;
mod sign_in;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::domain::field::FieldKind;
use crate::domain::retention::Retention;

pub use secret::Secret;
pub use sign_in::SignIn;

/// Everything Enrol's programs need to know about their surroundings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// PostgreSQL.
    pub database: Database,
    /// RabbitMQ.
    pub broker: Broker,
    /// The S3 store.
    pub objects: Objects,
    /// Web pages and API.
    pub web: Web,
    /// How people sign in, and how long they stay signed in.
    pub sign_in: SignIn,
    /// Keys kept outside the database.
    pub keys: Keys,
    /// The reader.
    pub reading: Reading,
    /// Intake of new objects.
    pub intake: Intake,
    /// Keying by people.
    pub keying: Keying,
    /// How long records are kept.
    pub retention: Retention,
}

/// `[database]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://user:password@host/database`.
    pub url: Secret,
    /// File holding the URL instead.
    pub url_file: Option<PathBuf>,
    /// Connections each program may hold.
    pub max_connections: u32,
}

/// `[broker]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// `amqp://user:password@host/vhost` or `amqps://...`.
    pub url: Secret,
    /// File holding the URL instead.
    pub url_file: Option<PathBuf>,
}

/// `[objects]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objects {
    /// Address of the S3 server, `http://127.0.0.1:9000`.
    pub endpoint: String,
    /// Region; most servers other than AWS ignore it.
    pub region: String,
    /// Bucket that scans land in.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: Secret,
    /// File holding the secret access key instead.
    pub secret_key_file: Option<PathBuf>,
    /// `http://host/bucket/key` instead of `http://bucket.host/key`.
    pub force_path_style: bool,
    /// Largest object taken, in bytes.
    pub max_bytes: u64,
}

/// `[web]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Address and port to listen on.
    pub listen: String,
    /// Address as seen from outside, without trailing slash; empty means `http://` and the listening address.
    pub public_url: String,
    /// Requests that each recipient may send to the API in a minute.
    pub api_requests_per_minute: u32,
    /// Folder of built styles and scripts; empty means beside the program or in the source tree.
    pub assets_folder: PathBuf,
}

/// `[keys]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// File with the key that seals special-category values.
    pub special_category_key_file: PathBuf,
}

/// `[reading]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// Reading threads in each reader; 0 means one less than there are cores, at least one.
    pub threads: usize,
    /// Attempts before a document is quarantined.
    pub max_attempts: i32,
    /// Folder of further form definitions (TOML).
    pub form_definitions: Option<PathBuf>,
    /// Calibration to use instead of the one built in, as `enrol calibrate --write` makes it.
    pub calibration: Option<PathBuf>,
    /// Whether a consent with one unambiguous mark is taken without a clerk. Off unless the council has decided so.
    pub accept_consent: bool,
    /// Whether settled fields leave behind how sure the reader was and whether it was right, for `enrol calibrate`.
    pub keep_signals: bool,
    /// Share of accepted fields that a clerk sees all the same, so that the promised error rate is watched.
    pub drawn_share: f64,
}

/// `[intake]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// Only keys that begin with this are scans.
    pub prefix: String,
    /// Seconds between two sweeps for objects that no notice announced.
    pub sweep_seconds: u64,
}

/// `[keying]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keying {
    /// Kinds of field that two people key before a record is made, where a person gave the answer. Off when empty.
    pub double: Vec<FieldKind>,
    /// Who decides where two differ; never one of the two.
    pub adjudicator: Adjudicator,
    /// Fields read with less confidence are keyed without sight of what was read.
    pub blind_below: f64,
    /// Share of the fields accepted by the machine that is keyed again afterwards, at least.
    pub qa_share_machine: f64,
    /// Share of the fields settled by clerks that is keyed again afterwards, at least.
    pub qa_share_clerk: f64,
    /// The most of either that people are asked to key again while a target is not proved; 0 switches sampling off.
    pub qa_share_most: f64,
    /// Days over which the sample has to prove the targets, and after which a drawn field is no longer asked for.
    pub qa_days: u32,
    /// Other values of `blind_below` for single kinds.
    pub blind_below_by_kind: BTreeMap<FieldKind, f64>,
}

/// Who decides between two answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjudicator {
    /// A supervisor.
    Supervisor,
    /// Anybody who may key.
    Clerk,
}

impl Default for Keying {
    fn default() -> Self {
        Self {
            double: Vec::new(),
            adjudicator: Adjudicator::Supervisor,
            blind_below: 0.5,
            qa_share_machine: 0.02,
            qa_share_clerk: 0.02,
            qa_share_most: 0.1,
            qa_days: 90,
            blind_below_by_kind: BTreeMap::new(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            url_file: None,
            max_connections: 8,
        }
    }
}

impl Default for Objects {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            bucket: "enrol-scans".to_owned(),
            access_key: String::new(),
            secret_key: Secret::default(),
            secret_key_file: None,
            force_path_style: true,
            max_bytes: 50 * 1024 * 1024,
        }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            api_requests_per_minute: 600,
            assets_folder: PathBuf::new(),
        }
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            threads: 0,
            max_attempts: 3,
            form_definitions: None,
            calibration: None,
            accept_consent: false,
            keep_signals: true,
            drawn_share: 0.02,
        }
    }
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            sweep_seconds: 30,
        }
    }
}

/// Configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key is unknown, or a value has the wrong type.
    #[error("configuration is not valid: {0}")]
    Invalid(#[from] Box<figment::Error>),
    /// The configuration file named on the command line is not there.
    #[error("configuration file {} does not exist", .0.display())]
    MissingFile(PathBuf),
    /// A secret's file cannot be read.
    #[error("{key} names the file {}, which cannot be read", path.display())]
    SecretFile {
        /// Configuration key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something every program needs is not set.
    #[error("{key} is not set: put it into enrol.toml, or set {variable}")]
    NotSet {
        /// Configuration key.
        key: &'static str,
        /// The environment variable that sets it.
        variable: &'static str,
    },
}

impl Config {
    /// Loads `file` (default `enrol.toml` in the working folder, where there is one) and the environment.
    /// ENROL_CONFIG may name the file too.
    ///
    /// # Errors
    /// [`ConfigError`]: each names the key and what to do.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let named = file
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("ENROL_CONFIG").map(PathBuf::from));
        if let Some(path) = named.as_ref().filter(|path| !path.is_file()) {
            return Err(ConfigError::MissingFile(path.clone()));
        }
        let path = named.unwrap_or_else(|| PathBuf::from("enrol.toml"));
        // Variables without `__` steer programs (ENROL_LOG, ENROL_PROGRAMS), not the configuration.
        let environment = Env::prefixed("ENROL_")
            .filter(|key| key.as_str().contains("__"))
            .split("__");
        let mut config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(path))
            .merge(environment)
            .extract()
            .map_err(Box::new)?;
        config.read_secret_files()?;
        Ok(config)
    }

    fn read_secret_files(&mut self) -> Result<(), ConfigError> {
        secret::read_file(
            "database.url",
            &mut self.database.url,
            self.database.url_file.as_deref(),
        )?;
        secret::read_file(
            "broker.url",
            &mut self.broker.url,
            self.broker.url_file.as_deref(),
        )?;
        secret::read_file(
            "objects.secret_key",
            &mut self.objects.secret_key,
            self.objects.secret_key_file.as_deref(),
        )?;
        secret::read_file(
            "sign_in.client_secret",
            &mut self.sign_in.client_secret,
            self.sign_in.client_secret_file.as_deref(),
        )
    }

    /// Fails when an address that every program needs is missing.
    pub fn require_servers(&self) -> Result<(), ConfigError> {
        let needed = [
            (
                self.database.url.expose_secret(),
                "database.url",
                "ENROL_DATABASE__URL",
            ),
            (
                self.broker.url.expose_secret(),
                "broker.url",
                "ENROL_BROKER__URL",
            ),
            (
                &self.objects.endpoint,
                "objects.endpoint",
                "ENROL_OBJECTS__ENDPOINT",
            ),
        ];
        match needed.into_iter().find(|(value, _, _)| value.is_empty()) {
            Some((_, key, variable)) => Err(ConfigError::NotSet { key, variable }),
            None => Ok(()),
        }
    }

    /// The configuration as TOML with secrets masked.
    pub fn to_masked_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|error| format!("# cannot be shown: {error}\n"))
    }

    /// The configuration as TOML with its secrets, for a file that only its owner may read.
    pub fn to_toml_with_secrets(&self) -> String {
        Secret::revealed(|| self.to_masked_toml())
    }

    /// Address of the web pages without trailing slash.
    pub fn web_url(&self) -> String {
        if self.web.public_url.is_empty() {
            format!("http://{}", self.web.listen)
        } else {
            self.web.public_url.trim_end_matches('/').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(toml: &str) -> Result<Config, Box<figment::Error>> {
        Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string(toml))
            .extract()
            .map_err(Box::new)
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = parse("[database]\nurll = 'x'").expect_err("must be refused");
        assert!(error.to_string().contains("urll"), "{error}");
    }

    #[test]
    fn secrets_are_masked_when_shown_and_kept_when_written() {
        let config = parse("[database]\nurl = 'postgres://u:hunter2@h/d'").expect("valid");
        assert!(!config.to_masked_toml().contains("hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
        let again = parse(&config.to_toml_with_secrets()).expect("what is written can be read");
        assert_eq!(
            again.database.url.expose_secret(),
            "postgres://u:hunter2@h/d"
        );
        assert!(
            !config.to_masked_toml().contains("hunter2"),
            "revealing ends with the call"
        );
    }

    #[test]
    fn keying_names_kinds_of_field() {
        let config = parse(
            "[keying]\ndouble = ['nhs_number', 'date']\n[keying.blind_below_by_kind]\nname = 0.7",
        )
        .expect("valid");
        assert_eq!(
            config.keying.double,
            [FieldKind::NhsNumber, FieldKind::Date]
        );
        let again = parse(&config.to_masked_toml()).expect("what is shown can be read");
        assert_eq!(again.keying, config.keying);
        let error = parse("[keying]\ndouble = ['nhs_numbers']").expect_err("no such kind");
        assert!(error.to_string().contains("nhs_numbers"), "{error}");
    }

    #[test]
    fn a_missing_address_names_key_and_variable() {
        let error = Config::default()
            .require_servers()
            .expect_err("nothing is set");
        assert_eq!(
            error.to_string(),
            "database.url is not set: put it into enrol.toml, or set ENROL_DATABASE__URL"
        );
    }
}
