//! Which pages of a file make one form.

use std::collections::BTreeSet;

use enrol::domain::field::FieldState;
use enrol::domain::reading::{
    FieldReading, FormReading, PageReading, UnplacedOutcome, UnplacedPage,
};
use enrol::forms::definition::FormDefinition;

use crate::registration::Identity;

/// A page that was placed and read.
pub struct ReadPage {
    /// Index of its definition.
    pub definition: usize,
    /// How it is known which page it is.
    pub identity: Identity,
    /// Where it lies.
    pub page: PageReading,
    /// Its fields, in the order of the definition.
    pub fields: Vec<FieldReading>,
}

/// What the placed pages of a file make.
pub struct Grouped {
    /// Forms.
    pub forms: Vec<FormReading>,
    /// Pages of which it is not known whose they are.
    pub unplaced: Vec<UnplacedPage>,
}

/// Groups the pages of one file. Pages with the same set number belong together wherever they lie; pages without one
/// belong to the form begun last; a page number that the form already has begins another form.
///
/// A page whose code was not read joins a set only on the number printed beside the code, confirmed by another page
/// of the file, or as the one page missing from the one set in the file. Else it is left to a clerk: two families
/// must never mix.
pub fn group(pages: Vec<ReadPage>, definitions: &[FormDefinition]) -> Grouped {
    let (coded, unread) = by_number(pages);
    let mut groups: Vec<Vec<ReadPage>> = Vec::new();
    for page in coded {
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
    let unplaced = as_missing_page(&mut groups, unread, definitions);
    Grouped {
        forms: groups
            .into_iter()
            .map(|group| form(group, definitions))
            .collect(),
        unplaced: unplaced
            .into_iter()
            .map(|page| nobodys(&page, definitions))
            .collect(),
    }
}

/// Gives pages with unread codes the set number printed on them where another page of the file bears the same.
/// Returns the pages whose set is known, in the order of the file, and the others.
fn by_number(mut pages: Vec<ReadPage>) -> (Vec<ReadPage>, Vec<ReadPage>) {
    let bears = |page: &ReadPage| -> Option<String> {
        match &page.identity {
            Identity::Code => page.page.set_number.clone(),
            Identity::Print { set_number } => set_number.clone(),
        }
    };
    let known: Vec<(u32, usize, Option<String>)> = pages
        .iter()
        .map(|p| (p.page.document_page, p.definition, bears(p)))
        .collect();
    for page in &mut pages {
        let Identity::Print {
            set_number: Some(number),
        } = &page.identity
        else {
            continue;
        };
        let confirmed = known.iter().any(|(other, definition, bears)| {
            *other != page.page.document_page
                && *definition == page.definition
                && bears.as_ref() == Some(number)
        });
        if confirmed {
            page.page.set_number = Some(number.clone());
            remark(
                page,
                "The square code of this page cannot be read; the page was placed by its print and the set number beside the code.",
                false,
            );
        }
    }
    pages
        .into_iter()
        .partition(|p| p.identity == Identity::Code || p.page.set_number.is_some())
}

/// Adds the one page with an unread code to the one set of the file that lacks exactly this page. Returns the pages
/// that cannot be added.
fn as_missing_page(
    groups: &mut [Vec<ReadPage>],
    mut unread: Vec<ReadPage>,
    definitions: &[FormDefinition],
) -> Vec<ReadPage> {
    let ([group], [page]) = (&mut *groups, unread.as_mut_slice()) else {
        return unread;
    };
    let have: BTreeSet<u32> = group.iter().map(|p| p.page.page).collect();
    let missing: Vec<u32> = definitions[page.definition]
        .required_pages()
        .filter(|p| !have.contains(p))
        .collect();
    // A printed number that could be read, and is another than the set's, speaks against it.
    let other_number = matches!(
        &page.identity,
        Identity::Print {
            set_number: Some(_)
        }
    );
    if group[0].definition != page.definition || missing != [page.page.page] || other_number {
        return unread;
    }
    page.page.set_number = group[0].page.set_number.clone();
    let number = page.page.page;
    remark(
        page,
        &format!(
            "The square code of this page cannot be read; it was placed by its print and taken as page {number} of the \
             set in the same file. Check that it is this family's."
        ),
        true,
    );
    group.append(&mut unread);
    unread
}

/// Tells the clerk about a page. What was guessed about it is for a person to confirm: then nothing is accepted.
fn remark(page: &mut ReadPage, text: &str, guessed: bool) {
    for field in &mut page.fields {
        if guessed && field.state == FieldState::Accepted {
            field.state = FieldState::Review;
        }
        if field.state == FieldState::Review {
            field.reasons.push(text.to_owned());
        }
    }
}

fn nobodys(page: &ReadPage, definitions: &[FormDefinition]) -> UnplacedPage {
    UnplacedPage {
        document_page: page.page.document_page,
        outcome: UnplacedOutcome::Exception,
        reason: format!(
            "The square code cannot be read. By its print this is page {} of \"{}\", but not whose: look at the page and \
             the set number beside the code, then scan it again together with the other pages of its set.",
            page.page.page, definitions[page.definition].title
        ),
    }
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
            identity: Identity::Code,
            page,
            fields: Vec::new(),
        }
    }

    /// A page whose code was not read, with the set number printed on it if that was.
    fn unread(document_page: u32, number: u32, set: Option<&str>) -> ReadPage {
        ReadPage {
            identity: Identity::Print {
                set_number: set.map(str::to_owned),
            },
            ..page(document_page, number, None)
        }
    }

    fn grouped(pages: Vec<ReadPage>) -> Vec<Vec<u32>> {
        let definitions = enrol::forms::load_all();
        group(pages, &definitions)
            .forms
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

    /// Pages of each form, and pages of none.
    fn sorted(pages: Vec<ReadPage>) -> (Vec<Vec<u32>>, Vec<u32>) {
        let definitions = enrol::forms::load_all();
        let grouped = group(pages, &definitions);
        let forms = grouped.forms.iter();
        (
            forms
                .map(|f| f.pages.iter().map(|p| p.document_page).collect())
                .collect(),
            grouped.unplaced.iter().map(|u| u.document_page).collect(),
        )
    }

    #[test]
    fn a_page_with_an_unread_code_joins_by_its_printed_number() {
        let pages = vec![
            page(1, 1, Some("111111")),
            page(2, 1, Some("222222")),
            unread(3, 2, Some("111111")),
            page(4, 2, Some("222222")),
        ];
        assert_eq!(sorted(pages), (vec![vec![1, 3], vec![2, 4]], vec![]));
    }

    #[test]
    fn unread_pages_that_bear_one_number_make_a_form() {
        let pages = (1..=3).map(|p| unread(p, p, Some("111111"))).collect();
        assert_eq!(sorted(pages), (vec![vec![1, 2, 3]], vec![]));
    }

    #[test]
    fn a_number_that_nothing_confirms_is_not_believed() {
        let pages = vec![
            page(1, 1, Some("111111")),
            unread(2, 2, Some("111112")),
            page(3, 3, Some("111111")),
        ];
        assert_eq!(sorted(pages), (vec![vec![1, 3]], vec![2]));
    }

    #[test]
    fn the_one_page_missing_from_the_one_set_is_taken_and_nothing_on_it_accepted() {
        let definitions = enrol::forms::load_all();
        let mut odd = unread(2, 2, None);
        let definition = &definitions[0];
        let field = definition
            .fields
            .iter()
            .find(|f| f.page == 2)
            .expect("a field on page 2");
        odd.fields.push(FieldReading {
            name: field.name.clone(),
            kind: field.kind,
            raw: None,
            value: None,
            confidence: 1.0,
            state: FieldState::Accepted,
            reasons: Vec::new(),
            page: 2,
            zone: field.zone.into(),
            alternatives: Vec::new(),
            signals: None,
        });
        let pages = vec![page(1, 1, Some("1")), odd, page(3, 3, Some("1"))];
        let grouped = group(pages, &definitions);
        assert!(grouped.unplaced.is_empty());
        assert_eq!(grouped.forms.len(), 1);
        assert_eq!(
            grouped.forms[0].pages[1].set_number.as_deref(),
            Some("1"),
            "it takes the number of its set"
        );
        let taken = &grouped.forms[0].fields[0];
        assert_eq!((taken.state, taken.reasons.len()), (FieldState::Review, 1));
    }

    #[test]
    fn whose_page_it_is_stays_open_where_two_families_could_own_it() {
        let two_families = vec![
            page(1, 1, Some("1")),
            page(2, 3, Some("1")),
            page(3, 1, Some("2")),
            page(4, 3, Some("2")),
            unread(5, 2, None),
        ];
        assert_eq!(
            sorted(two_families),
            (vec![vec![1, 2], vec![3, 4]], vec![5])
        );
        let two_pages = vec![
            page(1, 1, Some("1")),
            unread(2, 2, None),
            unread(3, 2, None),
        ];
        assert_eq!(sorted(two_pages), (vec![vec![1]], vec![2, 3]));
        let still_incomplete = vec![page(1, 1, Some("1")), unread(2, 2, None)];
        assert_eq!(sorted(still_incomplete), (vec![vec![1]], vec![2]));
    }
}
