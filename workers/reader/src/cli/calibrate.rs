//! `enrol-reader calibrate`: fits the confidence to zones whose truth is known and proves the thresholds, or refits it to
//! what clerks settled.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use enrol::domain::calibration::SettledCase;

use super::calibration_report::{GroupReport, Report};
use super::zone_cases;
use crate::calibration::fit::fit;
use crate::calibration::refit::{Change, GroupRefit, refit_all};
use crate::calibration::table::{Calibration, default_target};
use crate::calibration::{Case, RiskGroup};
use crate::fields::Networks;

/// Fit confidences to fields whose truth is known, and prove the thresholds of acceptance
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("from").required(true).args(["zones", "cases"])))]
pub struct CalibrateArgs {
    /// Folders written by `enrol sample --zones`, of writers that no network was trained on
    zones: Vec<PathBuf>,
    /// Refit to settled fields instead: JSON lines as `enrol calibrate` hands them over (- reads standard input)
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// With --cases: the calibration in force, where it is not the one built in
    #[arg(long, value_name = "FILE", requires = "cases")]
    in_force: Option<PathBuf>,
    /// Write the calibration to this file (the one built in is workers/reader/model/calibration.json)
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Write only these groups: all fields of the others go to a clerk
    #[arg(long, value_name = "GROUP", requires = "write")]
    only: Vec<RiskGroup>,
    /// Write figures (calibration.json) and a plot (calibration.svg) to this folder
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Write the cases read from zones to this file, one JSON object a line: signals, and right or wrong
    #[arg(long, value_name = "FILE", requires = "zones")]
    signals: Option<PathBuf>,
    /// Name of the form definition, or the path of its TOML file
    #[arg(long, default_value = "registration")]
    form: String,
}

/// Settled fields mend a calibration, they do not make one.
const NOTHING_TO_START_FROM: &str = "there is no calibration for these weights to start from: fit one with `enrol-reader \
     calibrate ZONES --write FILE` and name the file in [reading] calibration";

/// Runs the fit.
///
/// # Errors
/// The cases cannot be read, the reader cannot start, or a file cannot be written.
pub fn run(args: &CalibrateArgs) -> anyhow::Result<ExitCode> {
    let mut networks = Networks::load(args.in_force.as_deref())?;
    if args.cases.is_none() {
        // What is accepted today must not decide what is looked at twice.
        networks.calibration = None;
    }
    match &args.cases {
        None => from_zones(args, &networks),
        Some(file) => from_settled(args, &networks, file),
    }
}

fn from_zones(args: &CalibrateArgs, networks: &Networks) -> anyhow::Result<ExitCode> {
    let definition = enrol::forms::load(&args.form)?;
    let (mut cases, mut missed) = (Vec::new(), 0);
    for folder in &args.zones {
        let measured = zone_cases::measure(networks, &definition, folder)?;
        anyhow::ensure!(
            !measured.cases.is_empty(),
            "{} holds no zone of the form {}",
            folder.display(),
            definition.id
        );
        cases.extend(measured.cases);
        missed += measured.missed;
    }
    if let Some(file) = &args.signals {
        write_lines(file, &cases)?;
    }
    let (mut calibration, fits) = fit(&cases, &networks.identity());
    let groups = fits.iter().map(|fit| {
        let own = &fit.calibration;
        let rung = own.rung(default_target(own.group)).copied();
        GroupReport::new(own.group, rung, &fit.judged)
    });
    let report = Report {
        model: networks.identity(),
        missed,
        groups: groups.collect(),
    };
    print!("{}", report.table());
    println!("{missed} written zones were taken for empty ones.");
    if let Some(folder) = &args.report {
        report.write(folder, "calibration")?;
    }
    if let Some(file) = &args.write {
        let wanted = |group| args.only.is_empty() || args.only.contains(&group);
        calibration.groups.retain(|g| wanted(g.group));
        write(file, &calibration)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn from_settled(
    args: &CalibrateArgs,
    networks: &Networks,
    file: &Path,
) -> anyhow::Result<ExitCode> {
    let identity = networks.identity();
    let in_force = networks
        .calibration
        .as_ref()
        .context(NOTHING_TO_START_FROM)?;
    let settled = read_lines(file)?;
    let all = settled.len();
    let (cases, foreign) = of_these_weights(settled, &identity);
    if foreign > 0 {
        println!(
            "{foreign} of {all} settled fields were read with other weights and are left out."
        );
    }
    if cases.is_empty() {
        println!("No settled field has signals yet: nothing was changed.");
        return Ok(ExitCode::SUCCESS);
    }
    let refits = refit_all(&in_force.groups, &cases);
    for (title, name, after) in [("Before", "before", false), ("After", "after", true)] {
        let report = Report {
            model: identity.clone(),
            missed: 0,
            groups: group_reports(in_force, &refits, after),
        };
        println!("{title}:\n{}", report.table());
        if let Some(folder) = &args.report {
            report.write(folder, name)?;
        }
    }
    for refit in &refits {
        println!("{}", sentence(refit));
    }
    if let Some(file) = &args.write {
        let calibration = Calibration {
            groups: refits.into_iter().map(|r| r.calibration).collect(),
            ..in_force.clone()
        };
        write(file, &calibration)?;
        println!(
            "Written to {}. It takes effect once [reading] calibration names it and the readers are started again.",
            file.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn group_reports(in_force: &Calibration, refits: &[GroupRefit], after: bool) -> Vec<GroupReport> {
    let groups = refits.iter().filter(|r| !r.before.is_empty());
    groups
        .map(|refit| {
            let group = refit.calibration.group;
            let (own, judged) = if after {
                (Some(&refit.calibration), &refit.after)
            } else {
                (in_force.group(group), &refit.before)
            };
            let rung = own.and_then(|g| g.rung(default_target(group))).copied();
            GroupReport::new(group, rung, judged)
        })
        .collect()
}

/// What was done to a group, in words.
fn sentence(refit: &GroupRefit) -> String {
    let change = match refit.change {
        Change::TooFew => "too few settled fields to learn from",
        Change::Kept => "the probabilities were honest and are kept",
        Change::Rescaled => "the probabilities were put right; what is accepted stays the same",
        Change::Refitted => "fitted anew, with its own proof",
    };
    let dropped: String = refit
        .dropped
        .iter()
        .map(|t| format!("; the promise of {:.2} % is broken and given up", 100.0 * t))
        .collect();
    format!("{}: {change}{dropped}.", refit.calibration.group.name())
}

/// The cases of these weights, and the number of others. A case whose signals are not those of its group is another too.
fn of_these_weights(settled: Vec<SettledCase>, identity: &str) -> (Vec<Case>, usize) {
    let all = settled.len();
    let cases: Vec<Case> = settled
        .into_iter()
        .filter(|case| case.model == identity)
        .filter_map(|case| {
            let group = RiskGroup::ALL
                .into_iter()
                .find(|g| g.name() == case.group)?;
            (case.features.len() == group.features().len()).then_some(Case {
                group,
                kind: case.kind,
                // 64 of the 122 random bits of an id tell some thousands of hands apart.
                writer: case.hand.as_u64_pair().1,
                capture: None,
                features: case.features,
                eligible: case.eligible,
                right: case.right,
            })
        })
        .collect();
    let foreign = all - cases.len();
    (cases, foreign)
}

fn read_lines(file: &Path) -> anyhow::Result<Vec<SettledCase>> {
    let input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = std::fs::File::open(file);
        Box::new(BufReader::new(
            opened.with_context(|| format!("cannot read {}", file.display()))?,
        ))
    };
    input
        .lines()
        .enumerate()
        .map(|(i, line)| {
            serde_json::from_str(&line?)
                .with_context(|| format!("line {} is no settled field", i + 1))
        })
        .collect()
}

fn write_lines(file: &Path, cases: &[Case]) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", file.display());
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).with_context(cannot)?);
    for case in cases {
        serde_json::to_writer(&mut out, case)?;
        out.write_all(b"\n").with_context(cannot)?;
    }
    out.flush().with_context(cannot)
}

fn write(file: &Path, calibration: &Calibration) -> anyhow::Result<()> {
    let mut json = serde_json::to_string_pretty(calibration)?;
    json.push('\n');
    std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))
}
