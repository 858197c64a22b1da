//! `enrol-decoder`: reads a file from standard input, writes its pages as grey pixels.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::Context;
use clap::Parser;

use enrol_decoder::attempt::{self, Attempt};
use enrol_decoder::failure::Failure;
use enrol_decoder::limits::Limits;
use enrol_decoder::protocol::PageWriter;
use enrol_decoder::sandbox::{self, Bounds};

/// Turns an untrusted file into bounded grey pages.
///
/// Reads the file from standard input and writes, for each page, one line of JSON and the raw grey
/// bytes to standard output, then a closing line or an error line; for a PDF with form fields, lines that say what
/// they hold come first. It shuts itself in before it reads
/// anything: no files, no network, no other programs, bounded memory and processor time. Standard
/// output must be a pipe: writing to a file is forbidden too.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Most bytes of the file
    #[arg(long, default_value_t = Limits::default().max_bytes)]
    max_bytes: usize,
    /// Most pages
    #[arg(long, default_value_t = Limits::default().max_pages)]
    max_pages: u32,
    /// Most pixels of a page
    #[arg(long, default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,
    /// Most pixels of all pages together
    #[arg(long, default_value_t = Limits::default().max_total_pixels)]
    max_total_pixels: u64,
    /// Dots per inch for PDF pages without an image
    #[arg(long, default_value_t = Limits::default().dpi)]
    dpi: f64,
    /// Decode only this page, counted from 1
    #[arg(long)]
    only_page: Option<u32>,
    /// Most memory, in MiB of address space
    #[arg(long, default_value_t = Bounds::default().memory_bytes >> 20)]
    max_memory: u64,
    /// Most seconds of processor time
    #[arg(long, default_value_t = Bounds::default().cpu_seconds)]
    max_cpu: u64,
    /// Self-check: try something the sandbox forbids, and say if it was let pass
    #[arg(long, hide = true)]
    attempt: Option<Attempt>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // On the main thread: in the arenas of other threads glibc opens a file of its own before it gives
    // memory back, and no file may be opened.
    sandbox::enter(Bounds {
        memory_bytes: arguments.max_memory << 20,
        cpu_seconds: arguments.max_cpu,
    })
    .context("this machine does not let the decoder shut itself in")?;

    if arguments.attempt == Some(Attempt::Panic) {
        let outcome = guarded(|| panic!("as asked"));
        PageWriter::new(io::stdout()).failure(&outcome.err().unwrap_or_else(Failure::empty))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(attempt) = arguments.attempt {
        attempt::make(attempt);
        if attempt == Attempt::Environment {
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(io::stderr(), "the sandbox let {attempt:?} pass")?;
        return Ok(ExitCode::FAILURE);
    }

    let limits = Limits {
        max_bytes: arguments.max_bytes,
        max_pages: arguments.max_pages,
        max_pixels: arguments.max_pixels,
        max_total_pixels: arguments.max_total_pixels,
        dpi: arguments.dpi.clamp(72.0, 600.0),
        only_page: arguments.only_page,
    };
    let mut input = Vec::new();
    io::stdin()
        .take(limits.max_bytes as u64 + 1)
        .read_to_end(&mut input)
        .context("cannot read standard input")?;

    let mut out = PageWriter::new(io::stdout().lock());
    let outcome = guarded(|| enrol_decoder::decode(input, &limits, &mut out));
    match outcome {
        Ok(pages) => out.end(pages)?,
        Err(failure) => out.failure(&failure)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the decoders; a panic in one of them becomes a failure that names the place in the source.
fn guarded(decode: impl FnOnce() -> Result<u32, Failure>) -> Result<u32, Failure> {
    static PLACE: Mutex<String> = Mutex::new(String::new());
    std::panic::set_hook(Box::new(|info| {
        if let (Ok(mut place), Some(at)) = (PLACE.lock(), info.location()) {
            // The last parts of the path say which library; the first say where this was built.
            let parts: Vec<_> = at.file().rsplit('/').take(4).collect();
            let file: Vec<_> = parts.into_iter().rev().collect();
            *place = format!("{}:{}", file.join("/"), at.line());
        }
    }));
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        let place = PLACE.lock().map(|place| place.clone()).unwrap_or_default();
        Err(Failure::damaged(format!("a decoder gave up at {place}")))
    })
}
