//! Reading one file from its bytes to its forms.

use std::path::PathBuf;

use enrol::decoding::{DecodeError, DecodeLimits, Decoded, Decoder};
use enrol::domain::field::FieldState;
use enrol::domain::reading::{DocumentReading, PageReading, UnplacedOutcome, UnplacedPage};
use enrol::forms::definition::FormDefinition;

use crate::digital::{self, DigitalForm};
use crate::fields::{self, Networks, NetworksError, Policy, ReadField};
use crate::handwriting::RecogniserError;
use crate::page_sets::{self, ReadPage};
use crate::raster::Grey;
use crate::registration::{self, PlacedPage, Placement, PreparedPage};
use crate::stages::{Stage, StageClock};

/// What a reader is made of besides what is built in.
#[derive(Debug, Clone, Default)]
pub struct ReaderOptions {
    /// A folder of form definitions (`*.toml`) known besides the built-in ones. One of the same form and version as
    /// a built-in one takes its place.
    pub form_definitions: Option<PathBuf>,
    /// A calibration instead of the one that is built in.
    pub calibration: Option<PathBuf>,
    /// The decoder program; found beside this program when not given.
    pub decoder: Option<Decoder>,
    /// Bounds on a file.
    pub limits: DecodeLimits,
    /// What may be accepted without a clerk.
    pub policy: Policy,
}

/// Why there is no reader. None of these goes away by trying again.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The handwriting networks or their calibration cannot be used.
    #[error(transparent)]
    Networks(#[from] NetworksError),
    /// The program `enrol-decoder` is missing.
    #[error(transparent)]
    Decoder(#[from] DecodeError),
    /// The folder of form definitions cannot be listed.
    #[error("form definitions in {folder} cannot be listed")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// A form definition is wrong; the text says where and how to mend it.
    #[error("{0}")]
    Definition(String),
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The handwriting network failed, which has nothing to do with the file.
    #[error(transparent)]
    Recogniser(#[from] RecogniserError),
}

impl ReadError {
    /// Whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Decode(error) => error.is_retryable(),
            Self::Recogniser(_) => true,
        }
    }

    /// Short name of the failure.
    pub fn code(&self) -> &str {
        match self {
            Self::Decode(error) => error.code(),
            Self::Recogniser(_) => "recogniser_failed",
        }
    }

    /// What happened and what to do, for reception staff.
    pub fn reason(&self) -> String {
        match self {
            Self::Decode(error) => error.reason(),
            Self::Recogniser(_) => {
                "The handwriting reader failed. The scan is kept and will be tried again; if this goes on, tell the administrator."
                    .to_owned()
            }
        }
    }
}

/// Everything needed to read files, loaded once. Threads may share it; each reads one file at a time on one core.
pub struct Reader {
    networks: Networks,
    definitions: Vec<FormDefinition>,
    decoder: Decoder,
    limits: DecodeLimits,
    policy: Policy,
}

impl Reader {
    /// Loads the weights and the form definitions and finds the decoder.
    ///
    /// # Errors
    /// [`ReaderError`]: something is missing or wrong in the installation.
    pub fn new(options: ReaderOptions) -> Result<Self, ReaderError> {
        let mut definitions = enrol::forms::load_all();
        if let Some(folder) = &options.form_definitions {
            for own in definitions_in(folder)? {
                definitions.retain(|d| (&d.id, d.version) != (&own.id, own.version));
                definitions.push(own);
            }
        }
        Ok(Self {
            networks: Networks::load(options.calibration.as_deref())?,
            definitions,
            decoder: match options.decoder {
                Some(decoder) => decoder,
                None => Decoder::find()?,
            },
            limits: options.limits,
            policy: options.policy,
        })
    }

    /// The form definitions it knows.
    pub fn definitions(&self) -> &[FormDefinition] {
        &self.definitions
    }

    /// Name of the handwriting weights.
    pub fn model(&self) -> &str {
        self.networks.lines.name()
    }

    /// Names and hashes of all weights.
    pub fn identity(&self) -> String {
        self.networks.identity()
    }

    /// Reads the fields of a page that has its place: from the form fields of the file where it has some that the page
    /// shows, else from the picture.
    pub(crate) fn read_placed(
        &self,
        page: &PreparedPage,
        placed: &PlacedPage,
        document_page: u32,
        form: Option<&DigitalForm>,
        unread: Option<&str>,
        clock: &mut StageClock,
    ) -> Result<Vec<ReadField>, ReadError> {
        let definition = &self.definitions[placed.definition];
        let (networks, policy) = (&self.networks, self.policy);
        let covering = form.filter(|form| form.covers(definition, placed, document_page));
        let mut fields = match covering {
            Some(form) => {
                digital::read_page(form, networks, definition, page, placed, policy, clock)?
            }
            None => fields::read_page(networks, definition, page, placed, policy, clock)?,
        };
        if let Some(unread) = unread {
            for field in fields
                .iter_mut()
                .filter(|f| f.reading.state == FieldState::Review)
            {
                field.reading.reasons.push(unread.to_owned());
            }
        }
        Ok(fields)
    }

    /// Its decoder and the bounds on a file.
    pub(crate) fn decoder(&self) -> (&Decoder, &DecodeLimits) {
        (&self.decoder, &self.limits)
    }
}

fn definitions_in(folder: &std::path::Path) -> Result<Vec<FormDefinition>, ReaderError> {
    let failed = |source| ReaderError::Folder {
        folder: folder.display().to_string(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    files.sort();
    files
        .iter()
        .map(|path| {
            enrol::forms::load(&path.to_string_lossy())
                .map_err(|e| ReaderError::Definition(e.to_string()))
        })
        .collect()
}

/// A page as it goes by, for those who want to draw it.
pub struct PageSeen<'a> {
    /// Page of the file, from 1.
    pub document_page: u32,
    /// The decoded page.
    pub picture: &'a Grey,
    /// Its place, when it has one.
    pub placed: Option<&'a PlacedPage>,
    /// Its definition, when it has its place.
    pub definition: Option<&'a FormDefinition>,
    /// Its fields with the signals of each.
    pub fields: &'a [ReadField],
}

/// Reads one file. Blocking, on one core; one page is in memory at a time.
///
/// # Errors
/// The file cannot be decoded, or the reader itself failed. A page that is not one of ours is no error: it is in
/// `unplaced`.
pub fn read_document(reader: &Reader, bytes: &[u8]) -> Result<DocumentReading, ReadError> {
    read_document_seeing(reader, bytes, &mut StageClock::off(), &mut |_| {})
}

/// As [`read_document`], showing each page to `see` once it has been placed and counting time on `clock`.
///
/// # Errors
/// As [`read_document`].
pub fn read_document_seeing(
    reader: &Reader,
    bytes: &[u8],
    clock: &mut StageClock,
    see: &mut dyn FnMut(PageSeen<'_>),
) -> Result<DocumentReading, ReadError> {
    let mut pages: Vec<ReadPage> = Vec::new();
    let mut unplaced: Vec<UnplacedPage> = Vec::new();
    let mut form: Option<DigitalForm> = None;
    let mut fields_unread: Option<String> = None;
    let decoded = reader.decoder.decode_all(
        bytes,
        &reader.limits,
        |decoded: Decoded| -> Result<(), ReadError> {
            clock.lap(Stage::Receive);
            let decoded = match decoded {
                Decoded::Page(page) => page,
                Decoded::Form(filled) => {
                    fields_unread = filled.unread.as_deref().map(digital::unread);
                    form = DigitalForm::of(filled);
                    return Ok(());
                }
            };
            let document_page = decoded.number;
            let picture = Grey::from_pixels(
                decoded.width as usize,
                decoded.height as usize,
                decoded.grey,
            )
            .ok_or_else(|| DecodeError::Damaged("a page without pixels".to_owned()))?;
            let page = PreparedPage::new(picture);
            let placement = registration::place(&page, &reader.definitions);
            clock.lap(Stage::Place);
            let placed = match placement {
                Placement::Placed(placed) => placed,
                Placement::Blank => {
                    see(PageSeen {
                        document_page,
                        picture: &page.picture,
                        placed: None,
                        definition: None,
                        fields: &[],
                    });
                    let reason = "Blank page: the back of a sheet.".to_owned();
                    unplaced.push(UnplacedPage {
                        document_page,
                        outcome: UnplacedOutcome::Blank,
                        reason,
                    });
                    return Ok(());
                }
                Placement::Exception(reason) => {
                    let reason = [Some(reason), fields_unread.clone()];
                    let reason = reason.into_iter().flatten().collect::<Vec<_>>().join(" ");
                    see(PageSeen {
                        document_page,
                        picture: &page.picture,
                        placed: None,
                        definition: None,
                        fields: &[],
                    });
                    unplaced.push(UnplacedPage {
                        document_page,
                        outcome: UnplacedOutcome::Exception,
                        reason,
                    });
                    return Ok(());
                }
            };
            let definition = &reader.definitions[placed.definition];
            let unread = fields_unread.as_deref();
            let fields =
                reader.read_placed(&page, &placed, document_page, form.as_ref(), unread, clock)?;
            see(PageSeen {
                document_page,
                picture: &page.picture,
                placed: Some(&placed),
                definition: Some(definition),
                fields: &fields,
            });
            pages.push(ReadPage {
                definition: placed.definition,
                identity: placed.identity,
                page: PageReading {
                    page: placed.code.page,
                    document_page,
                    residual_mm: placed.residual_mm,
                    homography: placed.homography.rows(),
                    set_number: placed.code.set_number,
                },
                fields: fields.into_iter().map(|f| f.reading).collect(),
            });
            Ok(())
        },
    )?;
    clock.decoder_ended(decoded.peak_memory_kib);
    clock.lap(Stage::Receive);
    let grouped = page_sets::group(pages, &reader.definitions);
    unplaced.extend(grouped.unplaced);
    unplaced.sort_by_key(|page| page.document_page);
    Ok(DocumentReading {
        model: reader.networks.identity(),
        forms: grouped.forms,
        unplaced,
    })
}
