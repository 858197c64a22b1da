//! `enrol-reader calibrate`: fits the confidence to zones whose truth is known, and proves the thresholds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use enrol::domain::field::FieldState;
use enrol::forms::definition::FormDefinition;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use super::accuracy;
use super::statistics::wilson;
use crate::calibration::curve::{
    Bin, RiskAtCoverage, auroc, bins, expected_calibration_error, risk_coverage,
};
use crate::calibration::features::{NAMES, features};
use crate::calibration::fit::{GroupFit, fit};
use crate::calibration::table::{Calibration, default_target};
use crate::calibration::threshold::Proof;
use crate::calibration::{Case, RiskGroup, plot};
use crate::fields::{self, Networks, WrittenZones};
use crate::zone_set::ZoneSet;

/// Fit confidences to zones whose truth is known and prove the thresholds of acceptance
#[derive(Debug, clap::Args)]
pub struct CalibrateArgs {
    /// A folder written by `enrol sample --zones`, of writers that no network was trained on
    zones: PathBuf,
    /// Write the calibration to this file (the one built in is workers/reader/model/calibration.json)
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Write figures (calibration.json) and a plot (calibration.svg) to this folder
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Name of the form definition, or the path of its TOML file
    #[arg(long, default_value = "registration")]
    form: String,
}

/// What is told about one group.
#[derive(Debug, Serialize)]
struct GroupReport {
    group: RiskGroup,
    cases: usize,
    writers: u64,
    right: usize,
    /// 95 % Wilson interval of the share read right.
    right_between: Option<(f64, f64)>,
    target: f64,
    proof: Option<Proof>,
    auroc: Option<f64>,
    expected_calibration_error: f64,
    bins: Vec<Bin>,
    curve: Vec<RiskAtCoverage>,
    /// By kind of field and by capture condition.
    parts: Vec<PartReport>,
}

/// One kind of field, or one capture condition, within a group.
#[derive(Debug, Serialize)]
struct PartReport {
    part: String,
    cases: usize,
    right: usize,
    accepted: usize,
    wrong: usize,
    /// 95 % Wilson interval of the share of the accepted that is wrong.
    wrong_between: Option<(f64, f64)>,
    auroc: Option<f64>,
    expected_calibration_error: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    /// Zones in which something is written but nothing was found.
    missed: usize,
    groups: Vec<GroupReport>,
}

/// Runs the fit.
///
/// # Errors
/// The zone set cannot be read, the reader cannot start, or a file cannot be written.
pub fn run(args: &CalibrateArgs) -> anyhow::Result<ExitCode> {
    let definition = enrol::forms::load(&args.form)?;
    let networks = Networks::load()?;
    let (cases, missed) = measure(&networks, &definition, &args.zones)?;
    anyhow::ensure!(
        !cases.is_empty(),
        "{} holds no zone of the form {}",
        args.zones.display(),
        definition.id
    );
    let model = networks.identity();
    let (calibration, fits) = fit(&cases, default_target, &model, &NAMES);
    let report = Report {
        model,
        missed,
        groups: fits.iter().map(group_report).collect(),
    };
    print!("{}", table(&report));
    if let Some(folder) = &args.report {
        write_report(folder, &report)?;
    }
    if let Some(file) = &args.write {
        write(file, &calibration)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads every field of the set.
fn measure(
    networks: &Networks,
    definition: &FormDefinition,
    folder: &Path,
) -> anyhow::Result<(Vec<Case>, usize)> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template(
        "{spinner} {pos} forms read, {elapsed} gone",
    )?);
    let (mut cases, mut missed) = (Vec::new(), 0);
    let mut form: Vec<(WrittenZones<'_>, Value)> = Vec::new();
    let mut current = (0, 0, String::new());
    let mut settle = |form: &mut Vec<(WrittenZones<'_>, Value)>, writer: i32, capture: &str| {
        let taken: Vec<(WrittenZones<'_>, Value)> = std::mem::take(form);
        let (zones, truths): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let read = fields::read_zones(networks, definition, &zones)?;
        for ((zone, truth), read) in zones.iter().zip(truths).zip(read) {
            // Boxes are judged by rules of their own.
            if zone.field.kind.is_tick() {
                continue;
            }
            let (Some(group), Some(signals)) = (RiskGroup::of(zone.field), read.signals) else {
                missed += usize::from(read.reading.state == FieldState::Blank);
                continue;
            };
            let value = serde_json::to_value(&read.reading.value)?;
            cases.push(Case {
                group,
                kind: zone.field.kind,
                writer: u32::try_from(writer).unwrap_or_default(),
                capture: Some(capture.to_owned()),
                features: features(&signals),
                eligible: signals.valid,
                right: accuracy::same(zone.field.kind, &value, &truth),
            });
        }
        bar.inc(1);
        anyhow::Ok(())
    };
    for zone in ZoneSet::open(folder)? {
        let (meta, picture) = zone?;
        if meta.form != current.0 {
            settle(&mut form, current.1, &current.2)?;
            current = (meta.form, meta.writer, meta.capture.clone());
        }
        let Some(field) = definition.field(&meta.field) else {
            continue;
        };
        match form.last_mut() {
            Some((zones, _)) if zones.field.name == field.name => {
                zones.pictures.push((meta.line, picture));
            }
            _ => form.push((
                WrittenZones {
                    field,
                    pictures: vec![(meta.line, picture)],
                },
                meta.truth,
            )),
        }
    }
    settle(&mut form, current.1, &current.2)?;
    bar.finish_and_clear();
    Ok((cases, missed))
}

fn group_report(fit: &GroupFit) -> GroupReport {
    let judged = fit.outcomes();
    let right = judged.iter().filter(|j| j.1).count();
    let threshold = fit.calibration.proof.map(|p| p.threshold);
    let mut parts: Vec<PartReport> = Vec::new();
    let kind = |case: &Case| Some(case.kind.as_str().to_owned());
    let capture = |case: &Case| case.capture.clone();
    for part_of in [&kind as &dyn Fn(&Case) -> Option<String>, &capture] {
        let mut names: Vec<String> = fit.judged.iter().filter_map(|(c, _)| part_of(c)).collect();
        names.sort();
        names.dedup();
        parts.extend(names.into_iter().map(|name| {
            let own: Vec<&(Case, f64)> = fit
                .judged
                .iter()
                .filter(|(c, _)| part_of(c).as_ref() == Some(&name))
                .collect();
            part_report(name, &own, threshold)
        }));
    }
    GroupReport {
        group: fit.calibration.group,
        cases: judged.len(),
        writers: fit.calibration.writers,
        right,
        right_between: wilson(right, judged.len()),
        target: fit.calibration.target,
        proof: fit.calibration.proof,
        auroc: auroc(&judged),
        expected_calibration_error: expected_calibration_error(&judged, 15),
        bins: bins(&judged, 15),
        curve: risk_coverage(&judged, 100),
        parts,
    }
}

fn part_report(part: String, cases: &[&(Case, f64)], threshold: Option<f64>) -> PartReport {
    let judged: Vec<(f64, bool)> = cases.iter().map(|(c, p)| (*p, c.right)).collect();
    let accepted: Vec<bool> = cases
        .iter()
        .filter(|(c, p)| c.eligible && threshold.is_some_and(|t| *p >= t))
        .map(|(c, _)| c.right)
        .collect();
    let wrong = accepted.iter().filter(|right| !**right).count();
    PartReport {
        part,
        cases: judged.len(),
        right: judged.iter().filter(|j| j.1).count(),
        accepted: accepted.len(),
        wrong,
        wrong_between: wilson(wrong, accepted.len()),
        auroc: auroc(&judged),
        expected_calibration_error: expected_calibration_error(&judged, 15),
    }
}

fn table(report: &Report) -> String {
    let mut text = format!(
        "{:<14}{:>8}{:>9}{:>10}{:>9}{:>8}{:>7}\n",
        "", "cases", "right", "accepted", "wrong", "AUROC", "ECE"
    );
    let mut row = |name: &str, cases, right, accepted, wrong, area: Option<f64>, error: f64| {
        let share = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
        let area = area.map_or_else(|| "-".to_owned(), |a| format!("{a:.3}"));
        let _ = writeln!(
            text,
            "{name:<14}{cases:>8}{:>8.1}%{:>9.1}%{wrong:>9}{area:>8}{error:>7.3}",
            share(right, cases),
            share(accepted, cases),
        );
    };
    for group in &report.groups {
        let (accepted, wrong) = group.proof.map_or((0, 0), |p| (p.accepted, p.wrong));
        row(
            group.group.name(),
            group.cases,
            group.right,
            usize::try_from(accepted).unwrap_or(usize::MAX),
            usize::try_from(wrong).unwrap_or(usize::MAX),
            group.auroc,
            group.expected_calibration_error,
        );
        for part in &group.parts {
            row(
                &format!("  {}", part.part),
                part.cases,
                part.right,
                part.accepted,
                part.wrong,
                part.auroc,
                part.expected_calibration_error,
            );
        }
    }
    for group in &report.groups {
        let name = group.group.name();
        let _ = match group.proof {
            Some(p) => writeln!(
                text,
                "{name}: accepted from {:.4} on; at most {:.2} % of those wrong (promised {:.2} %), proved on {} cases of {} writers",
                p.threshold,
                100.0 * p.bound,
                100.0 * group.target,
                p.accepted,
                group.writers
            ),
            None => writeln!(
                text,
                "{name}: too little evidence for {:.2} %: all go to a clerk",
                100.0 * group.target
            ),
        };
    }
    let _ = writeln!(
        text,
        "{} written zones were taken for empty ones.",
        report.missed
    );
    text
}

fn write_report(folder: &Path, report: &Report) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let curves: Vec<(String, Vec<RiskAtCoverage>)> = report
        .groups
        .iter()
        .map(|g| (g.group.name().to_owned(), g.curve.clone()))
        .collect();
    let files = [
        ("calibration.json", serde_json::to_string_pretty(report)?),
        ("calibration.svg", plot::risk_coverage_svg(&curves)),
    ];
    for (name, text) in files {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn write(file: &Path, calibration: &Calibration) -> anyhow::Result<()> {
    let mut json = serde_json::to_string_pretty(calibration)?;
    json.push('\n');
    std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))
}
