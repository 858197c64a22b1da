//! Turns a parsed definition into positions: every cell, line, box and printed word.

use super::answer;
use super::canvas::{Canvas, Drawn};
use super::definition::{CornerMark, Field, FormDefinition, PageSize, Zone};
use super::layout;
use super::problem::Problems;
use super::source::{FieldSource, Page, Place, Source};

/// A4, the only size a council's scanner and printer surely have.
const A4: PageSize = PageSize {
    width_mm: 210.0,
    height_mm: 297.0,
};

/// A definition with the place in the file each part came from.
pub(super) struct Resolved {
    pub definition: FormDefinition,
    /// Byte offset of each field's entry.
    pub field_offsets: Vec<usize>,
    /// Printed shapes with their origin; the definition's own list is filled from it last.
    pub drawn: Vec<Drawn>,
}

/// Where the fields of one entry go.
pub(super) struct Anchor<'a> {
    pub page: u32,
    /// Added to every position.
    pub by: [f64; 2],
    /// Name of the block's place, put before the field's name.
    pub prefix: Option<&'a str>,
    pub group: &'a str,
}

/// Resolves all positions. Problems that make an entry impossible to place are added to `problems`,
/// and the entry is left out.
pub(super) fn resolve(source: &Source, problems: &mut Problems<'_>) -> Resolved {
    let form = source.form.as_ref();
    let mut canvas = Canvas::default();
    let mut fields = Vec::new();
    let pages = source.page.len() as u32;
    for (page, number) in source.page.iter().zip(1..) {
        layout::header(&mut canvas, form, pages, number);
        page_artwork(&mut canvas, source, page.as_ref(), number);
        page_fields(
            &mut canvas,
            source,
            page.as_ref(),
            number,
            &mut fields,
            problems,
        );
        layout::footer(&mut canvas, form, number, A4.width_mm, A4.height_mm);
    }
    let (fields, field_offsets) = fields.into_iter().unzip();
    let definition = FormDefinition {
        id: form.id.as_ref().clone(),
        version: *form.version.as_ref(),
        title: form.title.as_ref().clone(),
        wording_version: form.wording_version.clone(),
        page: A4,
        pages,
        optional_pages: form.optional_pages.iter().map(|p| *p.as_ref()).collect(),
        corner_marks: corner_marks(source),
        qr_zone: qr_zone(source),
        fields,
        artwork: canvas.drawn.iter().map(|d| d.artwork.clone()).collect(),
    };
    Resolved {
        definition,
        field_offsets,
        drawn: canvas.drawn,
    }
}

fn corner_marks(source: &Source) -> [CornerMark; 4] {
    let (size, inset) = (source.marks.corner_size, source.marks.corner_inset);
    let (right, bottom) = (A4.width_mm - inset - size, A4.height_mm - inset - size);
    [
        (inset, inset),
        (right, inset),
        (inset, bottom),
        (right, bottom),
    ]
    .map(|(x, y)| CornerMark {
        zone: Zone {
            x,
            y,
            width: size,
            height: size,
        },
    })
}

fn qr_zone(source: &Source) -> Zone {
    let side = *source.marks.qr_size.as_ref();
    Zone {
        x: source.marks.qr_at[0],
        y: source.marks.qr_at[1],
        width: side,
        height: side,
    }
}

fn page_artwork(canvas: &mut Canvas, source: &Source, page: &Page, number: u32) {
    let style = &source.style;
    for section in &page.section {
        let entry = section.as_ref();
        canvas.at(number, section.span().start);
        layout::section(canvas, style, entry, &entry.title, entry.top);
    }
    for text in &page.text {
        layout::text(
            canvas.at(number, text.span().start),
            style,
            text.as_ref(),
            [0.0, 0.0],
        );
    }
    for frame in &page.frame {
        layout::frame(canvas.at(number, frame.span().start), frame.as_ref());
    }
    for example in &page.example {
        layout::example(
            canvas.at(number, example.span().start),
            style,
            example.as_ref(),
        );
    }
}

/// Fields and placed blocks in the order in which the author wrote them.
fn page_fields(
    canvas: &mut Canvas,
    source: &Source,
    page: &Page,
    number: u32,
    fields: &mut Vec<(Field, usize)>,
    problems: &mut Problems<'_>,
) {
    enum Entry<'a> {
        Field(&'a FieldSource),
        Place(&'a Place),
    }
    let mut entries: Vec<(usize, Entry<'_>)> = Vec::new();
    entries.extend(
        page.field
            .iter()
            .map(|f| (f.span().start, Entry::Field(f.as_ref()))),
    );
    entries.extend(
        page.place
            .iter()
            .map(|p| (p.span().start, Entry::Place(p.as_ref()))),
    );
    entries.sort_by_key(|(offset, _)| *offset);
    for (offset, entry) in entries {
        match entry {
            Entry::Field(field) => {
                let group = group_at(page, offset);
                let anchor = Anchor {
                    page: number,
                    by: [0.0, 0.0],
                    prefix: None,
                    group,
                };
                fields.extend(
                    answer::resolve(canvas, &source.style, field, offset, &anchor, problems)
                        .map(|f| (f, offset)),
                );
            }
            Entry::Place(place) => {
                place_block(canvas, source, place, offset, number, fields, problems)
            }
        }
    }
}

/// A field written under a section heading belongs to its group.
fn group_at(page: &Page, offset: usize) -> &str {
    let above = page.section.iter().filter(|s| s.span().start < offset);
    above.max_by_key(|s| s.span().start).map_or("", |s| {
        s.as_ref().group.as_deref().unwrap_or(&s.as_ref().title)
    })
}

fn place_block(
    canvas: &mut Canvas,
    source: &Source,
    place: &Place,
    offset: usize,
    number: u32,
    fields: &mut Vec<(Field, usize)>,
    problems: &mut Problems<'_>,
) {
    let wanted = place.block.as_ref();
    let Some(block) = source
        .block
        .iter()
        .map(|b| b.as_ref())
        .find(|b| b.name.as_ref() == wanted)
    else {
        let known: Vec<&str> = source
            .block
            .iter()
            .map(|b| b.as_ref().name.as_ref().as_str())
            .collect();
        let remedy = format!(
            "add [[block]] with name = \"{wanted}\", or use one of: {}",
            known.join(", ")
        );
        problems.add(
            place.block.span().start,
            format!("there is no block called `{wanted}`"),
            remedy,
        );
        return;
    };
    for section in &block.section {
        let entry = section.as_ref();
        let title = entry.title.replace("{title}", &place.title);
        layout::section(
            canvas.at(number, offset),
            &source.style,
            entry,
            &title,
            entry.top + place.at[1],
        );
    }
    for text in &block.text {
        layout::text(
            canvas.at(number, offset),
            &source.style,
            text.as_ref(),
            place.at,
        );
    }
    let anchor = Anchor {
        page: number,
        by: place.at,
        prefix: Some(place.prefix.as_ref()),
        group: &place.title,
    };
    for field in &block.field {
        let (start, entry) = (field.span().start, field.as_ref());
        fields.extend(
            answer::resolve(canvas, &source.style, entry, start, &anchor, problems)
                .map(|f| (f, start)),
        );
    }
}
