//! Pictures that are no forms, and a picture too large to open.

use image::ImageEncoder as _;
use rand::Rng;

use super::{Hostile, Outcome};
use crate::scan::noise::{Unevenness, gaussian};

/// All of them.
pub fn all(random: &mut impl Rng) -> anyhow::Result<Vec<Hostile>> {
    Ok(vec![
        Hostile {
            name: "huge.png",
            bytes: huge(30_000)?,
            what: "a PNG of 30,000 by 30,000 pixels in about a hundred kilobytes",
            outcome: Outcome::Quarantined,
            reason_words: &["too large"],
        },
        Hostile {
            name: "holiday.jpg",
            bytes: landscape(1440, 1080, random)?,
            what: "a holiday photograph: sea, hills and an evening sky, all invented",
            outcome: Outcome::Exception,
            reason_words: &[
                "not a form",
                "no form",
                "unknown form",
                "not recognise",
                "registration form",
            ],
        },
    ])
}

/// A white square with one bit per pixel, written row by row.
fn huge(side: u32) -> anyhow::Result<Vec<u8>> {
    use std::io::Write as _;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let row = vec![255; side.div_ceil(8) as usize];
    for _ in 0..side {
        rows.write_all(&row)?;
    }
    rows.finish()?;
    writer.finish()?;
    Ok(bytes)
}

fn landscape(width: u32, height: u32, random: &mut impl Rng) -> anyhow::Result<Vec<u8>> {
    let ridges: Vec<(f32, Unevenness)> = [(0.46, 5), (0.53, 9), (0.6, 14)]
        .map(|(level, bumps)| (level, Unevenness::new(bumps, 1, random)))
        .into();
    let fine = Unevenness::new(90, 1, random);
    let clouds = Unevenness::new(7, 22, random);
    let waves = Unevenness::new(60, 160, random);
    let sun = (0.68f32, 0.34f32);
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for row in 0..height {
        for column in 0..width {
            let (u, v) = (column as f32 / width as f32, row as f32 / height as f32);
            let distance = ((u - sun.0).powi(2) * 1.8 + (v - sun.1).powi(2)).sqrt();
            let glow = (1.0 - distance * 2.2).max(0.0);
            let cloud = clouds.at(u, v).max(0.0) * (0.6 - v).max(0.0);
            let mut colour = [
                90.0 + 150.0 * v + 120.0 * glow + 60.0 * cloud,
                120.0 + 60.0 * v + 70.0 * glow,
                190.0 - 70.0 * v,
            ];
            if distance < 0.045 {
                colour = [255.0, 244.0, 200.0];
            }
            for (depth, (level, ridge)) in ridges.iter().enumerate() {
                let line = level - 0.09 * ridge.at(u, 0.3) - 0.006 * fine.at(u, 0.5);
                if v > line {
                    let near = depth as f32;
                    colour = [96.0 - 22.0 * near, 104.0 - 14.0 * near, 118.0 - 34.0 * near];
                }
            }
            if v > 0.66 {
                let glitter = waves.at(u, v) * (0.4 + v);
                let path = (1.0 - (u - sun.0).abs() * 5.0).max(0.0) * glitter.max(0.0);
                colour = [
                    40.0 + 26.0 * glitter + 190.0 * path,
                    76.0 + 26.0 * glitter + 140.0 * path,
                    108.0 + 24.0 * glitter + 60.0 * path,
                ];
            }
            let grain = 2.0 * gaussian(random);
            pixels.extend(colour.map(|c| (c + grain).clamp(0.0, 255.0) as u8));
        }
    }
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 60).write_image(
        &pixels,
        width,
        height,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}
