//! `enrol-reader ticks`: reads scans of single tick boxes whose names say how they were marked.
//!
//! The scans are 40 pixels wide with a printed box in the middle. A name begins with the kind of mark and goes on with
//! whether people took it for filled or empty: `X_cb1_filled_cb14_image_0.jpg`. Crosses and ticks have to be found,
//! empty boxes to be left empty. All other kinds were made to be doubtful: there "unsure" is right, and an answer is
//! held against what people took the box for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use enrol::decoding::{DecodeError, DecodeLimits, Decoded, Decoder};
use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition};

use super::statistics::wilson;
use crate::raster::Grey;
use crate::ticks::judge::judge;
use crate::ticks::{GroupInk, Mark, PagePen};
use crate::zones::{SCALE, ZonePicture};

/// Read scans of single tick boxes named after how they were marked
#[derive(Debug, clap::Args)]
pub struct TickScansArgs {
    /// A folder of JPEGs 40 pixels wide
    folder: PathBuf,
    /// Read only this part of them, split by a hash of their names
    #[arg(long, value_name = "PART", value_enum, default_value = "all")]
    part: Part,
    /// List the answers that are wrong
    #[arg(long)]
    wrong: bool,
}

/// A part of the scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// All of them.
    All,
    /// A quarter that nothing is ever fitted to.
    Evaluation,
    /// A quarter for fitting.
    Calibration,
    /// The other half.
    Training,
}

impl Part {
    /// The part of a file: FNV-1a over its name, in fours, as `enrol sample` splits them.
    fn of(name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        match (hash >> 32) % 4 {
            0 => Self::Evaluation,
            1 => Self::Calibration,
            _ => Self::Training,
        }
    }
}

/// Answers for one kind of mark: ticked, filled, unsure, empty, and how many of all are wrong.
#[derive(Debug, Default)]
struct Answers {
    counts: [usize; 4],
    wrong: usize,
}

/// Reads the folder and prints a table.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn run(args: &TickScansArgs) -> anyhow::Result<ExitCode> {
    let mut names: Vec<String> = std::fs::read_dir(&args.folder)
        .with_context(|| format!("cannot list {}", args.folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| {
            name.ends_with(".jpg") && (args.part == Part::All || args.part == Part::of(name))
        })
        .collect();
    names.sort();
    anyhow::ensure!(!names.is_empty(), "{} holds no JPEG", args.folder.display());
    let decoder = Decoder::find()?;
    let mut kinds: BTreeMap<String, Answers> = BTreeMap::new();
    let mut boxless = 0;
    for name in &names {
        let Some(mark) = read(&decoder, &args.folder.join(name))? else {
            boxless += 1;
            continue;
        };
        let kind = name.split('_').next().unwrap_or_default();
        let answers = kinds.entry(kind.to_owned()).or_default();
        answers.counts[match mark {
            Mark::Ticked => 0,
            Mark::Filled => 1,
            Mark::Unsure => 2,
            Mark::Empty => 3,
        }] += 1;
        if is_wrong(name, mark) {
            answers.wrong += 1;
            if args.wrong {
                println!("{name}: {mark:?}");
            }
        }
    }
    println!(
        "{:<12} {:>6} {:>7} {:>7} {:>7} {:>7} {:>7}",
        "kind", "boxes", "ticked", "filled", "unsure", "empty", "wrong"
    );
    let (mut wrong, mut sure) = (0, 0);
    for (kind, answers) in &kinds {
        let [ticked, filled, unsure, empty] = answers.counts;
        let all: usize = answers.counts.iter().sum();
        println!(
            "{kind:<12} {all:>6} {ticked:>7} {filled:>7} {unsure:>7} {empty:>7} {:>7}",
            answers.wrong
        );
        wrong += answers.wrong;
        sure += all - unsure;
    }
    let bounds = wilson(wrong, sure).unwrap_or((0.0, 1.0));
    println!(
        "{wrong} of {sure} answers wrong (Wilson's 95 % interval {:.1} to {:.1} %); no box was found in {boxless}.",
        100.0 * bounds.0,
        100.0 * bounds.1
    );
    Ok(ExitCode::SUCCESS)
}

/// Whether an answer contradicts the name of the scan. Unsure is never wrong.
fn is_wrong(name: &str, mark: Mark) -> bool {
    let marked = matches!(mark, Mark::Ticked | Mark::Filled);
    let clear = name.starts_with("X_") || name.starts_with("check_");
    let taken_for_empty = !clear && (name.starts_with("empty_") || name.contains("_empty"));
    mark != Mark::Unsure && marked == taken_for_empty
}

/// Reads one scan; `None` when no box is found in it.
fn read(decoder: &Decoder, path: &Path) -> anyhow::Result<Option<Mark>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut pages = Vec::new();
    decoder
        .decode_all(
            &bytes,
            &DecodeLimits::default(),
            |decoded| -> Result<(), DecodeError> {
                if let Decoded::Page(page) = decoded {
                    let (width, height) = (page.width as usize, page.height as usize);
                    pages.extend(Grey::from_pixels(width, height, page.grey));
                }
                Ok(())
            },
        )
        .with_context(|| format!("cannot decode {}", path.display()))?;
    let Some(grey) = pages.pop() else {
        return Ok(None);
    };
    let grey = on_white(grey);
    let Some((left, top, side)) = find_box(&grey) else {
        return Ok(None);
    };
    let definition = enrol::forms::load("registration")?;
    let Some((definition, field)) = one_box(definition) else {
        return Ok(None);
    };
    // The scan at the scale at which its box has the size of the form's. Its border is twice as wide as the form's: what
    // counts is where it ends inside.
    const HALF_BORDER: f64 = 0.9;
    let (left, top, side) = (
        left + HALF_BORDER,
        top + HALF_BORDER,
        side - 2.0 * HALF_BORDER,
    );
    let zone = field.options[0].zone;
    let scale = zone.width * SCALE / side;
    let (wide, high) = (
        (grey.width as f64 * scale) as usize,
        (grey.height as f64 * scale) as usize,
    );
    let picture = ZonePicture {
        grey: grey.resized(wide, high),
        left: zone.x - left * scale / SCALE,
        top: zone.y - top * scale / SCALE,
    };
    let pen = PagePen::default();
    let ink = GroupInk::measure(&picture, &definition, &field, &pen);
    Ok(judge(&ink, &pen).first().map(|b| b.mark))
}

/// A form with nothing on it but one box.
fn one_box(mut definition: FormDefinition) -> Option<(FormDefinition, Field)> {
    definition.artwork.clear();
    definition.fields.retain(|f| f.kind == FieldKind::OneOf);
    definition.fields.truncate(1);
    let field = definition.fields.first_mut()?;
    field.options.truncate(1);
    let zone = field.options.first()?.zone;
    field.zone = zone;
    let field = field.clone();
    Some((definition, field))
}

/// Paper made white and print black.
fn on_white(mut grey: Grey) -> Grey {
    let mut sorted = grey.pixels.clone();
    sorted.sort_unstable();
    let at = |share: f64| f64::from(sorted[((sorted.len() - 1) as f64 * share) as usize]);
    let (paper, black) = (at(0.75), at(0.01));
    let gain = 255.0 / (paper - black.min(0.6 * paper)).max(1.0);
    for shade in &mut grey.pixels {
        *shade = (255.0 - (paper - f64::from(*shade)) * gain).clamp(0.0, 255.0) as u8;
    }
    grey
}

/// The square near the middle whose four sides are darkest against what runs beside them inside and outside: the middle
/// of its left and upper side, and its side, in pixels.
fn find_box(grey: &Grey) -> Option<(f64, f64, f64)> {
    let run = |vertical: bool, across: usize, from: usize, to: usize| {
        let dark = |along: usize| {
            let shade = if vertical {
                grey.at(across, along)
            } else {
                grey.at(along, across)
            };
            f64::from(255 - shade).min(160.0)
        };
        (from..=to).map(dark).sum::<f64>() / (to - from + 1) as f64
    };
    let mut best: Option<(f64, (usize, usize, usize))> = None;
    for side in 14..=24 {
        for top in 5..grey.height.saturating_sub(side + 5) {
            for left in 5..grey.width.saturating_sub(side + 5) {
                let (right, bottom) = (left + side, top + side);
                let sides = [
                    (true, left, top, bottom),
                    (true, right, top, bottom),
                    (false, top, left, right),
                    (false, bottom, left, right),
                ];
                let line = |(vertical, at, from, to): (bool, usize, usize, usize)| {
                    let beside = run(vertical, at - 3, from, to) + run(vertical, at + 3, from, to);
                    run(vertical, at, from, to) - 0.4 * beside
                };
                let scores = sides.map(line);
                let least = scores.iter().copied().fold(f64::MAX, f64::min);
                let score = scores.iter().sum::<f64>() + 2.0 * least;
                if best.is_none_or(|(b, _)| score > b) {
                    best = Some((score, (left, top, side)));
                }
            }
        }
    }
    let (score, (left, top, side)) = best?;
    (score > 0.0).then_some((left as f64 + 0.5, top as f64 + 0.5, side as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubtful_marks_may_be_unsure_and_clear_ones_must_be_found() {
        assert!(is_wrong("X_cb1_filled_cb2_image_0.jpg", Mark::Empty));
        assert!(!is_wrong("check_cb1_filled_cb2_image_0.jpg", Mark::Ticked));
        assert!(is_wrong("empty_cb1_empty_cb2_image_0.jpg", Mark::Ticked));
        assert!(!is_wrong("barely_cb1_filled_cb2_image_0.jpg", Mark::Unsure));
        assert!(is_wrong("barely_cb1_filled_cb2_image_0.jpg", Mark::Empty));
        assert!(is_wrong("horizontal_empty_cb2_image_0.jpg", Mark::Ticked));
        assert!(!is_wrong("horizontal_empty_cb2_image_0.jpg", Mark::Empty));
    }

    #[test]
    fn the_box_of_a_scan_is_found() {
        let mut grey = Grey::filled(40, 40, 255);
        for i in 0..20 {
            for (x, y) in [
                (9, 11 + i),
                (28, 11 + i),
                (9 + i, 11),
                (9 + i, 30),
                (9 + i, 11 + i),
            ] {
                grey.set(x, y, 60);
            }
        }
        assert_eq!(find_box(&grey), Some((9.5, 11.5, 19.0)));
    }
}
