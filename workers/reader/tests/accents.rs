//! Names with accents on a scanned form: the reader cannot read them, so it says so and offers the spelling.

use enrol::domain::field::FieldState;
use enrol_reader::{Reader, ReaderOptions, read_document};

#[test]
fn a_name_with_an_accent_goes_to_a_clerk_with_its_spelling_offered() {
    let scan = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../sample-forms/scans/18-grey-lzw/scan.tif"
    );
    let bytes = std::fs::read(scan).expect("a sample scan");
    let reader = Reader::new(ReaderOptions::default()).expect("a reader");
    let document = read_document(&reader, &bytes).expect("read");
    let fields = document.forms.into_iter().flat_map(|form| form.fields);
    let names: Vec<_> = fields
        .filter(|f| {
            let accented = |r: &String| r.contains("may have an accent");
            f.reasons.iter().any(accented)
        })
        .collect();
    assert!(!names.is_empty());
    let offered = |spelling: &str| {
        names.iter().any(|field| {
            let first = field.alternatives.first();
            assert_eq!(field.state, FieldState::Review, "{}", field.name);
            first.is_some_and(|first| first.text == spelling)
        })
    };
    assert!(offered("JOSÉ") && offered("BRONTË"), "{names:?}");
}
