//! The figures as tables.

use super::figures::{AllFigures, Rate};
use super::words::{kind, mode, percent, share, source};
use crate::domain::sampling::wilson;
use crate::storage::quality::{ClerkFigures, ModeFigures};
use crate::storage::quality_causes::Reason;

pub(super) struct Row {
    pub head: String,
    pub cells: Vec<String>,
}

pub(super) struct Table {
    pub caption: &'static str,
    pub headings: Vec<&'static str>,
    pub rows: Vec<Row>,
}

pub(super) fn rates_table(rates: &[Rate]) -> Table {
    let row = |r: &Rate| Row {
        head: kind(&r.checked.kind),
        cells: vec![
            source(&r.checked.source, &r.checked.check),
            r.checked.cases.to_string(),
            r.checked.wrong.to_string(),
            r.checked.undecided.to_string(),
            format!("{} to {}", percent(r.low), percent(r.high)),
            percent(r.target),
            match r.still_needed {
                Some(0) => "Proved".to_owned(),
                Some(more) => format!("{more} more"),
                None => "Out of reach".to_owned(),
            },
        ],
    };
    Table {
        caption: "Errors found by keying again",
        headings: vec![
            "Kind of field",
            "Answer of",
            "Fields checked",
            "Wrong",
            "Undecided",
            "Error rate, 95 % interval",
            "Target",
            "To prove it",
        ],
        rows: rates.iter().map(row).collect(),
    }
}

pub(super) fn clerks_table(clerks: &[ClerkFigures], own: bool) -> Table {
    let row = |c: &ClerkFigures| {
        let of = |n: i64| u64::try_from(n).unwrap_or_default();
        let interval = wilson(of(c.wrong), of(c.cases));
        Row {
            head: c.name.clone(),
            cells: vec![
                c.cases.to_string(),
                c.wrong.to_string(),
                interval.map_or_else(String::new, |(l, h)| {
                    format!("{} to {}", percent(l), percent(h))
                }),
                c.timed.to_string(),
                c.seconds.map_or_else(String::new, |s| format!("{s:.1}")),
            ],
        }
    };
    Table {
        caption: if own {
            "Your answers"
        } else {
            "Answers of each clerk"
        },
        headings: vec![
            "Clerk",
            "Fields checked",
            "Wrong",
            "Error rate, 95 % interval",
            "Fields timed",
            "Seconds a field, median",
        ],
        rows: clerks.iter().map(row).collect(),
    }
}

pub(super) fn modes_table(modes: &[ModeFigures]) -> Table {
    let row = |m: &ModeFigures| Row {
        head: kind(&m.kind),
        cells: vec![
            mode(&m.mode).to_owned(),
            m.timed.to_string(),
            format!("{:.1}", m.seconds),
            share(m.changed, m.timed),
            if m.cases == 0 {
                String::new()
            } else {
                share(m.wrong, m.cases)
            },
        ],
    };
    Table {
        caption: "Time and errors by what is shown and done",
        headings: vec![
            "Kind of field",
            "Reader's value",
            "Fields timed",
            "Seconds a field, median",
            "Answer differs from it",
            "Wrong in the sample",
        ],
        rows: modes.iter().map(row).collect(),
    }
}

pub(super) fn reasons_table(reasons: &[Reason]) -> Table {
    let row = |r: &Reason| Row {
        head: r.reason.clone(),
        cells: vec![r.fields.to_string(), share(r.changed, r.fields)],
    };
    Table {
        caption: "Why fields went to a person",
        headings: vec!["Reason", "Fields", "Changed"],
        rows: reasons.iter().map(row).collect(),
    }
}

/// What goes wrong most, under the labels of the forms.
pub(super) fn wrong_fields_table(all: &AllFigures) -> Table {
    let rows = all.wrong_fields.iter().map(|f| Row {
        head: f.label.clone(),
        cells: vec![
            f.counts.fields.to_string(),
            share(f.counts.changed, f.counts.fields),
            f.counts.wrong.to_string(),
        ],
    });
    Table {
        caption: "What goes wrong most",
        headings: vec![
            "Field",
            "Filled in",
            "Read otherwise than a person settled it",
            "Found wrong by keying again",
        ],
        rows: rows.collect(),
    }
}
