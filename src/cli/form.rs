//! `enrol form`: print, show and check form definitions.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::forms;
use crate::forms::definition::{DataCategory, Field, FormDefinition};

/// What to do with a form definition. FORM is a built-in form (`registration`) or the path of a TOML file.
#[derive(Debug, clap::Subcommand)]
pub enum FormArgs {
    /// Print blank forms as a vector PDF
    ///
    /// A single copy can also be filled in on a screen and sent in as it is; on paper nothing of that shows. For a
    /// web page, where many people take the same file, print it --for-photocopying: a set number stands for one form.
    ///
    /// Every copy gets a set number of its own, printed and in the QR code of each page, which ties loose sheets
    /// together. Print at 100% ("actual size"), never "fit to page": the bar at the foot has to measure 50 mm.
    Print(PrintArgs),
    /// Show the fields of a form, or with --json everything about them
    Show {
        /// Built-in form or TOML file
        #[arg(value_name = "FORM")]
        form: String,
        /// Print JSON: page size and fields with kind, page, box, cells, options and rules, in millimetres
        #[arg(long)]
        json: bool,
    },
    /// Check form definitions and say what is wrong, where, and what to do
    ///
    /// Exits with 1 when any of them is wrong.
    Check {
        /// Built-in forms or TOML files
        #[arg(value_name = "FORM", required = true)]
        forms: Vec<String>,
    },
    /// List the built-in forms
    List,
}

/// Flags of `enrol form print`.
#[derive(Debug, clap::Args)]
pub struct PrintArgs {
    /// Built-in form or TOML file
    #[arg(value_name = "FORM")]
    form: String,
    /// PDF to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Set number of the copy, six digits
    #[arg(long, value_name = "NUMBER", conflicts_with = "sets")]
    set_number: Option<String>,
    /// Number of copies in the PDF, each with a set number of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=500))]
    sets: u32,
    /// Print without a set number, for photocopying: sheets that get separated then cannot be put together again
    #[arg(long, conflicts_with_all = ["set_number", "sets"])]
    for_photocopying: bool,
    /// Folder with LiberationSans-Regular.ttf and LiberationSans-Bold.ttf or fonts of the same widths under these
    /// names [default: where the package fonts-liberation puts them]
    #[arg(long, value_name = "FOLDER", env = "ENROL_FONT_FOLDER")]
    fonts: Option<PathBuf>,
    /// For paper only: without the fields that can be filled in on a screen. Several copies in one PDF never have them
    #[arg(long)]
    flat: bool,
}

/// Runs `enrol form`.
///
/// # Errors
/// The definition is wrong, the fonts are missing, or the PDF cannot be written.
pub fn run(args: FormArgs) -> anyhow::Result<ExitCode> {
    let mut out = Vec::new();
    let outcome = answer(args, &mut out);
    match std::io::stdout().write_all(&out) {
        // Somebody piped it into `head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    outcome
}

fn answer(args: FormArgs, out: &mut Vec<u8>) -> anyhow::Result<ExitCode> {
    match args {
        FormArgs::Print(args) => print(&args, out)?,
        FormArgs::Show { form, json: true } => {
            serde_json::to_writer_pretty(&mut *out, &forms::load(&form)?)?;
            writeln!(out)?;
        }
        FormArgs::Show { form, json: false } => table(&forms::load(&form)?, out)?,
        FormArgs::Check { forms } => return check(&forms, out),
        FormArgs::List => {
            for form in forms::load_all() {
                writeln!(
                    out,
                    "{}  version {}, {} pages: {}",
                    form.id, form.version, form.pages, form.title
                )?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(args: &PrintArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let definition = forms::load(&args.form)?;
    let fonts = match &args.fonts {
        Some(folder) => forms::print::Fonts::from_folder(folder)?,
        None => forms::print::Fonts::find()?,
    };
    let sets = if args.for_photocopying {
        vec![None]
    } else if let Some(number) = &args.set_number {
        vec![Some(number.clone())]
    } else {
        let numbers = forms::print::set_numbers(args.sets as usize, &mut rand::rng());
        numbers.into_iter().map(Some).collect()
    };
    let pdf = match sets.as_slice() {
        [set] if !args.flat => forms::print::print_fillable(&definition, set.as_deref(), &fonts)?,
        _ => forms::print::print_with(&definition, &sets, &fonts)?,
    };
    std::fs::write(&args.output, pdf)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    let copies = sets.len();
    let pages = definition.pages as usize * copies;
    writeln!(
        out,
        "{}: {copies} x {} ({pages} pages)",
        args.output.display(),
        definition.title
    )?;
    Ok(())
}

fn check(names: &[String], out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut wrong = 0;
    for name in names {
        match forms::load(name) {
            Ok(form) => {
                writeln!(
                    out,
                    "{name}: {} version {}, {} pages, {} fields: fine",
                    form.id,
                    form.version,
                    form.pages,
                    form.fields.len()
                )?;
            }
            Err(error) => {
                wrong += 1;
                writeln!(out, "{error}")?;
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} form definitions cannot be used", names.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn table(form: &FormDefinition, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{} ({} version {}, wording {}), {} pages",
        form.title, form.id, form.version, form.wording_version, form.pages
    )?;
    let name_width = form.fields.iter().map(|f| f.name.len()).max().unwrap_or(0);
    let mut heading = String::new();
    for field in &form.fields {
        let part = format!("Page {}, {}", field.page, field.group);
        if part != heading {
            writeln!(out, "\n{part}")?;
            heading = part;
        }
        let kind = field.kind.as_str();
        writeln!(
            out,
            "  {:name_width$}  {kind:<10}  {}",
            field.name,
            remarks(field)
        )?;
    }
    Ok(())
}

/// What is worth knowing of a field in one line.
fn remarks(field: &Field) -> String {
    let mut parts = Vec::new();
    match (field.cells.len(), field.lines.len(), field.options.len()) {
        (0, 0, 0) => {}
        (0, 0, n) => {
            let shown: Vec<&str> = field
                .options
                .iter()
                .take(8)
                .map(|o| o.value.as_str())
                .collect();
            let more = if n > shown.len() { ", ..." } else { "" };
            parts.push(format!("{}{more}", shown.join(", ")));
        }
        (0, n, _) => parts.push(format!("{n} line{}", if n == 1 { "" } else { "s" })),
        (n, ..) => parts.push(format!("{n} cells")),
    }
    if field.rules.required {
        parts.push("required".to_owned());
    }
    if field.rules.category == DataCategory::Special {
        parts.push("special category".to_owned());
    }
    if let Some(consent) = &field.rules.consent {
        parts.push(format!("consent to {consent}"));
    }
    parts.join("; ")
}
