//! From what was measured or recognised to a field's value, confidence, state and reasons.
//!
//! Until confidences are calibrated no writing, by hand or typed, is accepted without a clerk. A clear tick is, except
//! for a consent, which a person always confirms. Reasons never hold a value.

use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::expectation;
use crate::checking;
use crate::handwriting::LineReading;
use crate::print::PrintReading;
use crate::ticks::{BoxReading, Mark};

/// Below this the reader says itself that it is guessing.
const GUESS_BELOW: f64 = 0.5;

/// Writing as recognised.
#[derive(Clone, PartialEq)]
pub struct Written {
    /// Before any rule but the alphabet.
    pub raw: String,
    /// With what is known of the field.
    pub text: String,
    /// 0 to 1, not calibrated.
    pub confidence: f64,
    /// Whether the page was typed and Tesseract read it too.
    pub typed: bool,
}

impl Written {
    /// Puts a comb's readings together.
    pub fn in_comb(
        field: &Field,
        used: &[bool],
        read: Option<LineReading>,
        print: Option<PrintReading>,
    ) -> Self {
        let mut written = Self {
            raw: String::new(),
            text: String::new(),
            confidence: 0.0,
            typed: false,
        };
        if let Some(read) = &read {
            // Two letters in one cell, or one over two: when the count of cells makes the reading far less
            // probable, the cells are not believed.
            let cells_doubted = read.unaided_probability > 30.0 * read.probability
                && read.unaided.chars().filter(|c| *c != ' ').count() != read.text.chars().count();
            let text = if cells_doubted {
                &read.unaided
            } else {
                &read.text
            };
            written.raw = expectation::spaced(field, used, &read.unaided);
            written.text = expectation::spaced(field, used, text);
            let changed = compact(text) != compact(&read.unaided);
            let own = if cells_doubted {
                read.unaided_probability
            } else {
                read.probability
            };
            written.confidence =
                (own * (1.0 - 0.5 * read.rival.min(1.0)) * if changed { 0.7 } else { 1.0 })
                    .clamp(0.0, 1.0);
        }
        if let Some(print) = print.filter(|p| !p.text.is_empty()) {
            let text = expectation::spaced(field, used, &compact(&folded(field, &print.text)));
            written.combine(text, print.confidence);
        }
        written
    }

    /// Puts the lines of free writing together.
    pub fn on_lines(read: &[Option<LineReading>], print: Option<Vec<PrintReading>>) -> Self {
        let lines: Vec<&LineReading> = read.iter().flatten().collect();
        let text = lines
            .iter()
            .map(|l| tidy(&l.text))
            .filter(|l| !l.is_empty())
            .collect::<Vec<_>>()
            .join("\n");
        let confidence = lines
            .iter()
            .map(|l| l.probability * (1.0 - 0.5 * l.rival.min(1.0)))
            .fold(1.0, f64::min);
        let confidence = if lines.is_empty() { 0.0 } else { confidence };
        let mut written = Self {
            raw: text.clone(),
            text,
            confidence,
            typed: false,
        };
        if let Some(print) = print {
            let text = print
                .iter()
                .map(|l| tidy(&l.text))
                .filter(|l| !l.is_empty())
                .collect::<Vec<_>>()
                .join("\n");
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

fn folded(field: &Field, text: &str) -> String {
    match field.kind {
        FieldKind::Name | FieldKind::Postcode => text.to_ascii_uppercase(),
        FieldKind::Email => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn reading(field: &Field) -> FieldReading {
    FieldReading {
        name: field.name.clone(),
        kind: field.kind,
        raw: None,
        value: None,
        confidence: 0.0,
        state: FieldState::Review,
        reasons: Vec::new(),
        page: field.page,
        zone: field.zone.into(),
    }
}

/// A zone without ink.
pub fn of_blank(field: &Field) -> FieldReading {
    FieldReading {
        state: FieldState::Blank,
        confidence: 0.95,
        ..reading(field)
    }
}

/// Handwriting or print.
pub fn of_writing(field: &Field, written: &Written) -> FieldReading {
    let mut result = FieldReading {
        confidence: written.confidence,
        ..reading(field)
    };
    if compact(&written.text).is_empty() {
        result.state = FieldState::Unreadable;
        result
            .reasons
            .push("Something is written here that could not be read.".to_owned());
        return result;
    }
    result.raw = Some(written.raw.clone());
    let checked = checking::check(field, &written.text);
    result.value = checked.value;
    result.reasons.push(
        if written.typed {
            "Typed text is always checked for now."
        } else {
            "Handwriting is always checked for now."
        }
        .to_owned(),
    );
    if written.confidence < GUESS_BELOW {
        result
            .reasons
            .push("The reader is not sure of some characters.".to_owned());
    }
    result.reasons.extend(checked.reasons);
    result
}

/// Tick boxes. `fills_boxes` says that this person marks by filling boxes in.
pub fn of_boxes(field: &Field, boxes: &[BoxReading], fills_boxes: bool) -> FieldReading {
    let with = |mark: Mark| -> Vec<&str> {
        let both = field.options.iter().zip(boxes);
        both.filter(|(_, b)| b.mark == mark)
            .map(|(o, _)| o.value.as_str())
            .collect()
    };
    let (ticked, filled, unsure) = (
        with(Mark::Ticked),
        with(Mark::Filled),
        with(Mark::Unsure).len(),
    );
    let clear = |b: &BoxReading| {
        if fills_boxes && b.mark == Mark::Filled {
            0.9
        } else {
            b.confidence
        }
    };
    let mut result = FieldReading {
        confidence: boxes.iter().map(clear).fold(1.0, f64::min),
        ..reading(field)
    };
    match unsure {
        0 => {}
        1 => result
            .reasons
            .push("A box holds something that may or may not be a mark.".to_owned()),
        n => result.reasons.push(format!(
            "{n} boxes hold something that may or may not be a mark."
        )),
    }
    // Filled boxes beside crossed ones are corrections; alone they are marks.
    let marked = if ticked.is_empty() || fills_boxes {
        field
            .options
            .iter()
            .map(|o| o.value.as_str())
            .filter(|v| ticked.contains(v) || filled.contains(v))
            .collect()
    } else {
        ticked
    };
    if !filled.is_empty() && !fills_boxes {
        result
            .reasons
            .push("A box is filled in, which may be a mark or a correction.".to_owned());
    }
    let too_many = field.kind == FieldKind::OneOf && marked.len() > 1;
    if too_many {
        result.reasons.push(format!(
            "{} boxes are marked where one is expected.",
            marked.len()
        ));
    }
    let doubtful = !result.reasons.is_empty();
    result.value = match field.kind {
        _ if marked.is_empty() || too_many => None,
        FieldKind::OneOf => (unsure == 0).then(|| FieldValue::Text(marked[0].to_owned())),
        _ => Some(FieldValue::Choices(
            marked.iter().map(|m| (*m).to_owned()).collect(),
        )),
    };
    if doubtful {
        result.confidence = result.confidence.min(0.5);
    }
    if field.rules.consent.is_some() {
        result
            .reasons
            .push("Consent is always confirmed by a person.".to_owned());
    } else if !doubtful {
        result.state = if marked.is_empty() {
            FieldState::Blank
        } else {
            FieldState::Accepted
        };
    }
    result
}

/// A signature box.
pub fn of_signature(field: &Field, signed: Option<bool>, confidence: f64) -> FieldReading {
    let mut result = FieldReading {
        confidence,
        value: signed.map(FieldValue::Signed),
        ..reading(field)
    };
    result.reasons.push(
        match signed {
            Some(true) => "A signature is always confirmed by a person.",
            Some(false) => "No signature was found: please look.",
            None => "It cannot be told whether this is signed.",
        }
        .to_owned(),
    );
    result
}
