//! A scan's way from the scanner to the record, in plain words.

use uuid::Uuid;

use super::{CENTRES, UPLOADS};
use crate::storage::reception::{Scan, ScanForm, ScanPage};
use crate::web::frame::date_time;

/// Steps of the way: arrived, being read, with a clerk, done.
pub(in crate::web) const STEPS: u8 = 4;

/// Where one form of a scan, or the scan itself, has come to.
pub(in crate::web) struct Outcome {
    pub state: &'static str,
    pub colour: &'static str,
    /// Step reached, of [`STEPS`]; none where the way has ended before its goal.
    pub step: Option<u8>,
    /// Address (empty where the person may not open it) and text.
    pub link: Option<(String, String)>,
    pub reason: Option<String>,
    /// The form whose missing pages can be printed again.
    pub reprint: Option<Uuid>,
}

/// A scan in the list.
pub(in crate::web) struct Row {
    pub id: Uuid,
    pub name: String,
    pub received: String,
    pub outcomes: Vec<Outcome>,
    /// Whether the machine has still something to do with it.
    pub moving: bool,
}

impl Row {
    /// As a person sees it; `clerk` says whether they may open forms.
    pub fn new(scan: &Scan, clerk: bool) -> Self {
        Self {
            id: scan.id,
            name: shown_name(&scan.object_key).to_owned(),
            received: date_time(scan.received_at),
            outcomes: outcomes(scan, clerk),
            moving: matches!(scan.state.as_str(), "received" | "reading"),
        }
    }
}

/// What a person knows a scan by: the name of the file that was uploaded here, or the whole key of one that came by
/// another way, because scanners call all their files the same.
pub(in crate::web) fn shown_name(key: &str) -> &str {
    let after_centre = key
        .strip_prefix(CENTRES)
        .and_then(|rest| rest.split_once('/'))
        .map_or(key, |(_, rest)| rest);
    match after_centre.strip_prefix(UPLOADS) {
        Some(rest) => rest.rsplit('/').next().unwrap_or(rest),
        None => key,
    }
}

fn outcomes(scan: &Scan, clerk: bool) -> Vec<Outcome> {
    let plain = |state, colour, step| Outcome {
        state,
        colour,
        step,
        link: None,
        reason: scan.reason.clone(),
        reprint: None,
    };
    match scan.state.as_str() {
        "received" => vec![plain("Waiting to be read", "govuk-tag--grey", Some(1))],
        "reading" => vec![plain("Being read", "govuk-tag--blue", Some(2))],
        "quarantined" => vec![plain("Refused", "govuk-tag--red", None)],
        "duplicate" => {
            let earlier = scan.repeats.map_or_else(
                || "The same file arrived before.".to_owned(),
                |at| {
                    format!(
                        "The same file arrived on {}. There is nothing to do.",
                        date_time(at)
                    )
                },
            );
            vec![Outcome {
                reason: Some(earlier),
                ..plain("Duplicate", "govuk-tag--grey", None)
            }]
        }
        state => of_pages(scan, clerk, state == "exception"),
    }
}

fn of_pages(scan: &Scan, clerk: bool, exception: bool) -> Vec<Outcome> {
    let single = |page: &ScanPage, state, colour, reason: Option<String>| Outcome {
        state,
        colour,
        step: None,
        link: None,
        reason: reason.map(|r| format!("Page {}: {r}", page.number)),
        reprint: None,
    };
    let forms = scan.forms.iter().map(|f| form_outcome(f, clerk));
    let refused = scan
        .pages
        .iter()
        .filter(|p| matches!(p.outcome.as_str(), "exception" | "quarantined"))
        .map(|p| single(p, "Needs somebody", "govuk-tag--orange", p.reason.clone()));
    let again = scan
        .pages
        .iter()
        .filter(|p| p.outcome == "duplicate")
        .map(|p| {
            let reason = p.reason.clone();
            let reason = reason.unwrap_or_else(|| "It was scanned before.".to_owned());
            single(p, "Duplicate page", "govuk-tag--grey", Some(reason))
        });
    let mut outcomes: Vec<Outcome> = forms.chain(refused).chain(again).collect();
    if outcomes.is_empty() {
        let (state, colour) = if exception {
            ("Needs somebody", "govuk-tag--orange")
        } else {
            ("Read", "govuk-tag--grey")
        };
        outcomes.push(Outcome {
            state,
            colour,
            step: None,
            link: None,
            reason: scan.reason.clone(),
            reprint: None,
        });
    }
    outcomes
}

fn form_outcome(form: &ScanForm, clerk: bool) -> Outcome {
    let (state, colour, step) = match form.state.as_str() {
        "settled" => ("Done", "govuk-tag--green", Some(STEPS)),
        "in_review" => ("Waiting for a clerk", "govuk-tag--blue", Some(3)),
        "second_keying" => ("Waiting for a second clerk", "govuk-tag--blue", Some(3)),
        "matching" => ("Compared with records", "govuk-tag--blue", Some(3)),
        "incomplete" => ("Page missing", "govuk-tag--orange", None),
        _ => ("Set aside", "govuk-tag--orange", None),
    };
    // Reception quotes the reference; only who may open the form gets a link that opens.
    let href = if clerk {
        format!("/review/{}", form.id)
    } else {
        String::new()
    };
    let reprint = form.state == "incomplete" && form.set_number.is_some();
    Outcome {
        state,
        colour,
        step,
        link: Some((href, format!("Form {}", form.reference))),
        reason: form.reason.clone(),
        reprint: reprint.then_some(form.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_shown_by_its_name_and_any_other_scan_by_its_key() {
        assert_eq!(
            shown_name("reception/2026/11/23/0193/form 1.pdf"),
            "form 1.pdf"
        );
        assert_eq!(
            shown_name("centres/OAK/reception/2026/11/23/0193/form 1.pdf"),
            "form 1.pdf"
        );
        assert_eq!(shown_name("centres/OAK/1.jpg"), "centres/OAK/1.jpg");
        assert_eq!(shown_name("scans/07/scan-1.jpg"), "scans/07/scan-1.jpg");
    }

    #[test]
    fn only_a_form_with_a_set_number_can_get_its_lost_pages_again() {
        let form = |state: &str, set: Option<&str>| ScanForm {
            id: Uuid::nil(),
            reference: "F-000001".to_owned(),
            state: state.to_owned(),
            reason: None,
            set_number: set.map(str::to_owned),
        };
        for (state, set, again) in [
            ("incomplete", Some("123456"), true),
            ("incomplete", None, false),
            ("in_review", Some("123456"), false),
            ("settled", Some("123456"), false),
        ] {
            let outcome = form_outcome(&form(state, set), false);
            assert_eq!(outcome.reprint.is_some(), again, "{state} {set:?}");
            assert!(
                outcome.link.unwrap().0.is_empty(),
                "reception opens no form"
            );
        }
    }
}
