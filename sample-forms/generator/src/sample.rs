//! Makes one sample from its plan: family, filled pages, capture, files, truth.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use enrol::forms::definition::FormDefinition;
use enrol::forms::print::{self, print_fillable};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::blank;
use crate::deliver::deliver;
use crate::digital;
use crate::fill::{self, Writers};
use crate::hand::{Fonts, Hand, TickStyle, pens};
use crate::people::Family;
use crate::people::answers::{self, Answer, Written};
use crate::plan::{Filing, Oddity, Plan};
use crate::scan::Picture;
use crate::truth::{self, Expected, Truth};

/// A file of a sample, its path relative to the output folder.
pub type File = (PathBuf, Vec<u8>);

/// What all samples of a run share.
pub struct Workshop<'a> {
    /// The form.
    pub definition: &'a FormDefinition,
    /// The fonts.
    pub fonts: &'a Fonts,
    /// Seed of the run.
    pub seed: u64,
}

/// A random source of one purpose of one sample: what one purpose draws does not change what another gets.
#[derive(Clone, Copy)]
enum Purpose {
    Family,
    Answers,
    Hand,
    Writing,
    Capture,
}

impl Workshop<'_> {
    fn random(&self, index: u64, purpose: Purpose) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(index * 8 + purpose as u64);
        random
    }

    /// The set number of sample `index`: six digits, another for each of 900,000 samples.
    pub fn set_number(&self, index: u64) -> String {
        let mixed = (self.seed % 900_000) * 7_919 + index * 48_611;
        format!("{}", 100_000 + mixed % 900_000)
    }

    /// Makes sample `index`: its files under `scans/` (and `later/`, `again/`, `siblings/`), the truth file last.
    ///
    /// # Errors
    /// Fails (for good) when the form cannot be printed or a page not encoded; retry after `npm ci` when a
    /// font is missing.
    pub fn make(&self, index: u64, plan: &Plan) -> anyhow::Result<Vec<File>> {
        let family = Family::random(plan.family, &mut self.random(index, Purpose::Family));
        let mut answers = answers::all(
            self.definition,
            &family,
            &mut self.random(index, Purpose::Answers),
        );
        let set_number = self.set_number(index);
        if matches!(plan.filing, Filing::FilledPdf) {
            let fields = truth::fields(self.definition, &answers);
            return self.typed(plan, set_number, fields, "scans");
        }
        let mut others = Vec::new();
        for oddity in &plan.oddities {
            match oddity {
                Oddity::ComesAgain => others.extend(self.again(index, plan, &answers)?),
                Oddity::FormForEachChild => {
                    others.extend(self.for_each_child(index, plan, &answers)?);
                }
                _ => {}
            }
        }
        let pages = self.filled(index, plan, &set_number, &mut answers)?;
        let sheets = self.used(pages, &answers);
        let used: Vec<u32> = sheets.iter().map(|(page, _)| *page).collect();
        let delivery = deliver(plan, sheets, &mut self.random(index, Purpose::Capture))?;

        let folder = PathBuf::from("scans").join(&plan.name);
        let missing = plan.oddities.iter().find_map(|o| match o {
            Oddity::MissingPage(page) => Some(*page),
            _ => None,
        });
        let mut order: Vec<u32> = used
            .into_iter()
            .filter(|page| missing != Some(*page))
            .collect();
        if plan.oddities.iter().any(|o| matches!(o, Oddity::Reversed)) {
            order.reverse();
        }
        let later = delivery
            .later
            .map(|(name, bytes)| (format!("{}-{name}", plan.name), bytes));
        let truth = Truth {
            form: self.definition.id.clone(),
            version: self.definition.version,
            set_number,
            files: delivery.files.iter().map(|f| f.0.clone()).collect(),
            pages: order,
            later_files: later
                .iter()
                .map(|(name, _)| format!("../../later/{name}"))
                .collect(),
            features: plan.features.iter().map(|f| (*f).to_owned()).collect(),
            expected: if missing.is_some() {
                Expected::Exception
            } else {
                Expected::Record
            },
            writer: None,
            capture: None,
            marks: BTreeMap::new(),
            fields: truth::fields(self.definition, &answers),
        };
        let json = truth.json()?;
        let mut files: Vec<File> = delivery
            .files
            .into_iter()
            .map(|(name, bytes)| (folder.join(name), bytes))
            .collect();
        files.extend(others);
        files.extend(later.map(|(name, bytes)| (PathBuf::from("later").join(name), bytes)));
        files.push((folder.join("truth.json"), json));
        Ok(files)
    }

    /// The form on which the family comes again half a year later, filled in on a screen: it has moved and has another
    /// telephone.
    fn again(
        &self,
        index: u64,
        plan: &Plan,
        answers: &BTreeMap<String, Answer>,
    ) -> anyhow::Result<Vec<File>> {
        const NEW: [(&str, &str); 6] = [
            ("primary_carer.mobile", "07700900871"),
            ("primary_carer.address_line_1", "3 Millrace Close"),
            ("primary_carer.town", "Luton"),
            ("primary_carer.postcode", "LU1 2BQ"),
            ("declaration.date_signed", "2026-10-12"),
            ("office.date_received", "2026-10-14"),
        ];
        let mut fields = truth::fields(self.definition, answers);
        for (name, value) in NEW {
            if let Some(field) = fields.iter_mut().find(|field| field.0 == name) {
                field.1 = value.into();
            }
        }
        self.typed(plan, self.set_number(index + 5_000), fields, "again")
    }

    /// A form that was filled in on a screen: every page of it, for nobody took out the empty one.
    fn typed(
        &self,
        plan: &Plan,
        set_number: String,
        fields: Vec<(String, serde_json::Value)>,
        folder: &str,
    ) -> anyhow::Result<Vec<File>> {
        let values: BTreeMap<String, serde_json::Value> = fields.iter().cloned().collect();
        let text = |name: &str| values.get(name).and_then(|value| value.as_str());
        let name = ["primary_carer.first_name", "primary_carer.surname"].map(text);
        let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let entries = digital::entries(self.definition, &values, &name);
        let blank = print_fillable(self.definition, Some(&set_number), &print::Fonts::find()?)?;
        let features = if folder == "again" {
            vec![
                "pdf".to_owned(),
                "digital".to_owned(),
                "a family again".to_owned(),
            ]
        } else {
            plan.features.iter().map(|f| (*f).to_owned()).collect()
        };
        let folder = PathBuf::from(folder).join(&plan.name);
        let file = "form.pdf".to_owned();
        let truth = Truth {
            form: self.definition.id.clone(),
            version: self.definition.version,
            set_number,
            files: vec![file.clone()],
            pages: (1..=self.definition.pages).collect(),
            later_files: Vec::new(),
            features,
            expected: Expected::Record,
            writer: None,
            capture: None,
            marks: BTreeMap::new(),
            fields,
        };
        let json = truth.json()?;
        Ok(vec![
            (folder.join(file), digital::fill(&blank, &entries)?),
            (folder.join("truth.json"), json),
        ])
    }

    /// All pages of the form, filled in. Answers that do not fit are struck from the answers and left unwritten.
    fn filled(
        &self,
        index: u64,
        plan: &Plan,
        set_number: &str,
        answers: &mut BTreeMap<String, Answer>,
    ) -> anyhow::Result<Vec<Picture>> {
        let writers = self.writers(index, plan)?;
        let printed = self.blank(Some(set_number))?;
        for _ in 0..2 {
            let mut pages = printed.clone();
            let mut random = self.random(index, Purpose::Writing);
            let overlong = fill::fill(self.definition, answers, &mut pages, &writers, &mut random);
            if overlong.is_empty() {
                return Ok(pages);
            }
            for name in overlong {
                answers.insert(
                    name,
                    Answer {
                        value: serde_json::Value::Null,
                        written: Written::Nothing,
                    },
                );
            }
        }
        anyhow::bail!("answers of sample {} do not fit the form", plan.name)
    }

    /// The printed form.
    ///
    /// # Errors
    /// Fails (for good) when it cannot be printed or rasterised.
    pub fn blank(&self, set_number: Option<&str>) -> anyhow::Result<Vec<Picture>> {
        let pdf = enrol::forms::print::print(self.definition, &[set_number.map(str::to_owned)])
            .context("the form cannot be printed")?;
        blank::rasterise(pdf)
    }

    fn writers(&self, index: u64, plan: &Plan) -> anyhow::Result<Writers> {
        let mut random = self.random(index, Purpose::Hand);
        let (face, spare) = (
            self.fonts.face(plan.font)?,
            self.fonts.face("patrick-hand")?,
        );
        let mut carer = if plan.oddities.iter().any(|o| matches!(o, Oddity::Typed)) {
            Hand::typewriter(face, spare)
        } else {
            Hand::random(face, spare, plan.pen, plan.tick, &mut random)
        };
        if plan.oddities.iter().any(|o| matches!(o, Oddity::Hasty)) {
            carer.hurry();
        }
        let face = self
            .fonts
            .face(["kalam", "architects-daughter", "coming-soon"][index as usize % 3])?;
        let staff = Hand::random(
            face,
            self.fonts.face("patrick-hand")?,
            pens::BLUE,
            TickStyle::Tick,
            &mut random,
        );
        let slips = plan.oddities.iter().any(|o| matches!(o, Oddity::Slip));
        Ok(Writers {
            carer,
            staff,
            slips,
        })
    }

    /// The sheets that are scanned: a page that may be left out is not there when nothing is written on it.
    fn used(&self, pages: Vec<Picture>, answers: &BTreeMap<String, Answer>) -> Vec<(u32, Picture)> {
        (1..)
            .zip(pages)
            .filter(|(page, _)| {
                !self.definition.optional_pages.contains(page) || self.is_used(*page, answers)
            })
            .collect()
    }

    fn is_used(&self, page: u32, answers: &BTreeMap<String, Answer>) -> bool {
        let written = |name: &str| {
            answers
                .get(name)
                .is_some_and(|a| !matches!(a.written, Written::Nothing))
        };
        self.definition
            .fields
            .iter()
            .any(|f| f.page == page && written(&f.name))
    }
}

/// One filled page as a grey scan, for making damaged files of it.
///
/// # Errors
/// As [`Workshop::make`].
pub fn one_page(workshop: &Workshop<'_>, plan: &Plan) -> anyhow::Result<crate::scan::Capture> {
    let family = Family::random(plan.family, &mut workshop.random(8_000, Purpose::Family));
    let mut answers = answers::all(
        workshop.definition,
        &family,
        &mut workshop.random(8_000, Purpose::Answers),
    );
    let pages = workshop.filled(8_000, plan, &workshop.set_number(8_000), &mut answers)?;
    let sheet = pages.into_iter().next().context("the form has no pages")?;
    let mut random = workshop.random(8_000, Purpose::Capture);
    let settings =
        crate::scan::scanner::Settings::random(150, crate::scan::Mode::Grey, &mut random);
    Ok(crate::scan::scanner::scan(&sheet, &settings, &mut random))
}

mod siblings;
#[cfg(test)]
mod tests;
