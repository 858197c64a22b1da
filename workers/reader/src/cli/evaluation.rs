//! Accuracy on a set of forms that say who wrote them and how they were captured.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use enrol::domain::field::{FieldKind, FieldState};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;
use serde::Serialize;
use serde_json::Value;

use super::accuracy;
use super::marks::ByMark;
use super::placement::PageTally;
use super::statistics::Share;
use crate::fields::expectation;
use crate::handwriting::knowledge::free_text::TextRole;

/// What is reported together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// All combs but e-mail addresses.
    Combs,
    /// Names.
    Name,
    /// Dates.
    Date,
    /// Postcodes.
    Postcode,
    /// Telephone numbers.
    Phone,
    /// NHS numbers.
    NhsNumber,
    /// E-mail addresses.
    Email,
    /// All ruled lines.
    Lines,
    /// Ruled lines for house and street.
    AddressLines,
    /// Ruled lines for a town, a language or a relationship: a word or two.
    ShortLines,
    /// All other ruled lines.
    OtherLines,
    /// Tick boxes, consents apart.
    Ticks,
    /// Consents: a clerk confirms each; counted as accepted is what would have been.
    Consents,
    /// Signatures: a clerk confirms each.
    Signature,
}

impl Group {
    /// The groups a field belongs to, the widest first.
    fn of(field: &Field) -> Vec<Self> {
        match field.kind {
            FieldKind::Name => vec![Self::Combs, Self::Name],
            FieldKind::Date => vec![Self::Combs, Self::Date],
            FieldKind::Postcode => vec![Self::Combs, Self::Postcode],
            FieldKind::Phone => vec![Self::Combs, Self::Phone],
            FieldKind::NhsNumber => vec![Self::Combs, Self::NhsNumber],
            FieldKind::Email => vec![Self::Email],
            FieldKind::Text => {
                let own = match expectation::text_role(field) {
                    TextRole::Address => Self::AddressLines,
                    TextRole::Anything => Self::OtherLines,
                    TextRole::Town | TextRole::Languages | TextRole::Family => Self::ShortLines,
                };
                vec![Self::Lines, own]
            }
            FieldKind::OneOf | FieldKind::AnyOf if field.rules.consent.is_some() => {
                vec![Self::Consents]
            }
            FieldKind::OneOf | FieldKind::AnyOf => vec![Self::Ticks],
            FieldKind::Signature => vec![Self::Signature],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Combs => "combs",
            Self::Name => "  names",
            Self::Date => "  dates",
            Self::Postcode => "  postcodes",
            Self::Phone => "  phones",
            Self::NhsNumber => "  NHS numbers",
            Self::Email => "e-mails",
            Self::Lines => "lines",
            Self::AddressLines => "  addresses",
            Self::ShortLines => "  single words",
            Self::OtherLines => "  other lines",
            Self::Ticks => "ticks",
            Self::Consents => "consents",
            Self::Signature => "signatures",
        }
    }

    /// Whether it is part of a wider group.
    fn is_part(self) -> bool {
        self.name().starts_with(' ')
    }
}

/// Counts of one group of one writer under one capture condition.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Fields in which something is written.
    filled: usize,
    /// Of those, on pages that were not placed.
    unread: usize,
    /// Of those filled, read exactly right, before any review.
    right: usize,
    /// Of those filled, taken for blank without a clerk.
    missed: usize,
    /// Fields accepted without a clerk, blank ones that were taken for filled among them.
    accepted: usize,
    /// Of those filled, accepted.
    through: usize,
    /// Of those accepted, wrong.
    wrong: usize,
}

/// Everything counted.
#[derive(Debug, Default)]
pub struct Evaluation {
    fields: BTreeMap<(Group, String, i32), Tally>,
    /// Pages by capture condition.
    pub pages: BTreeMap<String, PageTally>,
    /// Groups of boxes by what is particular about their marks.
    pub marks: ByMark,
}

/// One line of the report.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Kind of field.
    group: Group,
    /// Capture condition; null for all.
    capture: Option<String>,
    /// Writers with cases.
    writers: usize,
    /// Fields in which something is written.
    cases: usize,
    /// Of those, on pages that were not placed.
    unread: usize,
    /// Of those, taken for blank without a clerk.
    missed: usize,
    /// Read exactly right before any review, of all cases.
    right: Share,
    /// The same, of the cases on pages that were placed.
    right_where_placed: Share,
    /// Accepted, of all cases.
    straight_through: Share,
    /// Wrong, of all that was accepted.
    wrong_and_accepted: Share,
}

/// The report as JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Writers of all forms.
    writers: usize,
    /// By kind of field.
    by_group: Vec<Row>,
    /// By kind of field and capture condition.
    by_capture: Vec<Row>,
    /// Pages by capture condition.
    pages: BTreeMap<String, PageTally>,
    /// Groups of boxes by what is particular about their marks.
    marks: ByMark,
}

impl Evaluation {
    /// Whether anything was counted.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Counts one field; `reading` is `None` when its page was not placed.
    pub fn count(
        &mut self,
        field: &Field,
        reading: Option<&FieldReading>,
        truth: &Value,
        capture: &str,
        writer: i32,
    ) {
        let filled = !accuracy::is_nothing(truth);
        let right = reading.is_some_and(|r| accuracy::is_right(r, truth));
        let accepted = reading.is_some_and(|r| would_be_accepted(field, r));
        let missed = filled && reading.is_some_and(|r| r.state == FieldState::Blank);
        for group in Group::of(field) {
            let tally = self
                .fields
                .entry((group, capture.to_owned(), writer))
                .or_default();
            tally.filled += usize::from(filled);
            tally.unread += usize::from(filled && reading.is_none());
            tally.right += usize::from(filled && right);
            tally.missed += usize::from(missed);
            tally.accepted += usize::from(accepted);
            tally.through += usize::from(accepted && filled);
            tally.wrong += usize::from(accepted && !right);
        }
    }

    fn row(&self, group: Group, capture: Option<&str>) -> Row {
        let mut writers: BTreeMap<i32, Tally> = BTreeMap::new();
        for ((_, _, writer), tally) in self
            .fields
            .iter()
            .filter(|((g, c, _), _)| *g == group && capture.is_none_or(|own| own == c))
        {
            let sum = writers.entry(*writer).or_default();
            sum.filled += tally.filled;
            sum.unread += tally.unread;
            sum.right += tally.right;
            sum.missed += tally.missed;
            sum.accepted += tally.accepted;
            sum.through += tally.through;
            sum.wrong += tally.wrong;
        }
        let share = |pick: fn(&Tally) -> (usize, usize)| {
            Share::over(&writers.values().map(pick).collect::<Vec<_>>())
        };
        let total = |pick: fn(&Tally) -> usize| writers.values().map(pick).sum();
        Row {
            group,
            capture: capture.map(str::to_owned),
            writers: writers.values().filter(|t| t.filled > 0).count(),
            cases: total(|t| t.filled),
            unread: total(|t| t.unread),
            missed: total(|t| t.missed),
            right: share(|t| (t.right, t.filled)),
            right_where_placed: share(|t| (t.right, t.filled - t.unread)),
            straight_through: share(|t| (t.through, t.filled)),
            wrong_and_accepted: share(|t| (t.wrong, t.accepted)),
        }
    }

    /// All figures with their intervals.
    pub fn report(&self) -> Report {
        let groups: BTreeSet<Group> = self.fields.keys().map(|k| k.0).collect();
        let captures: BTreeSet<&str> = self.fields.keys().map(|k| k.1.as_str()).collect();
        let writers: BTreeSet<i32> = self.fields.keys().map(|k| k.2).collect();
        Report {
            writers: writers.len(),
            by_group: groups.iter().map(|g| self.row(*g, None)).collect(),
            by_capture: groups
                .iter()
                .filter(|g| !g.is_part())
                .flat_map(|g| captures.iter().map(|c| self.row(*g, Some(c))))
                .collect(),
            pages: self.pages.clone(),
            marks: self.marks.clone(),
        }
    }
}

/// Accepted; for a consent, which a clerk confirms unless the configuration says otherwise, whether nothing else spoke
/// against it; for an NHS number, whether only its being a test number did, as all numbers of invented people are.
pub fn would_be_accepted(field: &Field, reading: &FieldReading) -> bool {
    if field.rules.consent.is_some() {
        let confirmed_only = reading.value.is_some() && reading.reasons.len() == 1;
        return reading.state == FieldState::Accepted || confirmed_only;
    }
    let test_number = field.kind == FieldKind::NhsNumber
        && reading.reasons == [enrol::validation::TEST_NHS_NUMBER];
    reading.state == FieldState::Accepted || test_number
}

impl Report {
    /// The report for people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "\n{} writers. Shares in %, with Wilson's 95 % interval, then the bootstrap over writers. `unread`: the page was\n\
             not placed; `missed`: taken for blank; `placed`: right, of what was on placed pages. Consents and\n\
             NHS numbers, which are test numbers here, are counted as accepted where they would have been.\n",
            self.writers
        );
        let heading = |first: &str| {
            format!(
                "{first:<14} {:>7} {:>6} {:>6} {:>6}  {:<32} {:>6}  {:<32} {}",
                "writers",
                "cases",
                "unread",
                "missed",
                "right",
                "placed",
                "straight through",
                "wrong and accepted"
            )
        };
        let _ = writeln!(out, "{}", heading("kind"));
        for row in &self.by_group {
            let _ = writeln!(out, "{}", line(row.group.name(), row));
        }
        let told = [Group::Combs, Group::Email, Group::Lines, Group::Ticks];
        for group in told {
            let rows = || {
                self.by_capture
                    .iter()
                    .filter(|r| r.group == group && r.cases > 0)
            };
            if rows().next().is_some() {
                let _ = writeln!(out, "\n{}", heading(group.name()));
            }
            for row in rows() {
                let name = row.capture.as_deref().unwrap_or_default();
                let _ = writeln!(out, "{}", line(name, row));
            }
        }
        out.push_str(&self.marks.table());
        let _ = writeln!(
            out,
            "\n{:<14} {:>6} {:>6} {:>7} {:>12} {:>12}",
            "pages", "all", "placed", "refused", "wrong place", "worst, mm"
        );
        for (capture, p) in &self.pages {
            let _ = writeln!(
                out,
                "{capture:<14} {:>6} {:>6} {:>7} {:>12} {:>12.2}",
                p.all, p.placed, p.refused, p.wrong_place, p.worst_corner_mm
            );
        }
        out
    }
}

fn line(name: &str, row: &Row) -> String {
    format!(
        "{name:<14} {:>7} {:>6} {:>6} {:>6}  {:<32} {:>6}  {:<32} {}",
        row.writers,
        row.cases,
        row.unread,
        row.missed,
        shown(&row.right),
        row.right_where_placed
            .share
            .map_or_else(|| "-".to_owned(), |p| format!("{:.1}", 100.0 * p)),
        shown(&row.straight_through),
        shown(&row.wrong_and_accepted)
    )
    .trim_end()
    .to_owned()
}

fn shown(share: &Share) -> String {
    let Some(p) = share.share else {
        return "-".to_owned();
    };
    let pair = |pair: Option<(f64, f64)>| {
        pair.map_or_else(
            || "-".to_owned(),
            |(a, b)| format!("{:.1}-{:.1}", 100.0 * a, 100.0 * b),
        )
    };
    format!(
        "{:.1} ({}; {})",
        100.0 * p,
        pair(share.wilson),
        pair(share.writers)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_missed_and_wrong_fields_are_told_apart() {
        let definition = enrol::forms::load("registration").expect("the built-in form loads");
        let field = definition
            .field("primary_carer.surname")
            .expect("a surname");
        let consent = definition.field("consent.email").expect("a consent");
        let reading = |field: &Field, state, value: Option<&str>| FieldReading {
            name: field.name.clone(),
            kind: field.kind,
            raw: None,
            value: value.map(|v| enrol::domain::field::FieldValue::Text(v.to_owned())),
            confidence: 0.9,
            state,
            reasons: vec!["Consent is always confirmed by a person.".to_owned()],
            page: field.page,
            zone: field.zone.into(),
            alternatives: Vec::new(),
            signals: None,
        };
        let mut set = Evaluation::default();
        let name = Value::from("SMITH");
        let accepted = reading(field, FieldState::Accepted, Some("Smith"));
        let wrong = reading(field, FieldState::Accepted, Some("SMYTH"));
        let review = reading(field, FieldState::Review, Some("SMITH"));
        let blank = reading(field, FieldState::Blank, None);
        set.count(field, Some(&accepted), &name, "fax", 12);
        set.count(field, Some(&wrong), &name, "fax", 24);
        set.count(field, Some(&review), &name, "fax", 24);
        set.count(field, Some(&blank), &name, "clean", 24);
        set.count(field, None, &name, "clean", 36);
        set.count(field, Some(&wrong), &Value::Null, "clean", 36);
        let yes = Value::from("yes");
        let agreed = reading(consent, FieldState::Review, Some("yes"));
        set.count(consent, Some(&agreed), &yes, "clean", 36);
        let row = set.row(Group::Combs, None);
        assert_eq!(
            (row.cases, row.unread, row.missed, row.writers),
            (5, 1, 1, 3)
        );
        assert_eq!((row.right.count, row.right.of), (2, 5));
        assert_eq!(
            (row.right_where_placed.count, row.right_where_placed.of),
            (2, 4)
        );
        assert_eq!(
            (row.straight_through.count, row.straight_through.of),
            (2, 5)
        );
        assert_eq!(
            (row.wrong_and_accepted.count, row.wrong_and_accepted.of),
            (2, 3)
        );
        assert_eq!(set.row(Group::Combs, Some("fax")).cases, 3);
        assert_eq!(set.row(Group::Consents, None).straight_through.count, 1);
        assert!(set.report().table().contains("40.0 (11.8-76.9"));
    }
}
