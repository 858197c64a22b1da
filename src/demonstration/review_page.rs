//! What the clerk sees of the pages. Parsing is separate from requests: a parsed page must not wait for an answer.

use scraper::{ElementRef, Html, Selector};

/// A field as the review page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownField {
    pub name: String,
    /// Kind of field, as in `FieldKind`.
    pub kind: String,
    /// The page asks for a decision.
    pub attention: bool,
}

/// A form that is open for review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReviewPage {
    /// Hidden inputs: the session's token, the version.
    pub hidden: Vec<(String, String)>,
    pub set_number: Option<String>,
    pub scans: Vec<String>,
    pub fields: Vec<ShownField>,
    /// Names of fields that the error summary complains of.
    pub complaints: Vec<String>,
}

fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("the selectors in this file are well formed");
    html.select(&selector).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element
        .text()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Value of the hidden input `name` of the first form that has one.
pub(super) fn hidden(html: &str, name: &str) -> Option<String> {
    let html = Html::parse_document(html);
    let inputs = select(&html, "input[type=hidden]");
    let input = inputs.into_iter().find(|i| i.attr("name") == Some(name))?;
    Some(input.attr("value").unwrap_or_default().to_owned())
}

/// Forms in the list: path and reference.
pub(super) fn listed(html: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(html);
    let links = select(&html, "a[data-enrol-form]");
    links
        .into_iter()
        .filter_map(|link| Some((link.attr("href")?.to_owned(), text(link))))
        .collect()
}

/// Forms that wait for somebody to say who is on record: paths.
pub(super) fn waiting_for_matching(html: &str) -> Vec<String> {
    let html = Html::parse_document(html);
    let links = select(&html, "a[data-enrol-matching]");
    let path = |link: ElementRef<'_>| link.attr("href").map(str::to_owned);
    links.into_iter().filter_map(path).collect()
}

/// What is sent for a form whose people may be on record: each is the person of the record that the page marks, and
/// somebody new where it marks none. `None` when the form does not wait.
pub(super) fn same_person(html: &str) -> Option<Vec<(String, String)>> {
    let html = Html::parse_document(html);
    select(&html, "form[data-enrol-same-person]").first()?;
    let inputs = select(&html, "form[data-enrol-same-person] input");
    let marked = |name: &str| {
        let mut others = inputs.iter();
        others.any(|i| i.attr("name") == Some(name) && i.attr("checked").is_some())
    };
    let sent = inputs.iter().filter_map(|input| {
        let (name, value) = (input.attr("name")?, input.attr("value").unwrap_or_default());
        let is_radio = input.attr("type") == Some("radio");
        let taken = !is_radio
            || input.attr("checked").is_some()
            || (value == "new" && name.starts_with("who:") && !marked(name));
        taken.then(|| (name.to_owned(), value.to_owned()))
    });
    Some(sent.collect())
}

/// The heading, to say what came instead of what was expected.
pub(super) fn heading(html: &str) -> String {
    let html = Html::parse_document(html);
    select(&html, "h1")
        .first()
        .map_or_else(|| "no heading".to_owned(), |h| text(*h))
}

/// The form on the page; `None` when it is not open for review.
pub(super) fn review(html: &str) -> Option<ReviewPage> {
    let html = Html::parse_document(html);
    select(&html, "form[data-enrol-review]").first()?;
    let hidden = select(&html, "form[data-enrol-review] > input[type=hidden]")
        .into_iter()
        .filter_map(|i| {
            Some((
                i.attr("name")?.to_owned(),
                i.attr("value").unwrap_or_default().to_owned(),
            ))
        })
        .collect();
    let set_number = select(&html, "[data-enrol-set-number]")
        .first()
        .map(|e| text(*e))
        .filter(|set| !set.is_empty() && set.bytes().all(|b| b.is_ascii_digit()));
    let scans = select(&html, "[data-enrol-scan]")
        .into_iter()
        .filter_map(|e| e.attr("data-enrol-scan").map(str::to_owned))
        .collect();
    let fields: Vec<ShownField> = select(&html, "[data-enrol-field]")
        .into_iter()
        .filter_map(|e| {
            Some(ShownField {
                name: e.attr("data-enrol-field")?.to_owned(),
                kind: e.attr("data-kind")?.to_owned(),
                attention: e.attr("data-enrol-attention").is_some(),
            })
        })
        .collect();
    let complaints = select(&html, ".govuk-error-summary a")
        .into_iter()
        .filter_map(|link| {
            let target = link.attr("href")?.strip_prefix("#value-")?;
            fields
                .iter()
                .find(|f| f.name.replace('.', "-") == target)
                .map(|f| f.name.clone())
        })
        .collect();
    Some(ReviewPage {
        hidden,
        set_number,
        scans,
        fields,
        complaints,
    })
}
