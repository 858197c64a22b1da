//! Cases for a calibration from a zone set: its fields read as on a page, and compared with the truth.

use std::path::Path;

use enrol::domain::field::FieldState;
use enrol::forms::definition::{Field, FormDefinition};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde_json::Value;

use super::accuracy;
use crate::calibration::features::features;
use crate::calibration::{Case, RiskGroup};
use crate::fields::{self, Networks, ReadField, WrittenZones};
use crate::zone_set::ZoneSet;

/// Pages in memory at once.
const AT_ONCE: usize = 64;

/// What lies on one page, which is read together, as the reader does.
struct SetPage<'a> {
    form: u64,
    page: u32,
    writer: u64,
    capture: String,
    zones: Vec<WrittenZones<'a>>,
    truths: Vec<Value>,
}

/// What a page of a set gave.
#[derive(Default)]
pub struct Measured {
    /// Its cases.
    pub cases: Vec<Case>,
    /// Zones in which something is written but nothing was found.
    pub missed: usize,
}

/// Reads every field of the set, on all cores.
///
/// # Errors
/// The set cannot be read, or the network failed.
pub fn measure(
    networks: &Networks,
    definition: &FormDefinition,
    folder: &Path,
) -> anyhow::Result<Measured> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template(
        "{spinner} {pos} pages read, {elapsed} gone",
    )?);
    let mut all = Measured::default();
    let mut read = |pages: &mut Vec<SetPage<'_>>| {
        let measured: Vec<anyhow::Result<Measured>> = pages
            .par_drain(..)
            .map(|page| {
                let measured = measure_page(networks, definition, &page);
                bar.inc(1);
                measured
            })
            .collect();
        for one in measured {
            let one = one?;
            all.cases.extend(one.cases);
            all.missed += one.missed;
        }
        anyhow::Ok(())
    };
    let mut pages: Vec<SetPage<'_>> = Vec::new();
    for zone in ZoneSet::open(folder)? {
        let (meta, picture) = zone?;
        let Some(field) = definition.field(&meta.field) else {
            continue;
        };
        let same_page = |p: &SetPage<'_>| (p.form, p.page) == (meta.form, field.page);
        if !pages.last().is_some_and(same_page) {
            if pages.len() == AT_ONCE {
                read(&mut pages)?;
            }
            pages.push(SetPage {
                form: meta.form,
                page: field.page,
                writer: u64::try_from(meta.writer).unwrap_or_default(),
                capture: meta.capture.clone(),
                zones: Vec::new(),
                truths: Vec::new(),
            });
        }
        let Some(page) = pages.last_mut() else {
            continue;
        };
        match page.zones.last_mut() {
            Some(zones) if zones.field.name == field.name => {
                zones.pictures.push((meta.line, picture));
            }
            _ => {
                page.zones.push(WrittenZones {
                    field,
                    pictures: vec![(meta.line, picture)],
                });
                page.truths.push(meta.truth);
            }
        }
    }
    read(&mut pages)?;
    bar.finish_and_clear();
    Ok(all)
}

fn measure_page(
    networks: &Networks,
    definition: &FormDefinition,
    page: &SetPage<'_>,
) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let read = fields::read_zones(networks, definition, &page.zones)?;
    for ((zone, truth), read) in page.zones.iter().zip(&page.truths).zip(read) {
        if read.ticks.is_none() && read.signals.is_none() {
            measured.missed += usize::from(read.reading.state == FieldState::Blank);
        }
        let value = serde_json::to_value(&read.reading.value)?;
        let Some((group, features, eligible)) = judged(zone.field, read) else {
            continue;
        };
        let nothing = accuracy::is_nothing(&value) && accuracy::is_nothing(truth);
        measured.cases.push(Case {
            group,
            kind: zone.field.kind,
            writer: page.writer,
            capture: Some(page.capture.clone()),
            features,
            eligible,
            right: nothing || accuracy::same(zone.field.kind, &value, truth),
        });
    }
    Ok(measured)
}

/// What a field is judged by: its group, its features, and whether it may be accepted at all.
fn judged(field: &Field, read: ReadField) -> Option<(RiskGroup, Vec<f64>, bool)> {
    if let Some(ticks) = read.ticks {
        let eligible = read.reading.signals.is_some_and(|s| s.eligible);
        return Some((RiskGroup::Tick, ticks.features(), eligible));
    }
    let signals = read.signals?;
    Some((
        signals.group(field)?,
        features(&signals),
        signals.eligible(),
    ))
}
