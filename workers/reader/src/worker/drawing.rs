//! Fields drawn for checking: a share of what the reader accepted goes to a clerk all the same. Only so is a promise
//! watched, since nobody looks at an accepted field otherwise.

use enrol::domain::field::FieldState;
use enrol::domain::reading::DocumentReading;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Sends a `share` of the accepted fields to a clerk. The draw depends on `seed` alone, so that a document that
/// is read again has the same fields drawn.
pub(super) fn draw(reading: &mut DocumentReading, share: f64, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let fields = reading.forms.iter_mut().flat_map(|f| &mut f.fields);
    for field in fields.filter(|f| f.state == FieldState::Accepted) {
        if let Some(signals) = &mut field.signals
            && random.random_bool(share)
        {
            signals.drawn = true;
            field.state = FieldState::Review;
            field
                .reasons
                .push("Drawn at random for checking; the reader was sure.".to_owned());
        }
    }
}

/// Leaves nothing to learn from.
pub(super) fn forget_signals(reading: &mut DocumentReading) {
    for field in reading.forms.iter_mut().flat_map(|f| &mut f.fields) {
        field.signals = None;
    }
}

#[cfg(test)]
mod tests {
    use enrol::domain::calibration::FieldSignals;
    use enrol::domain::field::FieldKind;
    use enrol::domain::reading::{FieldReading, FormReading};

    use super::*;

    fn reading(state: FieldState) -> DocumentReading {
        let field = FieldReading {
            name: "primary_carer.surname".to_owned(),
            kind: FieldKind::Name,
            raw: None,
            value: None,
            confidence: 0.999,
            state,
            reasons: Vec::new(),
            page: 1,
            zone: [0.0; 4],
            alternatives: Vec::new(),
            signals: Some(FieldSignals {
                group: "key",
                features: vec![1.0],
                eligible: true,
                drawn: false,
            }),
        };
        DocumentReading {
            forms: vec![FormReading {
                form: "registration".to_owned(),
                version: 1,
                pages: Vec::new(),
                fields: vec![field; 1000],
            }],
            ..DocumentReading::default()
        }
    }

    #[test]
    fn about_the_share_is_drawn_and_always_the_same() {
        let (mut one, mut other) = (reading(FieldState::Accepted), reading(FieldState::Accepted));
        draw(&mut one, 0.05, 7);
        draw(&mut other, 0.05, 7);
        assert_eq!(one, other);
        let drawn = one.forms[0]
            .fields
            .iter()
            .filter(|f| f.state == FieldState::Review);
        let count = drawn.clone().count();
        assert!((20..100).contains(&count), "{count} of 1000");
        assert!(
            drawn
                .clone()
                .all(|f| f.signals.as_ref().is_some_and(|s| s.drawn))
        );
    }

    #[test]
    fn nothing_is_drawn_from_what_a_clerk_sees_anyway() {
        let mut seen = reading(FieldState::Review);
        let before = seen.clone();
        draw(&mut seen, 1.0, 7);
        assert_eq!(seen, before);
    }
}
