//! Pictures of pages and of fields, cut on demand from the file as it arrived.
//!
//! Nothing is kept on disk. A few decoded pages stay in memory, because a clerk asks for dozens of pictures of the
//! same page within a second; everybody who asks for a page that is being decoded waits for that one decoding.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use tokio::sync::{OnceCell, Semaphore};
use uuid::Uuid;

use crate::decoding::{DecodeError, DecodeLimits, DecodedPage, Decoder};
use crate::forms::definition::Zone;
use crate::objects::{ObjectError, ObjectStore};
use crate::storage::review::FormPage;

/// Decoded pages kept: two forms of four pages, some 70 MB at 300 dpi.
const KEPT_PAGES: usize = 8;
/// Resolution of a crop in pixels per millimetre: 203 dpi shows every stroke and is quick to send.
pub(super) const CROP_SCALE: f64 = 8.0;
/// Resolution of a whole page in pixels per millimetre.
pub(super) const PAGE_SCALE: f64 = 6.0;
/// Paper around a zone that a crop shows, in millimetres: what is printed beside it, and writing that ran over.
const MARGIN: f64 = 2.5;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(super) enum PictureError {
    /// The file could not be fetched.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The file could not be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The file has no such page, or the server is stopping.
    #[error("no such page")]
    NoPage,
}

/// A page of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    document: Uuid,
    number: u32,
}

type Slot = Arc<OnceCell<Arc<DecodedPage>>>;

/// Makes pictures.
pub(super) struct Pictures {
    decoder: Decoder,
    objects: ObjectStore,
    /// The most recently used last.
    kept: Mutex<VecDeque<(Key, Slot)>>,
    /// Decoding takes a core for a second; two at a time leave room for the pages.
    decoding: Semaphore,
}

impl Pictures {
    pub fn new(decoder: Decoder, objects: ObjectStore) -> Self {
        Self {
            decoder,
            objects,
            kept: Mutex::default(),
            decoding: Semaphore::new(2),
        }
    }

    /// PNG of `zone` (form millimetres) of `page` and a little around it, set straight.
    pub async fn crop(&self, page: &FormPage, zone: Zone) -> Result<Bytes, PictureError> {
        self.cut(page, with_margin(zone), CROP_SCALE).await
    }

    /// PNG of a whole page, set straight.
    pub async fn whole(&self, page: &FormPage, size: Zone) -> Result<Bytes, PictureError> {
        self.cut(page, size, PAGE_SCALE).await
    }

    /// PNG of a whole page, set straight, on which all is covered but the zones in `keep` and a little around each.
    pub async fn covered(
        &self,
        page: &FormPage,
        size: Zone,
        keep: Vec<Zone>,
    ) -> Result<Bytes, PictureError> {
        let decoded = self.decoded(page).await?;
        let homography = page.homography;
        let covering = tokio::task::spawn_blocking(move || {
            let mut grey = sample(&decoded, &homography, size, PAGE_SCALE);
            cover(&mut grey, &keep, PAGE_SCALE);
            png(&grey)
        });
        covering.await.map_err(|_| PictureError::NoPage)
    }

    async fn cut(&self, page: &FormPage, zone: Zone, scale: f64) -> Result<Bytes, PictureError> {
        let decoded = self.decoded(page).await?;
        let homography = page.homography;
        let cutting =
            tokio::task::spawn_blocking(move || png(&sample(&decoded, &homography, zone, scale)));
        cutting.await.map_err(|_| PictureError::NoPage)
    }

    async fn decoded(&self, page: &FormPage) -> Result<Arc<DecodedPage>, PictureError> {
        let slot = self.slot(Key {
            document: page.document_id,
            number: page.number,
        });
        let decoded = slot.get_or_try_init(|| self.decode(page)).await?;
        Ok(Arc::clone(decoded))
    }

    fn slot(&self, key: Key) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept
            .iter()
            .position(|(k, _)| *k == key)
            .and_then(|at| kept.remove(at));
        let (_, slot) = known.unwrap_or_else(|| (key, Slot::default()));
        if kept.len() >= KEPT_PAGES {
            kept.pop_front();
        }
        kept.push_back((key, Arc::clone(&slot)));
        slot
    }

    async fn decode(&self, page: &FormPage) -> Result<Arc<DecodedPage>, PictureError> {
        let _permit = self
            .decoding
            .acquire()
            .await
            .map_err(|_| PictureError::NoPage)?;
        let bytes = self.objects.get(&page.original_key).await?;
        let (decoder, number) = (self.decoder.clone(), page.number);
        let limits = DecodeLimits {
            only_page: Some(number),
            ..DecodeLimits::default()
        };
        let decoding = tokio::task::spawn_blocking(move || decoder.decode(&bytes, &limits));
        let pages = decoding.await.map_err(|_| PictureError::NoPage)??;
        pages
            .into_iter()
            .find(|p| p.number == number)
            .map(Arc::new)
            .ok_or(PictureError::NoPage)
    }
}

fn with_margin(zone: Zone) -> Zone {
    Zone {
        x: zone.x - MARGIN,
        y: zone.y - MARGIN,
        width: zone.width + 2.0 * MARGIN,
        height: zone.height + 2.0 * MARGIN,
    }
}

/// Width and height of the crop of `zone` in pixels, for the page to keep room for it.
pub(super) fn crop_size(zone: Zone) -> (u32, u32) {
    size(with_margin(zone), CROP_SCALE)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1..4000 before"
)]
fn size(zone: Zone, scale: f64) -> (u32, u32) {
    let pixels = |length: f64| (length * scale).round().clamp(1.0, 4000.0) as u32;
    (pixels(zone.width), pixels(zone.height))
}

struct Grey {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// Samples `zone` at `scale` pixels per millimetre. Each pixel is the mean of four places, so that thin strokes of
/// a finer scan do not vanish between them.
fn sample(page: &DecodedPage, homography: &[f64; 9], zone: Zone, scale: f64) -> Grey {
    let (width, height) = size(zone, scale);
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    for row in 0..height {
        for column in 0..width {
            let sum: u32 = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
                .into_iter()
                .map(|(dx, dy)| {
                    let x = zone.x + (f64::from(column) + dx) / scale;
                    let y = zone.y + (f64::from(row) + dy) / scale;
                    u32::from(grey_at(page, homography, x, y))
                })
                .sum();
            pixels.push(u8::try_from(sum / 4).unwrap_or(u8::MAX));
        }
    }
    Grey {
        width,
        height,
        pixels,
    }
}

/// Covers everything outside `keep` (millimetres from the page's corner, `scale` pixels each). What other people wrote
/// stands closer to its own zone than to these, so that a zone is kept with no more than a pen's width around it.
fn cover(grey: &mut Grey, keep: &[Zone], scale: f64) {
    const AROUND: f64 = 0.8;
    const COVER: u8 = 160;
    let width = grey.width as usize;
    for (at, pixel) in grey.pixels.iter_mut().enumerate() {
        let (x, y) = ((at % width) as f64 / scale, (at / width) as f64 / scale);
        let inside = |z: &Zone| {
            (z.x - AROUND..=z.x + z.width + AROUND).contains(&x)
                && (z.y - AROUND..=z.y + z.height + AROUND).contains(&y)
        };
        if !keep.iter().any(inside) {
            *pixel = COVER;
        }
    }
}

/// Grey at a point given in form millimetres; white beside the page.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds are checked before"
)]
fn grey_at(page: &DecodedPage, h: &[f64; 9], x: f64, y: f64) -> u8 {
    let w = h[6] * x + h[7] * y + h[8];
    let (px, py) = (
        (h[0] * x + h[1] * y + h[2]) / w,
        (h[3] * x + h[4] * y + h[5]) / w,
    );
    let inside =
        px >= 0.0 && py >= 0.0 && px < f64::from(page.width) && py < f64::from(page.height);
    if !inside {
        return u8::MAX;
    }
    let index = py as usize * page.width as usize + px as usize;
    page.grey.get(index).copied().unwrap_or(u8::MAX)
}

fn png(grey: &Grey) -> Bytes {
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    encoder
        .write_image(
            &grey.pixels,
            grey.width,
            grey.height,
            image::ExtendedColorType::L8,
        )
        .expect("writing to memory does not fail and the size fits the pixels");
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 pixels per millimetre, upside down, with one black millimetre at (2, 1).
    fn upside_down() -> (DecodedPage, [f64; 9]) {
        let (width, height) = (100, 50);
        let mut grey = vec![255; width * height];
        for y in 30..40 {
            for x in 70..80 {
                grey[y * width + x] = 0;
            }
        }
        let page = DecodedPage {
            number: 1,
            width: 100,
            height: 50,
            dpi: None,
            source: "png".into(),
            grey,
        };
        (page, [-10.0, 0.0, 100.0, 0.0, -10.0, 50.0, 0.0, 0.0, 1.0])
    }

    #[test]
    fn a_crop_is_set_straight() {
        let (page, homography) = upside_down();
        let black = Zone {
            x: 2.0,
            y: 1.0,
            width: 1.0,
            height: 1.0,
        };
        let crop = sample(&page, &homography, black, 4.0);
        assert_eq!((crop.width, crop.height), (4, 4));
        assert!(crop.pixels.iter().all(|p| *p == 0), "{:?}", crop.pixels);
        let beside = Zone { x: 4.0, ..black };
        assert!(
            sample(&page, &homography, beside, 4.0)
                .pixels
                .iter()
                .all(|p| *p == 255)
        );
    }

    #[test]
    fn what_is_not_kept_is_covered() {
        let keep = Zone {
            x: 2.0,
            y: 1.0,
            width: 2.0,
            height: 1.0,
        };
        let mut grey = Grey {
            width: 80,
            height: 40,
            pixels: vec![0; 80 * 40],
        };
        cover(&mut grey, &[keep], 10.0);
        let at = |x: usize, y: usize| grey.pixels[y * 80 + x];
        assert_eq!((at(20, 10), at(40, 20), at(13, 3)), (0, 0, 0));
        assert_eq!((at(10, 10), at(50, 15), at(30, 30)), (160, 160, 160));
    }

    #[test]
    fn beside_the_page_is_white() {
        let (page, homography) = upside_down();
        let outside = Zone {
            x: -5.0,
            y: -5.0,
            width: 2.0,
            height: 2.0,
        };
        assert!(
            sample(&page, &homography, outside, 2.0)
                .pixels
                .iter()
                .all(|p| *p == 255)
        );
    }
}
