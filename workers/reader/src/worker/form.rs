//! Pages of one form, as people put them right, from claim to record.

use enrol::{
    domain::reading::SheetReading,
    messaging::consumer::Verdict,
    storage::{
        StorageError,
        form_readings::{self, FormClaim, FormLease, Plan, WantedSheet},
    },
};
use tokio::time::Duration;
use uuid::Uuid;

use super::document::{End, RECORD_ATTEMPTS, Worker};
use super::drawing;
use super::threads::{ReadingError, check};
use crate::Reader;
use crate::sheets::{SaidForm, SaidSheet, read_sheets};

impl Worker {
    /// Reads the unread pages of a form and records what they say.
    pub(super) async fn read_form(&self, id: Uuid) -> Result<Verdict, StorageError> {
        let claim = form_readings::claim(&self.database, id, &self.policy).await?;
        let (lease, plan) = match claim {
            FormClaim::Granted(lease, plan) => (lease, plan),
            FormClaim::Exhausted => {
                tracing::warn!(form.id = %id, "given up, every attempt ended without a result");
                return Ok(Verdict::Done);
            }
            // The dispatcher asks again when there is something to do.
            FormClaim::NothingNow => return Ok(Verdict::Done),
        };
        let (database, policy, held) = (&self.database, &self.policy, &lease);
        let renew = move || form_readings::renew(database, held, policy);
        match self.keeping(self.read_plan(&plan), renew).await {
            End::Read(mut sheets) => {
                let fields = sheets.iter_mut().flat_map(|(_, sheet)| &mut sheet.fields);
                drawing::draw(fields, self.drawn_share, id.as_u64_pair().1);
                if !self.keep_signals {
                    let fields = sheets.iter_mut().flat_map(|(_, sheet)| &mut sheet.fields);
                    drawing::forget_signals(fields);
                }
                self.record_form(&lease, &sheets).await?;
            }
            End::Failed(error) => {
                let cannot_help = matches!(&error, ReadingError::Read(e) if !e.is_retryable());
                self.retry_form(&lease, &error, cannot_help).await?;
            }
            End::Unavailable(error) => self.retry_form(&lease, &error, false).await?,
            End::Lost => {
                tracing::info!(form.id = %id, "the form's pages were changed, or another worker has it")
            }
            End::Stopped => {
                form_readings::hand_back(&self.database, &lease).await?;
                return Ok(Verdict::Later);
            }
            End::Stuck => {
                tracing::error!(form.id = %id, "the reading does not end");
                let (database, policy) = (&self.database, &self.policy);
                form_readings::retry(database, &lease, policy, false).await?;
                self.stuck.cancel();
            }
        }
        Ok(Verdict::Done)
    }

    /// Reads the pages file by file.
    async fn read_plan(&self, plan: &Plan) -> End<Vec<(Uuid, SheetReading)>> {
        let definition = self
            .reader
            .definitions()
            .iter()
            .position(|d| d.id == plan.definition_id && d.version == plan.definition_version);
        let Some(definition) = definition else {
            // Another reader may know it.
            return End::Failed(ReadingError::UnknownDefinition);
        };
        let mut read = Vec::new();
        for of_file in plan.sheets.chunk_by(|a, b| a.original == b.original) {
            let original = &of_file[0].original;
            let bytes = match self.store.get(&original.key).await {
                Ok(bytes) => bytes,
                Err(error) => return End::Unavailable(error),
            };
            let said = SaidForm {
                definition,
                set_number: plan.set_number.clone(),
            };
            let wanted: Vec<SaidSheet> = of_file.iter().map(said_sheet).collect();
            let sha256 = original.sha256.clone();
            let work = move |reader: &Reader| {
                check(&bytes, &sha256)?;
                Ok(read_sheets(reader, &bytes, &said, &wanted)?)
            };
            match self.threads.read(work).await {
                Ok(sheets) => read.extend(of_file.iter().map(|s| s.id).zip(sheets)),
                Err(error) => return End::Failed(error),
            }
        }
        End::Read(read)
    }

    async fn record_form(
        &self,
        lease: &FormLease,
        sheets: &[(Uuid, SheetReading)],
    ) -> Result<(), StorageError> {
        let (id, model) = (lease.form_id, self.reader.identity());
        let definitions = self.reader.definitions();
        for attempt in 1.. {
            let (database, sealer) = (&self.database, &self.sealer);
            match form_readings::record(database, sealer, definitions, lease, &model, sheets).await
            {
                Ok(()) => {
                    tracing::info!(form.id = %id, pages = sheets.len(), "pages recorded");
                    break;
                }
                Err(error) if error.is_retryable() && attempt < RECORD_ATTEMPTS => {
                    tracing::warn!(form.id = %id, %error, "not recorded, trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(
                    error @ (StorageError::Inconsistent { .. } | StorageError::Conflict { .. }),
                ) => {
                    self.retry_form(lease, &error, false).await?;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn retry_form(
        &self,
        lease: &FormLease,
        error: &(dyn std::error::Error + Sync),
        cannot_help: bool,
    ) -> Result<(), StorageError> {
        let (database, policy) = (&self.database, &self.policy);
        let again = form_readings::retry(database, lease, policy, cannot_help).await?;
        let id = lease.form_id;
        tracing::warn!(form.id = %id, attempt = lease.attempt, again, error = %error, "attempt failed");
        Ok(())
    }
}

fn said_sheet(sheet: &WantedSheet) -> SaidSheet {
    SaidSheet {
        number: sheet.number,
        form_page: sheet.form_page,
        turn: sheet.turn,
    }
}
