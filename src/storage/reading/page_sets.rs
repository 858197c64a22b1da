//! Pages join their form by the printed set number, in any order and from any number of files.
//!
//! Two families are never mixed. A page whose place is taken is either the same sheet scanned again, or another form
//! that bears the same set number because a printed form was photocopied; in that case none of the pages that came
//! with it joins, not even one whose place is free.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    agreement::Likeness,
    completeness,
    fields::{self, NewFields},
};
use crate::{
    domain::reading::{FormReading, PageReading},
    forms::definition::FormDefinition,
    storage::{Result, StorageError, leases::Lease, sealing::Sealer},
};

/// What became of the pages of one [`FormReading`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placed {
    /// At least one page joined.
    Joined(FormState),
    /// Every page is a scan of one that the form already has, first seen in this document.
    Duplicate {
        /// The document that brought the earlier scan.
        of: Uuid,
    },
    /// No page joined; a person has to look.
    Exception {
        /// Stable word for programs.
        code: &'static str,
        /// For reception staff.
        reason: String,
    },
}

/// A form after pages were added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormState {
    /// The form.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Whether all required pages are there, so that a clerk can settle it.
    pub complete: bool,
}

struct FormRow {
    id: Uuid,
    reference: String,
    state: String,
}

/// Where a page of the reading goes.
enum Place {
    Free,
    /// Taken, by this document.
    Taken {
        document: Uuid,
        likeness: Likeness,
    },
}

/// Everything needed to place the pages of one document.
pub(super) struct Placing<'a> {
    pub(super) sealer: &'a Sealer,
    pub(super) model: &'a str,
    pub(super) lease: &'a Lease,
    pub(super) received_at: chrono::DateTime<chrono::Utc>,
}

impl Placing<'_> {
    /// Places the pages of one form reading.
    pub(super) async fn place(
        &self,
        tx: &mut PgConnection,
        definition: &FormDefinition,
        reading: &FormReading,
    ) -> Result<Placed> {
        let form = self.lock_form(tx, reading).await?;
        let mut places = Vec::new();
        for page in &reading.pages {
            places.push((page, self.find_place(tx, &form, reading, page.page).await?));
        }
        let new_pages: Vec<u32> = places
            .iter()
            .filter(|(_, p)| matches!(p, Place::Free))
            .map(|(page, _)| page.page)
            .collect();
        let any = |wanted| {
            places.iter().any(
                |(_, place)| matches!(place, Place::Taken { likeness, .. } if *likeness == wanted),
            )
        };
        // A page that cannot tell goes with those that came with it.
        let conflict =
            any(Likeness::Different) || (any(Likeness::Undecided) && !any(Likeness::Same));
        let finished = matches!(form.state.as_str(), "settled" | "set_aside");
        if conflict || (finished && !new_pages.is_empty()) {
            let (code, reason) = if conflict {
                ("set_number_taken", set_number_taken(&form.reference))
            } else {
                ("form_finished", form_finished(&form.reference))
            };
            for page in &reading.pages {
                self.insert_page(tx, page, "exception", Some(&reason), None)
                    .await?;
            }
            return Ok(Placed::Exception { code, reason });
        }
        let mut earlier = None;
        for (page, place) in &places {
            match place {
                Place::Taken { document, .. } => {
                    earlier = Some(*document);
                    let reason = format!(
                        "Another scan of a page that form {} has already.",
                        form.reference
                    );
                    self.insert_page(tx, page, "duplicate", Some(&reason), Some(form.id))
                        .await?;
                }
                _ => {
                    self.insert_page(tx, page, "in_form", None, Some(form.id))
                        .await?
                }
            }
        }
        if new_pages.is_empty() {
            let of = earlier.ok_or_else(|| StorageError::Inconsistent {
                subject: "reading",
                problem: "a form without pages".to_owned(),
            })?;
            return Ok(Placed::Duplicate { of });
        }
        let new = NewFields {
            model: self.model,
            fields: reading
                .fields
                .iter()
                .filter(|field| new_pages.contains(&field.page))
                .collect(),
        };
        fields::store(tx, self.sealer, definition, form.id, &new).await?;
        let complete = completeness::update_state(tx, definition, form.id).await?;
        fields::set_urgency(tx, definition, form.id, self.received_at.date_naive()).await?;
        Ok(Placed::Joined(FormState {
            id: form.id,
            reference: form.reference,
            complete,
        }))
    }

    /// The form that the pages belong to, locked; a new one when there is none, or when the sheets carry no set number.
    async fn lock_form(&self, tx: &mut PgConnection, reading: &FormReading) -> Result<FormRow> {
        let set_number = reading
            .pages
            .first()
            .and_then(|page| page.set_number.as_deref());
        let version = i32::try_from(reading.version).unwrap_or(i32::MAX);
        // A set that another transaction is just inserting is there on the second look.
        for _ in 0..2 {
            if let Some(form) = sqlx::query_as!(
                FormRow,
                "SELECT id, reference, state FROM form
                 WHERE definition_id = $1 AND definition_version = $2 AND set_number = $3 FOR UPDATE",
                reading.form,
                version,
                set_number
            )
            .fetch_optional(&mut *tx)
            .await?
            {
                return Ok(form);
            }
            let number =
                sqlx::query_scalar!(r#"SELECT nextval('form_reference_number') AS "number!""#)
                    .fetch_one(&mut *tx)
                    .await?;
            if let Some(form) = sqlx::query_as!(
                FormRow,
                "INSERT INTO form (id, reference, definition_id, definition_version, set_number, state, received_at)
                 VALUES ($1, $2, $3, $4, $5, 'incomplete', $6)
                 ON CONFLICT (definition_id, definition_version, set_number) WHERE set_number IS NOT NULL DO NOTHING
                 RETURNING id, reference, state",
                Uuid::now_v7(),
                format!("F-{number:06}"),
                reading.form,
                version,
                set_number,
                self.received_at
            )
            .fetch_optional(&mut *tx)
            .await?
            {
                return Ok(form);
            }
        }
        Err(StorageError::Conflict { subject: "form" })
    }

    async fn find_place(
        &self,
        tx: &mut PgConnection,
        form: &FormRow,
        reading: &FormReading,
        page: u32,
    ) -> Result<Place> {
        let holder = sqlx::query_scalar!(
            "SELECT document_id FROM page WHERE form_id = $1 AND form_page = $2 AND outcome = 'in_form'",
            form.id,
            i32::try_from(page).unwrap_or(i32::MAX)
        )
        .fetch_optional(&mut *tx)
        .await?;
        Ok(match holder {
            None => Place::Free,
            Some(document) => Place::Taken {
                document,
                likeness: fields::compare_page(tx, self.sealer, form.id, reading, page).await?,
            },
        })
    }

    async fn insert_page(
        &self,
        tx: &mut PgConnection,
        page: &PageReading,
        outcome: &str,
        reason: Option<&str>,
        form_id: Option<Uuid>,
    ) -> Result<()> {
        sqlx::query!(
            "INSERT INTO page (id, document_id, number, outcome, reason, form_id, form_page, residual_mm, homography, model)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            Uuid::now_v7(),
            self.lease.document_id,
            i32::try_from(page.document_page).unwrap_or(i32::MAX),
            outcome,
            reason,
            form_id,
            form_id.and(i32::try_from(page.page).ok()),
            page.residual_mm,
            page.homography.as_slice(),
            self.model
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}

fn set_number_taken(reference: &str) -> String {
    format!(
        "Another form with the same set number ({reference}) is already here, perhaps because a printed form was \
         photocopied. It was not mixed with that one: enter it by hand, or copy it onto a newly printed form."
    )
}

fn form_finished(reference: &str) -> String {
    format!(
        "This page belongs to form {reference}, which is finished already: check what it adds and enter it by hand."
    )
}
