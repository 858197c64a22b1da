//! Writing as recognised: the networks' readings and, on a typed page, Tesseract's, put together.

use enrol::domain::field::FieldKind;
use enrol::domain::reading::Alternative;
use enrol::forms::definition::Field;

use super::signals::{Signals, worst};
use super::{accents, expectation};
use crate::checking;
use crate::handwriting::TextReading;
use crate::handwriting::knowledge::names::NameRole;
use crate::handwriting::knowledge::words::Words;
use crate::print::PrintReading;
use crate::zones::comb::Comb;

/// Share of e-mail addresses and NHS numbers written with a mistake that their rules notice.
const MISWRITTEN: f64 = 0.05;
/// The count of cells is not believed when the line is this much more probable with another number of characters
/// (natural logarithm): two letters in one cell, or one over two.
pub(super) const CELLS_DOUBTED: f64 = 3.4;

/// Candidates kept for a clerk to choose from.
const MOST_ALTERNATIVES: usize = 5;
/// How probable a spelling with the accents that stand above its letters is said to be: nobody has measured it.
const ACCENT_SEEN: f64 = 0.3;
/// Less probable candidates are noise.
const WORTH_OFFERING: f64 = 0.005;

/// Writing as recognised.
#[derive(Clone, PartialEq)]
pub struct Written {
    /// Before any rule but the alphabet and the number of cells.
    pub raw: String,
    /// With what is known of the field.
    pub text: String,
    /// 0 to 1, not calibrated.
    pub confidence: f64,
    /// Whether the page was typed and Tesseract read it too.
    pub typed: bool,
    /// Other texts that the networks nearly read, best first.
    pub alternatives: Vec<Alternative>,
    /// Whether Tesseract read the same.
    print_agreed: Option<bool>,
    /// Whether something like an accent stands above a letter of a name.
    accented: bool,
    /// Whether free writing goes on beyond an end of its line.
    runs_over: bool,
}

impl Written {
    fn nothing() -> Self {
        Self {
            raw: String::new(),
            text: String::new(),
            confidence: 0.0,
            typed: false,
            alternatives: Vec::new(),
            print_agreed: None,
            accented: false,
            runs_over: false,
        }
    }

    /// Puts a comb's readings together.
    pub fn in_comb(
        field: &Field,
        comb: &Comb,
        read: Option<&TextReading>,
        print: Option<PrintReading>,
    ) -> Self {
        let mut written = Self::nothing();
        let used = &comb.used;
        if let Some(read) = read {
            let text = read.text();
            let free = read.free_line.as_ref().filter(|(free, doubt)| {
                *doubt > CELLS_DOUBTED && compact(free).chars().count() != text.chars().count()
            });
            let unaided = read.unaided.first().map_or(text, |c| &c.text);
            written.raw = expectation::spaced(field, used, unaided);
            written.text = expectation::spaced(field, used, text);
            written.confidence = match field.kind {
                FieldKind::Email | FieldKind::NhsNumber => with_structure(field, read),
                _ => read.posterior(),
            };
            written.alternatives =
                alternatives(read, |text| expectation::spaced(field, used, text));
            if let Some((free, _)) = free {
                written.raw = expectation::spaced(field, used, free);
                written.text.clone_from(&written.raw);
                written.confidence *= 0.5;
            }
        }
        if let Some(print) = print.filter(|p| !p.text.is_empty()) {
            let text = expectation::spaced(field, used, &compact(&folded(field, &print.text)));
            written.combine(text, print.confidence);
        }
        if field.kind == FieldKind::Name {
            let marks = accents::above_letters(&comb.marks_above(), &written.text);
            written.accented = marks.iter().any(|marks| !marks.is_empty());
            let texts = accents::with_accents(&written.text, &marks, comb.clean.width);
            let likely = texts.into_iter().map(|text| Alternative {
                text,
                probability: ACCENT_SEEN,
            });
            written.alternatives.splice(0..0, likely);
        }
        written
    }

    /// Puts the lines of free writing together.
    pub fn on_lines(
        read: &[&TextReading],
        print: Option<Vec<PrintReading>>,
        runs_over: bool,
    ) -> Self {
        let mut written = Self {
            raw: joined(
                read.iter()
                    .map(|l| l.unaided.first().map_or("", |c| &c.text)),
            ),
            text: joined(read.iter().map(|l| l.text())),
            confidence: worst(read, |l| Some(l.posterior()), f64::min).unwrap_or(0.0),
            alternatives: match read {
                [line] => alternatives(line, str::to_owned),
                _ => Vec::new(),
            },
            runs_over,
            ..Self::nothing()
        };
        if let Some(print) = print {
            let text = joined(print.iter().map(|l| l.text.as_str()));
            let confidence = print.iter().map(|l| l.confidence).fold(1.0, f64::min);
            if !text.is_empty() {
                written.combine(text, confidence);
            }
        }
        written
    }

    /// Takes Tesseract's reading of typed text; agreement with the network raises the confidence.
    fn combine(&mut self, print: String, confidence: f64) {
        self.typed = true;
        let agreed = compact(&print).eq_ignore_ascii_case(&compact(&self.text));
        self.print_agreed = Some(agreed);
        self.confidence = if agreed {
            1.0 - (1.0 - self.confidence) * (1.0 - confidence)
        } else {
            0.5 * confidence.max(self.confidence)
        };
        if agreed || confidence > 0.6 {
            self.raw.clone_from(&print);
            self.text = print;
        }
    }

    /// The signals of this reading by itself, without those of the hand. `ink` is its darkness and stroke width.
    pub fn signals(
        &self,
        field: &Field,
        read: &[&TextReading],
        ink: (f64, f64),
        residual_mm: f64,
    ) -> Signals {
        let number =
            |number: fn(&TextReading) -> f64, worse| worst(read, |r| Some(number(r)), worse);
        let only = match read {
            [one] => Some(one),
            _ => None,
        };
        Signals {
            kind: field.kind,
            typed: self.typed,
            role: (field.kind == FieldKind::Text).then(|| expectation::text_role(field)),
            characters: compact(&self.text).chars().count(),
            posterior: number(TextReading::posterior, f64::min).unwrap_or(0.0),
            rival: number(TextReading::rival, f64::max).unwrap_or(0.0),
            unaided_posterior: number(|r| r.unaided.first().map_or(0.0, |c| c.posterior), f64::min)
                .unwrap_or(0.0),
            changed: compact(&self.raw) != compact(&self.text),
            overruled: number(|r| r.overruled, f64::max).unwrap_or(0.0),
            agreed: read.iter().filter_map(|r| r.agreed).reduce(|a, b| a && b),
            worst_margin: worst(read, |r| r.worst_margin, f64::min),
            support: only.and_then(|r| r.support),
            apart: only.and_then(|r| r.apart),
            length_doubt: worst(read, |r| r.free_line.as_ref().map(|f| f.1), f64::max),
            print_agreed: self.print_agreed,
            listed: listed(field, &self.text),
            valid: checking::check(field, &self.text).value.is_some(),
            valid_share: worst(read, |r| Some(valid_share(field, r)), f64::min).unwrap_or(0.0),
            hand: None,
            accented: self.accented,
            runs_over: self.runs_over,
            residual_mm,
            ink_contrast: ink.0,
            stroke_mm: ink.1,
        }
    }
}

/// Hides the text: it is personal data.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Written({} characters, {:.2})",
            self.text.chars().count(),
            self.confidence
        )
    }
}

/// What else a field may be: the best candidates but the first.
fn alternatives(read: &TextReading, as_typed: impl Fn(&str) -> String) -> Vec<Alternative> {
    let candidates = read.candidates.iter().skip(1);
    candidates
        .filter(|c| c.posterior >= WORTH_OFFERING)
        .take(MOST_ALTERNATIVES)
        .map(|c| Alternative {
            text: as_typed(&c.text),
            probability: c.posterior,
        })
        .collect()
}

/// Share of the unaided candidates that the rules of the field take.
fn valid_share(field: &Field, read: &TextReading) -> f64 {
    let valid = |text: &str| checking::check(field, text).value.is_some();
    let candidates = read.unaided.iter().filter(|c| valid(&c.text));
    candidates.map(|c| c.posterior).sum::<f64>().min(1.0)
}

/// The posterior of a text whose rules never choose among the candidates: they only say how far to believe it.
fn with_structure(field: &Field, read: &TextReading) -> f64 {
    let valid = valid_share(field, read);
    let passes = checking::check(field, read.text()).value.is_some();
    let own = if passes { 1.0 - MISWRITTEN } else { MISWRITTEN };
    let all = valid * (1.0 - MISWRITTEN) + (1.0 - valid) * MISWRITTEN;
    (read.posterior() * own / all.max(f64::MIN_POSITIVE)).min(1.0)
}

/// Share of a text's characters that stand in listed words.
fn listed(field: &Field, text: &str) -> Option<f64> {
    let for_line = [expectation::text_role(field).words()];
    let lists: &[Words] = match field.kind {
        FieldKind::Name => match expectation::name_role(field) {
            NameRole::Surname => &[Words::Surnames],
            NameRole::CarersFirstNames => &[Words::CarersFirstNames],
            NameRole::ChildrensFirstNames => &[Words::ChildrensFirstNames],
            NameRole::WholeName => &[Words::CarersFirstNames, Words::Surnames],
        },
        FieldKind::Text => &for_line,
        _ => return None,
    };
    let (mut all, mut on_list) = (0, 0);
    for word in text.split(|c: char| !c.is_alphabetic() && c != '\'') {
        let length = word.chars().count();
        all += length;
        if lists.iter().any(|list| list.vocabulary().is_listed(word)) {
            on_list += length;
        }
    }
    Some(f64::from(on_list as u32) / f64::from(all.max(1) as u32))
}

fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines
        .map(tidy)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

fn folded(field: &Field, text: &str) -> String {
    match field.kind {
        FieldKind::Name | FieldKind::Postcode => text.to_ascii_uppercase(),
        FieldKind::Email => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
}

/// Without white space.
pub fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
