//! Image-only PDF, as multi-function devices write it.

use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, ObjectId, Stream, dictionary};

use super::jpeg;
use crate::scan::{Capture, Mode};

/// How pages are held in the PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// One JPEG per page.
    Jpeg {
        /// JPEG quality, 1 to 100.
        quality: u8,
    },
    /// Each page cut into JPEG strips, as devices with little memory do.
    JpegStrips {
        /// JPEG quality, 1 to 100.
        quality: u8,
        /// Rows per strip.
        rows: usize,
    },
    /// One CCITT Group 4 image per page.
    Group4,
}

/// A PDF being put together page by page.
pub struct Builder {
    document: Document,
    pages: ObjectId,
    kids: Vec<Object>,
}

impl Default for Builder {
    fn default() -> Self {
        let mut document = Document::with_version("1.4");
        let pages = document.new_object_id();
        Self {
            document,
            pages,
            kids: Vec::new(),
        }
    }
}

impl Builder {
    /// Adds an object of any kind.
    pub fn object(&mut self, object: impl Into<Object>) -> ObjectId {
        self.document.add_object(object)
    }

    /// Adds a page, sizes in points, with its content and its named images.
    pub fn page(
        &mut self,
        size: (f32, f32),
        rotate: i64,
        content: ObjectId,
        images: lopdf::Dictionary,
    ) {
        let page = dictionary! {
            "Type" => "Page",
            "Parent" => self.pages,
            "MediaBox" => vec![0.into(), 0.into(), Object::Real(size.0), Object::Real(size.1)],
            "Rotate" => rotate,
            "Contents" => content,
            "Resources" => dictionary! { "XObject" => images },
        };
        let id = self.document.add_object(page);
        self.kids.push(id.into());
    }

    /// Closes the page tree.
    pub fn finish(mut self) -> Document {
        let count = self.kids.len() as i64;
        let pages = dictionary! { "Type" => "Pages", "Kids" => self.kids, "Count" => count };
        self.document.objects.insert(self.pages, pages.into());
        let catalog = self
            .document
            .add_object(dictionary! { "Type" => "Catalog", "Pages" => self.pages });
        self.document.trailer.set("Root", catalog);
        self.document
    }
}

/// Writes pages to a PDF; each page's `/Rotate` makes up for `turned` degrees of the scan.
///
/// # Errors
/// Fails (for good) when a page cannot be encoded.
pub fn encode(
    pages: &[Capture],
    pictures: Pictures,
    turned_upright: i64,
) -> anyhow::Result<Vec<u8>> {
    let mut builder = Builder::default();
    for page in pages {
        let dpi = page.dpi.unwrap_or(200) as f32;
        let points = |pixels: usize| pixels as f32 * 72.0 / dpi;
        let (width, height) = (points(page.width), points(page.height));
        let mut images = lopdf::Dictionary::new();
        let mut operations = Vec::new();
        for (index, (rows, stream)) in images_of(page, pictures)?.into_iter().enumerate() {
            let name = format!("Im{index}");
            let bottom = height - points(rows.end);
            let id = builder.object(stream);
            images.set(name.as_bytes().to_vec(), id);
            let matrix = [width, 0.0, 0.0, points(rows.len()), 0.0, bottom].map(Object::Real);
            operations.extend([
                Operation::new("q", vec![]),
                Operation::new("cm", matrix.to_vec()),
                Operation::new("Do", vec![Object::Name(name.into_bytes())]),
                Operation::new("Q", vec![]),
            ]);
        }
        let content = Stream::new(dictionary! {}, Content { operations }.encode()?);
        let content = builder.object(content);
        builder.page((width, height), turned_upright, content, images);
    }
    let mut bytes = Vec::new();
    builder.finish().save_to(&mut bytes)?;
    Ok(bytes)
}

/// The images of a page from top to bottom, with the rows each covers.
fn images_of(
    page: &Capture,
    pictures: Pictures,
) -> anyhow::Result<Vec<(std::ops::Range<usize>, Stream)>> {
    let (quality, strip) = match pictures {
        Pictures::Group4 => return Ok(vec![(0..page.height, group4(page))]),
        Pictures::Jpeg { quality } => (quality, page.height),
        Pictures::JpegStrips { quality, rows } => (quality, rows),
    };
    let row_bytes = page.width * super::channels(page.mode);
    let mut images = Vec::new();
    for (index, pixels) in page.pixels.chunks(strip * row_bytes).enumerate() {
        let height = pixels.len() / row_bytes;
        let part = Capture {
            width: page.width,
            height,
            mode: page.mode,
            pixels: pixels.to_vec(),
            dpi: page.dpi,
        };
        let mut image = image_dictionary(
            &part,
            if page.mode == Mode::Colour {
                "DeviceRGB"
            } else {
                "DeviceGray"
            },
            8,
        );
        image.set("Filter", "DCTDecode");
        let top = index * strip;
        images.push((
            top..top + height,
            Stream::new(image, jpeg::encode(&part, quality)?),
        ));
    }
    Ok(images)
}

fn group4(page: &Capture) -> Stream {
    let mut image = image_dictionary(page, "DeviceGray", 1);
    image.set("Filter", "CCITTFaxDecode");
    let parameters = dictionary! {
        "K" => -1,
        "Columns" => page.width as i64,
        "Rows" => page.height as i64,
        "BlackIs1" => false,
    };
    image.set("DecodeParms", parameters);
    Stream::new(image, super::group4(page))
}

fn image_dictionary(page: &Capture, space: &str, bits: i64) -> lopdf::Dictionary {
    dictionary! {
        "Type" => "XObject",
        "Subtype" => "Image",
        "Width" => page.width as i64,
        "Height" => page.height as i64,
        "ColorSpace" => space,
        "BitsPerComponent" => bits,
    }
}
