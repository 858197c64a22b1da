//! Forms that were filled in on a screen and sent as they are: read from their form fields, held against the picture.
//!
//! A form field is what a program says was typed; the page is what the sender saw and what a clerk sees. They need
//! not agree: values can be changed behind a page, notes drawn over it, or a program may draw nothing. So no value is
//! taken that the picture does not show: a box has to be marked where the value says and nowhere else, text has to
//! read the same, and where the file says nothing there must be no ink. What agrees and keeps to the rules of its
//! kind needs no recognition and no clerk, consents and signatures excepted.

mod agreement;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use enrol::decoding::{FilledForm, FilledKind};
use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::{Field, FormDefinition};
use enrol::forms::fillable::{self, CODE_NAME, Entry, Part};
use enrol::forms::page_code::PageCode;

use crate::checking;
use crate::fields::{self, Networks, Policy, ReadField, ticked};
use crate::handwriting::RecogniserError;
use crate::registration::{PlacedPage, PreparedPage};
use crate::stages::{Stage, StageClock};
use crate::ticks::{self, GroupInk, Mark, PagePen};
use crate::zones::cut;
use agreement::Shown;

/// Where the file and the picture differ nothing is believed: an even chance.
const DOUBTED: f64 = 0.5;

const NOT_DRAWN: &str = "The file says that something was typed here, but the program it was typed with did not draw it on the page.";
const NOT_SHOWN: &str = "The file says that something was typed here, but the page shows nothing.";
const DIFFERS: &str = "What the page shows is not what the file says was typed.";
const DRAWN_ON: &str = "Nothing was typed here, but something is drawn on the page.";
const OTHER_BOXES: &str = "The boxes marked on the page are not those that the file says.";

/// The form fields of a file, when they are those of one of our forms.
#[derive(Debug)]
pub struct DigitalForm {
    code: PageCode,
    values: BTreeMap<String, Typed>,
}

/// What stands in the form fields of one name.
struct Typed {
    kind: FilledKind,
    value: String,
    /// Places with this name that are not drawn.
    undrawn: bool,
    /// Pages of the file it is on.
    pages: Vec<u32>,
    /// The same name with different values: somebody put it together.
    torn: bool,
}

impl std::fmt::Debug for Typed {
    /// Leaves the value out: it is somebody's answer.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Typed({:?})", self.kind)
    }
}

impl DigitalForm {
    /// Takes the form fields of a file; `None` when they are not one of our forms. Fields that are not ours are left
    /// out: a viewer may add some of its own.
    pub fn of(form: FilledForm) -> Option<Self> {
        let mut values: BTreeMap<String, Typed> = BTreeMap::new();
        for field in form.fields {
            let typed = values.entry(field.name).or_insert_with(|| Typed {
                kind: field.kind,
                value: field.value.clone(),
                undrawn: false,
                pages: Vec::new(),
                torn: false,
            });
            typed.torn |= typed.value != field.value || typed.kind != field.kind;
            typed.undrawn |= !field.drawn;
            typed.pages.push(field.page);
        }
        let code = values.remove(CODE_NAME).filter(|code| !code.torn)?;
        Some(Self {
            code: PageCode::parse(&code.value)?,
            values,
        })
    }

    /// Whether this page is to be read from the form fields: it belongs to the same printed form, and all its fields
    /// are still on it. Otherwise it is a picture like any other.
    pub fn covers(&self, definition: &FormDefinition, placed: &PlacedPage, page: u32) -> bool {
        let code = &placed.code;
        let same = (&code.form, code.version, &code.set_number)
            == (&self.code.form, self.code.version, &self.code.set_number);
        let complete = |part: &Part| {
            let wanted = match part.entry {
                Entry::Radio | Entry::Tick => FilledKind::Button,
                _ => FilledKind::Text,
            };
            self.values
                .get(&part.name)
                .is_some_and(|t| t.kind == wanted && t.pages.iter().all(|p| *p == page))
        };
        same && definition
            .fields
            .iter()
            .filter(|f| f.page == code.page)
            .all(|f| fillable::parts(f).iter().all(complete))
    }

    fn typed(&self, part: &Part) -> &str {
        self.values.get(&part.name).map_or("", |t| &t.value)
    }

    fn any(&self, parts: &[Part], is: impl Fn(&Typed) -> bool) -> bool {
        parts
            .iter()
            .any(|p| self.values.get(&p.name).is_some_and(&is))
    }
}

/// Why the form fields of a file were not read, as a sentence for a clerk.
pub fn unread(why: &str) -> String {
    format!("The form fields of this file were not read: {why}.")
}

/// A page and how to read it as a picture where the form fields do not settle it.
struct Sheet<'a> {
    networks: &'a Networks,
    definition: &'a FormDefinition,
    page: &'a PreparedPage,
    placed: &'a PlacedPage,
    policy: Policy,
    seen: OnceCell<Vec<ReadField>>,
}

impl Sheet<'_> {
    /// The field as the picture alone gives it. The whole page is read once, when the first field needs it.
    fn seen(&self, field: &Field) -> Result<Option<&FieldReading>, RecogniserError> {
        let all = match self.seen.get() {
            Some(all) => all,
            None => {
                let read = fields::read_page(
                    self.networks,
                    self.definition,
                    self.page,
                    self.placed,
                    self.policy,
                    &mut StageClock::off(),
                )?;
                self.seen.get_or_init(|| read)
            }
        };
        Ok(all
            .iter()
            .map(|r| &r.reading)
            .find(|r| r.name == field.name))
    }
}

/// Reads every field of a page that `form` covers, in the order of the definition.
///
/// # Errors
/// The network failed where a field had to be read as a picture.
pub fn read_page(
    form: &DigitalForm,
    networks: &Networks,
    definition: &FormDefinition,
    page: &PreparedPage,
    placed: &PlacedPage,
    policy: Policy,
    clock: &mut StageClock,
) -> Result<Vec<ReadField>, RecogniserError> {
    let sheet = Sheet {
        networks,
        definition,
        page,
        placed,
        policy,
        seen: OnceCell::new(),
    };
    let mut readings = Vec::new();
    for field in definition
        .fields
        .iter()
        .filter(|f| f.page == placed.code.page)
    {
        let parts = fillable::parts(field);
        let reading = match field.kind {
            FieldKind::OneOf | FieldKind::AnyOf => boxes(form, field, &parts, &sheet),
            FieldKind::Signature => signature(form, field, &parts, &sheet),
            _ => text(form, field, &parts, &sheet)?,
        };
        readings.push(ReadField {
            reading,
            signals: None,
            ticks: None,
        });
        clock.lap(if field.kind.is_tick() {
            Stage::Ticks
        } else {
            Stage::Print
        });
    }
    Ok(readings)
}

fn reading(field: &Field) -> FieldReading {
    FieldReading {
        name: field.name.clone(),
        kind: field.kind,
        raw: None,
        value: None,
        confidence: 1.0,
        state: FieldState::Review,
        reasons: Vec::new(),
        page: field.page,
        zone: field.zone.into(),
        alternatives: Vec::new(),
        signals: None,
    }
}

fn boxes(form: &DigitalForm, field: &Field, parts: &[Part], sheet: &Sheet<'_>) -> FieldReading {
    let on: Vec<&Part> = parts
        .iter()
        .filter(|part| form.typed(part) == part.value)
        .collect();
    // A value that is none of the options, or a name with several values.
    let odd = form.any(parts, |t| t.torn)
        || parts.iter().any(|part| {
            let value = form.typed(part);
            !matches!(value, "" | "Off")
                && parts
                    .iter()
                    .all(|p| p.name != part.name || p.value != value)
        });
    // A screen has one pen, and it is never pale.
    let pen = PagePen::default();
    let picture = ticks::group::cut_group(sheet.page, sheet.placed, field);
    let ink = GroupInk::measure(&picture, sheet.definition, field, &pen);
    let shown = ticks::judge::judge(&ink, &pen);
    let agrees = field.options.iter().zip(shown).all(|(option, seen)| {
        let mark = seen.mark;
        let marked = on.iter().any(|part| part.value == option.value);
        // A screen has no hasty pen: a filled box is a mark, and something faint is not.
        match mark {
            Mark::Ticked | Mark::Filled => marked,
            Mark::Empty => !marked,
            Mark::Unsure => false,
        }
    });
    let values: Vec<String> = on.iter().map(|part| part.value.clone()).collect();
    let mut result = reading(field);
    result.value = match (field.kind, values.as_slice()) {
        (_, []) => None,
        (FieldKind::OneOf, [one]) => Some(FieldValue::Text(one.clone())),
        (FieldKind::OneOf, _) => None,
        _ => Some(FieldValue::Choices(values.clone())),
    };
    if odd || !agrees {
        result.confidence = DOUBTED;
        let undrawn = !on.is_empty() && form.any(parts, |t| t.undrawn);
        let reason = if undrawn { NOT_DRAWN } else { OTHER_BOXES };
        result.reasons.push(reason.to_owned());
    }
    if field.rules.consent.is_some() {
        result
            .reasons
            .push("Consent is always confirmed by a person.".to_owned());
    } else if result.reasons.is_empty() {
        result.state = if result.value.is_some() {
            FieldState::Accepted
        } else {
            FieldState::Blank
        };
    }
    result
}

/// A typed name is somebody's word, not their hand: a person decides whether it will do.
fn signature(form: &DigitalForm, field: &Field, parts: &[Part], sheet: &Sheet<'_>) -> FieldReading {
    let picture = cut(
        sheet.page,
        &sheet.placed.zone(field).mapping,
        ticks::signature::zone_of(&field.zone),
    );
    let found = ticks::signature::of_picture(&picture, &PagePen::default());
    let typed = parts.iter().any(|p| !form.typed(p).trim().is_empty());
    if !typed {
        return ticked::of_signature(field, &found);
    }
    let mut result = reading(field);
    result.confidence = DOUBTED;
    result.reasons.push(
        "A name was typed here; this is not a signature by hand. A person decides whether it will do."
            .to_owned(),
    );
    if found.signed == Some(false) {
        let undrawn = form.any(parts, |t| t.undrawn);
        result
            .reasons
            .push(if undrawn { NOT_DRAWN } else { NOT_SHOWN }.to_owned());
    } else {
        result.value = Some(FieldValue::Signed(true));
    }
    result
}

fn text(
    form: &DigitalForm,
    field: &Field,
    parts: &[Part],
    sheet: &Sheet<'_>,
) -> Result<FieldReading, RecogniserError> {
    let texts: Vec<&str> = parts.iter().map(|part| form.typed(part)).collect();
    let typed = fillable::joined(field.kind, &texts);
    let shown = agreement::shown(field, sheet.page, &sheet.placed.zone(field).mapping);
    let mut result = reading(field);
    if typed.is_empty() {
        if matches!(shown, Shown::Nothing) {
            result.state = FieldState::Blank;
            return Ok(result);
        }
        // Written with a finger or a pen, or stamped: the picture is all there is.
        let mut result = sheet.seen(field)?.cloned().unwrap_or(result);
        result.confidence = result.confidence.min(DOUBTED);
        result.state = match result.state {
            FieldState::Unreadable => FieldState::Unreadable,
            _ => FieldState::Review,
        };
        result.reasons.insert(0, DRAWN_ON.to_owned());
        return Ok(result);
    }
    let checked = checking::check(field, &typed);
    result.raw = Some(typed.clone());
    result.value = checked.value;
    let difference = match &shown {
        _ if form.any(parts, |t| t.torn) => Some(DIFFERS),
        Shown::Nothing if form.any(parts, |t| t.undrawn) => Some(NOT_DRAWN),
        Shown::Nothing => Some(NOT_SHOWN),
        Shown::Text(read) if agreement::same(field.kind, &typed, read) => None,
        // The other reader may have seen better.
        Shown::Text(_) => {
            let seen = sheet.seen(field)?;
            let alike = result.value.is_some() && seen.is_some_and(|s| s.value == result.value);
            (!alike).then_some(DIFFERS)
        }
    };
    if let Some(difference) = difference {
        result.confidence = DOUBTED;
        result.reasons.push(difference.to_owned());
    }
    result.reasons.extend(checked.reasons);
    if result.value.is_some() && result.reasons.is_empty() {
        result.state = FieldState::Accepted;
    }
    Ok(result)
}
