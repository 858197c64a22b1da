//! What a calibration is worth: a table, figures as JSON and the curve of risk against coverage.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::statistics::wilson;
use crate::calibration::curve::{
    Bin, Judged, RiskAtCoverage, auroc, bins, expected_calibration_error, risk_coverage,
};
use crate::calibration::table::{Rung, default_target};
use crate::calibration::threshold::Proof;
use crate::calibration::{Case, RiskGroup, plot};

/// What is told about one group.
#[derive(Debug, Serialize)]
pub struct GroupReport {
    group: RiskGroup,
    writers: usize,
    /// 95 % Wilson interval of the share read right.
    right_between: Option<(f64, f64)>,
    target: f64,
    proof: Option<Proof>,
    bins: Vec<Bin>,
    curve: Vec<RiskAtCoverage>,
    whole: PartReport,
    /// By kind of field and by capture condition.
    parts: Vec<PartReport>,
}

/// A group, or one kind of field or one capture condition within it.
#[derive(Debug, Serialize)]
struct PartReport {
    part: String,
    cases: usize,
    right: usize,
    /// Cases that may be accepted at all.
    eligible: usize,
    accepted: usize,
    wrong: usize,
    /// 95 % Wilson interval of the share of the accepted that is wrong.
    wrong_between: Option<(f64, f64)>,
    auroc: Option<f64>,
    expected_calibration_error: f64,
}

/// What is told about a calibration.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The weights.
    pub model: String,
    /// Zones in which something is written but nothing was found.
    pub missed: usize,
    /// The groups that have cases.
    pub groups: Vec<GroupReport>,
}

impl GroupReport {
    /// Of cases with the probability given to each. `rung` is the promise in force for the group.
    pub fn new(group: RiskGroup, rung: Option<Rung>, judged: &[(Case, f64)]) -> Self {
        let outcomes: Vec<Judged> = judged.iter().map(|(c, p)| (*p, c.right)).collect();
        let right = outcomes.iter().filter(|j| j.1).count();
        let proof = rung.and_then(|r| r.proof);
        let threshold = proof.map(|p| p.threshold);
        let mut parts: Vec<PartReport> = Vec::new();
        let kind = |case: &Case| Some(case.kind.as_str().to_owned());
        let capture = |case: &Case| case.capture.clone();
        for part_of in [&kind as &dyn Fn(&Case) -> Option<String>, &capture] {
            let mut names: Vec<String> = judged.iter().filter_map(|(c, _)| part_of(c)).collect();
            names.sort();
            names.dedup();
            parts.extend(names.into_iter().map(|name| {
                let own: Vec<&(Case, f64)> = judged
                    .iter()
                    .filter(|(c, _)| part_of(c).as_ref() == Some(&name))
                    .collect();
                part_report(name, &own, threshold)
            }));
        }
        let all: Vec<&(Case, f64)> = judged.iter().collect();
        Self {
            writers: judged
                .iter()
                .map(|(c, _)| c.writer)
                .collect::<BTreeSet<_>>()
                .len(),
            right_between: wilson(right, outcomes.len()),
            target: rung.map_or_else(|| default_target(group), |r| r.target),
            proof,
            bins: bins(&outcomes, 15),
            curve: risk_coverage(&outcomes, 100),
            whole: part_report(group.name().to_owned(), &all, threshold),
            group,
            parts,
        }
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
        eligible: cases.iter().filter(|(c, _)| c.eligible).count(),
        cases: judged.len(),
        right: judged.iter().filter(|j| j.1).count(),
        accepted: accepted.len(),
        wrong,
        wrong_between: wilson(wrong, accepted.len()),
        auroc: auroc(&judged),
        expected_calibration_error: expected_calibration_error(&judged, 15),
    }
}

impl Report {
    /// The report for people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<14}{:>8}{:>9}{:>10}{:>10}{:>7}{:>8}{:>7}\n",
            "", "cases", "right", "eligible", "accepted", "wrong", "AUROC", "ECE"
        );
        for group in &self.groups {
            row(&mut text, "", &group.whole);
            for part in &group.parts {
                row(&mut text, "  ", part);
            }
        }
        for group in &self.groups {
            let name = group.group.name();
            let _ = match group.proof {
                Some(p) => writeln!(
                    text,
                    "{name}: accepted from {:.5} on; at most {:.2} % of those wrong (promised {:.2} %), proved on {} cases",
                    p.threshold,
                    100.0 * p.bound,
                    100.0 * group.target,
                    p.accepted,
                ),
                None => writeln!(
                    text,
                    "{name}: too little evidence for {:.2} %: all go to a clerk",
                    100.0 * group.target
                ),
            };
        }
        text
    }

    /// Writes `NAME.json` and `NAME.svg` into `folder`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let curves: Vec<(String, Vec<RiskAtCoverage>)> = self
            .groups
            .iter()
            .map(|g| (g.group.name().to_owned(), g.curve.clone()))
            .collect();
        let files = [
            ("json", serde_json::to_string_pretty(self)?),
            ("svg", plot::risk_coverage_svg(&curves)),
        ];
        for (extension, text) in files {
            let file = folder.join(name).with_extension(extension);
            std::fs::write(&file, text)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }
}

fn row(text: &mut String, indent: &str, part: &PartReport) {
    let share = |count: usize| 100.0 * count as f64 / part.cases.max(1) as f64;
    let area = part
        .auroc
        .map_or_else(|| "-".to_owned(), |a| format!("{a:.3}"));
    let _ = writeln!(
        text,
        "{:<14}{:>8}{:>8.1}%{:>9.1}%{:>9.1}%{:>7}{area:>8}{:>7.3}",
        format!("{indent}{}", part.part),
        part.cases,
        share(part.right),
        share(part.eligible),
        share(part.accepted),
        part.wrong,
        part.expected_calibration_error,
    );
}
