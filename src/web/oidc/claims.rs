//! What a provider says of a person, and what Enrol makes of it.
//!
//! People are known by `tid` and `oid` (Entra ID), else by `sub`: never by e-mail address, user name or name, which change
//! and are given to others. What they may do follows from one claim and nothing else.

use std::collections::BTreeMap;

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::config::SignIn;
use crate::domain::role::Role;

/// Claims beyond the standard ones.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(flatten)]
    all: Map<String, Json>,
}

impl AdditionalClaims for Claims {}

/// Why a person whom the provider knows does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// The claim names no role that the configuration knows.
    #[error("no role")]
    NoRole,
    /// Entra ID leaves the claim out for people in more than 200 groups.
    #[error("groups left out")]
    Overage,
    /// Another organisation's tenant.
    #[error("another tenant")]
    Tenant,
    /// Somebody whose centres are to be told by a claim has none.
    #[error("no centre")]
    NoCentre,
}

/// Somebody who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Newcomer {
    /// The person's id at the provider, for good.
    pub subject: String,
    pub roles: Vec<Role>,
    pub centres: Vec<String>,
}

impl Claims {
    /// Who it is and what they may do.
    pub fn newcomer(&self, sub: &str, rules: &SignIn) -> Result<Newcomer, Refusal> {
        let tenant = self.text("tid");
        if !rules.tenants.is_empty()
            && !tenant.is_some_and(|tenant| rules.tenants.iter().any(|t| t == tenant))
        {
            return Err(Refusal::Tenant);
        }
        let roles = self.roles(rules)?;
        let centres = match rules.centre_claim.as_str() {
            "" => vec![],
            claim => self.values(claim),
        };
        // Without this check somebody whose centres were forgotten would see those of all.
        if !rules.centre_claim.is_empty() && centres.is_empty() {
            return Err(Refusal::NoCentre);
        }
        let subject = match (tenant, self.text("oid")) {
            (Some(tenant), Some(object)) => format!("{tenant}/{object}"),
            _ => sub.to_owned(),
        };
        Ok(Newcomer {
            subject,
            roles,
            centres: if centres.iter().any(|c| c == ALL_CENTRES) {
                vec![]
            } else {
                centres
            },
        })
    }

    fn roles(&self, rules: &SignIn) -> Result<Vec<Role>, Refusal> {
        let known: BTreeMap<&str, Role> = rules
            .roles
            .iter()
            .filter_map(|(value, role)| Some((value.as_str(), Role::parse(role)?)))
            .collect();
        let mut roles: Vec<Role> = self
            .values(&rules.role_claim)
            .iter()
            .filter_map(|value| known.get(value.as_str()).copied())
            .collect();
        roles.sort_unstable();
        roles.dedup();
        if !roles.is_empty() {
            return Ok(roles);
        }
        let elsewhere = self.all.get("_claim_names");
        let left_out = elsewhere.is_some_and(|names| names.get(&rules.role_claim).is_some());
        Err(if left_out {
            Refusal::Overage
        } else {
            Refusal::NoRole
        })
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.all.get(claim)?.as_str()
    }

    /// The texts of a claim that holds one or a list of them.
    fn values(&self, claim: &str) -> Vec<String> {
        match self.all.get(claim) {
            Some(Json::String(one)) => vec![one.clone()],
            Some(Json::Array(several)) => several
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect(),
            _ => vec![],
        }
    }
}

/// What the centre claim says for people who work for every centre.
const ALL_CENTRES: &str = "*";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> SignIn {
        SignIn {
            roles: BTreeMap::from([
                ("Enrol.Clerk".into(), "clerk".into()),
                ("Enrol.Lead".into(), "safeguarding_lead".into()),
            ]),
            ..SignIn::default()
        }
    }

    fn newcomer(claims: Json, rules: &SignIn) -> Result<Newcomer, Refusal> {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        claims.newcomer("sub-1", rules)
    }

    #[test]
    fn people_are_known_by_their_object_in_their_tenant_else_by_sub_and_never_by_name() {
        let entra =
            json!({ "tid": "t", "oid": "o", "roles": ["Enrol.Clerk"], "email": "a@example.org" });
        assert_eq!(newcomer(entra, &rules()).unwrap().subject, "t/o");
        let other = json!({ "roles": "Enrol.Clerk", "preferred_username": "a@example.org" });
        assert_eq!(newcomer(other, &rules()).unwrap().subject, "sub-1");
    }

    #[test]
    fn only_roles_of_the_map_count() {
        let both =
            json!({ "roles": ["Enrol.Lead", "Enrol.Clerk", "Enrol.Clerk", "administrator", 7] });
        assert_eq!(
            newcomer(both, &rules()).unwrap().roles,
            [Role::Clerk, Role::SafeguardingLead]
        );
        for claims in [
            json!({}),
            json!({ "roles": ["clerk"] }),
            json!({ "roles": null }),
        ] {
            assert_eq!(newcomer(claims, &rules()), Err(Refusal::NoRole));
        }
    }

    #[test]
    fn groups_that_were_left_out_are_told_apart_from_no_role() {
        let rules = SignIn {
            role_claim: "groups".into(),
            ..rules()
        };
        let claims = json!({ "_claim_names": { "groups": "src1" } });
        assert_eq!(newcomer(claims, &rules), Err(Refusal::Overage));
    }

    #[test]
    fn other_tenants_and_people_without_a_centre_stay_outside() {
        let strict = SignIn {
            tenants: vec!["council".into()],
            centre_claim: "centres".into(),
            ..rules()
        };
        let claims = |tid: &str, centres: Json| json!({ "tid": tid, "oid": "o", "roles": ["Enrol.Clerk"], "centres": centres });
        assert_eq!(
            newcomer(claims("guest", json!(["OAK"])), &strict),
            Err(Refusal::Tenant)
        );
        assert_eq!(
            newcomer(claims("council", json!([])), &strict),
            Err(Refusal::NoCentre)
        );
        let one = newcomer(claims("council", json!(["OAK"])), &strict).unwrap();
        assert_eq!(one.centres, ["OAK"]);
        let all = newcomer(claims("council", json!("*")), &strict).unwrap();
        assert!(all.centres.is_empty());
    }
}
