//! What the child writes to its standard output: for a PDF with form fields a JSON line that counts them and one for
//! each, or one that says why they are not read; a JSON line per page followed by its raw grey bytes,
//! then a closing line or an error line.

use std::io::{self, Write};

use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;

use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::GreyPage;
use crate::pdf::form_fields::{FormField, Unread};

#[derive(Serialize)]
struct FormLine {
    form: FormBody,
}

#[derive(Serialize)]
struct FormBody {
    fields: usize,
    unread: Option<&'static str>,
}

#[derive(Serialize)]
struct PageLine {
    page: u32,
    width: u32,
    height: u32,
    dpi: Option<f64>,
    source: &'static str,
    bytes: u64,
}

#[derive(Serialize)]
struct EndLine {
    end: bool,
    pages: u32,
    cpu_ms: i64,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
}

/// Writes pages in the protocol and keeps count of what it wrote.
pub struct PageWriter<W> {
    out: W,
    written: u64,
}

impl<W: Write> PageWriter<W> {
    /// A writer that has written nothing yet.
    pub fn new(out: W) -> Self {
        Self { out, written: 0 }
    }

    /// Writes what a document's form fields hold, or why they are not read. A reader that has gone away ends the
    /// process quietly.
    pub fn form(&mut self, form: &Result<Vec<FormField>, Unread>) {
        let fields = form.as_deref().unwrap_or_default();
        let line = FormLine {
            form: FormBody {
                fields: fields.len(),
                unread: form.as_ref().err().copied(),
            },
        };
        let sent = self
            .line(&line)
            .and_then(|()| fields.iter().try_for_each(|field| self.line(field)));
        if sent.is_err() {
            std::process::exit(0);
        }
    }

    /// Writes one page.
    ///
    /// # Errors
    /// `too_large` if all pages together are above the limits. A reader that has gone away ends the
    /// process quietly, because then nobody is left to tell.
    pub fn page(&mut self, number: u32, page: &GreyPage, limits: &Limits) -> Result<(), Failure> {
        self.written += page.grey.len() as u64;
        if self.written > limits.max_total_pixels {
            return Err(Failure::too_large(format!(
                "all pages together have more than {} million pixels",
                limits.max_total_pixels / 1_000_000
            )));
        }
        let line = PageLine {
            page: number,
            width: page.width,
            height: page.height,
            dpi: page.dpi,
            source: page.source.name(),
            bytes: page.grey.len() as u64,
        };
        let sent = self
            .line(&line)
            .and_then(|()| self.out.write_all(&page.grey))
            .and_then(|()| self.out.flush());
        if sent.is_err() {
            std::process::exit(0);
        }
        Ok(())
    }

    /// Writes the closing line, with the processor time that the child has cost until now.
    ///
    /// # Errors
    /// When the pipe is broken.
    pub fn end(&mut self, pages: u32) -> io::Result<()> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let millis = |t: nix::sys::time::TimeVal| t.tv_sec() * 1000 + t.tv_usec() / 1000;
        self.line(&EndLine {
            end: true,
            pages,
            cpu_ms: millis(usage.user_time()) + millis(usage.system_time()),
        })?;
        self.out.flush()
    }

    /// Writes the error line.
    ///
    /// # Errors
    /// When the pipe is broken.
    pub fn failure(&mut self, failure: &Failure) -> io::Result<()> {
        self.line(&ErrorLine {
            error: ErrorBody {
                code: failure.code.name(),
                message: &failure.message,
            },
        })?;
        self.out.flush()
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.out.write_all(&line)
    }
}
