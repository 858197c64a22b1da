//! Untrusted files become grey pages, in a child process that has nothing to lose.
//!
//! [`Decoder`] starts the program `enrol-decoder` for each file, feeds it the bytes through a pipe and
//! takes the pages from another. The child shuts itself in (no files, no network, bounded memory and
//! time); this side bounds how long it waits and believes nothing it hears. The calls block: use them
//! from a thread of their own.

mod child;
mod error;
mod filled;
mod kind;
mod protocol;

use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

pub use error::DecodeError;
pub use filled::{FilledField, FilledForm, FilledKind};
pub use kind::{FileKind, SNIFF_BYTES};
pub use protocol::{DecodeSummary, DecodedPage};

use child::{DecoderProcess, Ending};
use protocol::{Message, MessageReader, ProtocolError};

/// The bounds on one file.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeLimits {
    /// Most bytes of the file.
    pub max_bytes: usize,
    /// Most pages.
    pub max_pages: u32,
    /// Most pixels of a page, and of any image inside one.
    pub max_pixels: u64,
    /// Most pixels of all pages together.
    pub max_total_pixels: u64,
    /// Dots per inch for PDF pages that hold no image.
    pub dpi: f64,
    /// Decode only this page, counted from 1.
    pub only_page: Option<u32>,
    /// Most address space of the decoder, in MiB.
    pub max_memory_mib: u64,
    /// Most processor time of the decoder, in seconds.
    pub max_cpu_seconds: u64,
    /// Longest time spent waiting for the decoder, in all. Time in which the caller works on a page
    /// does not count.
    pub max_wait: Duration,
    /// Longest time spent waiting for one page.
    pub max_wait_per_page: Duration,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            max_bytes: 50 << 20,
            max_pages: 60,
            max_pixels: 40_000_000,
            max_total_pixels: 1_000_000_000,
            dpi: 300.0,
            only_page: None,
            max_memory_mib: 1536,
            max_cpu_seconds: 120,
            max_wait: Duration::from_secs(300),
            max_wait_per_page: Duration::from_secs(60),
        }
    }
}

/// One thing that a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// The form fields of a PDF, before its pages. Files without form fields have none.
    Form(FilledForm),
    /// A page.
    Page(DecodedPage),
}

/// Decodes files, each in a process of its own.
#[derive(Debug, Clone)]
pub struct Decoder {
    program: PathBuf,
}

impl Decoder {
    /// Finds the program `enrol-decoder` beside this one.
    ///
    /// # Errors
    /// [`DecodeError::NotStarted`] where it is not installed; the text says what to do.
    pub fn find() -> Result<Self, DecodeError> {
        crate::programs::path("enrol-decoder")
            .map(Self::at)
            .map_err(|error| DecodeError::NotStarted(error.to_string()))
    }

    /// Uses the decoder at `program`.
    #[must_use]
    pub fn at(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// Decodes all pages of a file into memory: up to 60 pages of 8.7 MB each at 300 dpi. Prefer
    /// [`Decoder::decode_each`] where one page at a time will do.
    ///
    /// # Errors
    /// See [`DecodeError`]. A file with one bad page gives no pages at all.
    pub fn decode(
        &self,
        bytes: &[u8],
        limits: &DecodeLimits,
    ) -> Result<Vec<DecodedPage>, DecodeError> {
        let mut pages = vec![];
        self.decode_each(bytes, limits, |page| {
            pages.push(page);
            Ok::<_, DecodeError>(())
        })?;
        Ok(pages)
    }

    /// Hands over the pages of a file one by one, so that only one is in memory here. The decoder
    /// waits while `each` works.
    ///
    /// # Errors
    /// See [`DecodeError`]; pages handed over before it are complete, but the document is not.
    /// An error of `each` ends the decoder and is passed on.
    pub fn decode_each<E: From<DecodeError>>(
        &self,
        bytes: &[u8],
        limits: &DecodeLimits,
        mut each: impl FnMut(DecodedPage) -> Result<(), E>,
    ) -> Result<DecodeSummary, E> {
        self.decode_all(bytes, limits, |decoded| match decoded {
            Decoded::Page(page) => each(page),
            Decoded::Form(_) => Ok(()),
        })
    }

    /// As [`Decoder::decode_each`], with the form fields of a PDF before its pages.
    ///
    /// # Errors
    /// As [`Decoder::decode_each`].
    pub fn decode_all<E: From<DecodeError>>(
        &self,
        bytes: &[u8],
        limits: &DecodeLimits,
        mut each: impl FnMut(Decoded) -> Result<(), E>,
    ) -> Result<DecodeSummary, E> {
        if bytes.is_empty() {
            return Err(DecodeError::Empty("no bytes".into()).into());
        }
        if bytes.len() > limits.max_bytes {
            return Err(DecodeError::TooLarge(format!("{} bytes", bytes.len())).into());
        }
        let process = DecoderProcess::start(&self.program, bytes, limits).map_err(|error| {
            DecodeError::NotStarted(format!("{}: {error}", self.program.display()))
        })?;
        // A buffer for the lines; whole pages pass it by.
        let mut output = BufReader::with_capacity(4096, process);
        let mut messages = MessageReader::new(&mut output, limits);
        let mut handed_over = 0;
        loop {
            match messages.next() {
                Ok(Message::Page(page)) => {
                    handed_over += 1;
                    messages.source().get_mut().page_arrived();
                    each(Decoded::Page(page))?;
                }
                Ok(Message::Form(form)) => {
                    messages.source().get_mut().page_arrived();
                    each(Decoded::Form(form))?;
                }
                Ok(Message::End(summary)) => {
                    if limits.only_page.is_none() && handed_over != summary.pages {
                        return Err(DecodeError::Damaged("pages are missing".into()).into());
                    }
                    return Ok(DecodeSummary {
                        peak_memory_kib: messages.source().get_ref().peak_kib(),
                        ..summary
                    });
                }
                Ok(Message::Failure { code, message }) => {
                    return Err(named(&code, message, bytes, limits).into());
                }
                Err(error) => return Err(died(error, output.into_inner()).into()),
            }
        }
    }
}

/// The failure that the decoder reported in its own words.
fn named(code: &str, message: String, bytes: &[u8], limits: &DecodeLimits) -> DecodeError {
    match code {
        "empty" => DecodeError::Empty(message),
        "unknown_type" => DecodeError::UnknownType {
            looks_like: FileKind::of(bytes),
            message,
        },
        "password_protected" => DecodeError::PasswordProtected,
        "too_large" => DecodeError::TooLarge(message),
        "too_many_pages" => DecodeError::TooManyPages {
            max: limits.max_pages,
        },
        _ => DecodeError::Damaged(message),
    }
}

/// The failure behind the end of a decoder that could not report one.
fn died(error: ProtocolError, process: DecoderProcess<'_>) -> DecodeError {
    // A decoder that talks nonsense may go on for ever: it is killed, not heard out.
    if let ProtocolError::Nonsense(what) = error {
        return DecodeError::Damaged(what.into());
    }
    let waiting_too_long = process.timed_out();
    let Ok(ending) = process.finish() else {
        return DecodeError::Killed;
    };
    if waiting_too_long {
        return DecodeError::TimedOut { waiting: true };
    }
    cause_of_death(&ending)
}

fn cause_of_death(ending: &Ending) -> DecodeError {
    use nix::libc::{SIGABRT, SIGKILL, SIGSYS, SIGTERM, SIGXCPU};
    match ending.signal() {
        Some(SIGSYS) => DecodeError::Forbidden,
        Some(SIGXCPU) => DecodeError::TimedOut { waiting: false },
        Some(SIGKILL | SIGTERM) => DecodeError::Killed,
        // An allocation that fails aborts the process, and so does a stack that overflows.
        Some(SIGABRT) if ending.complaints.contains("memory allocation of") => {
            DecodeError::OutOfMemory
        }
        Some(SIGABRT) if ending.complaints.contains("overflowed its stack") => {
            DecodeError::Damaged("the document is nested too deeply".into())
        }
        Some(signal) => DecodeError::Damaged(format!("the decoder died of signal {signal}")),
        None if ending.status.success() => {
            DecodeError::Damaged("the decoder ended before it was finished".into())
        }
        None => DecodeError::NotStarted(first_line(&ending.complaints)),
    }
}

fn first_line(complaints: &str) -> String {
    let line: String = complaints
        .lines()
        .next()
        .unwrap_or("it ended at once")
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect();
    line
}
