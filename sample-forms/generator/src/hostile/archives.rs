//! Damaged, locked and oversized containers.

use std::io::Write as _;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use lopdf::content::{Content, Operation};
use lopdf::{
    Document, EncryptionState, EncryptionVersion, Object, Permissions, Stream, StringFormat,
    dictionary,
};

use super::{Hostile, Outcome};
use crate::encode::jpeg;
use crate::encode::pdf::{self, Builder, Pictures};
use crate::scan::{Capture, Mode};

/// All of them. `page` is a filled page, to be damaged.
pub fn all(page: &Capture) -> anyhow::Result<Vec<Hostile>> {
    let whole = pdf::encode(
        std::slice::from_ref(page),
        Pictures::Jpeg { quality: 40 },
        0,
    )?;
    let photo = jpeg::encode(page, 40)?;
    Ok(vec![
        Hostile {
            name: "empty.pdf",
            bytes: Vec::new(),
            what: "a file of no bytes, as a full disk or a broken upload leaves it",
            outcome: Outcome::Quarantined,
            reason_words: &["empty"],
        },
        Hostile {
            name: "truncated.pdf",
            bytes: whole[..whole.len() * 2 / 5].to_vec(),
            what: "the first two fifths of a PDF",
            outcome: Outcome::Quarantined,
            reason_words: &["damaged"],
        },
        Hostile {
            name: "truncated.jpg",
            bytes: photo[..420].to_vec(),
            what: "a JPEG cut off in its header",
            outcome: Outcome::Quarantined,
            reason_words: &["damaged"],
        },
        Hostile {
            name: "password.pdf",
            bytes: locked(&whole)?,
            what: "a PDF that opens only with a password (it is \"kestrel\")",
            outcome: Outcome::Exception,
            reason_words: &["password"],
        },
        Hostile {
            name: "text-named.pdf",
            bytes:
                b"Dear centre,\n\nplease find our registration form in the post.\n\nKind regards\n"
                    .to_vec(),
            what: "a text file whose name ends in .pdf",
            outcome: Outcome::Quarantined,
            reason_words: &["not a scan"],
        },
        Hostile {
            name: "inflates.pdf",
            bytes: bomb()?,
            what: "a PDF of a few kilobytes with an image of 1 GiB, compressed twice",
            outcome: Outcome::Quarantined,
            reason_words: &["too large"],
        },
        Hostile {
            name: "content-bomb.pdf",
            bytes: content_bomb()?,
            what: "a PDF of a few kilobytes whose page content inflates to 1 GiB of drawing",
            outcome: Outcome::Quarantined,
            reason_words: &["took too long", "could not be opened safely"],
        },
        Hostile {
            name: "500-pages.pdf",
            bytes: many_pages(500)?,
            what: "a PDF of 500 pages",
            outcome: Outcome::Exception,
            reason_words: &["pages"],
        },
        Hostile {
            name: "no-pages.pdf",
            bytes: many_pages(0)?,
            what: "a PDF without any page",
            outcome: Outcome::Quarantined,
            reason_words: &["empty"],
        },
        Hostile {
            name: "ifd-cycle.tif",
            bytes: cycle(),
            what: "a TIFF whose second page says that the first page comes next, for ever",
            outcome: Outcome::Quarantined,
            reason_words: &["damaged"],
        },
    ])
}

/// RC4 with 128 bits: old, but what many devices still write, and the same bytes every time.
#[expect(
    clippy::disallowed_methods,
    reason = "a document made here a moment ago"
)]
fn locked(whole: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut document = Document::load_mem(whole)?;
    let id = Object::String(b"enrol sample 0001".to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "kestrel-owner",
        user_password: "kestrel",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).context("cannot prepare the encryption")?;
    document.encrypt(&state).context("cannot encrypt")?;
    // The last 16 bytes of the user entry mean nothing and are drawn at random: the file has to be
    // the same each time.
    let encryption = document.trailer.get(b"Encrypt")?.as_reference()?;
    let entry = document
        .get_object_mut(encryption)?
        .as_dict_mut()?
        .get_mut(b"U")?
        .as_str_mut()?;
    entry[16..].fill(0);
    save(document)
}

/// A page with one grey image of 32768 by 32768, deflated and deflated again.
fn bomb() -> anyhow::Result<Vec<u8>> {
    let side = 32_768;
    let mut image = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Image",
        "Width" => side,
        "Height" => side,
        "ColorSpace" => "DeviceGray",
        "BitsPerComponent" => 8,
    };
    image.set(
        "Filter",
        vec![Object::from("FlateDecode"), Object::from("FlateDecode")],
    );
    let mut builder = Builder::default();
    let picture = builder.object(Stream::new(image, twice(&[255; 1 << 16], 1 << 14)?));
    let mut images = lopdf::Dictionary::new();
    images.set("Im0", picture);
    let matrix = [595.0, 0.0, 0.0, 842.0, 0.0, 0.0]
        .map(Object::Real)
        .to_vec();
    let draw = vec![
        Operation::new("cm", matrix),
        Operation::new("Do", vec![Object::Name(b"Im0".to_vec())]),
    ];
    let content = builder.object(Stream::new(
        dictionary! {},
        Content { operations: draw }.encode()?,
    ));
    builder.page((595.0, 842.0), 0, content, images);
    save(builder.finish())
}

/// A page that draws 50 million short lines.
fn content_bomb() -> anyhow::Result<Vec<u8>> {
    let mut builder = Builder::default();
    let filters = vec![Object::from("FlateDecode"), Object::from("FlateDecode")];
    let line = b"9 9 m 500 800 l S\n".repeat(4096);
    let content = Stream::new(
        dictionary! { "Filter" => filters },
        twice(&line, (1 << 30) / line.len())?,
    );
    let content = builder.object(content);
    builder.page((595.0, 842.0), 0, content, lopdf::Dictionary::new());
    save(builder.finish())
}

/// `block` repeated, deflated twice.
fn twice(block: &[u8], times: usize) -> anyhow::Result<Vec<u8>> {
    let outer = ZlibEncoder::new(Vec::new(), Compression::best());
    let mut inner = ZlibEncoder::new(outer, Compression::best());
    for _ in 0..times {
        inner.write_all(block)?;
    }
    Ok(inner.finish()?.finish()?)
}

fn many_pages(count: usize) -> anyhow::Result<Vec<u8>> {
    let mut builder = Builder::default();
    let content = builder.object(Stream::new(dictionary! {}, b"50 50 495 742 re S".to_vec()));
    for _ in 0..count {
        builder.page((595.0, 842.0), 0, content, lopdf::Dictionary::new());
    }
    save(builder.finish())
}

fn save(mut document: Document) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes)?;
    Ok(bytes)
}

/// Two small pages; the link of the second is bent back to the first.
fn cycle() -> Vec<u8> {
    let page = || Capture {
        width: 64,
        height: 64,
        mode: Mode::Bilevel,
        pixels: vec![255; 64 * 64],
        dpi: Some(200),
    };
    let mut bytes =
        crate::encode::tiff::group4(&[page(), page()]).expect("bilevel pages are taken");
    let first = [bytes[4], bytes[5], bytes[6], bytes[7]];
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&first);
    bytes
}
