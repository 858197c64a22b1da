//! The structure of the printed pages: what is a heading and what a paragraph, for software that reads aloud.

use std::num::NonZeroU16;

use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, Tag, TagGroup, TagTree,
};

use crate::forms::artwork::{Ink, TextLine};
use crate::forms::metrics::{MM_PER_POINT, Weight};

/// From this size on bold type is a heading, and from the next on the title of the page.
const SECTION_PT: f64 = 11.0;
const TITLE_PT: f64 = 18.0;

/// Lines further apart than this many times their size begin a new paragraph.
const LEADING: f64 = 1.7;

/// The structure of a document, built while it is drawn: a section per page, in it headings and paragraphs.
pub(super) struct Tags {
    pages: Vec<TagGroup>,
    open: Option<(TextLine, TagGroup)>,
}

/// Marks what nobody has to hear: frames, cells, rules and marks.
pub(super) fn decoration() -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout))
}

/// Marks words.
pub(super) fn words() -> ContentTag<'static> {
    ContentTag::Span(SpanTag::empty())
}

impl Tags {
    pub(super) fn new() -> Self {
        Self {
            pages: Vec::new(),
            open: None,
        }
    }

    /// Begins the section of the next page.
    pub(super) fn page(&mut self) {
        self.close();
        self.pages.push(TagGroup::new(Tag::Section));
    }

    /// Adds a drawn line: to the paragraph it goes on with, or to a new one.
    pub(super) fn line(&mut self, line: &TextLine, drawn: Identifier) {
        if !self
            .open
            .as_ref()
            .is_some_and(|(last, _)| goes_on(last, line))
        {
            self.close();
        }
        let (last, group) = self
            .open
            .get_or_insert_with(|| (line.clone(), group_for(line)));
        line.clone_into(last);
        group.push(drawn);
    }

    /// The finished tree.
    pub(super) fn tree(mut self) -> TagTree {
        self.close();
        let mut tree = TagTree::new().with_lang(Some("en-GB".to_owned()));
        for page in self.pages {
            tree.push(page);
        }
        tree
    }

    fn close(&mut self) {
        if let (Some((_, group)), Some(page)) = (self.open.take(), self.pages.last_mut()) {
            page.push(group);
        }
    }
}

fn goes_on(last: &TextLine, line: &TextLine) -> bool {
    let step = (line.baseline - last.baseline) / (line.size_pt * MM_PER_POINT);
    (last.x, last.size_pt, last.weight, last.ink) == (line.x, line.size_pt, line.weight, line.ink)
        && (0.1..LEADING).contains(&step)
}

fn group_for(line: &TextLine) -> TagGroup {
    // The letters of the example are large and bold, but grey.
    let level = match line.weight {
        _ if line.ink == Ink::SOFT => None,
        Weight::Bold if line.size_pt >= TITLE_PT => NonZeroU16::new(1),
        Weight::Bold if line.size_pt >= SECTION_PT => NonZeroU16::new(2),
        _ => None,
    };
    match level {
        Some(level) => TagGroup::new(Tag::Hn(level, None)),
        None => TagGroup::new(Tag::P),
    }
}
