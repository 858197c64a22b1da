//! Removing the rows of a family, in one transaction with the note of which files are to follow.
//!
//! [`REACHED`] and [`KEPT`] name every table there is; a test fails when one is in neither.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Result;
use super::super::register;
use super::extent::Extent;

/// Tables with rows that tell of a family or its papers. All of them are emptied of it.
pub const REACHED: [&str; 34] = [
    "address",
    "consent",
    "consent_withdrawal",
    "contact_list_person",
    "document",
    "erasure_object",
    "field",
    "field_draft",
    "field_signals",
    "field_special",
    "form",
    "form_note",
    "form_reading",
    "household",
    "household_member",
    "household_merge",
    "keying_task",
    "keying_time",
    "match_candidate",
    "match_key",
    "outbox",
    "page",
    "page_change",
    "person_merge",
    "recipient_event",
    "recipient_family",
    "record_change",
    "record_stop",
    "registration",
    "registration_member",
    "review_claim",
    "service_user",
    "sharing_check",
    "special_value",
];

/// Tables that stay as they are, and why they may.
pub const KEPT: [(&str, &str); 20] = [
    ("account", "staff"),
    ("account_centre", "staff"),
    ("account_role", "staff"),
    ("api_token", "tokens of other systems"),
    (
        "audit_entry",
        "who did what when, by id; the trail cannot be shortened",
    ),
    ("audit_link", "hashes of the audit trail"),
    (
        "calibration_case",
        "numbers that lead to no form and no person",
    ),
    (
        "contact_list",
        "how many were written to about what; the people on it go, with their families or with the list",
    ),
    ("data_key", "a key of Enrol's own"),
    ("desk_keys", "staff"),
    (
        "disclosure",
        "what was given to whom, by id and without values: whoever was told must be found",
    ),
    ("erasure", "that it was erased, by id"),
    ("erasure_plan", "who proposed and who agreed"),
    ("printed_set", "numbers printed on blanks"),
    ("reading_model", "names of Enrol's own models"),
    ("recipient", "other systems"),
    ("recipient_terms", "other systems"),
    ("session", "staff"),
    ("sign_in_attempt", "staff"),
    (
        "suppression",
        "whom no list may hold, as keyed hashes: it has to outlive the record",
    ),
];

/// How many rows were removed, by table.
pub(super) type Removed = BTreeMap<&'static str, u64>;

/// Removes everything of `extent` but the files that [`Extent::shared`] names, of which only the pages go. The people who
/// stay lose what this family's forms said of where they live.
pub(super) async fn remove(connection: &mut PgConnection, extent: &Extent) -> Result<Removed> {
    let mut removed = Removed::new();
    announcements(connection, extent, &mut removed).await?;
    register_of(connection, extent, &mut removed).await?;
    papers(connection, extent, &mut removed).await?;
    for person in &extent.staying {
        let in_use = sqlx::query_scalar!(
            r#"SELECT merged_into IS NULL AS "in_use!" FROM service_user WHERE id = $1"#,
            person
        )
        .fetch_one(&mut *connection)
        .await?;
        if in_use {
            register::matching::keep_keys_of(connection, *person).await?;
        }
    }
    // Whoever knows the family is told that it was erased, not that it is no longer shared.
    sqlx::query!(
        "DELETE FROM sharing_check WHERE household_id = $1",
        extent.household
    )
    .execute(connection)
    .await?;
    removed.retain(|_, rows| *rows > 0);
    Ok(removed)
}

/// Runs a statement and counts its rows under the table's name.
macro_rules! delete {
    ($connection:expr, $removed:expr, $table:literal, $sql:literal, $($parameter:expr),+) => {
        let done = sqlx::query!($sql, $($parameter),+).execute(&mut *$connection).await?;
        *$removed.entry($table).or_default() += done.rows_affected();
    };
}

/// Events and messages that name the family, its people or its files. Recipients' numbers for them are left out from
/// then on, as those of withheld events are.
async fn announcements(
    connection: &mut PgConnection,
    extent: &Extent,
    removed: &mut Removed,
) -> Result<()> {
    let text = |ids: &[Uuid]| -> Vec<String> { ids.iter().map(Uuid::to_string).collect() };
    let household: Vec<String> = text(extent.household.as_slice());
    let people = text(&extent.people);
    let documents = text(&extent.documents);
    delete!(connection, removed, "outbox",
        "DELETE FROM outbox WHERE body -> 'data' ->> 'household_id' = ANY ($1)
                       OR body -> 'data' ->> 'service_user_id' = ANY ($2) OR body -> 'data' ->> 'kept_id' = ANY ($2)
                       OR body -> 'data' ->> 'absorbed_id' = ANY ($2) OR body ->> 'document_id' = ANY ($3)", &household, &people, &documents);
    delete!(
        connection,
        removed,
        "recipient_event",
        "DELETE FROM recipient_event WHERE household_id = $1",
        extent.household
    );
    Ok(())
}

async fn register_of(
    connection: &mut PgConnection,
    extent: &Extent,
    removed: &mut Removed,
) -> Result<()> {
    let Extent {
        household,
        people,
        staying,
        forms,
        ..
    } = extent;
    delete!(
        connection,
        removed,
        "match_candidate",
        "DELETE FROM match_candidate WHERE form_id = ANY ($1) OR service_user_id = ANY ($2)",
        forms,
        people
    );
    delete!(
        connection,
        removed,
        "registration_member",
        "DELETE FROM registration_member WHERE form_id = ANY ($1) OR service_user_id = ANY ($2)",
        forms,
        people
    );
    delete!(
        connection,
        removed,
        "address",
        "DELETE FROM address WHERE form_id = ANY ($1) OR service_user_id = ANY ($2)",
        forms,
        people
    );
    delete!(
        connection,
        removed,
        "consent",
        "DELETE FROM consent WHERE household_id = $1 OR service_user_id = ANY ($2) OR form_id = ANY ($3)",
        household.as_ref(),
        people,
        forms
    );
    delete!(
        connection,
        removed,
        "registration",
        "DELETE FROM registration WHERE form_id = ANY ($1)",
        forms
    );
    delete!(
        connection,
        removed,
        "consent_withdrawal",
        "DELETE FROM consent_withdrawal WHERE service_user_id = ANY ($1)",
        people
    );
    delete!(
        connection,
        removed,
        "contact_list_person",
        "DELETE FROM contact_list_person WHERE service_user_id = ANY ($1) OR list_id = $2",
        people,
        extent.list
    );
    delete!(
        connection,
        removed,
        "match_key",
        "DELETE FROM match_key WHERE service_user_id = ANY ($1)",
        people
    );
    delete!(
        connection,
        removed,
        "person_merge",
        "DELETE FROM person_merge WHERE kept_id = ANY ($1) OR absorbed_id = ANY ($1)",
        people
    );
    delete!(
        connection,
        removed,
        "record_change",
        "DELETE FROM record_change WHERE household_id = $1 OR service_user_id = ANY ($2)",
        household.as_ref(),
        people
    );
    delete!(
        connection,
        removed,
        "special_value",
        "DELETE FROM special_value WHERE household_id = $1 OR service_user_id = ANY ($2)",
        household.as_ref(),
        people
    );
    delete!(
        connection,
        removed,
        "household_member",
        "DELETE FROM household_member WHERE household_id = $1 OR service_user_id = ANY ($2)",
        household.as_ref(),
        people
    );
    // Of those who stay: where they lived with this family goes, the rest of their history no longer names its forms.
    delete!(connection, removed, "record_change",
        "DELETE FROM record_change
                          WHERE service_user_id = ANY ($2) AND form_id = ANY ($1) AND name LIKE '%address%'", forms, staying);
    sqlx::query!(
        "UPDATE record_change SET form_id = NULL WHERE form_id = ANY ($1)",
        forms
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE service_user SET version = version + 1, changed_at = now() WHERE id = ANY ($1)",
        staying
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE person_merge SET joined = array_remove(joined, $1), ended = array_remove(ended, $1)
         WHERE $1 = ANY (joined || ended)",
        household.as_ref()
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE form SET joins_household = NULL WHERE joins_household = $1",
        household.as_ref()
    )
    .execute(&mut *connection)
    .await?;
    delete!(
        connection,
        removed,
        "service_user",
        "DELETE FROM service_user WHERE id = ANY ($1)",
        people
    );
    delete!(
        connection,
        removed,
        "record_stop",
        "DELETE FROM record_stop WHERE household_id = $1",
        household.as_ref()
    );
    delete!(
        connection,
        removed,
        "household",
        "DELETE FROM household WHERE id = $1",
        household.as_ref()
    );
    Ok(())
}

async fn papers(
    connection: &mut PgConnection,
    extent: &Extent,
    removed: &mut Removed,
) -> Result<()> {
    let whole: Vec<Uuid> = extent
        .documents
        .iter()
        .filter(|d| !extent.shared.contains(d))
        .copied()
        .collect();
    delete!(
        connection,
        removed,
        "page",
        "DELETE FROM page WHERE form_id = ANY ($1) OR document_id = ANY ($2)",
        &extent.forms,
        &whole
    );
    delete!(
        connection,
        removed,
        "page_change",
        "DELETE FROM page_change WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "form_reading",
        "DELETE FROM form_reading WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "field_draft",
        "DELETE FROM field_draft WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "field_signals",
        "DELETE FROM field_signals WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "field_special",
        "DELETE FROM field_special WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "keying_task",
        "DELETE FROM keying_task WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "keying_time",
        "DELETE FROM keying_time WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "form_note",
        "DELETE FROM form_note WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "review_claim",
        "DELETE FROM review_claim WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "field",
        "DELETE FROM field WHERE form_id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "form",
        "DELETE FROM form WHERE id = ANY ($1)",
        &extent.forms
    );
    delete!(
        connection,
        removed,
        "document",
        "DELETE FROM document WHERE id = ANY ($1)",
        &whole
    );
    Ok(())
}
