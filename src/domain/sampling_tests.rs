//! Sample sizes against their closed form and against what they promise.

use proptest::prelude::*;

use super::*;

#[test]
fn without_errors_it_is_the_rule_of_three() {
    assert_eq!(cases_to_prove(0.0014, 0), Some(2139));
    assert_eq!(cases_to_prove(0.003, 0), Some(998));
    assert_eq!(cases_to_prove(0.05, 0), Some(59));
    assert_eq!(cases_to_prove(0.0, 0), None);
    assert_eq!(cases_to_prove(1.0, 0), None);
    assert_eq!(cases_to_prove(f64::NAN, 0), None);
}

#[test]
fn the_share_lies_between_floor_and_most() {
    let limits = Limits {
        floor: 0.02,
        most: 0.1,
    };
    let nothing = Drawn::default();
    assert_eq!(
        share(0.003, nothing, limits),
        0.1,
        "at first as much as people can be asked for"
    );
    let busy = Drawn {
        drawn: 0,
        wrong: 0,
        settled: 20_000.0,
    };
    let wanted = share(0.003, busy, limits);
    assert!((0.045..0.055).contains(&wanted), "998 of 20,000: {wanted}");
    let proved = Drawn {
        drawn: 1_000,
        ..busy
    };
    assert_eq!(share(0.003, proved, limits), 0.02);
    let doubted = share(0.003, Drawn { wrong: 1, ..proved }, limits);
    assert!(
        (0.025..0.035).contains(&doubted),
        "an error asks for more: {doubted}"
    );
    assert_eq!(
        share(
            0.003,
            busy,
            Limits {
                floor: 0.5,
                most: 0.0
            }
        ),
        0.0,
        "switched off"
    );
}

proptest! {
    #[test]
    fn the_closed_form_holds_without_errors(target in 0.0005..0.5f64) {
        let closed = ((1.0 - CONFIDENCE).ln() / (1.0 - target).ln()).ceil();
        let cases = cases_to_prove(target, 0).unwrap() as f64;
        prop_assert!((cases - closed).abs() <= 1.0, "{cases} and {closed}");
    }

    #[test]
    fn more_errors_and_smaller_targets_take_more_cases(target in 0.001..0.2f64, wrong in 0u64..20) {
        let cases = cases_to_prove(target, wrong).unwrap();
        prop_assert!(cases_to_prove(target, wrong + 1).unwrap() > cases);
        prop_assert!(cases_to_prove(target / 2.0, wrong).unwrap() > cases);
        // One case fewer would not have proved it.
        let chance = |n: u64| Binomial::new(target, n).unwrap().cdf(wrong);
        prop_assert!(chance(cases) <= 0.05 + 1e-12);
        prop_assert!(cases - 1 <= wrong || chance(cases - 1) > 0.05);
    }

    #[test]
    fn a_share_is_a_chance_within_its_limits(
        target in 0.0..1.0f64, drawn in 0u64..5000, wrong in 0u64..50, settled in 0.0..1e6f64,
        floor in -0.5..1.5f64, most in -0.5..1.5f64,
    ) {
        let chance = share(target, Drawn { drawn, wrong, settled }, Limits { floor, most });
        prop_assert!((0.0..=1.0).contains(&chance));
        prop_assert!(chance <= most.clamp(0.0, 1.0));
    }

    #[test]
    fn the_interval_holds_the_share(cases in 1u64..10_000, part in 0.0..=1.0f64) {
        let wrong = (cases as f64 * part) as u64;
        let (low, high) = wilson(wrong, cases).unwrap();
        let share = wrong as f64 / cases as f64;
        prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0, "{low} {share} {high}");
    }
}
