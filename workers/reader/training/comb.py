"""Composes one comb field as the reader sees it, and cuts the window of each cell.

The window is a square with a side of 1.44 times the ink height of the whole field (at least 3.2 mm), centred on the
middle of those rows and on the cell's centre, area-resized to 32 x 32.
"""

import random
from dataclasses import dataclass

import cv2
import numpy as np

import capture
import cleaning
from alphabet import CELL_CLASS, NOT_A_CHARACTER

SIDE = 32
WINDOW = 1.44
LEAST_INK = 32
"""Pixels: 3.2 mm."""
MARGIN = 16
"""White around a comb when it is cut, in pixels: 1.6 mm."""


@dataclass
class Cell:
    """One used cell: uint8 [32, 32], paper 255, and its class."""

    picture: np.ndarray
    label: int


def compose(rng: random.Random, hand, text: str, spoiled: float = 0.05) -> list[Cell]:
    """The used cells of one comb filled with `text` by `hand`; a space leaves its cell empty.

    `spoiled` is the chance that a cell is struck out, blotted or corrected.
    """
    return cut(rng, *filled(rng, hand, text, spoiled))


def filled(rng: random.Random, hand, text: str, spoiled: float):
    """The picture of a comb without its printed lines, its cells (left, right, top, bottom), and the class in each."""
    pitch, height = rng.uniform(46, 60), rng.uniform(62, 78)
    gap = rng.choice([0, 0, 0, 30]) if len(text) < 12 else 0
    group = rng.randint(2, 4)
    lefts, x = [], float(MARGIN) + rng.random()
    for k in range(len(text) + 1):
        lefts.append(x)
        x += pitch + (gap if gap and (k + 1) % group == 0 else 0)
    cells = [(left, left + pitch, MARGIN, MARGIN + height) for left in lefts]
    shape = (int(height) + 2 * MARGIN, int(x) + MARGIN)

    capital = min(height, pitch * 1.35) * rng.uniform(0.45, 0.92)
    base = MARGIN + height / 2 + capital * 0.5 + rng.gauss(0, 0.05) * height
    pen = rng.choice([3, 3, 4, 4, 5, 5, 6, 7, 8, 9])
    shade = rng.choice([0, 0, 20, 50, 80, 110, 135])
    bias, wander = rng.gauss(0, 0.05) * pitch, rng.uniform(0.03, 0.11) * pitch
    widest = pitch * (rng.uniform(0.7, 0.95) if rng.random() < 0.75 else rng.uniform(0.95, 1.3))
    tilt = rng.gauss(0, 0.006)

    ink = np.full(shape, 255, np.uint8)
    labels: list[int | None] = []
    for k, character in enumerate(text):
        if character == " ":
            labels.append(None)
            continue
        left, right = cells[k][:2]
        middle = (left + right) / 2 + bias + rng.gauss(0, 1) * wander
        foot = base + (left - shape[1] / 2) * tilt
        spoil = rng.random() < spoiled
        if spoil and rng.random() < 0.35:
            blot(rng, ink, middle, foot - capital / 2, capital, pen, shade)
            labels.append(NOT_A_CHARACTER)
            continue
        if not hand.draw(ink, character, middle, foot, capital, widest, pen, shade):
            labels.append(None)
            continue
        labels.append(CELL_CLASS[character])
        if spoil:
            strike(rng, ink, middle, foot - capital / 2, capital, pen, shade)
            labels[-1] = NOT_A_CHARACTER
            if rng.random() < 0.25:
                over = rng.choice(text.replace(" ", "") or "A")
                if hand.draw(ink, over, middle + rng.gauss(0, 2), foot, capital * 1.1, widest, min(9, pen + 2), 0):
                    labels[-1] = CELL_CLASS[over]
    if shade > 40 and rng.random() < 0.6:
        ink = capture.pencil(rng, ink)
    return cleaned(rng, ink, cells), cells, labels


def strike(rng: random.Random, ink: np.ndarray, x: float, y: float, size: float, pen: int, shade: int) -> None:
    """Strikes a character out: a cross, several bars, or a zigzag, reaching beyond the character."""
    half = size * rng.uniform(0.45, 0.65)
    jitter = lambda: rng.gauss(0, 0.06) * size
    kind = rng.random()
    if kind < 0.35:
        lines = [[(x - half, y - half + jitter()), (x + half, y + half + jitter())],
                 [(x + half, y - half + jitter()), (x - half, y + half + jitter())]]
    elif kind < 0.65:
        lines = [[(x - half * 1.1, y + d * size * 0.16 + jitter()), (x + half * 1.1, y + d * size * 0.16 + jitter())]
                 for d in range(-1, rng.randint(1, 3))]
    else:
        turns = rng.randint(5, 12)
        lines = [[(x - half + 2 * half * k / turns, y + (half if k % 2 else -half) * rng.uniform(0.5, 1.0)) for k in range(turns + 1)]]
    for line in lines:
        cv2.polylines(ink, [np.int32(np.round(np.float32(line) * 16)).reshape(-1, 1, 2)], False, shade, pen, cv2.LINE_AA, 4)


def blot(rng: random.Random, ink: np.ndarray, x: float, y: float, size: float, pen: int, shade: int) -> None:
    """No character at all: a scribble, a blot, a stray stroke or a lone dot of residue at an edge."""
    kind = rng.random()
    if kind < 0.35:
        for _ in range(rng.randint(1, 2)):
            strike(rng, ink, x, y, size, pen, shade)
    elif kind < 0.6:
        axes = (int(size * rng.uniform(0.15, 0.4)), int(size * rng.uniform(0.15, 0.4)))
        cv2.ellipse(ink, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, shade, -1, cv2.LINE_AA)
    else:
        # Stubs of rules and specks that the cleaning left behind.
        for _ in range(rng.randint(1, 3)):
            left, top = int(x + rng.choice([-1, 1]) * rng.uniform(0.2, 0.42) * size), int(y + rng.uniform(-0.6, 0.6) * size)
            across = rng.random() < 0.5
            long, wide = rng.randint(3, 14), rng.randint(1, 3)
            cv2.rectangle(ink, (left, top), (left + (long if across else wide), top + (wide if across else long)), 120, -1)


def cleaned(rng: random.Random, ink: np.ndarray, cells: list[tuple[float, float, float, float]]) -> np.ndarray:
    """Prints the comb under the ink, captures both, and takes the print out again about as well as the reader does."""
    printed = rng.random() < 0.93
    page = ink
    if printed:
        grey, thick = rng.choice([0, 60, 110, 140, 160, 190]), rng.choice([1, 2, 2, 3, 3, 4])
        sheet = np.full(ink.shape, 255, np.uint8)
        for left, right, top, bottom in cells:
            corners = (int(round(left)), int(round(top))), (int(round(right)), int(round(bottom)))
            cv2.rectangle(sheet, *corners, grey, thick)
        page = np.minimum(ink, sheet)
        # Now and then the line is taken for thinner than it is, and its edges stay.
        half = min(4, thick // 2 + rng.choice([1, 1, 1, 1, 2, 2]) - (rng.random() < 0.06))
    picture = capture.captured(rng, page, bilevel=0.15 if ink.min() < 90 else 0.02)
    if printed:
        # The fit of the lines is right in most fields; one pixel off leaves a shadow.
        off = lambda: rng.choice([0, 0, 0, 0, 0, 0, -1, 1])
        dx, dy = off(), off()
        for left, right, top, bottom in cells:
            for column in (left, right):
                cleaning.erase_wall(picture, int(round(column)) + dx + (off() if dx == 0 else 0), half, int(top), int(bottom))
            for row in (top, bottom):
                cleaning.erase_rule(picture, int(round(row)) + dy, half, int(left), int(right))
    picture = cleaning.only_writing(picture, cells)
    return cleaning.strengthened(picture) if rng.random() < 0.4 else picture


def cut(rng: random.Random, clean: np.ndarray, cells, labels) -> list[Cell]:
    """The windows of the used cells. Where a page lies a little off, all of them are shifted alike."""
    used = [(cell, label) for cell, label in zip(cells, labels) if label is not None]
    dark = clean < cleaning.INK
    rows = np.zeros(clean.shape[0], bool)
    for (left, right, _, _), label in used:
        if label != NOT_A_CHARACTER:
            rows |= dark[:, int(left) : int(right)].sum(1) > 1
    inked = np.flatnonzero(rows)
    if not len(inked):
        return []
    side = int(round(WINDOW * max(inked[-1] - inked[0] + 1, LEAST_INK)))
    top = int(round((inked[0] + inked[-1]) / 2 - side / 2))
    shift = rng.gauss(0, 1.2)
    wide = cv2.copyMakeBorder(clean, side, side, side, side, cv2.BORDER_CONSTANT, value=255)
    found = []
    for (left, right, _, _), label in used:
        start = int(round((left + right) / 2 + shift - side / 2))
        window = wide[top + side : top + 2 * side, start + side : start + 2 * side]
        if label != NOT_A_CHARACTER and not (dark[:, int(left) : int(right)].any()):
            continue
        found.append(Cell(cv2.resize(window, (SIDE, SIDE), interpolation=cv2.INTER_AREA), label))
    return found
