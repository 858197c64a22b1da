//! PDF files, made with lopdf: another library than the one that reads them.

use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use super::{HEIGHT, WIDTH, jpeg, packed, picture, tiffs};

/// Page sides in points at which the picture has 300 dots per inch.
pub const SIDES: (f32, f32) = (WIDTH as f32 * 0.24, HEIGHT as f32 * 0.24);

/// An image of the picture's size.
pub fn image(filter: &str, extra: Dictionary, data: Vec<u8>) -> Stream {
    let mut dict = dictionary! {
        "Type" => "XObject", "Subtype" => "Image",
        "Width" => i64::from(WIDTH), "Height" => i64::from(HEIGHT),
        "ColorSpace" => "DeviceGray", "BitsPerComponent" => 8,
    };
    if !filter.is_empty() {
        dict.set("Filter", filter);
    }
    for (key, value) in extra {
        dict.set(key, value);
    }
    Stream::new(dict, data).with_compression(false)
}

/// The picture in the ways scanners wrap it.
pub fn jpeg_image() -> Stream {
    image("DCTDecode", Dictionary::new(), jpeg())
}

/// Group 4, as bilevel scanners do.
pub fn group4_image() -> Stream {
    let parameters = dictionary! {
        "K" => -1, "Columns" => i64::from(WIDTH), "Rows" => i64::from(HEIGHT),
    };
    image(
        "CCITTFaxDecode",
        dictionary! { "BitsPerComponent" => 1, "DecodeParms" => parameters },
        tiffs::encode_group4(0..HEIGHT),
    )
}

/// Flate-compressed grey.
pub fn flate_image() -> Stream {
    let mut image = image("", Dictionary::new(), picture());
    image.allows_compression = true;
    image.compress().expect("compress");
    image
}

/// A stencil through which black is painted.
pub fn stencil() -> Stream {
    let mut stencil = image(
        "",
        dictionary! { "ImageMask" => true, "BitsPerComponent" => 1 },
        packed(false),
    );
    stencil.dict.remove(b"ColorSpace");
    stencil
}

/// One page: its sides in points, its rotation, its drawing commands, and its image under the name I.
pub struct Page {
    pub sides: (f32, f32),
    pub rotate: i64,
    pub commands: String,
    pub image: Option<Stream>,
}

/// A page that is nothing but an image.
pub fn scan(image: Stream) -> Page {
    Page {
        sides: SIDES,
        rotate: 0,
        commands: format!("q {} 0 0 {} 0 0 cm /I Do Q", SIDES.0, SIDES.1),
        image: Some(image),
    }
}

/// A page without an image.
pub fn drawing(commands: &str) -> Page {
    Page {
        sides: (595.0, 842.0),
        rotate: 0,
        commands: commands.into(),
        image: None,
    }
}

/// A document of these pages.
pub fn document(pages: Vec<Page>) -> Document {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let mut kids = vec![];
    for page in pages {
        let mut resources = Dictionary::new();
        if let Some(image) = page.image {
            let image = document.add_object(image);
            resources.set("XObject", dictionary! { "I" => image });
        }
        let contents = document.add_object(Stream::new(Dictionary::new(), page.commands.into()));
        let (width, height) = page.sides;
        kids.push(Object::Reference(document.add_object(dictionary! {
            "Type" => "Page", "Parent" => tree, "Contents" => contents, "Resources" => resources,
            "MediaBox" => vec![0.into(), 0.into(), width.into(), height.into()],
            "Rotate" => page.rotate,
        })));
    }
    let count = kids.len() as i64;
    document.set_object(
        tree,
        dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count },
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    document.trailer.set(
        "ID",
        vec![
            Object::string_literal("0123456789abcdef"),
            Object::string_literal("0123456789abcdef"),
        ],
    );
    document
}

/// The bytes of a document.
pub fn saved(mut document: Document) -> Vec<u8> {
    let mut bytes = vec![];
    document.save_to(&mut bytes).expect("memory");
    bytes
}

/// The bytes of a document of these pages.
pub fn file(pages: Vec<Page>) -> Vec<u8> {
    saved(document(pages))
}

/// A one-page document that needs a password, or only forbids changes if `user` is empty.
pub fn encrypted(user: &str) -> Vec<u8> {
    use lopdf::{EncryptionState, EncryptionVersion, Permissions};
    let mut document = document(vec![scan(flate_image())]);
    let state = EncryptionState::try_from(EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: user,
        key_length: 128,
        permissions: Permissions::all(),
    })
    .expect("keys");
    document.encrypt(&state).expect("encrypt");
    saved(document)
}
