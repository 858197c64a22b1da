//! Signals as numbers for the fit.

use enrol::domain::field::FieldKind;

use crate::fields::Signals;
use crate::handwriting::knowledge::free_text::TextRole;

/// Names of the features, in order. A change of these needs a new calibration.
pub const NAMES: [&str; 46] = [
    "posterior",
    "posterior_of_name",
    "rival",
    "unaided",
    "changed",
    "overruled",
    "agreed",
    "disagreed",
    "margin",
    "no_margin",
    "length_doubt",
    "print_agreed",
    "print_disagreed",
    "listed",
    "unlisted",
    "valid",
    "valid_share",
    "length",
    "residual",
    "contrast",
    "stroke",
    "date",
    "postcode",
    "phone",
    "nhs_number",
    "email",
    "least_cell",
    "all_cells",
    "least_alone",
    "all_alone",
    "no_cells",
    "all_cells_of_name",
    "all_cells_of_date",
    "all_cells_of_postcode",
    "all_cells_of_phone",
    "all_cells_of_email",
    "share_by_cells",
    "share_by_line",
    "all_by_line",
    "hand_unknown",
    "hand_agreed",
    "hand_valid",
    "hand_by_cells",
    "hand_by_line",
    "line_of_few_words",
    "line_of_address",
];

/// The features of one written field.
pub fn features(s: &Signals) -> Vec<f64> {
    let flag = |is: bool| f64::from(u8::from(is));
    let is = |kind: FieldKind| flag(s.kind == kind);
    let posterior = log_odds(s.posterior);
    let support = s.support.map_or([0.0; 4], |s| {
        [s.together.0, s.together.1, s.alone.0, s.alone.1].map(log_odds)
    });
    let all_cells = support[1];
    let all: [f64; NAMES.len()] = [
        posterior,
        posterior * is(FieldKind::Name),
        s.rival.max(1e-9).ln(),
        log_odds(s.unaided_posterior),
        flag(s.changed),
        s.overruled.clamp(0.0, 15.0),
        flag(s.agreed == Some(true)),
        flag(s.agreed == Some(false)),
        s.worst_margin.map_or(0.0, log_odds),
        flag(s.worst_margin.is_none()),
        s.length_doubt.unwrap_or(0.0).clamp(-5.0, 15.0),
        flag(s.print_agreed == Some(true)),
        flag(s.print_agreed == Some(false)),
        s.listed.unwrap_or(0.0),
        flag(s.listed.is_some_and(|l| l < 1.0)),
        flag(s.valid),
        s.valid_share,
        (s.characters.max(1) as f64).ln(),
        s.residual_mm.clamp(0.0, 1.0),
        s.ink_contrast,
        s.stroke_mm.clamp(0.0, 2.0),
        is(FieldKind::Date),
        is(FieldKind::Postcode),
        is(FieldKind::Phone),
        is(FieldKind::NhsNumber),
        is(FieldKind::Email),
        support[0],
        all_cells,
        support[2],
        support[3],
        flag(s.support.is_none()),
        all_cells * is(FieldKind::Name),
        all_cells * is(FieldKind::Date),
        all_cells * is(FieldKind::Postcode),
        all_cells * is(FieldKind::Phone),
        all_cells * is(FieldKind::Email),
        s.apart.map_or(0.0, |a| log_odds(a.by_cells.unwrap_or(0.5))),
        s.apart.map_or(0.0, |a| log_odds(a.by_line)),
        s.apart.map_or(0.0, |a| log_odds(a.all_by_line)),
        flag(s.hand.is_none()),
        s.hand.map_or(1.0, |h| h.agreed),
        s.hand.map_or(1.0, |h| h.valid),
        s.hand.map_or(0.0, |h| h.by_cells),
        s.hand.map_or(0.0, |h| h.by_line),
        flag(
            s.role
                .is_some_and(|r| !matches!(r, TextRole::Address | TextRole::Anything)),
        ),
        flag(s.role == Some(TextRole::Address)),
    ];
    all.to_vec()
}

/// Natural log-odds, bounded: beyond one in a hundred million a share tells nothing more.
fn log_odds(share: f64) -> f64 {
    let share = share.clamp(1e-8, 1.0 - 1e-8);
    (share / (1.0 - share)).ln()
}
