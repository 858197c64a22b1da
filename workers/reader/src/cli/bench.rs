//! `enrol-reader bench`: accuracy, speed and memory on scans whose truth is known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use enrol::domain::field::FieldState;
use enrol::domain::reading::FormReading;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::accuracy::{self, ByKind};
use super::bench_table::table;
use super::endurance;
use super::evaluation::{Evaluation, Report};
use super::keystrokes::{KeystrokeReport, Keystrokes};
use super::placement::{self, Placed};
use crate::fields::Signals;
use crate::reader::{PageSeen, Reader, ReaderOptions, read_document_seeing};
use crate::stages::{self, StageClock, StageSeconds};
use crate::ticks::TickSignals;

/// Measure accuracy, speed and memory on a folder of scans with their truth
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// A folder whose folders hold scans and a truth.json
    folder: PathBuf,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
    /// Write the result to this file as one JSON object as well
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// List the fields that were read wrongly (these are invented people)
    #[arg(long)]
    wrong: bool,
    /// Write each written field's signals and whether it was read rightly to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// The same for groups of tick boxes
    #[arg(long, value_name = "FILE")]
    tick_signals: Option<PathBuf>,
    /// Instead, read the scans again and again until so many pages are read, and say how memory and cost go on
    #[arg(long, value_name = "PAGES", conflicts_with_all = ["json", "write", "wrong", "signals", "tick_signals"])]
    endurance: Option<usize>,
    /// Folder of form definitions known besides the built-in ones
    #[arg(long, value_name = "DIR")]
    form_definitions: Option<PathBuf>,
}

/// The parts of a truth file that are needed here.
#[derive(Debug, Deserialize)]
struct Truth {
    set_number: Option<String>,
    files: Vec<String>,
    fields: Map<String, Value>,
    form: Option<String>,
    version: Option<u32>,
    #[serde(default)]
    pages: Vec<u32>,
    /// Whose pen strokes the form is written with.
    writer: Option<i32>,
    /// The capture condition.
    capture: Option<String>,
    #[serde(default)]
    features: Vec<String>,
    /// What is particular about the marks of groups of boxes.
    #[serde(default)]
    marks: BTreeMap<String, String>,
}

/// A written field's signals, and whether it was read rightly.
#[derive(Debug, Serialize)]
struct Judged {
    sample: String,
    field: String,
    right: bool,
    #[serde(flatten)]
    signals: Signals,
}

/// A tick field's signals, and whether it was read rightly.
#[derive(Debug, Serialize)]
struct JudgedTicks {
    sample: String,
    field: String,
    capture: Option<String>,
    mark: Option<String>,
    state: FieldState,
    right: bool,
    #[serde(flatten)]
    signals: TickSignals,
}

/// Signals with what became of the readings.
#[derive(Debug, Default)]
struct Signalled {
    written: Vec<Judged>,
    ticks: Vec<JudgedTicks>,
}

/// What a run came to.
#[derive(Debug, Default, Serialize)]
pub(super) struct Result {
    /// Folders with a truth file.
    pub samples: usize,
    /// Files read.
    pub files: usize,
    /// Files and samples from which the expected form did not come, with the reason.
    pub failed: Vec<String>,
    /// Pages placed on their form.
    pub pages: usize,
    /// Pages not placed.
    pub unplaced: usize,
    /// Largest residual of a placed page, millimetres.
    pub worst_residual_mm: f64,
    /// Accuracy and states by kind of field.
    pub kinds: ByKind,
    /// Core-seconds per placed page, by stage.
    pub core_seconds_per_page: StageSeconds,
    /// Core-seconds per placed page, all stages.
    pub core_seconds_per_page_total: f64,
    /// Wall-clock seconds for everything.
    pub wall_seconds: f64,
    /// Peak resident memory of this process, bytes.
    pub reader_peak_bytes: u64,
    /// Peak resident memory of the largest decoder process, bytes.
    pub decoder_peak_bytes: u64,
    /// Name of the handwriting weights.
    pub model: String,
    /// By kind of field and capture condition, for forms that name their writer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Report>,
    /// Keys and seconds for a clerk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keystrokes: Option<KeystrokeReport>,
}

/// Runs the measurement on one core.
///
/// # Errors
/// The reader cannot start, or the folder holds no truth file.
pub fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let reader = Reader::new(ReaderOptions {
        form_definitions: args.form_definitions.clone(),
        ..Default::default()
    })?;
    if let Some(pages) = args.endurance {
        return endurance::run(&reader, &samples(&args.folder)?, pages);
    }
    let mut result = Result {
        model: reader.model().to_owned(),
        ..Result::default()
    };
    let began = Instant::now();
    let mut evaluation = Evaluation::default();
    let mut clock = StageClock::running();
    let children_before = stages::children_seconds();
    let mut judged = Signalled::default();
    let mut keystrokes = Keystrokes::default();
    let folders = samples(&args.folder)?;
    let bar = ProgressBar::new(folders.len() as u64).with_style(ProgressStyle::with_template(
        "{pos} of {len} samples, {elapsed} gone, {eta} to go",
    )?);
    for folder in bar.wrap_iter(folders.into_iter()) {
        measure(
            &reader,
            &folder,
            args.wrong,
            &mut clock,
            &mut result,
            &mut Counts {
                evaluation: &mut evaluation,
                judged: &mut judged,
                keystrokes: &mut keystrokes,
            },
        )?;
    }
    if let Some(file) = &args.signals {
        write_lines(file, &judged.written)?;
    }
    if let Some(file) = &args.tick_signals {
        write_lines(file, &judged.ticks)?;
    }
    result.keystrokes = Some(keystrokes.report());
    result.evaluation = (!evaluation.is_empty()).then(|| evaluation.report());
    anyhow::ensure!(
        result.samples > 0,
        "{} holds no folder with a truth.json",
        args.folder.display()
    );
    let seconds = clock.seconds(stages::children_seconds() - children_before);
    result.core_seconds_per_page = seconds.per(result.pages.max(1) as f64);
    result.core_seconds_per_page_total = result.core_seconds_per_page.total();
    result.wall_seconds = began.elapsed().as_secs_f64();
    result.reader_peak_bytes = stages::own_peak_bytes();
    result.decoder_peak_bytes = clock.decoder_peak_bytes();
    let json = serde_json::to_string(&result)?;
    if let Some(file) = &args.write {
        std::fs::write(file, &json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        println!("{json}");
    } else {
        print!("{}", table(&result));
        if let Some(report) = &result.evaluation {
            print!("{}", report.table());
        }
        if let Some(report) = &result.keystrokes {
            print!("{}", report.table());
        }
    }
    Ok(if result.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn write_lines(file: &Path, records: &[impl Serialize]) -> anyhow::Result<()> {
    let lines: std::result::Result<Vec<String>, _> =
        records.iter().map(serde_json::to_string).collect();
    std::fs::write(file, lines?.join("\n"))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn samples(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.join("truth.json").is_file())
        .collect();
    found.sort();
    Ok(found)
}

/// What a sample is counted into.
struct Counts<'a> {
    evaluation: &'a mut Evaluation,
    judged: &'a mut Signalled,
    keystrokes: &'a mut Keystrokes,
}

fn measure(
    reader: &Reader,
    folder: &Path,
    list_wrong: bool,
    clock: &mut StageClock,
    result: &mut Result,
    counts: &mut Counts<'_>,
) -> anyhow::Result<()> {
    let Counts {
        evaluation,
        judged,
        keystrokes,
    } = counts;
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let truth = std::fs::read(folder.join("truth.json"))?;
    let truth: Truth = serde_json::from_slice(&truth)
        .with_context(|| format!("{name}/truth.json is not as expected"))?;
    // Read from its form fields: it says nothing about how well writing is read.
    if truth.features.iter().any(|f| f == "digital") {
        return Ok(());
    }
    result.samples += 1;
    let definition = reader
        .definitions()
        .iter()
        .find(|d| truth.form.as_ref() == Some(&d.id) && truth.version == Some(d.version));
    // Forms that name their writer are counted page by page: a page that is refused is a figure, not a failure.
    let counted = truth.writer.zip(truth.capture.as_ref()).zip(definition);
    let geometry = placement::load(folder)?;
    let mut forms: Vec<FormReading> = Vec::new();
    for file in &truth.files {
        let bytes = std::fs::read(folder.join(file))
            .with_context(|| format!("{name}: cannot read {file}"))?;
        result.files += 1;
        let mut seen: Vec<Placed> = Vec::new();
        let mut see = |page: PageSeen<'_>| {
            seen.push(Placed {
                document_page: page.document_page,
                width: page.picture.width,
                place: page.placed.cloned(),
            });
            for field in page.fields {
                let expected = truth
                    .fields
                    .get(&field.reading.name)
                    .unwrap_or(&Value::Null);
                if let Some(signals) = field.ticks.clone() {
                    judged.ticks.push(JudgedTicks {
                        sample: name.clone(),
                        field: field.reading.name.clone(),
                        capture: truth.capture.clone(),
                        mark: truth.marks.get(&field.reading.name).cloned(),
                        state: field.reading.state,
                        right: accuracy::is_right(&field.reading, expected),
                        signals,
                    });
                }
                let Some(signals) = field.signals.clone() else {
                    continue;
                };
                let read = serde_json::to_value(&field.reading.value).unwrap_or(Value::Null);
                judged.written.push(Judged {
                    sample: name.clone(),
                    field: field.reading.name.clone(),
                    right: accuracy::same(field.reading.kind, &read, expected),
                    signals,
                });
            }
        };
        match read_document_seeing(reader, &bytes, clock, &mut see) {
            Ok(document) => {
                result.unplaced += document.unplaced.len();
                if let Some(((_, capture), definition)) = counted {
                    let own: Vec<_> = geometry
                        .iter()
                        .filter(|g| g.file == *file)
                        .cloned()
                        .collect();
                    let tally = evaluation.pages.entry(capture.clone()).or_default();
                    placement::count(tally, &own, definition, &seen, &document);
                }
                for page in &document.unplaced {
                    if counted.is_none()
                        && page.outcome == enrol::domain::reading::UnplacedOutcome::Exception
                    {
                        result.failed.push(format!(
                            "{name}/{file} page {}: {}",
                            page.document_page, page.reason
                        ));
                    }
                }
                forms.extend(document.forms);
            }
            Err(error) => result
                .failed
                .push(format!("{name}/{file}: {}", error.reason())),
        }
    }
    let ours = |form: &&FormReading| {
        // A page whose number cannot be read still came in this sample's file.
        let nameless = counted.is_some() && form.pages.iter().all(|p| p.set_number.is_none());
        truth.set_number.is_none()
            || nameless
            || form.pages.iter().any(|p| p.set_number == truth.set_number)
    };
    let mut any = false;
    for form in forms.iter().filter(ours) {
        any = true;
        keystrokes.form();
        result.pages += form.pages.len();
        result.worst_residual_mm = form
            .pages
            .iter()
            .map(|p| p.residual_mm)
            .fold(result.worst_residual_mm, f64::max);
        for field in &form.fields {
            let expected = truth.fields.get(&field.name).unwrap_or(&Value::Null);
            accuracy::count(&mut result.kinds, field, expected);
            keystrokes.field(field, expected);
            let read = serde_json::to_value(&field.value)?;
            if list_wrong && !accuracy::same(field.kind, &read, expected) {
                eprintln!(
                    "{name} {} [{}] {} truth {expected} read {read} raw {:?} {:.2} {}",
                    field.name,
                    field.kind.as_str(),
                    truth.marks.get(&field.name).map_or("", String::as_str),
                    field.raw,
                    field.confidence,
                    field.state.as_str()
                );
            }
        }
    }
    if let Some(((writer, capture), definition)) = counted {
        let delivered = definition
            .fields
            .iter()
            .filter(|f| truth.pages.contains(&f.page));
        for field in delivered {
            let mut readings = forms.iter().filter(ours).flat_map(|f| &f.fields);
            let reading = readings.find(|r| r.name == field.name);
            let expected = truth.fields.get(&field.name).unwrap_or(&Value::Null);
            evaluation.count(field, reading, expected, capture, writer);
            if let (true, Some(reading)) = (field.kind.is_tick(), reading) {
                let mark = truth.marks.get(&field.name).map(String::as_str);
                evaluation.marks.count(field, reading, expected, mark);
            }
        }
    } else if !any {
        result.failed.push(format!(
            "{name}: the form of this sample was not found in its files"
        ));
    }
    Ok(())
}
