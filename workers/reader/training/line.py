"""Composes one line of free writing as the reader cuts it: 40 pixels high, trimmed, its rule more or less removed."""

import random

import cv2
import numpy as np

import capture
import comb
import metrics
from alphabet import CHARACTERS, NOT_A_CHARACTER
from cleaning import INK, SPECK, strengthened
from strokes import StrokeArchive, smoothed

HEIGHT = 40
INK_SHARE = (0.58, 0.82)
"""Share of the picture's height that the ink takes up."""


def of_characters(rng: random.Random, hand, text: str) -> np.ndarray | None:
    """`text` written character beside character; None when the hand lacks one of them."""
    capital = rng.uniform(34, 62)
    pen, shade = rng.choice([3, 4, 4, 5, 5, 6, 7, 8]), rng.choice([0, 0, 20, 50, 80, 110])
    room, base = int(capital * 2.4), int(capital * 1.6)
    gap = capital * (rng.uniform(0.04, 0.3) if rng.random() < 0.75 else rng.uniform(0.3, 0.8))
    picture = np.full((int(capital * 2.3), int(len(text) * capital * 1.9) + 2 * room), 255, np.uint8)
    x = 10.0
    for character in text:
        if character == " ":
            x += capital * rng.uniform(0.4, 0.9)
            continue
        piece = np.full((picture.shape[0], room), 255, np.uint8)
        if not hand.draw(piece, character, room / 2, base, capital, capital * 1.5, pen, shade):
            return None
        inked = np.flatnonzero((piece < 200).any(0))
        if not len(inked):
            continue
        first, last = int(inked[0]), int(inked[-1]) + 1
        at = int(x)
        part = picture[:, at : at + last - first]
        np.minimum(part, piece[:, first : first + part.shape[1]], out=part)
        x += last - first + max(1.0, gap * rng.uniform(0.5, 1.5))
    picture = picture[:, : int(x) + 10]
    return finished(rng, picture, base, pen)


def of_comb(rng: random.Random, hand, text: str) -> tuple[np.ndarray, str] | None:
    """A comb's used cells side by side as the reader sets them (zones/comb.rs), and what can be read in them."""
    clean, cells, labels = comb.filled(rng, hand, text, 0.02)
    dark = clean < INK
    rows = np.zeros(clean.shape[0], bool)
    for (left, right, _, _), label in zip(cells, labels):
        if label is not None:
            rows |= dark[:, int(left) : int(right)].sum(1) > 1
    inked = np.flatnonzero(rows)
    if len(inked) < 2:
        return None
    ink = max(int(inked[-1] - inked[0]) + 1, comb.LEAST_INK)
    height = round(ink * 1.44)
    top = round((inked[0] + inked[-1]) / 2 - height / 2)
    crossed = (255 - clean.astype(np.int32)).sum(0)
    pitch = cells[0][1] - cells[0][0]
    joined = lambda a, b: abs(cells[a][1] - cells[b][0]) < 5
    used = [k for k, label in enumerate(labels) if label is not None]
    white = lambda wide: np.full((clean.shape[0], int(wide)), 255, np.uint8)
    pieces, read = [white(ink * 0.35)], ""
    for before, k in zip([None, *used], used):
        left = parting(crossed, cells[k][0], pitch) if k and joined(k - 1, k) else max(int(cells[k][0]) - 10, 0)
        last = k + 1 >= len(cells) or not joined(k, k + 1)
        right = min(int(cells[k][1]) + 10, clean.shape[1]) if last else parting(crossed, cells[k][1], pitch)
        columns = left + np.flatnonzero(dark[:, left:right].any(0))
        if not len(columns):
            continue
        if before is not None:
            pieces.append(white(ink * (0.16 if before == k - 1 else 0.65)))
            read += "" if before == k - 1 else " "
        pieces.append(clean[:, max(columns[0] - 1, left) : min(columns[-1] + 2, right)])
        read += "" if labels[k] == NOT_A_CHARACTER else CHARACTERS[labels[k] - 1]
    whole = cv2.copyMakeBorder(np.concatenate([*pieces, white(ink * 0.35)], 1), height, height, 0, 0,
                               cv2.BORDER_CONSTANT, value=255)[top + height : top + 2 * height]
    width = max(16, -(-whole.shape[1] * HEIGHT // height))
    return cv2.resize(strengthened(np.ascontiguousarray(whole)), (width, HEIGHT), interpolation=cv2.INTER_AREA), read.strip()


def parting(crossed: np.ndarray, wall: float, pitch: float) -> int:
    """Column at which to part two neighbouring cells: where the least ink is crossed, near the wall."""
    reach, wall = int(pitch * 0.22), int(wall + 0.5)
    tried = np.arange(max(wall - reach, 0), min(wall + reach + 1, len(crossed)))
    return int(tried[np.argmin(crossed[tried] + 12 * np.abs(tried - wall))])


def of_words(rng: random.Random, archive: StrokeArchive, own: dict[str, list[int]], hand, text: str) -> np.ndarray | None:
    """Words on a line: those that the writer wrote as a whole, joined letters and all, others letter by letter."""
    capital = rng.uniform(34, 58)
    pen, shade = rng.choice([3, 4, 4, 5, 5, 6, 7]), rng.choice([0, 0, 20, 50, 80, 110])
    base, slant = int(capital * 1.6), rng.gauss(0, 0.06)
    room = int(capital * 2.4)
    picture = np.full((int(capital * 2.3), int(len(text) * capital * 1.9) + 2 * room), 255, np.uint8)
    gap = capital * rng.uniform(0.04, 0.3)
    x = 10.0
    for word in text.split():
        if word in own:
            wide = draw_word(rng, picture, archive.strokes(rng.choice(own[word])), word, x, base, capital, slant, pen, shade)
            if wide is None:
                return None
            x += wide
        else:
            for character in word:
                piece = np.full((picture.shape[0], room), 255, np.uint8)
                if not hand.draw(piece, character, room / 2, base, capital, capital * 1.5, pen, shade):
                    return None
                inked = np.flatnonzero((piece < 200).any(0))
                if not len(inked):
                    continue
                first, last = int(inked[0]), int(inked[-1]) + 1
                part = picture[:, int(x) : int(x) + last - first]
                np.minimum(part, piece[:, first : first + part.shape[1]], out=part)
                x += last - first + max(1.0, gap * rng.uniform(0.5, 1.5))
        x += capital * rng.uniform(0.45, 0.95)
    return finished(rng, picture[:, : int(x) + 10], base, pen)


def draw_word(rng, picture, strokes, word: str, left: float, base: float, capital: float, slant: float, pen: int,
              shade: int) -> float | None:
    """Draws a whole word on the base line and returns its width; None where it is out of all proportion."""
    width, height = np.max([s.max(0) for s in strokes], axis=0)
    reaches = [metrics.reach(c) for c in word]
    top, bottom = max(r[0] for r in reaches), min(r[1] for r in reaches)
    factor = (top - bottom) * capital / max(float(height), 1.0) * rng.uniform(0.92, 1.08)
    across = factor * rng.uniform(0.88, 1.12)
    if width * across > 1.6 * capital * len(word):
        return None
    upper = base - top * capital + rng.gauss(0, 0.05) * capital
    for stroke in strokes:
        points = stroke * np.float32([across, factor])
        points[:, 0] += left - (points[:, 1] - height * factor / 2) * slant
        points[:, 1] += upper
        fixed = np.round(smoothed(points) * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(picture, [fixed], False, shade, pen, cv2.LINE_AA, 4)
    return float(width * across)


def of_word(rng: random.Random, archive: StrokeArchive, record: int) -> np.ndarray | None:
    """One word as its writer wrote it, joined letters and all."""
    strokes = archive.strokes(record)
    width, height = np.max([s.max(0) for s in strokes], axis=0)
    factor = rng.uniform(40, 70) / max(height, 60.0)
    slant, across = rng.gauss(0, 0.1), factor * rng.uniform(0.85, 1.15)
    if width * across > 900:
        return None
    pen, shade = rng.choice([3, 4, 4, 5, 6, 7]), rng.choice([0, 0, 20, 50, 80, 110])
    picture = np.full((int(height * factor) + 40, int(width * across) + 60), 255, np.uint8)
    for stroke in strokes:
        points = stroke * np.float32([across, factor]) + np.float32([30, 20])
        points[:, 0] += (height * factor / 2 - stroke[:, 1] * factor) * slant
        fixed = np.round(smoothed(points) * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(picture, [fixed], False, shade, pen, cv2.LINE_AA, 4)
    return finished(rng, picture, int(height * factor * 0.8) + 20, pen)


def finished(rng: random.Random, picture: np.ndarray, base: int, pen: int) -> np.ndarray | None:
    """Rules and their remains, capture, trimming, and the final height."""
    if rng.random() < 0.4:
        rule(rng, picture, base + rng.randint(-2, 14), rng.choice([90, 140, 170, 200]))
    if rng.random() < 0.5:
        angle = rng.gauss(0, 0.008)
        turn = np.float32([[1, rng.gauss(0, 0.02), 0], [angle, 1, -angle * picture.shape[1] / 2]])
        picture = cv2.warpAffine(picture, turn, picture.shape[::-1], borderValue=255)
    picture = capture.captured(rng, picture)
    if rng.random() < 0.8:
        picture = without_specks(picture)
    dark = picture < INK
    rows, columns = np.flatnonzero(dark.sum(1) > 1), np.flatnonzero(dark.any(0))
    if len(rows) < 6 or not len(columns):
        return None
    ink = max(int(rows[-1] - rows[0] + 1), 34)
    height = int(ink / rng.uniform(*INK_SHARE))
    top = int((rows[0] + rows[-1]) / 2 - height / 2)
    side = int(ink * rng.uniform(0.15, 0.4))
    edge = height + side
    wide = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=255)
    piece = wide[top + edge : top + edge + height, columns[0] - side + edge : columns[-1] + 1 + side + edge]
    width = max(16, round(piece.shape[1] * HEIGHT / height * rng.uniform(0.9, 1.1)))
    piece = cv2.resize(piece, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return strengthened(piece) if rng.random() < 0.7 else piece


def without_specks(picture: np.ndarray) -> np.ndarray:
    """Strokes with their soft edge, all else white."""
    _, patches, stats, _ = cv2.connectedComponentsWithStats((picture < INK).astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= SPECK
    kept[0] = False
    near = cv2.dilate(kept[patches].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(near > 0, picture, 255).astype(np.uint8)


def rule(rng: random.Random, picture: np.ndarray, row: int, grey: int) -> None:
    """A writing line or a dotted line, whole or in the stretches that its removal left."""
    width = picture.shape[1]
    kind = rng.random()
    layer = np.full(picture.shape, 255, np.uint8)
    if kind < 0.3:
        for x in range(rng.randint(0, 6), width, rng.randint(6, 14)):
            cv2.circle(layer, (x, row), rng.choice([1, 2]), grey, -1)
    elif kind < 0.5:
        cv2.line(layer, (0, row), (width, row + rng.randint(-2, 2)), grey, rng.choice([1, 2, 3]))
    else:
        for _ in range(rng.randint(1, 5)):
            x = rng.randrange(width)
            cv2.line(layer, (x, row), (x + rng.randint(4, 60), row), grey, rng.choice([1, 1, 2]))
    np.minimum(picture, layer, out=picture)
