//! A thousand histories of families that come, change, merge, part, say no and are erased, seen by an integrator whose
//! messages are lost, repeated and out of order, and whose questions are not always answered.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall say where"
)]
#![allow(clippy::allow_attributes, reason = "one for the whole file")]

mod model;

use enrol_example_integrator::copy::Copy;
use enrol_example_integrator::keeper::Keeper;
use enrol_example_integrator::register::AskError;
use model::{Model, without_position};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const HISTORIES: u64 = 1000;
const STEPS: usize = 60;

/// What became of one history, so that the test can say that each kind of trouble happened.
#[derive(Default)]
struct Seen {
    delivered: usize,
    families: usize,
    unanswered: usize,
    cut_off: usize,
}

#[tokio::test]
async fn a_thousand_histories_end_in_step() {
    let mut seen = Seen::default();
    for seed in 0..HISTORIES {
        history(seed, &mut seen).await;
    }
    assert!(
        seen.delivered > 10_000,
        "{} events delivered",
        seen.delivered
    );
    assert!(
        seen.families > 1_000,
        "{} families in the end",
        seen.families
    );
    assert!(
        seen.unanswered > 500,
        "{} questions not answered",
        seen.unanswered
    );
    assert!(seen.cut_off > 20, "{} cut off", seen.cut_off);
}

async fn history(seed: u64, seen: &mut Seen) {
    let model = Model::new(ChaCha8Rng::seed_from_u64(seed));
    let mut keeper = Keeper::new(Copy::default(), model.clone());
    for _ in 0..STEPS {
        model.state().happen();
        let delivered = model.state().deliver();
        seen.delivered += delivered.len();
        for event in delivered {
            // As the queue does: what was not taken comes again.
            if let Err(AskError::Later(_)) = keeper.take(&event).await {
                seen.unanswered += 1;
                model.state().queue.push_back(event);
            }
        }
        let looks = model.state().rng.random_bool(0.05);
        if looks {
            let _ = keeper.catch_up().await;
        }
        let restarts = model.state().rng.random_bool(0.03);
        if restarts {
            let kept = serde_json::to_vec(&keeper.copy).unwrap();
            keeper = Keeper::new(serde_json::from_slice(&kept).unwrap(), model.clone());
        }
    }
    // Everything that is still on its way comes, or never does; then the integrator asks once more.
    let rest: Vec<_> = model.state().queue.drain(..).collect();
    for event in rest {
        if model.state().rng.random_bool(0.5) {
            let _ = keeper.take(&event).await;
        }
    }
    model.state().trouble = 0.0;
    let caught_up = keeper.catch_up().await;
    let cut_off = model.state().revoked;
    assert_eq!(
        matches!(caught_up, Err(AskError::CutOff)),
        cut_off,
        "seed {seed}"
    );
    seen.cut_off += usize::from(cut_off);
    let kept: std::collections::BTreeMap<_, _> = keeper
        .copy
        .households
        .iter()
        .map(|(id, kept)| (id.clone(), without_position(kept.record.clone())))
        .collect();
    let given = model.state().given();
    seen.families += given.len();
    let wrong: Vec<_> = kept
        .keys()
        .chain(given.keys())
        .filter(|id| kept.get(*id) != given.get(*id))
        .map(|id| (id, kept.get(id), given.get(id)))
        .collect();
    assert!(wrong.is_empty(), "seed {seed}, kept and given: {wrong:#?}");
    assert!(!keeper.copy.has_gap(), "seed {seed}");
}
