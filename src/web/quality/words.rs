//! Figures in words.

/// `0.29 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 10.0 {
        format!("{percent:.0} %")
    } else if percent >= 1.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

/// `12 % (3 of 25)`: a share never stands without its cases.
#[expect(clippy::cast_precision_loss, reason = "counts of fields")]
pub(super) fn share(part: i64, whole: i64) -> String {
    if whole == 0 {
        "0 of 0".to_owned()
    } else {
        format!(
            "{} ({part} of {whole})",
            percent(part as f64 / whole as f64)
        )
    }
}

/// What a person calls a kind of field.
pub(super) fn kind(name: &str) -> String {
    match name {
        "name" => "Name",
        "date" => "Date",
        "postcode" => "Postcode",
        "phone" => "Telephone number",
        "nhs_number" => "NHS number",
        "email" => "E-mail address",
        "text" => "Free text",
        "one_of" => "One tick of several",
        "any_of" => "Any ticks of several",
        "signature" => "Signature",
        other => other,
    }
    .to_owned()
}

/// Whose answer was checked, and when.
pub(super) fn source(source: &str, check: &str) -> String {
    match (source, check) {
        ("machine", _) => "Machine".to_owned(),
        (_, "sample") => "Clerk".to_owned(),
        _ => "Clerk, before a second keying".to_owned(),
    }
}

/// What was shown.
pub(super) fn mode(name: &str) -> &str {
    match name {
        "confirm" => "Shown and confirmed",
        "correct" => "Shown and corrected",
        "blind" => "Hidden",
        _ => "Keyed again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_rates_keep_their_digits() {
        assert_eq!(percent(0.0014), "0.14 %");
        assert_eq!(percent(0.029), "2.9 %");
        assert_eq!(percent(0.29), "29 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(share(3, 25), "12 % (3 of 25)");
        assert_eq!(share(0, 0), "0 of 0");
    }
}
