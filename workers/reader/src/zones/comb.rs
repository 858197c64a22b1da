//! Comb fields: one character to a cell. The printed walls are taken out, each used cell's ink is cut free of its
//! neighbours, and the pieces are set side by side as a line of ordinary spacing.

use enrol::forms::definition::Zone;

use super::ink::{self, Stroke};
use super::rules::{self, Line};
use super::{SCALE, ZonePicture};
use crate::raster::Grey;

/// White kept around a comb when it is cut, for strokes that leave their cell.
pub const MARGIN_MM: f64 = 1.6;
/// Ink smaller than this is a speck.
const SPECK_MM2: f64 = 0.06;
/// A dot must be at least this large to make its cell a used one.
const DOT_MM2: f64 = 0.09;
/// Residue of printed lines lies this close to a wall.
const WALL_MM: f64 = 0.45;

/// An accent stands this far above its letter at least; what is nearer is a part of the letter that a pen left off.
const ACCENT_GAP_MM: f64 = 0.15;
/// An accent is no higher than this share of the comb's ink.
const ACCENT_HEIGHT: f64 = 0.4;

/// A comb with its lines removed.
pub struct Comb {
    /// The picture without printed lines and specks.
    pub clean: Grey,
    /// Cells in pixels of the picture, as they lie on this page: left, right, top, bottom.
    pub cells: Vec<[f64; 4]>,
    /// Which cells hold ink.
    pub used: Vec<bool>,
    /// Rows of the ink in used cells, first and last.
    pub ink_rows: Option<(usize, usize)>,
    /// Heights and lowest rows of the ink per used cell, in pixels, for telling type from hand.
    pub shapes: Vec<(f64, f64)>,
}

impl Comb {
    /// Prepares the comb cut into `picture`, whose cells the definition gives in millimetres.
    pub fn new(picture: &ZonePicture, cells: &[Zone]) -> Self {
        let mut clean = picture.grey.clone();
        let (walls, across) = lines(picture, cells);
        let down_fit = rules::fit(&clean, &walls);
        let across_fit = rules::fit(&clean, &across);
        for line in &walls {
            rules::erase(&mut clean, *line, down_fit);
        }
        for line in &across {
            rules::erase(&mut clean, *line, across_fit);
        }
        let (dx, dy) = (down_fit.shift as f64, across_fit.shift as f64);
        let placed: Vec<[f64; 4]> = cells
            .iter()
            .map(|c| {
                [
                    picture.column(c.x) + dx,
                    picture.column(c.right()) + dx,
                    picture.row(c.y) + dy,
                    picture.row(c.bottom()) + dy,
                ]
            })
            .collect();

        let wall = WALL_MM * SCALE;
        let inner = placed
            .iter()
            .map(|c| [c[0] + wall, c[1] - wall, c[2] + wall, c[3] - wall]);
        ink::darken_pale(&mut clean, inner);

        let strokes = ink::strokes(&clean, SPECK_MM2);
        let kept: Vec<&Stroke> = strokes
            .iter()
            .filter(|s| belongs(s, &placed, clean.width))
            .collect();
        let mut only_ink = vec![false; clean.pixels.len()];
        for stroke in &kept {
            for at in &stroke.pixels {
                only_ink[*at as usize] = true;
            }
        }
        whiten_all_but(&mut clean, &only_ink);

        let used: Vec<bool> = placed
            .iter()
            .map(|cell| is_used(cell, &kept, clean.width))
            .collect();
        let mut comb = Self {
            clean,
            cells: placed,
            used,
            ink_rows: None,
            shapes: Vec::new(),
        };
        comb.measure();
        comb
    }

    /// Number of used cells.
    pub fn characters(&self) -> usize {
        self.used.iter().filter(|u| **u).count()
    }

    /// Nothing is written in it.
    pub fn is_blank(&self) -> bool {
        self.characters() == 0
    }

    /// Marks used cells as empty where `written`, given for each used cell in order, says that no character is there.
    pub fn leave_out(&mut self, written: &[bool]) {
        let used = self.used.iter_mut().filter(|used| **used);
        for (used, written) in used.zip(written) {
            *used = *written;
        }
    }

    fn measure(&mut self) {
        let mut rows: Option<(usize, usize)> = None;
        for (cell, used) in self.cells.iter().zip(&self.used) {
            if !used {
                continue;
            }
            let (x0, x1) = (
                cell[0].max(0.0) as usize,
                (cell[1].max(0.0) as usize).min(self.clean.width),
            );
            let inked = |y: &usize| {
                self.clean.row(*y)[x0.min(x1)..x1]
                    .iter()
                    .filter(|p| **p < ink::INK)
                    .count()
                    > 1
            };
            let first = (0..self.clean.height).find(inked);
            let last = (0..self.clean.height).rev().find(inked);
            if let (Some(first), Some(last)) = (first, last) {
                rows = Some(rows.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
                self.shapes.push(((last - first + 1) as f64, last as f64));
            }
        }
        self.ink_rows = rows;
    }

    /// The used cells as square pictures for the cell reader, in order: side 1.44 times the height of the comb's ink
    /// (3.2 mm at least), in the middle of that ink's rows and of the cell's columns. White beyond the picture.
    pub fn cell_pictures(&self) -> Vec<Grey> {
        let Some((first, last)) = self.ink_rows else {
            return Vec::new();
        };
        let height = ((last - first + 1) as f64).max(3.2 * SCALE);
        let side = (1.44 * height).round().max(1.0) as usize;
        let top = ((first + last + 1) as f64 / 2.0 - side as f64 / 2.0).round() as isize;
        let used = self.cells.iter().zip(&self.used).filter(|(_, used)| **used);
        used.map(|(cell, _)| {
            let left = ((cell[0] + cell[1]) / 2.0 - side as f64 / 2.0).round() as isize;
            let mut picture = Grey::filled(side, side, 255);
            for y in 0..side {
                for x in 0..side {
                    let (u, v) = (left + x as isize, top + y as isize);
                    if (0..self.clean.width as isize).contains(&u)
                        && (0..self.clean.height as isize).contains(&v)
                    {
                        picture.set(x, y, self.clean.at(u as usize, v as usize));
                    }
                }
            }
            picture
        })
        .collect()
    }

    /// What stands above the largest patch of ink of each used cell, in order, and is small: an accent, or the dot of an i.
    pub fn marks_above(&self) -> Vec<Vec<Stroke>> {
        let strokes = ink::strokes(&self.clean, SPECK_MM2);
        let height = self
            .ink_rows
            .map_or(0.0, |(first, last)| (last - first + 1) as f64);
        let flat = |s: &Stroke| ((s.rows.1 - s.rows.0 + 1) as f64) < ACCENT_HEIGHT * height;
        let used = self.cells.iter().zip(&self.used).filter(|(_, used)| **used);
        used.map(|([left, right, _, _], _)| {
            let own: Vec<&Stroke> = strokes
                .iter()
                .filter(|s| (*left..*right).contains(&s.centre.0))
                .collect();
            let Some(letter) = own.iter().max_by_key(|s| s.pixels.len()) else {
                return Vec::new();
            };
            let above = |mark: &&&Stroke| {
                let gap = letter.rows.0 as f64 - mark.rows.1 as f64 - 1.0;
                let over = mark.columns.0 <= letter.columns.1 && letter.columns.0 <= mark.columns.1;
                over && flat(mark) && gap >= ACCENT_GAP_MM * SCALE
            };
            own.iter()
                .filter(above)
                .map(|mark| (*mark).clone())
                .collect()
        })
        .collect()
    }

    /// Column at which to part two neighbouring cells: where the least ink is crossed, near the wall.
    fn parting(&self, wall: f64) -> usize {
        let pitch = self.cells.first().map_or(SCALE * 5.0, |c| c[1] - c[0]);
        let reach = (pitch * 0.22) as isize;
        let wall = wall.round() as isize;
        (-reach..=reach)
            .filter_map(|d| {
                let x = wall + d;
                (x >= 0 && (x as usize) < self.clean.width).then(|| {
                    let ink: u32 = (0..self.clean.height)
                        .map(|y| 255 - u32::from(self.clean.at(x as usize, y)))
                        .sum();
                    (ink + 12 * d.unsigned_abs() as u32, x as usize)
                })
            })
            .min()
            .map_or(
                wall.clamp(0, self.clean.width as isize - 1) as usize,
                |(_, x)| x,
            )
    }

    /// The used cells side by side as one line of ordinary spacing, an empty cell between used ones as a space.
    /// `None` when nothing is written.
    pub fn line(&self) -> Option<Grey> {
        let (first_row, last_row) = self.ink_rows?;
        let ink_height = ((last_row - first_row + 1) as f64).max(3.2 * SCALE);
        let pad = ink_height * 0.22;
        let height = (ink_height + 2.0 * pad).round() as usize;
        let middle = (first_row + last_row) as f64 / 2.0;
        let top = middle - height as f64 / 2.0;
        let (gap, space) = ((ink_height * 0.16) as usize, (ink_height * 0.65) as usize);

        let first = self.used.iter().position(|u| *u)?;
        let last = self.used.iter().rposition(|u| *u)?;
        let mut columns: Vec<Option<usize>> = vec![None; (ink_height * 0.35) as usize];
        let mut pending_space = false;
        for index in first..=last {
            if !self.used[index] {
                pending_space = true;
                continue;
            }
            let cell = &self.cells[index];
            // Cells of one group share their wall; between groups each keeps its side of the gap.
            let joined =
                |a: usize, b: usize| (self.cells[a][1] - self.cells[b][0]).abs() < SCALE * 0.5;
            let left = if index > 0 && joined(index - 1, index) {
                self.parting(cell[0])
            } else {
                (cell[0] - SCALE).max(0.0) as usize
            };
            let right = if index + 1 < self.cells.len() && joined(index, index + 1) {
                self.parting(cell[1])
            } else {
                ((cell[1] + SCALE).max(0.0) as usize).min(self.clean.width)
            };
            let inked = |x: &usize| (0..self.clean.height).any(|y| self.clean.at(*x, y) < ink::INK);
            let Some(from) = (left..right).find(inked) else {
                continue;
            };
            let Some(to) = (left..right).rev().find(inked) else {
                continue;
            };
            if index > first {
                let between = if pending_space { space } else { gap };
                columns.extend(std::iter::repeat_n(None, between));
            }
            pending_space = false;
            columns.extend((from.saturating_sub(1).max(left)..(to + 2).min(right)).map(Some));
        }
        columns.extend(std::iter::repeat_n(None, (ink_height * 0.35) as usize));

        let mut line = Grey::filled(columns.len(), height, 255);
        for y in 0..height {
            let from = (top + y as f64).round();
            if from < 0.0 || from as usize >= self.clean.height {
                continue;
            }
            let row = self.clean.row(from as usize);
            for (x, column) in columns.iter().enumerate() {
                if let Some(column) = column {
                    line.pixels[y * columns.len() + x] = row[*column];
                }
            }
        }
        Some(ink::strengthened(line))
    }
}

/// The printed lines of a comb: walls, and the upper and lower edge of each cell.
fn lines(picture: &ZonePicture, cells: &[Zone]) -> (Vec<Line>, Vec<Line>) {
    let mut walls: Vec<Line> = Vec::new();
    let mut across = Vec::new();
    for cell in cells {
        let (top, bottom) = (picture.row(cell.y), picture.row(cell.bottom()));
        for x in [picture.column(cell.x), picture.column(cell.right())] {
            if walls.last().is_none_or(|w: &Line| (w.at - x).abs() > 0.5) {
                walls.push(Line {
                    vertical: true,
                    at: x,
                    from: top,
                    to: bottom,
                });
            }
        }
        for y in [top, bottom] {
            across.push(Line {
                vertical: false,
                at: y,
                from: picture.column(cell.x),
                to: picture.column(cell.right()),
            });
        }
    }
    (walls, across)
}

/// A stroke belongs to the comb when enough of it lies inside a cell, clear of the printed lines.
fn belongs(stroke: &Stroke, cells: &[[f64; 4]], width: usize) -> bool {
    let wall = WALL_MM * SCALE;
    let inner: usize = cells
        .iter()
        .map(|c| {
            stroke.inside(
                width,
                (c[0] + wall, c[1] - wall),
                (c[2] + wall, c[3] - wall),
            )
        })
        .sum();
    let needed = (SPECK_MM2 * SCALE * SCALE) as usize;
    inner >= needed && inner * 4 >= stroke.pixels.len()
}

/// A cell is used when the strokes mostly its own leave at least a dot inside it.
fn is_used(cell: &[f64; 4], strokes: &[&Stroke], width: usize) -> bool {
    let wall = WALL_MM * SCALE;
    let inner: usize = strokes
        .iter()
        .filter(|s| s.columns.1 as f64 >= cell[0] && (s.columns.0 as f64) < cell[1])
        .map(|s| {
            let inside = s.inside(
                width,
                (cell[0] + wall, cell[1] - wall),
                (cell[2] + wall / 2.0, cell[3] - wall / 2.0),
            );
            // A tail that reaches over from the neighbour does not fill this cell.
            let mostly_elsewhere = (s.centre.0 < cell[0] || s.centre.0 >= cell[1])
                && (inside as f64) < 0.3 * s.pixels.len() as f64
                && (s.columns.1 - s.columns.0) as f64 <= 1.6 * (cell[1] - cell[0]);
            if mostly_elsewhere { 0 } else { inside }
        })
        .sum();
    inner as f64 >= DOT_MM2 * SCALE * SCALE
}

/// Keeps the chosen ink with a soft edge of one pixel, and makes all else white.
fn whiten_all_but(picture: &mut Grey, keep: &[bool]) {
    let (width, height) = (picture.width, picture.height);
    for y in 0..height {
        for x in 0..width {
            let near = (y.saturating_sub(1)..(y + 2).min(height)).any(|ny| {
                (x.saturating_sub(1)..(x + 2).min(width)).any(|nx| keep[ny * width + nx])
            });
            if !near {
                picture.set(x, y, 255);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(picture: &mut Grey, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) {
        for y in rows {
            for x in columns.clone() {
                picture.set(x, y, 0);
            }
        }
    }

    #[test]
    fn a_mark_apart_from_its_letter_is_above_it() {
        let mut clean = Grey::filled(200, 90, 255);
        for cell in 0..4 {
            block(&mut clean, cell * 50 + 12..cell * 50 + 38, 30..70);
        }
        block(&mut clean, 70..80, 18..25);
        // So near that it is a bar whose stem the pen began a little below.
        block(&mut clean, 112..138, 24..29);
        // Beside the letter, not above it.
        block(&mut clean, 192..198, 18..25);
        let mut comb = Comb {
            clean,
            cells: (0..4)
                .map(|cell| {
                    [
                        f64::from(cell) * 50.0,
                        f64::from(cell + 1) * 50.0,
                        10.0,
                        80.0,
                    ]
                })
                .collect(),
            used: vec![true; 4],
            ink_rows: None,
            shapes: Vec::new(),
        };
        comb.measure();
        let marks = |comb: &Comb| comb.marks_above().iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(marks(&comb), [0, 1, 0, 0]);
        comb.used[0] = false;
        assert_eq!(marks(&comb), [1, 0, 0]);
    }
}
