//! Records as a recipient is given them: the parts of its agreement, and nothing else.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::code_lists::{self, Coding};
use crate::domain::protected_address::tells_where;
use crate::domain::recipient::Terms;
use crate::domain::recipient_fields::{FieldGroup, group_of};
use crate::storage::service_users::{ConsentRecord, HouseholdRecord, ServiceUser};

/// A consent.
#[derive(Serialize, ToSchema)]
pub(super) struct ConsentView {
    /// Who answered.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    service_user_id: Uuid,
    /// Purpose or channel.
    #[schema(example = "contact.email")]
    purpose: String,
    /// `yes`, `no`, `not_answered` or `unreadable`. Only `yes` is consent.
    #[schema(example = "yes")]
    answer: String,
    /// What the person was told.
    wording: String,
    /// Version of the wording and of the privacy notice.
    wording_version: String,
    /// Date on the form.
    #[schema(value_type = Option<String>, format = Date)]
    signed_on: Option<NaiveDate>,
    /// When it was taken down.
    #[schema(value_type = String, format = DateTime)]
    captured_at: DateTime<Utc>,
}

/// A person of a household. Parts that the recipient is not given are left out; a part that is given and empty is null.
#[derive(Serialize, ToSchema)]
pub(super) struct MemberView {
    /// Id.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    pub id: Uuid,
    /// `primary_carer`, `secondary_carer` or `child`.
    #[schema(example = "child")]
    pub role: String,
    /// Position among those of the same role, from 1.
    pub position: i32,
    /// Part `identity`: first name or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Part `identity`: surname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// Part `identity`: date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub date_of_birth: Option<Option<NaiveDate>>,
    /// Part `nhs_number`: NHS number, ten digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nhs_number: Option<Option<String>>,
    /// Part `contact`: telephone number, digits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    /// Part `contact`: e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// Other answers of the parts that are given, by field name.
    #[schema(value_type = Object)]
    pub details: BTreeMap<String, Json>,
    /// Part `special`: UK GDPR Article 9 data of this person by field name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub special: Option<BTreeMap<String, Json>>,
    /// The same answers in other people's code lists (ONS 2021, NHS, schools, FHIR), by field name, of the parts that are
    /// given. A list without a fitting code leaves it out.
    pub codings: BTreeMap<String, Coding>,
}

impl MemberView {
    /// What `terms` give of a person.
    pub fn new(
        member: ServiceUser,
        special: Option<BTreeMap<String, Json>>,
        terms: &Terms,
    ) -> Self {
        let identity = terms.gives(FieldGroup::Identity);
        let contact = terms.gives(FieldGroup::Contact);
        let details: BTreeMap<String, Json> =
            serde_json::from_value(member.details).unwrap_or_default();
        let details = given(details, terms);
        let special = special.filter(|_| terms.gives(FieldGroup::Special));
        let mut codings = code_lists::codings(&details);
        codings.extend(special.iter().flat_map(code_lists::codings));
        Self {
            id: member.id,
            role: member.role,
            position: member.position,
            first_name: identity.then_some(member.first_name),
            surname: identity.then_some(member.surname),
            date_of_birth: identity.then_some(member.date_of_birth),
            nhs_number: terms
                .gives(FieldGroup::NhsNumber)
                .then_some(member.nhs_number),
            phone: contact.then_some(member.phone),
            email: contact.then_some(member.email),
            details,
            special,
            codings,
        }
    }
}

/// The answers of the parts that `terms` give.
pub(super) fn given(mut answers: BTreeMap<String, Json>, terms: &Terms) -> BTreeMap<String, Json> {
    answers.retain(|name, _| terms.gives(group_of(name)));
    answers
}

/// Answers without those that tell where a protected family is.
pub(super) fn hidden(
    mut answers: BTreeMap<String, Json>,
    protected: bool,
) -> BTreeMap<String, Json> {
    answers.retain(|name, _| !(protected && tells_where(name)));
    answers
}

/// The consents, where `terms` give them.
pub(super) fn consents(record: &HouseholdRecord, terms: &Terms) -> Option<Vec<ConsentView>> {
    let view = |c: &ConsentRecord| ConsentView {
        service_user_id: c.service_user_id,
        purpose: c.purpose.clone(),
        answer: c.answer.clone(),
        wording: c.wording.clone(),
        wording_version: c.wording_version.clone(),
        signed_on: c.signed_on,
        captured_at: c.captured_at,
    };
    terms
        .gives(FieldGroup::Consents)
        .then(|| record.consents.iter().map(view).collect())
}

/// Takes out of a record what this recipient may not have whoever it is: whereabouts of a protected family, and children
/// where it is given none.
pub(super) fn restrict(record: &mut HouseholdRecord, terms: &Terms) {
    if record.address_protected {
        record.hide_whereabouts();
    }
    if !terms.gives(FieldGroup::Children) {
        record.members.retain(|member| member.role != "child");
    }
}
