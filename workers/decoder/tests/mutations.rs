//! Valid files with bytes changed at random: whatever comes out, it must come out.
//!
//! `ENROL_MUTATIONS=5000 cargo test -p enrol-decoder --test mutations` runs more of them; the seed is
//! printed where one fails.

mod common;

use std::time::{Duration, Instant};

use common::{HEIGHT, WIDTH, decoder, jpeg, pdf, picture, png, tiffs};
use enrol::decoding::{DecodeError, DecodeLimits};
use image::ExtendedColorType;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn mutated(original: &[u8], seed: u64) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut bytes = original.to_vec();
    for _ in 0..random.random_range(1..12) {
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..5) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
            3 => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                bytes.copy_within(at..end, 0);
            }
            _ => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                if end - at < bytes.len() {
                    bytes.drain(at..end);
                }
            }
        }
    }
    bytes
}

#[test]
fn changed_bytes_never_break_out() {
    let rounds: u64 = std::env::var("ENROL_MUTATIONS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(15);
    let originals = [
        ("jpeg", jpeg()),
        ("png", png(&picture(), WIDTH, HEIGHT, ExtendedColorType::L8)),
        (
            "tiff",
            tiffs::file(&[tiffs::plain(), tiffs::group4(), tiffs::bilevel()]),
        ),
        ("group3", include_bytes!("files/group3.tif").to_vec()),
        (
            "pdf with jpeg",
            pdf::file(vec![pdf::scan(pdf::jpeg_image())]),
        ),
        (
            "pdf with group4",
            pdf::file(vec![pdf::scan(pdf::group4_image())]),
        ),
        (
            "pdf with stencil",
            pdf::file(vec![pdf::scan(pdf::stencil())]),
        ),
    ];
    let limits = DecodeLimits {
        max_cpu_seconds: 10,
        ..DecodeLimits::default()
    };
    let mut panics = 0;
    let mut readable = 0;
    for (name, original) in &originals {
        for seed in 0..rounds {
            let since = Instant::now();
            match decoder().decode(&mutated(original, seed), &limits) {
                Ok(_) => readable += 1,
                Err(DecodeError::Damaged(text)) => {
                    assert!(!text.contains("signal"), "{name}, seed {seed}: {text}");
                    if text.contains("gave up") {
                        println!("{name}, seed {seed}: {text}");
                        panics += 1;
                    }
                }
                Err(error) => assert!(
                    matches!(
                        error,
                        DecodeError::UnknownType { .. }
                            | DecodeError::TooLarge(_)
                            | DecodeError::Empty(_)
                            | DecodeError::PasswordProtected
                            | DecodeError::TooManyPages { .. }
                            | DecodeError::OutOfMemory
                    ),
                    "{name}, seed {seed}: {error:?}"
                ),
            }
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "{name}, seed {seed} is slow"
            );
        }
    }
    println!("{readable} still readable, {panics} panics caught");
}
