//! `[sign_in]`: with a provider (OpenID Connect) or with local accounts, and for how long.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;

/// `[sign_in]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    /// Whether people may sign in with a password of Enrol's own. Unset: only where no provider is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_accounts: Option<bool>,
    /// Address of the provider, as its discovery document says it; empty means none.
    pub issuer: String,
    /// What the provider knows Enrol by.
    pub client_id: String,
    /// What Enrol proves itself to the provider with; empty for a public client.
    pub client_secret: Secret,
    /// File holding the secret instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// Text of the button.
    pub button: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Claim that names a person's roles.
    pub role_claim: String,
    /// Claim that names a person's centres by their codes; empty means everybody sees all centres.
    pub centre_claim: String,
    /// Tenants (Entra ID: the claim `tid`) whose people may come in; empty means all that the provider lets through.
    pub tenants: Vec<String>,
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u32,
    /// Hours after which a session ends whatever happens.
    pub absolute_hours: u32,
    /// Which value of the role claim stands for which role: `"Enrol.Clerk" = "clerk"`.
    pub roles: BTreeMap<String, String>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            local_accounts: None,
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            client_secret_file: None,
            button: "Sign in with your work account".to_owned(),
            scopes: vec!["profile".to_owned()],
            role_claim: "roles".to_owned(),
            centre_claim: String::new(),
            tenants: vec![],
            // A shared office computer with children's data on it: a quarter of an hour, and a working day in all.
            idle_minutes: 15,
            absolute_hours: 10,
            roles: BTreeMap::new(),
        }
    }
}

impl SignIn {
    /// Whether there is a provider.
    pub fn has_provider(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// Whether people may sign in with a password of Enrol's own.
    pub fn local_accounts(&self) -> bool {
        self.local_accounts.unwrap_or(!self.has_provider())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_closes_the_local_accounts_unless_it_is_said_otherwise() {
        let none = SignIn::default();
        let provider = SignIn {
            issuer: "https://id.example.org".into(),
            ..SignIn::default()
        };
        let both = SignIn {
            local_accounts: Some(true),
            ..provider.clone()
        };
        assert!(none.local_accounts());
        assert!(!provider.local_accounts());
        assert!(both.local_accounts());
    }
}
