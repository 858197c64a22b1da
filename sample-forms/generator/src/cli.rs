//! The command line of `enrol-sample`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Parser;

use enrol::forms::definition::FormDefinition;

use crate::evaluation::condition::Condition;
use crate::evaluation::zones::{self, Parts};
use crate::evaluation::{self, Maker, lifted};
use crate::hand::Fonts;
use crate::hostile;
use crate::plan::{Plan, drawn, listed};
use crate::sample::{File, Workshop, one_page};
use crate::strokes::{self, Split};

/// Makes the sample scans: invented families' forms, filled in by hand and scanned, with the truth beside them
#[derive(Debug, Parser)]
#[command(name = "enrol-sample", version)]
pub struct Arguments {
    /// Folder that receives scans/, later/, again/, siblings/ and hostile/
    #[arg(long, default_value = "sample-forms")]
    out: PathBuf,
    /// The same seed gives the same files
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// Name of a form definition, or the path of its TOML file
    #[arg(long, default_value = "registration")]
    form: String,
    /// Make only samples whose names begin with this (`07`), or `hostile`; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Instead of the listed samples, make this many ordinary ones at random
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["only", "check"])]
    random: Option<u64>,
    /// Write nothing: say whether the files in the folder are what this program makes
    #[arg(long)]
    check: bool,
    /// Folder of pen strokes (characters.npz, words.npz; tick_boxes/ with scans of marked boxes, where there is one) to
    /// write forms with
    #[arg(long, value_name = "FOLDER")]
    pens: Option<PathBuf>,
    /// The writers whose strokes are used
    #[arg(
        long,
        value_name = "SPLIT",
        value_enum,
        default_value = "evaluation",
        requires = "pens"
    )]
    writers: Split,
    /// Instead of the listed samples, write this many forms with pen strokes into --out, a folder each
    #[arg(long, value_name = "NUMBER", requires = "pens", conflicts_with_all = ["only", "check", "random", "zones"])]
    evaluation: Option<u64>,
    /// Instead of the listed samples, write only the zones of the answers of this many forms: zones.jsonl and zones.bin
    #[arg(long, value_name = "NUMBER", requires = "pens", conflicts_with_all = ["only", "check", "random"])]
    zones: Option<u64>,
    /// Which zones a set of zones holds
    #[arg(
        long,
        value_name = "PARTS",
        value_enum,
        default_value = "all",
        requires = "zones"
    )]
    parts: Parts,
    /// Deliver every form of a set under this condition [default: all in turn]
    #[arg(long, value_name = "NAME", value_enum, requires = "pens")]
    capture: Option<Condition>,
    /// Share of combs in which a character is struck out and written again
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share, requires = "pens")]
    corrections: f32,
    /// Threads that make a set
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    jobs: usize,
    /// Folder of the font packages [default: those installed by `npm ci` in sample-forms/generator]
    #[arg(long)]
    fonts: Option<PathBuf>,
}

/// Runs the command line.
///
/// # Errors
/// Whatever could not be made or written, in words for the person who typed it; and, with `--check`, when a file
/// differs.
pub fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let definition = enrol::forms::load(&arguments.form)?;
    if let Some(pens) = &arguments.pens {
        return written_with_pens(&arguments, pens, &definition);
    }
    let fonts = Fonts::locate(arguments.fonts.clone())?;
    let workshop = Workshop {
        definition: &definition,
        fonts: &fonts,
        seed: arguments.seed,
    };
    let mut differing = 0;
    for (index, plan) in plans(&arguments) {
        let files = workshop
            .make(index, &plan)
            .with_context(|| format!("sample {}", plan.name))?;
        differing += settle(&arguments, files)?;
    }
    if arguments.random.is_none() && wanted(&arguments, "hostile") {
        differing += settle(&arguments, hostile_files(&workshop)?)?;
    }
    if differing > 0 {
        bail!(
            "{differing} files differ from what this program makes: run it without --check to write them"
        );
    }
    Ok(())
}

/// A number from 0 to 1.
fn share(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

/// Makes a set of forms, or of zones, with the strokes of real pens.
fn written_with_pens(
    arguments: &Arguments,
    pens: &Path,
    definition: &FormDefinition,
) -> anyhow::Result<()> {
    let people = strokes::load(pens, arguments.writers)?;
    let plan = evaluation::form::Plan {
        definition,
        turns: evaluation::form::turns(&people),
        condition: arguments.capture,
        corrections: arguments.corrections,
        lifted: lifted::load(&pens.join("tick_boxes"), arguments.writers)?,
        seed: arguments.seed,
    };
    let maker = Maker::new(plan)?;
    match (arguments.evaluation, arguments.zones) {
        (Some(count), _) => evaluation::write_forms(&maker, &arguments.out, count, arguments.jobs),
        (_, Some(count)) => zones::write_zones(
            &maker,
            &arguments.out,
            count,
            arguments.parts,
            arguments.jobs,
        ),
        _ => bail!("say with --evaluation or --zones what to make with the pen strokes"),
    }
}

fn wanted(arguments: &Arguments, name: &str) -> bool {
    arguments.only.is_empty() || arguments.only.iter().any(|o| name.starts_with(o.as_str()))
}

fn plans(arguments: &Arguments) -> Vec<(u64, Plan)> {
    if let Some(count) = arguments.random {
        // Indices apart from those of the listed samples.
        return (10_000..10_000 + count)
            .map(|index| {
                let mut random =
                    <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(arguments.seed);
                random.set_stream(index * 8 + 7);
                (
                    index,
                    drawn::sample(
                        format!("random-{}-{:05}", arguments.seed, index - 9_999),
                        &mut random,
                    ),
                )
            })
            .collect();
    }
    (1..)
        .zip(listed::samples())
        .filter(|(_, plan)| wanted(arguments, &plan.name))
        .collect()
}

fn hostile_files(workshop: &Workshop<'_>) -> anyhow::Result<Vec<File>> {
    let plan = listed::samples()
        .into_iter()
        .next()
        .context("no samples are listed")?;
    let page = one_page(workshop, &plan)?;
    let folder = Path::new("hostile");
    let made = hostile::all(workshop, &page)?;
    let expected: BTreeMap<&str, hostile::Entry<'_>> =
        made.iter().map(|h| (h.name, h.entry())).collect();
    let mut json = serde_json::to_vec_pretty(&expected)?;
    json.push(b'\n');
    let mut files: Vec<File> = made
        .into_iter()
        .map(|h| (folder.join(h.name), h.bytes))
        .collect();
    files.push((folder.join("expected.json"), json));
    Ok(files)
}

/// Writes files, or compares them; the number of files that differ.
fn settle(arguments: &Arguments, files: Vec<File>) -> anyhow::Result<usize> {
    let mut differing = 0;
    for (name, bytes) in files {
        let path = arguments.out.join(&name);
        if arguments.check {
            if std::fs::read(&path).ok().as_deref() != Some(bytes.as_slice()) {
                println!("differs: {}", name.display());
                differing += 1;
            }
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, &bytes)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("{:>8} bytes  {}", bytes.len(), path.display());
    }
    Ok(differing)
}
