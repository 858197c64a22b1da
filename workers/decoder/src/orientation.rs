//! Turning a page upright as its file's orientation tag says (EXIF and TIFF share the eight values).

use crate::failure::Failure;
use crate::page::{GreyPage, buffer};

/// Applies an orientation tag: 1 is upright, 3 upside down, 6 and 8 lie on a side, the others are
/// mirrored. Unknown values leave the page as it is.
///
/// # Errors
/// `too_large` if memory for the turned page cannot be had.
pub fn apply(mut page: GreyPage, tag: u16) -> Result<GreyPage, Failure> {
    let (transpose, flip_x, flip_y) = match tag {
        2 => (false, true, false),
        3 => (false, true, true),
        4 => (false, false, true),
        5 => (true, false, false),
        6 => (true, true, false),
        7 => (true, true, true),
        8 => (true, false, true),
        _ => return Ok(page),
    };
    if transpose {
        page = transposed(page)?;
    }
    if flip_x {
        for row in page.grey.chunks_exact_mut(page.width as usize) {
            row.reverse();
        }
    }
    if flip_y {
        flip_vertically(&mut page.grey, page.width as usize);
    }
    Ok(page)
}

fn flip_vertically(grey: &mut [u8], width: usize) {
    let rows = grey.len() / width;
    let (top, bottom) = grey.split_at_mut(rows / 2 * width);
    for (upper, lower) in top
        .chunks_exact_mut(width)
        .zip(bottom.chunks_exact_mut(width).rev())
    {
        upper.swap_with_slice(lower);
    }
}

/// Mirrors along the diagonal, in blocks so that both buffers stay in the cache.
fn transposed(page: GreyPage) -> Result<GreyPage, Failure> {
    const BLOCK: usize = 64;
    let (width, height) = (page.width as usize, page.height as usize);
    let mut out = buffer(width * height)?;
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(height) {
                for x in left..(left + BLOCK).min(width) {
                    out[x * height + y] = page.grey[y * width + x];
                }
            }
        }
    }
    Ok(GreyPage {
        width: page.height,
        height: page.width,
        grey: out,
        ..page
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn turned(tag: u16) -> (u32, u32, Vec<u8>) {
        let page = GreyPage {
            width: 3,
            height: 2,
            dpi: None,
            source: Kind::Jpeg,
            grey: vec![1, 2, 3, 4, 5, 6],
        };
        let page = apply(page, tag).expect("six bytes fit");
        (page.width, page.height, page.grey)
    }

    #[test]
    fn all_eight_orientations() {
        assert_eq!(turned(1), (3, 2, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(turned(2), (3, 2, vec![3, 2, 1, 6, 5, 4]));
        assert_eq!(turned(3), (3, 2, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(turned(4), (3, 2, vec![4, 5, 6, 1, 2, 3]));
        assert_eq!(turned(5), (2, 3, vec![1, 4, 2, 5, 3, 6]));
        assert_eq!(turned(6), (2, 3, vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(turned(7), (2, 3, vec![6, 3, 5, 2, 4, 1]));
        assert_eq!(turned(8), (2, 3, vec![3, 6, 2, 5, 1, 4]));
        assert_eq!(turned(99).2, vec![1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn flipping_an_odd_number_of_rows_keeps_the_middle() {
        let mut rows = vec![1, 2, 3];
        flip_vertically(&mut rows, 1);
        assert_eq!(rows, [3, 2, 1]);
    }
}
