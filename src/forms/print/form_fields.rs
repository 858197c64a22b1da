//! Lays form fields over the drawn pages (PDF 1.7, section 12.7), so that a blank can be filled in on a screen.
//!
//! The fields have no border and no background, and their appearances are empty: nothing of them shows until
//! something is typed. They are part of the document's structure, so that software that reads aloud finds them after
//! the words of their page, each called by its full label.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream, dictionary, text_string};

use super::PrintError;
use crate::forms::definition::{FormDefinition, Zone};
use crate::forms::fillable::{self, CODE_NAME, Entry, Part};
use crate::forms::metrics::MM_PER_POINT;
use crate::forms::page_code::PageCode;

/// Flags of form fields (tables 221, 226 and 228).
const READ_ONLY: i64 = 1;
const RADIO: i64 = 1 << 15;
const NO_SPELLING: i64 = 1 << 22;
/// What does not fit into the box cannot be typed: all that is typed is seen.
const NO_SCROLLING: i64 = 1 << 23;
const COMB: i64 = 1 << 24;

/// Flags of annotations (table 165).
const HIDDEN: i64 = 1 << 1;
const PRINTED: i64 = 1 << 2;

/// Type sizes in points.
const COMB_PT: u32 = 12;
const LINE_PT: u32 = 11;
const NAME_PT: u32 = 18;

/// The part of a writing line that is typed in, from its ruled line up: what is typed stands just above the rule.
const LINE_HEIGHT_MM: f64 = 6.2;
/// Longest typed name.
const NAME_LENGTH: i64 = 80;

/// Adds the form fields of `definition` to the printed pages of one copy.
pub(super) fn add(
    pdf: &[u8],
    definition: &FormDefinition,
    set_number: Option<&str>,
) -> Result<Vec<u8>, PrintError> {
    let document = Document::load_mem_with_options(pdf, LoadOptions::default()).map_err(failed)?;
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    let mut form = Form {
        height: definition.page.height_mm,
        structure: Structure::of(&document)?,
        document,
        pages,
        ids: BTreeMap::new(),
        children: BTreeMap::new(),
        roots: Vec::new(),
        widgets: BTreeMap::new(),
        looks: BTreeMap::new(),
    };
    for field in &definition.fields {
        for part in fillable::parts(field) {
            form.part(&part, field.page, &field.label)?;
        }
    }
    let code = PageCode {
        form: definition.id.clone(),
        version: definition.version,
        page: 1,
        set_number: set_number.map(str::to_owned),
    };
    form.code(&code)?;
    form.finish()
}

fn failed(error: lopdf::Error) -> PrintError {
    PrintError::Pdf(error.to_string())
}

/// The form while it is put together.
struct Form {
    document: Document,
    /// Millimetres.
    height: f64,
    pages: Vec<ObjectId>,
    structure: Structure,
    /// Objects of fields, and of the nodes above them, by dotted name.
    ids: BTreeMap<String, ObjectId>,
    children: BTreeMap<ObjectId, Vec<Object>>,
    roots: Vec<Object>,
    /// Widgets by index of their page.
    widgets: BTreeMap<usize, Vec<Object>>,
    /// Appearances that boxes of one size share, by width and height in hundredths of a point and by commands.
    looks: BTreeMap<(i64, i64, String), ObjectId>,
}

impl Form {
    fn part(&mut self, part: &Part, page: u32, label: &str) -> Result<(), PrintError> {
        let rect = self.rect(&place(part));
        match part.entry {
            Entry::Radio => self.radio(part, page, label, rect),
            Entry::Tick => {
                let mut tick = self.button(part, rect);
                tick.set("FT", "Btn");
                tick.set("V", "Off");
                tick.set("TU", text_string(&part.spoken));
                let id = self.field(&part.name)?;
                self.place(id, tick, page, &part.spoken)
            }
            _ => {
                let id = self.field(&part.name)?;
                let text = self.text(part, rect);
                self.place(id, text, page, &part.spoken)
            }
        }
    }

    fn text(&mut self, part: &Part, rect: [f32; 4]) -> Dictionary {
        let (flags, size, longest) = match part.entry {
            Entry::Comb(cells) => (COMB | NO_SPELLING, COMB_PT, Some(cells as i64)),
            Entry::TypedName => (NO_SPELLING, NAME_PT, Some(NAME_LENGTH)),
            _ => (0, LINE_PT, None),
        };
        let mut text = dictionary! {
            "FT" => "Tx",
            "Ff" => flags | NO_SCROLLING,
            "V" => text_string(""),
            "TU" => text_string(&part.spoken),
            "DA" => Object::string_literal(format!("/Helv {size} Tf 0 g")),
            "Rect" => numbers(&rect),
            "AP" => dictionary! { "N" => self.look(rect, "/Tx BMC EMC") },
        };
        if let Some(longest) = longest {
            text.set("MaxLen", longest);
        }
        text
    }

    /// A button of a group: the group is the field, the button a widget below it.
    fn radio(
        &mut self,
        part: &Part,
        page: u32,
        label: &str,
        rect: [f32; 4],
    ) -> Result<(), PrintError> {
        let group = match self.ids.get(&part.name) {
            Some(id) => *id,
            None => {
                let id = self.field(&part.name)?;
                let group = self.document.get_dictionary_mut(id).map_err(failed)?;
                group.set("FT", "Btn");
                // Without "no toggle to off": an answer can be taken back.
                group.set("Ff", RADIO);
                group.set("V", "Off");
                group.set("TU", text_string(label));
                id
            }
        };
        let mut button = self.button(part, rect);
        button.set("Parent", group);
        button.set("TU", text_string(&part.spoken));
        let id = self.document.add_object(Dictionary::new());
        self.children.entry(group).or_default().push(id.into());
        self.place(id, button, page, &part.spoken)
    }

    fn button(&mut self, part: &Part, rect: [f32; 4]) -> Dictionary {
        let (marked, empty) = self.marks(rect);
        let mut states = Dictionary::new();
        states.set(part.value.as_bytes(), marked);
        states.set("Off", empty);
        dictionary! {
            "Rect" => numbers(&rect),
            "AS" => "Off",
            "AP" => dictionary! { "N" => states },
            // For programs that draw the mark themselves: 8 is a cross.
            "MK" => dictionary! { "CA" => Object::string_literal("8") },
            "DA" => Object::string_literal("/ZaDb 0 Tf 0 g"),
        }
    }

    /// The appearances of a box: a cross, and nothing.
    fn marks(&mut self, rect: [f32; 4]) -> (ObjectId, ObjectId) {
        let (width, height) = (rect[2] - rect[0], rect[3] - rect[1]);
        let (left, right, low, high) = (0.2 * width, 0.8 * width, 0.2 * height, 0.8 * height);
        let cross = format!(
            "q 1.3 w 1 J 0 G {left:.2} {low:.2} m {right:.2} {high:.2} l {left:.2} {high:.2} m {right:.2} {low:.2} l S Q"
        );
        (self.look(rect, &cross), self.look(rect, ""))
    }

    fn look(&mut self, rect: [f32; 4], commands: &str) -> ObjectId {
        let (width, height) = (rect[2] - rect[0], rect[3] - rect[1]);
        let hundredths = |points: f32| (points * 100.0).round() as i64;
        let key = (hundredths(width), hundredths(height), commands.to_owned());
        let document = &mut self.document;
        *self.looks.entry(key).or_insert_with(|| {
            let dictionary = dictionary! {
                "Type" => "XObject",
                "Subtype" => "Form",
                "BBox" => numbers(&[0.0, 0.0, width, height]),
                "Resources" => Dictionary::new(),
            };
            document.add_object(Stream::new(dictionary, commands.as_bytes().to_vec()))
        })
    }

    /// The widget of a field goes on its page and into the structure.
    fn place(
        &mut self,
        id: ObjectId,
        mut widget: Dictionary,
        page: u32,
        spoken: &str,
    ) -> Result<(), PrintError> {
        let index = page as usize - 1;
        let on = *self
            .pages
            .get(index)
            .ok_or_else(|| PrintError::Pdf("a page is missing".to_owned()))?;
        widget.set("Type", "Annot");
        widget.set("Subtype", "Widget");
        widget.set("P", on);
        widget.set("F", PRINTED);
        let parent = self
            .structure
            .add(&mut self.document, index, on, id, spoken)?;
        widget.set("StructParent", parent);
        self.document
            .get_dictionary_mut(id)
            .map_err(failed)?
            .extend(&widget);
        self.widgets.entry(index).or_default().push(id.into());
        Ok(())
    }

    /// The object of a new field. Its name's parts are nodes of a tree, because a name on its own has no full stop.
    fn field(&mut self, name: &str) -> Result<ObjectId, PrintError> {
        if self.ids.contains_key(name) {
            return Err(PrintError::FieldName(name.to_owned()));
        }
        let (above, own) = match name.rsplit_once('.') {
            Some((above, own)) => (Some(self.node(above)?), own),
            None => (None, name),
        };
        let mut node = dictionary! { "T" => text_string(own) };
        if let Some(above) = above {
            node.set("Parent", above);
        }
        let id = self.document.add_object(node);
        match above {
            Some(above) => self.children.entry(above).or_default().push(id.into()),
            None => self.roots.push(id.into()),
        }
        self.ids.insert(name.to_owned(), id);
        Ok(id)
    }

    fn node(&mut self, name: &str) -> Result<ObjectId, PrintError> {
        let Some(id) = self.ids.get(name).copied() else {
            return self.field(name);
        };
        let taken = self
            .document
            .get_dictionary(id)
            .is_ok_and(|node| node.has(b"FT"));
        if taken {
            return Err(PrintError::FieldName(name.to_owned()));
        }
        Ok(id)
    }

    /// Which form this is, for the reader: nothing that anybody sees or changes.
    fn code(&mut self, code: &PageCode) -> Result<(), PrintError> {
        let id = self.field(CODE_NAME)?;
        let page = *self
            .pages
            .first()
            .ok_or_else(|| PrintError::Pdf("there are no pages".to_owned()))?;
        let hidden = dictionary! {
            "Type" => "Annot",
            "Subtype" => "Widget",
            "FT" => "Tx",
            "Ff" => READ_ONLY,
            "F" => HIDDEN,
            "V" => text_string(&code.to_string()),
            "DA" => Object::string_literal("/Helv 12 Tf 0 g"),
            "Rect" => numbers(&[0.0; 4]),
            "P" => page,
        };
        self.document
            .get_dictionary_mut(id)
            .map_err(failed)?
            .extend(&hidden);
        self.widgets.entry(0).or_default().push(id.into());
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<u8>, PrintError> {
        for (id, children) in std::mem::take(&mut self.children) {
            let node = self.document.get_dictionary_mut(id).map_err(failed)?;
            node.set("Kids", children);
        }
        for (index, widgets) in std::mem::take(&mut self.widgets) {
            let page = self.pages[index];
            let page = self.document.get_dictionary_mut(page).map_err(failed)?;
            page.set("Annots", widgets);
            page.set("Tabs", "S");
        }
        self.structure.close(&mut self.document)?;
        let font =
            |name: &str| dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => name };
        let mut helvetica = font("Helvetica");
        helvetica.set("Encoding", "WinAnsiEncoding");
        let helvetica = self.document.add_object(helvetica);
        let dingbats = self.document.add_object(font("ZapfDingbats"));
        let form = dictionary! {
            "Fields" => self.roots,
            "DA" => Object::string_literal("/Helv 12 Tf 0 g"),
            "DR" => dictionary! { "Font" => dictionary! { "Helv" => helvetica, "ZaDb" => dingbats } },
        };
        let form = self.document.add_object(form);
        let catalog = self.document.catalog_mut().map_err(failed)?;
        catalog.set("AcroForm", form);
        let mut bytes = Vec::new();
        self.document
            .save_to(&mut bytes)
            .map_err(|error| PrintError::Pdf(error.to_string()))?;
        Ok(bytes)
    }

    /// Left, lower, right and upper edge in points from the lower left corner of the page.
    fn rect(&self, zone: &Zone) -> [f32; 4] {
        let points = |mm: f64| (mm / MM_PER_POINT) as f32;
        [
            points(zone.x),
            points(self.height - zone.bottom()),
            points(zone.right()),
            points(self.height - zone.y),
        ]
    }
}

/// Where the widget of a part lies.
fn place(part: &Part) -> Zone {
    let zone = part.zone;
    match part.entry {
        Entry::Line => Zone {
            y: zone.bottom() - LINE_HEIGHT_MM.min(zone.height),
            height: LINE_HEIGHT_MM.min(zone.height),
            ..zone
        },
        _ => zone,
    }
}

fn numbers(values: &[f32]) -> Object {
    Object::Array(values.iter().map(|v| Object::Real(*v)).collect())
}

/// The structure that the drawn words have, to which the widgets are added (sections 14.7.2 and 14.7.4.3).
struct Structure {
    root: ObjectId,
    /// The sections of the pages.
    sections: Vec<ObjectId>,
    added: BTreeMap<ObjectId, Vec<Object>>,
    /// Entries for the parent tree: key and element.
    parents: Vec<Object>,
    next_key: i64,
}

impl Structure {
    fn of(document: &Document) -> Result<Self, PrintError> {
        let read = || -> lopdf::Result<Self> {
            let root = document.catalog()?.get(b"StructTreeRoot")?.as_reference()?;
            let tree = document.get_dictionary(root)?;
            let top = children(document, tree)?;
            let body = document.get_dictionary(top.first().copied().unwrap_or(root))?;
            Ok(Self {
                root,
                sections: children(document, body)?,
                added: BTreeMap::new(),
                parents: Vec::new(),
                next_key: tree.get(b"ParentTreeNextKey")?.as_i64()?,
            })
        };
        read().map_err(failed)
    }

    /// Adds a widget after the words of its page; the key it is found by in the parent tree.
    fn add(
        &mut self,
        document: &mut Document,
        page: usize,
        on: ObjectId,
        widget: ObjectId,
        spoken: &str,
    ) -> Result<i64, PrintError> {
        let section = *self
            .sections
            .get(page)
            .ok_or_else(|| PrintError::Pdf("a page has no section".to_owned()))?;
        let element = document.add_object(dictionary! {
            "Type" => "StructElem",
            "S" => "Form",
            "P" => section,
            "Pg" => on,
            "Alt" => text_string(spoken),
            "K" => dictionary! { "Type" => "OBJR", "Obj" => widget, "Pg" => on },
        });
        self.added.entry(section).or_default().push(element.into());
        let key = self.next_key;
        self.next_key += 1;
        self.parents.extend([key.into(), element.into()]);
        Ok(key)
    }

    fn close(&mut self, document: &mut Document) -> Result<(), PrintError> {
        for (section, mut added) in std::mem::take(&mut self.added) {
            let section = document.get_dictionary_mut(section).map_err(failed)?;
            let mut all = match section.get(b"K") {
                Ok(Object::Array(already)) => already.clone(),
                Ok(one) => vec![one.clone()],
                Err(_) => Vec::new(),
            };
            all.append(&mut added);
            section.set("K", all);
        }
        let tree = document.get_dictionary_mut(self.root).map_err(failed)?;
        tree.set("ParentTreeNextKey", self.next_key);
        let inside = match tree.get_mut(b"ParentTree").map_err(failed)? {
            Object::Reference(id) => {
                let id = *id;
                document.get_dictionary_mut(id).map_err(failed)?
            }
            inline => inline.as_dict_mut().map_err(failed)?,
        };
        inside
            .get_mut(b"Nums")
            .and_then(Object::as_array_mut)
            .map_err(failed)?
            .append(&mut self.parents);
        Ok(())
    }
}

/// The elements directly below one.
fn children(document: &Document, element: &Dictionary) -> lopdf::Result<Vec<ObjectId>> {
    let (_, below) = document.dereference(element.get(b"K")?)?;
    match below {
        Object::Array(all) => all.iter().map(Object::as_reference).collect(),
        _ => Ok(vec![element.get(b"K")?.as_reference()?]),
    }
}
