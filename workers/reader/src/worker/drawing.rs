//! Fields drawn for checking: a share of what the reader accepted goes to a clerk all the same. Only so is a promise
//! watched, since nobody looks at an accepted field otherwise.

use enrol::domain::field::FieldState;
use enrol::domain::reading::FieldReading;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Sends a `share` of the accepted fields to a clerk. The draw depends on `seed` alone, so that a document that
/// is read again has the same fields drawn.
pub(super) fn draw<'a>(fields: impl Iterator<Item = &'a mut FieldReading>, share: f64, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
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
pub(super) fn forget_signals<'a>(fields: impl Iterator<Item = &'a mut FieldReading>) {
    for field in fields {
        field.signals = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enrol::domain::calibration::FieldSignals;
    use enrol::domain::field::FieldKind;

    fn fields(state: FieldState) -> Vec<FieldReading> {
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
        vec![field; 1000]
    }

    #[test]
    fn about_the_share_is_drawn_and_always_the_same() {
        let (mut one, mut other) = (fields(FieldState::Accepted), fields(FieldState::Accepted));
        draw(one.iter_mut(), 0.05, 7);
        draw(other.iter_mut(), 0.05, 7);
        assert_eq!(one, other);
        let drawn = one.iter().filter(|f| f.state == FieldState::Review);
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
        let mut seen = fields(FieldState::Review);
        let before = seen.clone();
        draw(seen.iter_mut(), 1.0, 7);
        assert_eq!(seen, before);
    }
}
