"""Composes one line of free writing as the reader cuts it: 40 pixels high, trimmed, its rule more or less removed."""

import random

import cv2
import numpy as np

import capture
import metrics
from cleaning import strengthened
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
    dark = picture < 170
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
