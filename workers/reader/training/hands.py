"""Hands: whoever, or whatever, writes one field. A hand draws a character into a box of a picture."""

import math
import random
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import metrics
from strokes import StrokeArchive, smoothed


class PenHand:
    """One writer's own characters, with one pen and one style for the whole field."""

    def __init__(self, archive: StrokeArchive, own: dict[str, list[int]], others: list[dict[str, list[int]]],
                 rng: random.Random, varied: bool = True):
        """`others` lend what the writer lacks; empty for an evaluation, which never borrows."""
        self.archive, self.own, self.others, self.rng = archive, own, others, rng
        self.slant = rng.gauss(0, 0.10) if varied else rng.gauss(0, 0.04)
        self.aspect = rng.uniform(0.82, 1.18) if varied else rng.uniform(0.92, 1.08)
        self.x_height = rng.uniform(0.85, 1.25)
        self.bend = rng.uniform(0, 0.06) if varied else 0.0
        self.long_one = varied and rng.random() < 0.12
        self.crossed = varied and rng.random() < 0.10

    def can(self, character: str) -> bool:
        """Whether the hand has this character."""
        return character in self.own or any(character in other for other in self.others)

    def _record(self, character: str) -> int | None:
        if character in self.own and not (self.others and self.rng.random() < 0.03):
            return self.rng.choice(self.own[character])
        for _ in range(60 if self.others else 0):
            lender = self.rng.choice(self.others)
            if character in lender:
                return self.rng.choice(lender[character])
        return self.rng.choice(self.own[character]) if character in self.own else None

    def _continental(self, character: str, strokes: list[np.ndarray]) -> list[np.ndarray]:
        """An 1 with a long upstroke; a 7, 0 or Z with a bar."""
        if character == "1" and self.long_one:
            lean = self.rng.uniform(-0.1, 0.2)
            foot = 130 - 255 * lean
            return [np.float32([[130 - self.rng.uniform(70, 130), self.rng.uniform(70, 150)], [130, 0], [foot, 255]])]
        if character in "7Z" and self.crossed:
            width = max(s[:, 0].max() for s in strokes)
            y = 255 * self.rng.uniform(0.42, 0.6)
            return strokes + [np.float32([[width * 0.2, y + 8], [width * 0.95, y - 8]])]
        if character == "0" and self.crossed:
            width, height = np.max([s.max(0) for s in strokes], axis=0)
            return strokes + [np.float32([[width * 0.9, height * 0.08], [width * 0.1, height * 0.92]])]
        return strokes

    def draw(self, picture: np.ndarray, character: str, middle: float, base: float, capital: float,
             widest: float, pen: int, shade: int) -> bool:
        """Draws a character centred on column `middle`, standing on row `base`; False when the hand lacks it."""
        record = self._record(character)
        if record is None:
            return False
        rng = self.rng
        strokes = self._continental(character, self.archive.strokes(record))
        width, height = (max(float(v), 1.0) for v in np.max([s.max(0) for s in strokes], axis=0))
        factor = metrics.scale(character, width, height, capital) * rng.uniform(0.9, 1.1)
        if character in "acemnorsuvwxz":
            factor *= self.x_height
        across = min(factor * self.aspect * rng.uniform(0.9, 1.1), widest / width)
        top, bottom = metrics.reach(character)
        centre = base - (top + bottom) / 2 * capital + rng.gauss(0, 0.03) * capital
        turn = rng.gauss(0, 0.04)
        cosine, sine = math.cos(turn), math.sin(turn)
        bend_x, bend_y = rng.gauss(0, self.bend), rng.gauss(0, self.bend)
        for stroke in strokes:
            u = (stroke[:, 0] - width / 2) * across
            v = (stroke[:, 1] - height / 2) * factor
            nu, nv = u / capital, v / capital
            u = u + capital * (bend_x * 4 * (nv * nv - 0.08) + bend_y * nu * nv * 2)
            v = v + capital * bend_y * 4 * (nu * nu - 0.04)
            points = np.stack([u * cosine - v * sine - v * self.slant + middle, u * sine + v * cosine + centre], 1)
            fixed = np.round(smoothed(points.astype(np.float32)) * 16).astype(np.int32)
            if len(fixed) == 1 or np.ptp(fixed, axis=0).max() < 8:
                cv2.circle(picture, tuple(int(c) for c in fixed[0]), int(pen * 9), shade, -1, cv2.LINE_AA, 4)
            else:
                cv2.polylines(picture, [fixed.reshape(-1, 1, 2)], False, shade, pen, cv2.LINE_AA, 4)
        return True


class FontHand:
    """A TrueType font that imitates handwriting, or a print font."""

    CAPITAL = 64
    _glyphs: dict[tuple[str, str], tuple[np.ndarray, int, int]] = {}
    _fonts: dict[str, tuple[ImageFont.FreeTypeFont, int]] = {}

    def __init__(self, path: Path, rng: random.Random, printed: bool):
        self.path, self.rng = str(path), rng
        self.slant = 0.0 if printed else rng.gauss(0, 0.12)
        self.aspect = rng.uniform(0.95, 1.05) if printed else rng.uniform(0.8, 1.25)
        self.loose = 0.0 if printed else 1.0
        self.thickening = rng.choice([0, 0, 1, 2, 3])

    def can(self, character: str) -> bool:
        """Fonts are expected to hold the whole alphabet."""
        return True

    def _glyph(self, character: str) -> tuple[np.ndarray, int, int]:
        """Darkness of the glyph, the row of its base line and the capital height of the font."""
        key = (self.path, character)
        if key not in self._glyphs:
            if self.path not in self._fonts:
                size = 80
                box = ImageFont.truetype(self.path, size).getbbox("H", anchor="ls")
                font = ImageFont.truetype(self.path, max(8, int(size * self.CAPITAL / max(1, -box[1]))))
                self._fonts[self.path] = (font, -font.getbbox("H", anchor="ls")[1])
            font, capital = self._fonts[self.path]
            left, top, right, bottom = font.getbbox(character, anchor="ls")
            image = Image.new("L", (max(1, right - left) + 8, max(1, bottom - top) + 8), 0)
            ImageDraw.Draw(image).text((4 - left, 4 - top), character, font=font, fill=255, anchor="ls")
            self._glyphs[key] = (np.asarray(image), 4 - top, capital)
        return self._glyphs[key]

    def draw(self, picture: np.ndarray, character: str, middle: float, base: float, capital: float,
             widest: float, pen: int, shade: int) -> bool:
        """As [`PenHand.draw`]; the pen's width is the font's own, a little thickened."""
        mask, base_row, cap = self._glyph(character)
        if self.thickening:
            mask = cv2.dilate(mask, np.ones((self.thickening + 1,) * 2, np.uint8))
        rng = self.rng
        down = capital / cap * (1 + self.loose * rng.uniform(-0.1, 0.1))
        across = min(down * self.aspect, widest / max(1, mask.shape[1] - 8))
        turn = self.loose * rng.gauss(0, 0.05)
        cosine, sine = math.cos(turn), math.sin(turn)
        shift = self.loose * rng.gauss(0, 0.03) * capital
        a = np.float32([[across * cosine, -down * (sine + self.slant)], [across * sine, down * cosine]])
        offset = np.float32([middle, base + shift]) - a @ np.float32([mask.shape[1] / 2, base_row])
        corners = a @ np.float32([[0, mask.shape[1], 0, mask.shape[1]], [0, 0, mask.shape[0], mask.shape[0]]])
        low = np.floor(corners.min(1) + offset).astype(int)
        high = np.ceil(corners.max(1) + offset).astype(int) + 1
        x0, y0 = max(low[0], 0), max(low[1], 0)
        x1, y1 = min(high[0], picture.shape[1]), min(high[1], picture.shape[0])
        if x1 <= x0 or y1 <= y0:
            return True
        matrix = np.column_stack([a, offset - [x0, y0]])
        drawn = cv2.warpAffine(mask, matrix, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_AREA)
        ink = 255 - (drawn.astype(np.uint16) * (255 - shade) // 255).astype(np.uint8)
        part = picture[y0:y1, x0:x1]
        np.minimum(part, ink, out=part)
        return True


def font_files(folders: list[Path], upright_only: bool = False) -> list[Path]:
    """TrueType files below the folders; those without ordinary Latin letters are left out by name."""
    found = sorted(path for folder in folders for path in folder.rglob("*.ttf"))
    unfit = ("Math", "Symbol", "Emoji", "ExtraLight")
    return [p for p in found if not any(u in p.name for u in unfit) and not (upright_only and "Italic" in p.name)]
