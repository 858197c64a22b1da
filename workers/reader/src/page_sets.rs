//! Which pages of a file make one form.

use enrol::domain::reading::{FieldReading, FormReading, PageReading};
use enrol::forms::definition::FormDefinition;

/// A page that was placed and read.
pub struct ReadPage {
    /// Index of its definition.
    pub definition: usize,
    /// Where it lies.
    pub page: PageReading,
    /// Its fields, in the order of the definition.
    pub fields: Vec<FieldReading>,
}

/// Groups the pages of one file. Pages with the same set number belong together wherever they lie; pages without one
/// belong to the form begun last; a page number that the form already has begins another form.
pub fn group(pages: Vec<ReadPage>, definitions: &[FormDefinition]) -> Vec<FormReading> {
    let mut groups: Vec<Vec<ReadPage>> = Vec::new();
    for page in pages {
        let place = groups.iter().rposition(|group| {
            let first = &group[0];
            let same_form = first.definition == page.definition
                && first.page.set_number == page.page.set_number;
            same_form && group.iter().all(|p| p.page.page != page.page.page)
        });
        // Without a set number only the latest group can continue, or two families' forms would mix.
        let may_join = |index: usize| page.page.set_number.is_some() || index + 1 == groups.len();
        match place.filter(|index| may_join(*index)) {
            Some(index) => groups[index].push(page),
            None => groups.push(vec![page]),
        }
    }
    groups
        .into_iter()
        .map(|group| form(group, definitions))
        .collect()
}

fn form(mut group: Vec<ReadPage>, definitions: &[FormDefinition]) -> FormReading {
    let definition = &definitions[group[0].definition];
    group.sort_by_key(|p| p.page.page);
    let mut pages = Vec::new();
    let mut fields: Vec<FieldReading> = Vec::new();
    for read in group {
        pages.push(read.page);
        fields.extend(read.fields);
    }
    let place = |name: &str| definition.fields.iter().position(|f| f.name == name);
    fields.sort_by_key(|f| place(&f.name));
    FormReading {
        form: definition.id.clone(),
        version: definition.version,
        pages,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(document_page: u32, page: u32, set: Option<&str>) -> ReadPage {
        let page = PageReading {
            page,
            document_page,
            residual_mm: 0.1,
            homography: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            set_number: set.map(str::to_owned),
        };
        ReadPage {
            definition: 0,
            page,
            fields: Vec::new(),
        }
    }

    fn grouped(pages: Vec<ReadPage>) -> Vec<Vec<u32>> {
        let definitions = enrol::forms::load_all();
        group(pages, &definitions)
            .iter()
            .map(|f| f.pages.iter().map(|p| p.document_page).collect())
            .collect()
    }

    #[test]
    fn two_families_in_one_file_stay_apart() {
        let pages = vec![
            page(1, 1, Some("111111")),
            page(2, 1, Some("222222")),
            page(3, 2, Some("111111")),
            page(4, 2, Some("222222")),
        ];
        assert_eq!(grouped(pages), [[1, 3], [2, 4]]);
    }

    #[test]
    fn pages_come_in_any_order() {
        assert_eq!(
            grouped(vec![
                page(1, 3, Some("1")),
                page(2, 1, Some("1")),
                page(3, 2, Some("1"))
            ]),
            [[2, 3, 1]]
        );
    }

    #[test]
    fn without_set_numbers_a_repeated_page_begins_a_new_form() {
        let pages = vec![
            page(1, 1, None),
            page(2, 2, None),
            page(3, 1, None),
            page(4, 2, None),
            page(5, 3, None),
        ];
        assert_eq!(grouped(pages), [vec![1, 2], vec![3, 4, 5]]);
    }

    #[test]
    fn a_page_scanned_twice_is_kept_apart() {
        let pages = vec![
            page(1, 1, Some("1")),
            page(2, 1, Some("1")),
            page(3, 2, Some("1")),
        ];
        assert_eq!(grouped(pages), [vec![1], vec![2, 3]]);
    }
}
