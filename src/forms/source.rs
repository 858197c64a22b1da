//! A form definition as its author writes it. `sample-forms/definitions/registration.toml` is the example.
//!
//! Lengths are millimetres from the top left of the page, y down. Unknown keys are errors.

use serde::Deserialize;
use serde_spanned::Spanned;

use super::definition::{DataCategory, DateRole};
use super::metrics::Weight;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub form: Spanned<Form>,
    #[serde(default)]
    pub marks: Marks,
    #[serde(default)]
    pub style: Style,
    #[serde(default)]
    pub block: Vec<Spanned<Block>>,
    #[serde(default)]
    pub page: Vec<Spanned<Page>>,
}

/// `[form]`: what form this is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub id: Spanned<String>,
    pub version: Spanned<u32>,
    pub title: Spanned<String>,
    pub wording_version: String,
    #[serde(default)]
    pub optional_pages: Vec<Spanned<u32>>,
    /// Printed at the foot of every page: who holds the data and where the privacy notice is.
    pub privacy_line: Spanned<String>,
}

/// `[marks]`: what registration of a scan goes by.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Marks {
    pub corner_size: f64,
    pub corner_inset: f64,
    pub qr_at: [f64; 2],
    pub qr_size: Spanned<f64>,
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            corner_size: 6.0,
            corner_inset: 8.0,
            qr_at: [174.0, 8.0],
            qr_size: Spanned::new(0..0, 18.0),
        }
    }
}

/// `[style]`: sizes used wherever a field does not say otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Style {
    /// Left and right edge of everything printed between header and footer.
    pub left: f64,
    pub right: f64,
    /// Width and height of a comb cell.
    pub cell: [f64; 2],
    /// Gap between groups of comb cells.
    pub group_gap: f64,
    /// Side of a tick box.
    pub tick: f64,
    /// Height of one writing line.
    pub line_height: f64,
    /// Type size of labels and of everything else, in points.
    pub label_size: f64,
    pub text_size: f64,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            left: 14.0,
            right: 196.0,
            cell: [5.6, 7.2],
            group_gap: 3.0,
            tick: 4.4,
            line_height: 8.5,
            label_size: 9.0,
            text_size: 8.5,
        }
    }
}

/// `[[block]]`: fields that a form repeats, with positions relative to where the block is placed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub name: Spanned<String>,
    #[serde(default)]
    pub section: Vec<Spanned<Section>>,
    #[serde(default)]
    pub text: Vec<Spanned<Text>>,
    #[serde(default)]
    pub field: Vec<Spanned<FieldSource>>,
}

/// `[[page]]`: one page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default)]
    pub section: Vec<Spanned<Section>>,
    #[serde(default)]
    pub text: Vec<Spanned<Text>>,
    #[serde(default)]
    pub frame: Vec<Spanned<Frame>>,
    #[serde(default)]
    pub example: Vec<Spanned<Example>>,
    #[serde(default)]
    pub field: Vec<Spanned<FieldSource>>,
    #[serde(default)]
    pub place: Vec<Spanned<Place>>,
}

/// `[[page.place]]`: a block put on a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub block: Spanned<String>,
    /// First part of the names of its fields: `child_2`.
    pub prefix: Spanned<String>,
    /// Stands for `{title}` in the block, and names the group of fields.
    pub title: String,
    pub at: [f64; 2],
}

/// `[[page.section]]`: a heading band.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    pub title: String,
    /// Said in smaller type after the title.
    #[serde(default)]
    pub note: String,
    /// What clerks see instead of the title.
    pub group: Option<String>,
    /// Upper edge.
    pub top: f64,
    #[serde(default)]
    pub style: SectionStyle,
}

/// How a section heading looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SectionStyle {
    /// White on a dark band.
    #[default]
    Band,
    /// White on a grey band: staff fill it in.
    Office,
    /// Bold, with a thin line beneath: a part of a section.
    Sub,
}

/// `[[page.text]]`: words nobody fills in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub text: String,
    /// Top left of the first line.
    pub at: [f64; 2],
    /// Lines are broken at this width; without it, at the right edge of the page.
    pub width: Option<f64>,
    /// Points.
    pub size: Option<f64>,
    #[serde(default)]
    pub weight: Weight,
    #[serde(default)]
    pub soft: bool,
}

/// `[[page.frame]]`: a thin outline.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Frame {
    pub at: [f64; 2],
    pub size: [f64; 2],
}

/// `[[page.example]]`: how to fill in, shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub kind: ExampleKind,
    pub at: [f64; 2],
    /// The letters in the comb.
    #[serde(default)]
    pub text: String,
}

/// What an example shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExampleKind {
    /// A filled comb.
    Comb,
    /// A crossed tick box.
    Tick,
}

/// Where a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LabelPlace {
    /// In the column to the left, level with the first row.
    #[default]
    Left,
    /// Above the answer.
    Above,
    /// Not printed: clerks see it all the same.
    None,
}

/// `[[page.field]]` and `[[block.field]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSource {
    pub name: Spanned<String>,
    pub label: Spanned<String>,
    pub kind: Spanned<String>,
    /// Top left of the answer: first cell, first line, first box or signature box.
    pub at: Spanned<[f64; 2]>,
    #[serde(default)]
    pub label_place: LabelPlace,
    /// Left edge of a label at the left; the left edge of the page's content when absent.
    pub label_x: Option<f64>,
    /// Small print beneath the label.
    #[serde(default)]
    pub hint: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub category: DataCategory,
    pub alphabet: Option<String>,
    /// Combs: number of cells.
    pub cells: Option<Spanned<u32>>,
    /// Combs: cells in groups with gaps between; instead of `cells`.
    pub groups: Option<Spanned<Vec<u32>>>,
    /// Combs: width and height of a cell.
    pub cell: Option<Spanned<[f64; 2]>>,
    /// Text: number of writing lines.
    pub lines: Option<Spanned<u32>>,
    /// Text: width of the writing lines.
    pub width: Option<Spanned<f64>>,
    /// Signature: width and height of the box.
    pub size: Option<Spanned<[f64; 2]>>,
    /// Dates: what the date means.
    pub date: Option<DateRole>,
    /// Share of machine-accepted values that may be wrong; by kind of field when absent.
    pub target_error: Option<Spanned<f64>>,
    /// Ticks.
    #[serde(default)]
    pub options: Vec<Spanned<OptionSource>>,
    /// Ticks: left edges of the columns that boxes without `at` are put in, row by row.
    pub columns: Option<Spanned<Vec<f64>>>,
    /// Ticks: distance from one row of boxes to the next.
    pub row_step: Option<f64>,
    /// Consents: purpose or channel.
    pub consent: Option<Spanned<String>>,
    /// Consents: the exact statement, where it is printed and how wide.
    pub wording: Option<Spanned<String>>,
    pub wording_at: Option<[f64; 2]>,
    pub wording_width: Option<f64>,
}

/// One tick box.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionSource {
    pub value: Spanned<String>,
    pub label: String,
    /// Top left of the box, where it does not follow from `columns`.
    pub at: Option<[f64; 2]>,
    /// The label is broken at this width.
    pub width: Option<f64>,
}
